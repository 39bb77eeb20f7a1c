"""The C library: its examples in C, C++ and Fortran, and what it says to wrong arguments.

The environment variable APUS_STAGE names the folder that `make library` fills.
"""

import ctypes
import math
import os
import re
import shutil
import subprocess

import ase.data
import pytest

from apus.library import ClosePair, ResultPointers
from conftest import REPOSITORY, SHIPPED, STAGE, altered

OK, FILE, ELEMENT, ARGUMENT, STRUCTURE, NOT_FINITE, HOST = range(7)


@pytest.fixture(scope="session")
def stage():
    assert (STAGE / "lib" / "libapus.so").is_file(), f"{STAGE}: expected the C library; `make library` makes it"
    return STAGE


@pytest.fixture(scope="session")
def examples(stage, tmp_path_factory):
    for compiler in ["make", "pkg-config", "cc", "c++", "gfortran"]:
        assert shutil.which(compiler), f"the examples of the C library need {compiler}"
    folder = tmp_path_factory.mktemp("c") / "c"
    shutil.copytree(REPOSITORY / "examples" / "c", folder)
    environment = {**os.environ, "PKG_CONFIG_PATH": str(stage / "lib" / "pkgconfig")}
    built = subprocess.run(["make"], cwd=folder, env=environment, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    assert "warning" not in built.stderr, built.stderr
    return folder


def run(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)


def test_c_and_fortran_agree(examples):
    outputs = [run(examples / name, SHIPPED) for name in ["energy", "energy-fortran"]]
    assert [output.returncode for output in outputs] == [0, 0], outputs
    for pattern in [r"energy (\S+) eV\n", r"pressure (\S+) GPa"]:
        a, b = [float(re.search(pattern, output.stdout).group(1)) for output in outputs]
        assert a == b
    forces = [re.findall(r"force +(\S+) +(\S+) +(\S+) eV/Å", output.stdout) for output in outputs]
    assert len(forces[0]) == 8 and forces[0] == forces[1]


def test_domains_that_exchange_ghosts_give_the_whole(examples):
    output = run(examples / "domains", SHIPPED)
    assert output.returncode == 0, output.stderr + output.stdout
    assert float(re.search(r"differ by at most (\S+)", output.stdout).group(1)) < 1e-12


@pytest.mark.parametrize("name", ["energy", "energy-fortran", "domains"])
def test_a_missing_potential_is_named(examples, name):
    output = run(examples / name, "nowhere.safetensors")
    assert output.returncode == 1 and "nowhere.safetensors" in output.stderr + output.stdout


@pytest.mark.parametrize("compiler", [["cc", "-std=c99"], ["c++", "-std=c++11"]])
def test_the_header_is_clean(stage, tmp_path, compiler):
    source = tmp_path / "header.c"
    source.write_text("#include <apus.h>\nint main(void) { return apus_abi_version() != APUS_ABI_VERSION; }\n")
    subprocess.run(
        [*compiler, "-Wall", "-Wextra", "-pedantic", "-Werror", f"-I{stage / 'include'}", source, "-o", tmp_path / "a",
         f"-L{stage / 'lib'}", "-lapus", f"-Wl,-rpath,{stage / 'lib'}"], check=True)
    assert run(tmp_path / "a").returncode == 0


def test_the_library_shows_its_own_functions_only(stage):
    listing = run("nm", "-D", "--defined-only", stage / "lib" / "libapus.so").stdout
    functions = {line.split()[2] for line in listing.splitlines() if line.split()[1] == "T"}
    header = (stage / "include" / "apus.h").read_text()
    assert functions == set(re.findall(r"^[\w *]*?(apus_\w+)\(", header, re.MULTILINE))


def test_elements_are_those_of_ase(library):
    for number, (symbol, mass) in enumerate(zip(ase.data.chemical_symbols, ase.data.atomic_masses)):
        if number == 0:
            continue
        assert library.apus_element_symbol(number) == symbol.encode()
        assert library.apus_element_number(symbol.encode()) == library.apus_element_number(symbol.upper().encode()) == number
        assert math.isclose(library.apus_element_mass(number), mass, rel_tol=1e-4)
    for number in (-1, 0, 119):
        assert library.apus_element_symbol(number) is None and library.apus_element_mass(number) == 0
    assert library.apus_element_number(b"Xx") == library.apus_element_number(b"") == library.apus_element_number(None) == 0


# ---- Errors, through ctypes: whatever a host passes, it gets a status and a message and lives on.


class Rows(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("scalar_bytes", ctypes.c_int), ("width", ctypes.c_int)]


CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, Rows)


class Exchange(ctypes.Structure):
    _fields_ = [("host", ctypes.c_void_p), ("fill_ghosts", CALLBACK), ("add_ghosts", CALLBACK)]


class Neighbors(ctypes.Structure):
    _fields_ = [("atoms", ctypes.c_int), ("ghosts", ctypes.c_int)] + [
        (name, ctypes.c_void_p) for name in ["elements", "positions", "first", "neighbors", "owners"]]


@pytest.fixture(scope="module")
def library(stage):
    library = ctypes.CDLL(str(stage / "lib" / "libapus.so"))
    library.apus_last_error.restype = library.apus_element_symbol.restype = ctypes.c_char_p
    library.apus_element_mass.restype = ctypes.c_double
    library.apus_potential_shortest_distance.restype = ctypes.c_double
    library.apus_potential_sha256.restype = ctypes.c_char_p
    library.apus_calculator_close_pairs.restype = ctypes.c_int64
    library.apus_calculator_set_skin.argtypes = [ctypes.c_void_p, ctypes.c_double]
    library.apus_calculator_memory_estimate.argtypes = [
        ctypes.c_void_p, ctypes.c_int64, ctypes.c_double, ctypes.POINTER(ctypes.c_double)]
    return library


@pytest.fixture(scope="module")
def handles(library):
    potential, calculator = ctypes.c_void_p(), ctypes.c_void_p()
    assert library.apus_potential_load(str(SHIPPED).encode(), ctypes.byref(potential)) == OK
    assert library.apus_calculator_create(potential, 8, 1, ctypes.byref(calculator)) == OK
    yield potential, calculator
    library.apus_calculator_free(calculator)
    library.apus_potential_free(potential)


def ints(*numbers):
    return (ctypes.c_int * len(numbers))(*numbers)


def doubles(*numbers):
    return (ctypes.c_double * len(numbers))(*numbers)


CELL = doubles(5.4, 0, 0, 0, 5.4, 0, 0, 0, 5.4)


@pytest.mark.parametrize("change, status, message", [
    ({"calculator": None}, ARGUMENT, "a calculator"),
    ({"atoms": -1}, ARGUMENT, "number of atoms, found -1"),
    ({"elements": None}, ARGUMENT, "atomic numbers"),
    ({"positions": None}, ARGUMENT, "positions of 2 atoms"),
    ({"result": None}, ARGUMENT, "result"),
    ({"elements": ints(14, 0)}, ELEMENT, "found 0 at atom 2"),
    ({"elements": ints(14, 79)}, ELEMENT, "does not know Au; it covers Si"),
    ({"positions": doubles(0, 0, 0, 0, math.nan, 0)}, STRUCTURE, "atom 2"),
    ({"positions": doubles(0, 0, 0, 0, 0, 0)}, NOT_FINITE, "on top of each other"),
    ({"cell": doubles(*[0] * 9)}, STRUCTURE, "volume"),
    ({"cell": doubles(math.inf, *[0] * 8)}, STRUCTURE, "finite numbers for the cell"),
    ({"cell": None, "periodic": ints(1, 1, 0)}, ARGUMENT, "a cell for a periodic structure"),
])
def test_wrong_structures_are_refused(library, handles, change, status, message):
    result = ResultPointers()
    arguments = {
        "calculator": handles[1], "atoms": 2, "elements": ints(14, 14), "positions": doubles(0, 0, 0, 1.4, 1.3, 1.4),
        "cell": CELL, "periodic": None, "result": ctypes.byref(result)}
    assert library.apus_compute(*(arguments | change).values()) == status
    assert message in library.apus_last_error().decode()
    assert library.apus_compute(*arguments.values()) == OK and math.isfinite(result.energy)


@pytest.mark.parametrize("call, message", [
    (lambda library, potential, out: library.apus_calculator_create(potential, 3, 1, out), "found 3"),
    (lambda library, potential, out: library.apus_calculator_create(potential, 0, -1, out), "found -1"),
    (lambda library, potential, out: library.apus_calculator_create(None, 0, 1, out), "a potential"),
    (lambda library, potential, out: library.apus_calculator_create(potential, 0, 1, None), "a place"),
    (lambda library, potential, out: library.apus_potential_load(None, out), "the path"),
    (lambda library, potential, out: library.apus_potential_describe(potential, None), "a place"),
])
def test_wrong_arguments_are_refused(library, handles, call, message):
    out = ctypes.c_void_p(1)
    assert call(library, handles[0], ctypes.byref(out)) == ARGUMENT
    assert message in library.apus_last_error().decode()


def test_sizes_are_checked(library, handles):
    bytes = ctypes.c_double()
    assert library.apus_calculator_set_skin(handles[1], -1.0) == ARGUMENT
    assert library.apus_calculator_set_skin(handles[1], math.nan) == ARGUMENT
    assert library.apus_calculator_memory_estimate(handles[1], -5, 10.0, ctypes.byref(bytes)) == ARGUMENT
    assert library.apus_calculator_memory_estimate(handles[1], 1000, 28.0, ctypes.byref(bytes)) == OK
    assert 1e6 < bytes.value < 1e9


@pytest.mark.parametrize("path", ["energy.c", "."])
def test_a_file_that_is_no_potential_is_refused(library, path):
    out = ctypes.c_void_p()
    path = REPOSITORY / "examples" / "c" / path
    assert library.apus_potential_load(str(path).encode(), ctypes.byref(out)) == FILE
    assert str(path) in library.apus_last_error().decode() and not out.value


def test_a_potential_that_computes_otherwise_than_it_says_is_refused(library, tmp_path):
    out = ctypes.c_void_p()
    path = tmp_path / "altered.safetensors"
    path.write_bytes(altered(SHIPPED.read_bytes(), polynomial_cutoff_p=3))
    assert library.apus_potential_load(str(path).encode(), ctypes.byref(out)) == FILE
    message = library.apus_last_error().decode()
    assert str(path) in message and "its own reference structure" in message and not out.value


def test_a_name_that_is_no_utf_8_is_said_to_be_none(library, tmp_path):
    out = ctypes.c_void_p()
    path = bytes(tmp_path) + b"/caf\xe9.safetensors"
    with open(path, "wb") as file:
        file.write(SHIPPED.read_bytes())
    assert library.apus_potential_load(path, ctypes.byref(out)) == FILE
    assert "expected a file name in UTF-8" in library.apus_last_error().decode()


def test_close_pairs_are_counted(library, handles):
    result, pair = ResultPointers(), ClosePair()
    arguments = [handles[1], 3, ints(14, 14, 14), None, None, None, ctypes.byref(result)]
    arguments[3] = doubles(0, 0, 0, 2.4, 0, 0, 2.4, 1.5, 0)
    assert library.apus_compute(*arguments) == OK
    assert library.apus_calculator_close_pairs(handles[1], ctypes.byref(pair)) == 1
    assert sorted(pair.atoms) == [1, 2] and math.isclose(pair.distance, 1.5) and not pair.is_assumed
    assert math.isclose(pair.limit, library.apus_potential_shortest_distance(handles[0], 14, 14))
    arguments[3] = doubles(0, 0, 0, 2.4, 0, 0, 2.4, 2.5, 0)
    assert library.apus_compute(*arguments) == OK
    assert library.apus_calculator_close_pairs(handles[1], None) == 0


def test_potentials_are_told_apart_by_their_digest(library, handles):
    digest = library.apus_potential_sha256(handles[0]).decode()
    assert re.fullmatch("[0-9a-f]{64}", digest)


def local(**changes):
    """A pair of atoms and an image of the first."""
    arrays = {
        "elements": ints(14, 14, 14), "positions": doubles(0, 0, 0, 2.4, 0, 0, 4.8, 0, 0),
        "first": (ctypes.c_int64 * 3)(0, 1, 3), "neighbors": ints(1, 0, 2), "owners": ints(0, 1, 0)} | changes
    neighbors = Neighbors(2, 1, *(array and ctypes.cast(array, ctypes.c_void_p) for array in arrays.values()))
    neighbors.arrays = arrays
    return neighbors


@pytest.mark.parametrize("change, message", [
    ({"neighbors": ints(1, 0, 3)}, "found index 3 at atom 2"),
    ({"first": (ctypes.c_int64 * 3)(0, 4, 3)}, "from 0 to 4 of 3"),
    ({"owners": ints(0, 1, 2)}, "ghost 1 is an image of"),
    ({"owners": None}, "functions that exchange ghosts"),
    ({"first": None}, "first neighbours"),
])
def test_wrong_neighbours_are_refused(library, handles, change, message):
    result = ResultPointers()
    assert library.apus_compute_local(
        handles[1], ctypes.byref(local(**change)), None, ctypes.byref(result)) == ARGUMENT
    assert message in library.apus_last_error().decode()
    assert library.apus_compute_local(handles[1], ctypes.byref(local()), None, ctypes.byref(result)) == OK


@pytest.mark.parametrize("change, message", [
    ({"owners": ints(1, 1, 0)}, "atom 1 to stand for itself"),
    ({"neighbors": ints(1, 2, 2)}, "found ghost 1 twice at atom 2"),
    ({"first": (ctypes.c_int64 * 3)(0, 1, 2), "neighbors": ints(1, 2)}, "in one direction only"),
])
def test_lists_that_would_give_wrong_energies_are_refused(library, handles, change, message):
    """When they are seen first."""
    result, calculator = ResultPointers(), ctypes.c_void_p()
    assert library.apus_calculator_create(handles[0], 8, 1, ctypes.byref(calculator)) == OK
    for _ in range(2):
        assert library.apus_compute_local(
            calculator, ctypes.byref(local(**change)), None, ctypes.byref(result)) == ARGUMENT
        assert message in library.apus_last_error().decode()
    library.apus_calculator_free(calculator)


def test_a_failed_exchange_ends_the_computation(library, handles):
    calls = []

    def refuse(host, rows):
        calls.append((rows.scalar_bytes, rows.width))
        return 7

    exchange = Exchange(None, CALLBACK(refuse), CALLBACK(refuse))
    result = ResultPointers()
    status = library.apus_compute_local(
        handles[1], ctypes.byref(local(owners=None)), ctypes.byref(exchange), ctypes.byref(result))
    assert status == HOST and "failed with 7" in library.apus_last_error().decode()
    assert len(calls) == 1 and calls[0][0] == 8
    assert calls[0][0] * calls[0][1] <= library.apus_calculator_exchange_bytes(handles[1])


def test_a_process_without_atoms_takes_part(library, handles):
    calls = []

    def count(host, rows):
        calls.append(rows.width)
        return 0

    exchange = Exchange(None, CALLBACK(count), CALLBACK(count))
    result = ResultPointers()
    empty = Neighbors(0, 0, None, None, None, None, None)
    assert library.apus_compute_local(handles[1], ctypes.byref(empty), ctypes.byref(exchange), ctypes.byref(result)) == OK
    # Three layers: messages are exchanged before the second and the third, and their gradients after them.
    assert result.energy == 0 and len(calls) == 4
