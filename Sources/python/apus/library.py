"""The C library libapus: where it is, and its functions as `apus.h` declares them."""

import ctypes
import functools
import os
import pathlib
from ctypes import POINTER, c_char_p, c_double, c_int, c_int64, c_void_p

from .errors import ArgumentError, ElementError, Error, FileError, LibraryError, NotFiniteError, StructureError

# APUS_ABI_VERSION; the library's name ends in it.
ABI_VERSION = 1
NAME = f"libapus.so.{ABI_VERSION}"
REMEDY = (
    "build it in the repository of Apus (make library) and install the package again, "
    "or let the environment variable APUS_LIBRARY name it"
)


class Description(ctypes.Structure):
    """`apus_description`."""

    _fields_ = [
        ("element_count", c_int),
        ("elements", POINTER(c_int)),
        ("cutoff", c_double),  # Å
        ("layers", c_int),
        ("members", c_int),
        ("precision", c_int),  # bytes of a number
        ("weights", c_int64),
    ]


class ResultPointers(ctypes.Structure):
    """`apus_result`: what is computed; arrays where the pointers lead to, NULL where one is not wanted."""

    _fields_ = [
        ("energy", c_double),
        ("virial", c_double * 9),
        ("atomic_energies", c_void_p),
        ("forces", c_void_p),
        ("atomic_virials", c_void_p),
        ("energy_deviation", c_double),
        ("force_deviations", c_void_p),
        ("member_energies", c_void_p),
    ]


class ClosePair(ctypes.Structure):
    """`apus_close_pair`."""

    _fields_ = [("atoms", c_int * 2), ("distance", c_double), ("limit", c_double), ("is_assumed", c_int)]


class ProductDescription(ctypes.Structure):
    """`apus_product_description`."""

    _fields_ = [
        ("kind", c_char_p),
        ("left", c_char_p),
        ("right", c_char_p),
        ("output", c_char_p),
        ("keep", c_char_p),
        ("irrep_normalization", c_char_p),
        ("path_normalization", c_char_p),
        ("instruction_count", c_int),
        ("blocks", c_void_p),
        ("modes", POINTER(c_char_p)),
        ("has_weights", c_void_p),
        ("shares", c_void_p),
        ("left_variances", c_void_p),
        ("right_variances", c_void_p),
        ("output_variances", c_void_p),
    ]


class ProductPath(ctypes.Structure):
    """`apus_product_path`."""

    _fields_ = [
        ("blocks", c_int * 3),
        ("mode", c_char_p),
        ("coefficient", c_double),
        ("first_weight", c_int64),
        ("weight_dimensions", c_int),
        ("weight_shape", c_int * 3),
    ]


# Result and arguments of each function. Pointers to arrays are addresses, which cost least to pass.
FUNCTIONS = {
    "apus_version": (c_char_p, []),
    "apus_abi_version": (c_int, []),
    "apus_last_error": (c_char_p, []),
    "apus_element_symbol": (c_char_p, [c_int]),
    "apus_element_number": (c_int, [c_char_p]),
    "apus_element_mass": (c_double, [c_int]),
    "apus_potential_load": (c_int, [c_char_p, POINTER(c_void_p)]),
    "apus_potential_free": (None, [c_void_p]),
    "apus_potential_describe": (c_int, [c_void_p, POINTER(Description)]),
    "apus_potential_sha256": (c_char_p, [c_void_p]),
    "apus_potential_property": (c_char_p, [c_void_p, c_int]),
    "apus_property_size": (c_int64, [c_char_p, c_int]),
    "apus_potential_shortest_distance": (c_double, [c_void_p, c_int, c_int]),
    "apus_calculator_create": (c_int, [c_void_p, c_int, c_int, POINTER(c_void_p)]),
    "apus_calculator_free": (None, [c_void_p]),
    "apus_calculator_set_skin": (c_int, [c_void_p, c_double]),
    "apus_calculator_neighbor_searches": (c_int64, [c_void_p]),
    "apus_calculator_close_pairs": (c_int64, [c_void_p, POINTER(ClosePair)]),
    "apus_calculator_memory_estimate": (c_int, [c_void_p, c_int64, c_double, POINTER(c_double)]),
    "apus_compute_many": (
        c_int, [c_void_p, c_int, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, POINTER(ResultPointers)]),
    "apus_compute_properties": (
        c_int,
        [c_void_p, c_int, c_void_p, c_void_p, c_void_p, c_void_p, c_double, POINTER(ResultPointers), c_int,
         POINTER(c_char_p), POINTER(c_void_p)]),
    "apus_compute_hessian_products": (
        c_int, [c_void_p, c_int, c_void_p, c_void_p, c_void_p, c_void_p, c_int, c_void_p, c_void_p]),
    "apus_compute": (c_int, [c_void_p, c_int, c_void_p, c_void_p, c_void_p, c_void_p, POINTER(ResultPointers)]),
    "apus_irreps": (c_int, [c_char_p, c_char_p, c_char_p, c_char_p, c_int64]),
    "apus_irreps_order": (c_int, [c_char_p, c_void_p]),
    "apus_wigner_3j": (c_int, [c_int, c_int, c_int, c_void_p]),
    "apus_wigner_d": (c_int, [c_char_p, c_void_p, c_void_p]),
    "apus_rotation": (c_int, [c_char_p, c_void_p, c_void_p]),
    "apus_rotation_as": (c_int, [c_char_p, c_void_p, c_void_p]),
    "apus_spherical_harmonics": (c_int, [c_int, c_char_p, c_int, c_int64, c_void_p, c_void_p, c_void_p]),
    "apus_sphere_grid": (c_int, [c_int, c_int, c_int, c_char_p, c_int, c_int64, c_void_p, c_void_p]),
    "apus_product_create": (c_int, [POINTER(ProductDescription), POINTER(c_void_p)]),
    "apus_product_free": (None, [c_void_p]),
    "apus_product_irreps": (c_char_p, [c_void_p, c_int]),
    "apus_product_weights": (c_int64, [c_void_p]),
    "apus_product_path_at": (c_int, [c_void_p, c_int, POINTER(ProductPath)]),
    "apus_product_values": (c_int, [c_void_p, c_int64, c_void_p, c_void_p, c_void_p, c_int64, c_void_p]),
    "apus_product_gradients": (
        c_int,
        [c_void_p, c_int64, c_void_p, c_void_p, c_void_p, c_int64, c_void_p, c_void_p, c_void_p, c_void_p]),
    "apus_reduced_product_create": (
        c_int, [c_char_p, c_int, c_char_p, POINTER(c_char_p), c_char_p, c_char_p, POINTER(c_void_p)]),
    "apus_reduced_product_free": (None, [c_void_p]),
    "apus_reduced_product_irreps": (c_char_p, [c_void_p, c_int]),
    "apus_reduced_product_basis": (c_int, [c_void_p, c_void_p]),
}

# By apus_status. 6 is of hosts that exchange ghosts, which this package does not.
FAILURES = {1: FileError, 2: ElementError, 3: ArgumentError, 4: StructureError, 5: NotFiniteError}


def places():
    """Where the library may be, in the order in which it is looked for."""
    named = os.environ.get("APUS_LIBRARY")
    if named:
        return [named]
    package = pathlib.Path(__file__).resolve().parent
    found = [str(package / "lib" / NAME)]
    repository = package.parent.parent.parent
    if (repository / "Package.swift").is_file():
        found.append(str(repository / ".build" / "stage" / "lib" / NAME))
    # Where the system looks for libraries.
    return [*found, NAME]


@functools.cache
def library():
    """The library, loaded when it is first asked for. Raises LibraryError; then the next call looks again."""
    absent = []
    for place in places():
        if os.sep in place and not os.path.exists(place):
            absent.append(place)
            continue
        try:
            return declared(ctypes.CDLL(place), place)
        except OSError as error:
            if str(error).startswith(f"{place}: cannot open shared object file") and os.sep not in place:
                absent.append(f"{place} among the system's libraries")
                continue
            remedy = "install OpenBLAS (Debian: libopenblas0)" if "libopenblas" in str(error) else REMEDY
            raise LibraryError(f"{place} cannot be loaded ({error}); {remedy}") from None
    raise LibraryError(f"found no C library of Apus; looked for {', '.join(absent)}; {REMEDY}")


def declared(loaded, place):
    """The library with its functions declared, if it is the one that is expected."""
    try:
        for name, (result, arguments) in FUNCTIONS.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
    except AttributeError as error:
        raise LibraryError(f"{place} is no library of Apus ({error}); {REMEDY}") from None
    found = loaded.apus_abi_version()
    if found != ABI_VERSION:
        raise LibraryError(
            f"{place}: expected version {ABI_VERSION} of its interface, found {found}; "
            "install the package and the library from the same version of Apus")
    return loaded


def check(status):
    """Raises what a status other than APUS_OK means, with the library's message of this thread."""
    if status:
        raise FAILURES.get(status, Error)(library().apus_last_error().decode(errors="replace"))
