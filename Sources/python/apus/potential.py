"""Energies, forces and virials of a potential: NumPy arrays in, NumPy arrays out."""

import ctypes
import dataclasses
import operator
import os
import warnings
import weakref

import numpy

from .errors import ArgumentError, ElementError, TooCloseWarning
from .library import ClosePair, Description, ResultPointers, check, library

OGANESSON = 118  # the last element
MOST_THREADS = 1024
# apus_precision: bytes of a number; None is what the potential was written for.
PRECISIONS = {None: 0, "float32": 4, "float64": 8}
# Parts of a Result, for which nothing has to be asked.
OF_ENERGY_SURFACE = ("energy", "forces", "stress")


@dataclasses.dataclass(slots=True)
class Result:
    """What `Potential.compute` found, in eV and Å; None where it was not asked for."""

    energy: float | None  # with the energies of isolated atoms; None of a potential without energies, as all up to energies
    forces: numpy.ndarray | None  # [atom][3]
    virial: numpy.ndarray | None  # [3][3], −dE/dε; the stress is −virial / volume
    energies: numpy.ndarray | None  # [atom]; their sum is the energy
    virials: numpy.ndarray | None = None  # [atom][3][3]; their sum is the virial; no heat current is made of them
    energy_deviation: float | None = None  # standard deviation over the members of a committee
    force_deviations: numpy.ndarray | None = None  # [atom], √(mean |F − mean F|²) over the members
    member_energies: numpy.ndarray | None = None  # [member]
    # By name, those that were asked for: "dipole" [3] in e·Å, "charges" [atom] in e, "atomic_dipoles" [atom][3].
    properties: dict[str, numpy.ndarray] = dataclasses.field(default_factory=dict)


class Potential:
    """A potential that has been loaded, with what it keeps between calls: neighbours and work space.

    Calls of one wait for each other; threads that are to compute at the same time take a copy each
    (`copy.copy(potential)`), which shares the weights. Results are the same bits for any number of threads.

    precision: "float32" or "float64", in which the network is evaluated, or None for that of the file.
    threads: None for all cores. skin: Å beyond the cutoff in which neighbours are looked for; they are found anew when
    an atom has moved by half of it. Results do not depend on it.

    The first structure in which atoms are closer than in the training data is told by a TooCloseWarning.

    Raises FileError, and ArgumentError on settings that make no sense.
    """

    def __init__(self, path, precision=None, threads=None, skin=0.5):
        if precision not in PRECISIONS:
            raise ArgumentError(f"expected 'float32', 'float64' or None as precision, found {precision!r}")
        self.path = os.path.abspath(os.fspath(path))
        self._open(_File(self.path), precision, threads, skin)

    def _open(self, file, precision, threads, skin):
        self._file, self._settings = file, (precision, threads, skin)
        self._calculator, self._has_warned = ctypes.c_void_p(), False
        count = 0 if threads is None else _integer(threads, 0, MOST_THREADS, "threads")
        try:
            width = float(skin)
        except (TypeError, ValueError):
            raise ArgumentError(f"expected a number as skin, found {skin!r}") from None
        check(library().apus_calculator_create(
            file.pointer, PRECISIONS[precision], count, ctypes.byref(self._calculator)))
        _free_with(self, library().apus_calculator_free, self._calculator)
        check(library().apus_calculator_set_skin(self._calculator, width))

    @property
    def elements(self):
        """The symbols of the elements that it covers."""
        return self._file.elements

    @property
    def cutoff(self):
        """Å; no pair that is farther apart contributes."""
        return self._file.description.cutoff

    @property
    def layers(self):
        """Interaction layers; energies depend on atoms within layers × cutoff."""
        return self._file.description.layers

    @property
    def members(self):
        """Of a committee; 1 for a single potential."""
        return self._file.description.members

    @property
    def properties(self):
        """The names of what it predicts: "energy", "forces" and "stress", "dipole", "charges" and so on."""
        return self._file.properties

    @property
    def weights(self):
        """How many numbers were trained, in each member."""
        return self._file.description.weights

    @property
    def sha256(self):
        """Of what was read, in hexadecimal: files with the same are the same potential."""
        return library().apus_potential_sha256(self._file.pointer).decode()

    @property
    def precision(self):
        """In which the network is evaluated, "float32" or "float64"."""
        return self._settings[0] or ("float32" if self._file.description.precision == 4 else "float64")

    @property
    def neighbor_searches(self):
        """How often neighbours have been looked for."""
        return library().apus_calculator_neighbor_searches(self._calculator)

    def shortest_distance(self, element, other):
        """The shortest distance (Å) of two elements in the training data; 0 where it is not known.

        Closer atoms are beyond what the potential has learned. Elements are symbols or atomic numbers.
        """
        return library().apus_potential_shortest_distance(
            self._file.pointer, _atomic_number(element), _atomic_number(other))

    def memory_estimate(self, atoms, neighbors):
        """Bytes that a structure of so many atoms takes, with so many neighbours of each within the cutoff."""
        bytes_, count = ctypes.c_double(), _integer(atoms, 0, 10**9, "atoms")
        check(library().apus_calculator_memory_estimate(self._calculator, count, neighbors, ctypes.byref(bytes_)))
        return int(bytes_.value)

    def compute(
            self, numbers, positions, cell=None, pbc=None, *, virials=False, deviations=False, properties=(), charge=0):
        """The Result for a structure: a molecule, or a cell with its images.

        numbers: [atom], atomic numbers. positions: [atom][3], Å, anywhere. cell: [3][3], lattice vectors in rows, Å, or
        None. pbc: whether the structure repeats along each of them, three values or one; all of them unless given.
        Vectors along which nothing repeats may be zero. With virials, those of the atoms too; with deviations, what the
        members of a committee disagree about. properties: names of `Potential.properties` beside energy, forces and
        stress. charge: of the structure in e, to which predicted charges add up; the dipole of an ion is about the mean
        of the positions.

        Raises ElementError, ArgumentError, StructureError and NotFiniteError.
        """
        numbers = _atomic_numbers(numbers)
        count = len(numbers)
        positions = _array(positions, (count, 3), "positions")
        cell, periodic = _cell(cell, pbc)

        result, pointers = self._result(count, virials, deviations)
        if properties:
            self._compute_properties(result, pointers, properties, numbers, positions, cell, periodic, charge)
            return _finished(result, pointers, deviations) if self._has_energy else result
        check(library().apus_compute(
            self._calculator, count, numbers.ctypes.data, positions.ctypes.data,
            None if cell is None else cell.ctypes.data, periodic.ctypes.data, ctypes.byref(pointers)))
        if not self._has_warned:
            self._warn_of_close_pairs(numbers)
        return _finished(result, pointers, deviations)

    @property
    def _has_energy(self):
        return "energy" in self.properties

    def _compute_properties(self, result, pointers, properties, numbers, positions, cell, periodic, charge):
        names = [properties] if isinstance(properties, str) else list(properties)
        for name in names:
            if name in OF_ENERGY_SURFACE or name not in self.properties:
                known = [known for known in self.properties if known not in OF_ENERGY_SURFACE]
                raise ArgumentError(f"expected properties among {', '.join(known) or 'none'}, found {name!r}")
            # All components of the property of an atom follow each other.
            size = library().apus_property_size(name.encode(), 2) - library().apus_property_size(name.encode(), 1)
            count = len(numbers)
            shape = (count, size) if size > 1 else (count,) if size else (
                library().apus_property_size(name.encode(), count),)
            result.properties[name] = numpy.empty(shape)
        texts = (ctypes.c_char_p * len(names))(*(name.encode() for name in names))
        values = (ctypes.c_void_p * len(names))(*(result.properties[name].ctypes.data for name in names))
        try:
            amount = float(charge)
        except (TypeError, ValueError):
            raise ArgumentError(f"expected a number as charge, found {charge!r}") from None
        check(library().apus_compute_properties(
            self._calculator, len(numbers), numbers.ctypes.data, positions.ctypes.data,
            None if cell is None else cell.ctypes.data, periodic.ctypes.data, amount,
            ctypes.byref(pointers) if self._has_energy else None, len(names), texts, values))
        if not self._has_energy:
            result.energy = result.forces = result.virial = result.energies = None
        if not self._has_warned:
            self._warn_of_close_pairs(numbers)

    def compute_many(self, structures, *, virials=False, deviations=False):
        """The Results of unrelated structures, small ones at the speed of a large one.

        structures: what `compute` takes, (numbers, positions), (numbers, positions, cell) or (numbers, positions, cell,
        pbc) for each; or ASE's Atoms. Raises what `compute` raises; the message names the structure, counted from 1.
        """
        parts, results = [_structure(index, one) for index, one in enumerate(structures)], []
        pointers = (ResultPointers * len(parts))()
        for index, (numbers, *_) in enumerate(parts):
            result, pointers[index] = self._result(len(numbers), virials, deviations)
            results.append(result)
        if not parts:
            return []
        numbers, positions, cells, periodic = (numpy.concatenate(part) for part in zip(*parts))
        counts = numpy.array([len(part[0]) for part in parts], numpy.intc)
        check(library().apus_compute_many(
            self._calculator, len(parts), counts.ctypes.data, numbers.ctypes.data, positions.ctypes.data,
            cells.ctypes.data, periodic.ctypes.data, pointers))
        if not self._has_warned:
            self._warn_of_close_pairs(numbers)
        return [_finished(result, found, deviations) for result, found in zip(results, pointers)]

    def hessian(self, numbers, positions, cell=None, pbc=None, *, atoms=None):
        """The second derivatives of the energy, [atom][3][atom][3] in eV/Å², by the potential's own derivatives.

        The structure as for `compute`. atoms: indices of those whose columns are wanted, all unless given; the result
        then is [chosen][3][atom][3]. Use a Potential of precision "float64". Raises what `compute` raises.
        """
        numbers = _atomic_numbers(numbers)
        count = len(numbers)
        positions = _array(positions, (count, 3), "positions")
        cell, periodic = _cell(cell, pbc)
        chosen = numpy.arange(count) if atoms is None else numpy.atleast_1d(numpy.asarray(atoms))
        if chosen.size and not (
                numpy.issubdtype(chosen.dtype, numpy.integer) and chosen.ndim == 1 and 0 <= chosen.min()
                and chosen.max() < count):
            raise ArgumentError(f"expected indices of atoms from 0 to {count - 1}, found {atoms!r}")
        products = numpy.empty((len(chosen), 3, count, 3))
        # A few columns at a time: the directions of all would take as much memory as the result.
        for first in range(0, len(chosen), 8):
            part = chosen[first : first + 8]
            directions = numpy.zeros((len(part), 3, count, 3))
            for axis in range(3):
                directions[numpy.arange(len(part)), axis, part, axis] = 1
            found = products[first : first + 8]
            check(library().apus_compute_hessian_products(
                self._calculator, count, numbers.ctypes.data, positions.ctypes.data,
                None if cell is None else cell.ctypes.data, periodic.ctypes.data, 3 * len(part), directions.ctypes.data,
                found.ctypes.data))
        return products

    def _result(self, count, virials, deviations):
        """A Result of this size, and where the library is to write it."""
        pointers = ResultPointers()
        result = Result(0.0, numpy.empty((count, 3)), None, numpy.empty(count))
        pointers.forces, pointers.atomic_energies = result.forces.ctypes.data, result.energies.ctypes.data
        if virials:
            result.virials = numpy.empty((count, 3, 3))
            pointers.atomic_virials = result.virials.ctypes.data
        if deviations:
            result.force_deviations, result.member_energies = numpy.empty(count), numpy.empty(self.members)
            pointers.force_deviations = result.force_deviations.ctypes.data
            pointers.member_energies = result.member_energies.ctypes.data
        return result, pointers

    def _warn_of_close_pairs(self, numbers):
        pair = ClosePair()
        count = library().apus_calculator_close_pairs(self._calculator, ctypes.byref(pair))
        if not count:
            return
        self._has_warned = True
        symbols = [library().apus_element_symbol(int(numbers[atom])).decode() for atom in pair.atoms]
        known = (
            "half the sum of their covalent radii; the training data have no such pair within the cutoff"
            if pair.is_assumed else "the shortest in the training data")
        # As many digits as tell the two apart.
        distance, limit = next(
            texts for digits in range(3, 18)
            if len(set(texts := [f"{length:.{digits}f}" for length in (pair.distance, pair.limit)])) == 2 or digits == 17)
        others = f", and {count - 1} more {'pair' if count == 2 else 'pairs'}" if count > 1 else ""
        warnings.warn(TooCloseWarning(
            f"atoms {pair.atoms[0]} ({symbols[0]}) and {pair.atoms[1]} ({symbols[1]}), counted from 0, are "
            f"{distance} Å apart, less than {limit} Å ({known}){others}; the potential knows nothing there "
            "(said once for each potential)"), stacklevel=3)

    def __copy__(self):
        copy = Potential.__new__(Potential)
        copy.path = self.path
        copy._open(self._file, *self._settings)
        return copy

    def __deepcopy__(self, memo):
        return self.__copy__()

    def __reduce__(self):
        """Pickled as the path of its file and its settings: the file must be there where it is unpickled."""
        return Potential, (self.path, *self._settings)

    def __repr__(self):
        committee = f"committee of {self.members}, " if self.members > 1 else ""
        return (
            f"<Potential {os.path.basename(self.path)}: {' '.join(self.elements)}, {committee}{self.layers} layers, "
            f"cutoff {self.cutoff:g} Å, {self.weights} weights, {self.precision}>")


def _finished(result, pointers, deviations):
    """The Result with what is not an array of atoms."""
    result.energy = pointers.energy
    result.virial = numpy.array(pointers.virial).reshape(3, 3)
    if deviations:
        result.energy_deviation = pointers.energy_deviation
    return result


def _structure(index, structure):
    """Atomic numbers, positions, [1][3][3] cell and [1][3] periodicity as `apus_compute_many` takes them."""
    if hasattr(structure, "get_atomic_numbers"):
        structure = (structure.numbers, structure.positions, structure.cell.array, structure.pbc)
    try:
        numbers, positions, *rest = structure
        numbers = _atomic_numbers(numbers)
        cell, periodic = _cell(*rest, *[None] * (2 - len(rest)))
        positions = _array(positions, (len(numbers), 3), "positions").reshape(-1, 3)
    except (ArgumentError, ElementError) as error:
        raise type(error)(f"structure {index + 1}: {error}") from None
    except (TypeError, ValueError):
        raise ArgumentError(
            f"structure {index + 1}: expected numbers, positions and perhaps cell and pbc, found {structure!r:.80}") from None
    cell = numpy.zeros((3, 3)) if cell is None else cell
    return numbers, positions, cell[numpy.newaxis], periodic[numpy.newaxis]


def load(path, precision=None, threads=None, skin=0.5):
    """The Potential in a file that `apus train` wrote."""
    return Potential(path, precision, threads, skin)


class _File:
    """What was read of a file; never changes, and may be shared."""

    def __init__(self, path):
        self.pointer, self.description = ctypes.c_void_p(), Description()
        check(library().apus_potential_load(os.fsencode(path), ctypes.byref(self.pointer)))
        _free_with(self, library().apus_potential_free, self.pointer)
        check(library().apus_potential_describe(self.pointer, ctypes.byref(self.description)))
        numbers = self.description.elements[: self.description.element_count]
        self.elements = tuple(library().apus_element_symbol(number).decode() for number in numbers)
        properties = []
        while (name := library().apus_potential_property(self.pointer, len(properties))) is not None:
            properties.append(name.decode())
        self.properties = tuple(properties)


def _free_with(owner, free, pointer):
    """Frees what the pointer leads to together with its owner. Not when Python ends: a thread may still compute."""
    weakref.finalize(owner, free, pointer).atexit = False


def _atomic_number(element):
    """Of a symbol; atomic numbers are returned as they are."""
    if not isinstance(element, str):
        return _integer(element, 1, OGANESSON, "an atomic number", ElementError)
    number = library().apus_element_number(element.encode())
    if not number:
        raise ElementError(f"expected the symbol of an element, found {element!r}")
    return number


def _integer(value, lowest, highest, name, error=ArgumentError):
    """The value as an int; C would cut off what it has no room for."""
    try:
        found = operator.index(value)
    except TypeError:
        raise error(f"expected an integer as {name}, found {value!r}") from None
    if not lowest <= found <= highest:
        raise error(f"expected {lowest} to {highest} as {name}, found {value!r}")
    return found


def _atomic_numbers(numbers):
    found = numpy.asarray(numbers)
    if found.ndim != 1 or (found.dtype.kind not in "iu" and found.size):
        raise ArgumentError(f"expected atomic numbers of shape (atoms,), found {found.dtype} of shape {found.shape}")
    if found.size and not 0 < found.min() <= found.max() <= OGANESSON:
        raise ElementError(f"expected atomic numbers of 1 to {OGANESSON}, found {found.min()} to {found.max()}")
    return numpy.ascontiguousarray(found, numpy.intc)


def _array(values, shape, name):
    """The values as C doubles of this shape; the same memory where they are already."""
    try:
        found = numpy.asarray(values)
        # Text and complex numbers are no coordinates; objects may be.
        if found.dtype.kind not in "fiubO":
            raise TypeError(f"found {found.dtype}, {values!r:.40}")
        found = numpy.ascontiguousarray(found, float)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"expected numbers as {name}: {error}") from None
    if found.shape != shape and not found.size == shape[0] == 0:
        raise ArgumentError(f"expected {name} of shape {shape}, found {found.shape}")
    return found


def _cell(cell, pbc):
    """Cell and periodicity as the library takes them."""
    periodic = numpy.empty(3, numpy.intc)
    try:
        periodic[:] = cell is not None if pbc is None else numpy.asarray(pbc, bool)
    except ValueError:
        raise ArgumentError(f"expected one or three values as pbc, found {pbc!r}") from None
    if cell is None:
        return None, periodic
    cell = _array(cell, (3, 3), "cell")
    absent = ~cell.any(axis=1) & (periodic == 0)
    if absent.any() and periodic.any():
        # Vectors along which nothing repeats only complete the frame.
        cell = cell.copy()
        cell[absent] = numpy.linalg.svd(cell[~absent])[2][-absent.sum():]
    return cell, periodic
