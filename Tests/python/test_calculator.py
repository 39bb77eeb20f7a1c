"""The Python package: potentials of NumPy arrays, and the calculator of ASE."""

import copy
import pickle
import re
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context

import ase.io
import numpy
import pytest
from ase import Atoms, units
from ase.build import add_vacuum, bulk
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.fd import calculate_numerical_forces, calculate_numerical_stress
from ase.filters import FrechetCellFilter
from ase.md.velocitydistribution import Stationary, thermalize_momenta
from ase.md.verlet import VelocityVerlet
from ase.optimize import BFGS

import apus
from conftest import REPOSITORY, SHIPPED, SILICON, Program



def rattled(atoms):
    atoms.rattle(0.08, seed=3)
    return atoms


def crystal():
    return rattled(bulk("Si", cubic=True, a=5.47))


def triclinic():
    atoms = bulk("Si", cubic=True, a=5.47)
    atoms.set_cell(atoms.cell @ numpy.array([[1, 0.1, -0.05], [0.02, 0.97, 0.08], [0.03, 0, 1.04]]), scale_atoms=True)
    return rattled(atoms)


def slab():
    atoms = bulk("Si", cubic=True, a=5.47)
    add_vacuum(atoms, 9)
    atoms.pbc = True, True, False
    return rattled(atoms)


def molecule():
    return Atoms("Si4", [[0, 0, 0], [2.3, 0.1, 0], [0.4, 2.2, 0.3], [1.1, 1.0, 2.1]])


def left_handed():
    atoms = triclinic()
    atoms.set_cell(atoms.cell[[1, 0, 2]])
    return atoms


STRUCTURES = {
    "crystal": crystal, "triclinic": triclinic, "left-handed": left_handed, "slab": slab, "molecule": molecule,
    # Its vectors are 3.87 Å, the cutoff is 4 Å.
    "cell smaller than the cutoff": lambda: rattled(bulk("Si", a=5.47)),
    "atom": lambda: Atoms("Si", [[0.3, 0, 0]]),
    "atom in a small cell": lambda: Atoms("Si", cell=[2.4, 2.5, 2.6], pbc=True),
    "wire": lambda: Atoms("Si2", [[0, 0, 0], [0.3, 2.2, 0]], cell=[4, 9, 9], pbc=[True, False, False]),
}


@pytest.fixture(params=STRUCTURES)
def structure(request):
    return STRUCTURES[request.param]()


@pytest.fixture
def exact(potential):
    return apus.Calculator(potential, precision="float64")


# --- Values


def test_forces_and_stress_are_derivatives_of_the_energy(structure, exact):
    structure.calc = exact
    # Central differences with h = 10⁻⁴: h² E‴ / 6 with E‴ < 100 eV/Å³, and rounding of 10³ eV · 10⁻¹⁶ / h.
    numpy.testing.assert_allclose(
        structure.get_forces(), calculate_numerical_forces(structure, eps=1e-4), rtol=0, atol=5e-7)
    if structure.cell.rank == 3:
        numpy.testing.assert_allclose(
            structure.get_stress(), calculate_numerical_stress(structure, eps=1e-4), rtol=0, atol=5e-7)


def test_values_are_those_of_the_command(tmp_path, potential):
    ase.io.write(tmp_path / "data.xyz", [make() for make in STRUCTURES.values()], format="extxyz")
    Program(tmp_path).succeeds(
        "evaluate", potential, "data.xyz", "--predictions", "out.xyz", "--precision", "float64")
    calculator = apus.Calculator(potential, precision="float64")
    frames, expected = (ase.io.read(tmp_path / name, ":") for name in ("data.xyz", "out.xyz"))
    assert len(frames) == len(expected) == len(STRUCTURES)
    for atoms, predicted in zip(frames, expected):
        atoms.calc = calculator
        found = predicted.calc.results
        assert atoms.get_potential_energy() == pytest.approx(found["energy"], rel=1e-13)
        numpy.testing.assert_allclose(atoms.get_forces(), found["forces"], rtol=0, atol=1e-10)
        if all(atoms.pbc):
            numpy.testing.assert_allclose(atoms.get_stress(), found["stress"], rtol=0, atol=1e-10)


def test_parts_add_up(structure, exact):
    structure.calc = exact
    assert structure.get_potential_energies().sum() == pytest.approx(structure.get_potential_energy(), rel=1e-13)
    assert structure.get_potential_energy(force_consistent=True) == structure.get_potential_energy()
    if structure.cell.rank == 3:
        stresses = structure.get_stresses()
        assert stresses.shape == (len(structure), 6)
        numpy.testing.assert_allclose(stresses.sum(axis=0), structure.get_stress(), rtol=0, atol=1e-12)


def test_single_precision_is_close_to_double(structure, exact, potential):
    single = apus.Calculator(potential)
    assert (single.potential.precision, exact.potential.precision) == ("float32", "float64")
    # 2⁻²⁴ for each of some hundred sums of an atom.
    assert single.get_forces(structure) == pytest.approx(exact.get_forces(structure), abs=3e-5)


def test_a_potential_computes_arrays(potential):
    loaded, atoms = apus.load(potential, precision="float64"), triclinic()
    result = loaded.compute(atoms.numbers, atoms.positions, atoms.cell.array, virials=True)
    assert result.forces.shape == (8, 3) and result.virials.shape == (8, 3, 3) and result.energies.shape == (8,)
    numpy.testing.assert_allclose(result.virials.sum(axis=0), result.virial, rtol=0, atol=1e-11)
    numpy.testing.assert_allclose(result.virial, result.virial.T, rtol=0, atol=1e-11)
    assert (result.energy_deviation, result.member_energies) == (None, None)
    atoms.calc = apus.Calculator(potential, precision="float64")
    numpy.testing.assert_allclose(-result.virial / atoms.get_volume(), atoms.get_stress(voigt=False), rtol=0, atol=1e-15)
    # Lists, other types and orders of memory are the same numbers.
    same = loaded.compute(
        atoms.numbers.tolist(), numpy.asfortranarray(atoms.positions), atoms.cell.tolist(), [1, 1, 1])
    assert same.energy == result.energy and (same.forces == result.forces).all() and same.virials is None
    assert loaded.compute([], numpy.empty((0, 3))).energy == 0


@pytest.mark.parametrize("kind", ["potential", "committee"])
def test_structures_together_are_as_alone(kind, request):
    potential = apus.load(request.getfixturevalue(kind), "float64")
    structures = [make() for make in STRUCTURES.values()] + [Atoms("Si", [[0, 0, 0]]), Atoms(), bulk("Si")] * 3
    together = potential.compute_many(structures, virials=True, deviations=True)
    for atoms, found in zip(structures, together, strict=True):
        alone = potential.compute(
            atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc, virials=True, deviations=True)
        for name in ("energy", "forces", "virial", "energies", "virials", "energy_deviation", "force_deviations",
                     "member_energies"):
            assert numpy.allclose(getattr(found, name), getattr(alone, name), rtol=1e-10, atol=1e-10), name
    assert potential.compute_many([]) == []


@pytest.mark.parametrize("structure, words", [
    ((numpy.array([14, 999]), [[0, 0, 0], [2, 0, 0]]), "structure 2: expected atomic numbers of 1 to 118"),
    (([14], [[0, 0, numpy.nan]]), "structure 2: expected finite"),
    (([79], [[0, 0, 0]]), "structure 2: this potential does not know Au"),
    (([14, 14], [[0, 0, 0]]), "structure 2: expected positions of shape"),
    (([14], [[0, 0, 0]], None, True), "structure 2: expected a cell"),
    (7, "structure 2: expected numbers, positions"),
])
def test_a_mistake_among_many_structures_is_named(potential, structure, words):
    with pytest.raises(apus.Error, match=words):
        apus.load(potential).compute_many([crystal(), structure])


def test_vectors_along_which_nothing_repeats_may_be_zero(exact):
    atoms = slab()
    energy, forces = exact.get_potential_energy(atoms), exact.get_forces(atoms)
    atoms.cell[2] = 0
    assert exact.get_potential_energy(atoms) == pytest.approx(energy, rel=1e-13)
    numpy.testing.assert_allclose(exact.get_forces(atoms), forces, rtol=0, atol=1e-12)


def test_what_a_potential_says_of_itself(potential, committee):
    loaded = apus.load(str(potential))
    assert (loaded.elements, loaded.cutoff, loaded.layers, loaded.members) == (("Si",), 4.0, 2, 1)
    assert loaded.shortest_distance("Si", 14) == loaded.shortest_distance(14, "Si") == pytest.approx(1.8, abs=0.01)
    assert loaded.shortest_distance("Si", "O") == 0
    assert loaded.memory_estimate(2000, 28) > loaded.memory_estimate(1000, 28) > 1e5
    assert repr(loaded) == (
        f"<Potential potential.safetensors: Si, 2 layers, cutoff 4 Å, {loaded.weights} weights, float32>")
    assert "committee of 3" in repr(apus.load(committee, precision="float64")) and apus.load(committee).members == 3


# --- Committees


def test_a_committee_tells_how_far_its_members_disagree(structure, committee):
    calculator = apus.Calculator(committee, precision="float64")
    structure.calc = calculator
    members = [
        apus.Calculator(committee.parent / f"member-{k}" / "potential.safetensors", precision="float64") for k in (1, 2, 3)]
    energies = numpy.array([member.get_potential_energy(structure) for member in members])
    forces = numpy.array([member.get_forces(structure) for member in members])
    assert structure.get_potential_energy() == pytest.approx(energies.mean(), rel=1e-13)
    numpy.testing.assert_allclose(structure.get_forces(), forces.mean(axis=0), rtol=0, atol=1e-10)
    results = calculator.results
    numpy.testing.assert_allclose(results["member_energies"], energies, rtol=1e-13)
    assert results["energy_deviation"] == pytest.approx(energies.std(), abs=1e-9)
    spread = numpy.sqrt(((forces - forces.mean(axis=0)) ** 2).sum(axis=2).mean(axis=0))
    numpy.testing.assert_allclose(results["force_deviations"], spread, rtol=0, atol=1e-9)
    assert (calculator.get_property("force_deviations", structure) == results["force_deviations"]).all()


def test_single_potentials_have_no_deviations(exact):
    exact.get_potential_energy(crystal())
    assert "energy_deviation" not in exact.results and "member_energies" not in exact.results
    with pytest.raises(PropertyNotImplementedError):
        exact.get_property("energy_deviation", crystal())


# --- ASE


def test_results_are_kept_until_the_structure_changes(exact, potential):
    atoms = crystal()
    atoms.calc = exact
    energy, results = atoms.get_potential_energy(), exact.results
    atoms.get_forces(), atoms.get_stress(), atoms.get_potential_energies()
    atoms.set_initial_charges([0.5] * 8)
    atoms.set_initial_magnetic_moments([1] * 8)
    assert atoms.get_potential_energy() == energy and exact.results is results
    # What is returned belongs to the caller.
    atoms.get_forces()[:] = 7
    assert abs(atoms.get_forces()).max() < 7

    def move():
        atoms.positions[2, 1] += 1e-7

    def strain():
        atoms.cell[0, 0] += 1e-7

    def open_():
        atoms.pbc = True, True, False

    def remove():
        del atoms[3]

    for change in (move, strain, open_, remove):
        before = atoms.get_potential_energy()
        change()
        assert exact.calculation_required(atoms, ["energy"])
        assert atoms.get_potential_energy() != before
        assert atoms.get_potential_energy() == apus.Calculator(potential, precision="float64").get_potential_energy(atoms)


def test_a_wrong_structure_leaves_no_results_behind(exact):
    atoms = crystal()
    atoms.calc = exact
    energy = atoms.get_potential_energy()
    atoms.numbers[1] = 8
    for _ in range(2):
        with pytest.raises(apus.ElementError, match="O.*covers Si"):
            atoms.get_potential_energy()
    assert exact.results == {}
    atoms.numbers[1] = 14
    assert atoms.get_potential_energy() == energy


def test_a_stress_needs_a_volume(exact):
    atoms = slab()
    atoms.calc = exact
    atoms.get_stress()
    for change in (lambda: atoms.cell.__setitem__(2, 0), lambda: atoms.set_pbc(False), lambda: atoms.set_cell(None)):
        change()
        for ask in (atoms.get_stress, atoms.get_stresses):
            with pytest.raises(PropertyNotImplementedError, match="volume"):
                ask()
        assert numpy.isfinite(atoms.get_potential_energy()) and numpy.isfinite(atoms.get_forces()).all()
    with pytest.raises(PropertyNotImplementedError):
        atoms.get_magnetic_moments()


def test_stresses_of_atoms_are_computed_when_they_are_asked_for(exact):
    atoms = crystal()
    atoms.calc = exact
    stress = atoms.get_stress()
    assert "stresses" not in exact.results
    atoms.get_stresses()
    assert "stresses" in exact.results and (atoms.get_stress() == stress).all()
    exact.calculate(atoms)
    assert set(exact.results) == set(exact.implemented_properties)


@pytest.mark.parametrize("kind", ["potential", "committee"])
def test_ase_writes_and_reads_what_was_computed(tmp_path, kind, request):
    from ase.db import connect

    atoms = crystal()
    atoms.calc = apus.Calculator(request.getfixturevalue(kind))
    energy, forces, stress = atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()
    for name in ("a.traj", "a.xyz", "a.json"):
        ase.io.write(tmp_path / name, atoms)
        found = ase.io.read(tmp_path / name)
        assert found.get_potential_energy() == pytest.approx(energy, rel=1e-12)
        # Extended XYZ has eight decimals.
        numpy.testing.assert_allclose(found.get_forces(), forces, rtol=0, atol=6e-9)
        numpy.testing.assert_allclose(found.get_stress(), stress, rtol=0, atol=1e-12)
    with connect(tmp_path / "a.db") as database:
        row = database.get(database.write(atoms))
    assert (row.calculator, row.calculator_parameters) == ("apus", atoms.calc.todict())
    assert atoms.calc.todict() == {"potential": str(atoms.calc.potential.path)}


def test_settings_can_be_changed(potential, committee):
    atoms = crystal()
    atoms.calc = apus.Calculator(potential, threads=1)
    single = atoms.get_potential_energy()
    atoms.calc.set(precision="float64")
    assert atoms.get_potential_energy() != single and atoms.calc.todict()["precision"] == "float64"
    atoms.calc.set(potential=committee)
    assert atoms.calc.get_property("energy_deviation", atoms) > 0
    calculator = atoms.calc
    with pytest.raises(TypeError, match="'accuracy'"):
        calculator.set(accuracy=1)
    with pytest.raises(apus.ArgumentError, match="float16"):
        calculator.set(precision="float16")
    assert calculator.potential.precision == "float64" and calculator.parameters.precision == "float64"


def moving(temperature, calculator, repeat=2):
    atoms = bulk("Si", cubic=True, a=5.475) * (repeat, repeat, repeat)
    thermalize_momenta(atoms, temperature, rng=numpy.random.default_rng(5))
    Stationary(atoms)
    atoms.calc = calculator
    return atoms


def test_the_energy_is_conserved_in_the_order_of_the_integrator():
    """The total energy scatters by the square of the timestep, and does not drift."""
    scatter = {}
    for timestep in (1, 2):
        atoms = moving(600, apus.Calculator(SHIPPED, precision="float64"))
        dynamics = VelocityVerlet(atoms, timestep * units.fs)
        energies = []
        dynamics.attach(lambda: energies.append(atoms.get_total_energy()), interval=2 // timestep)
        dynamics.run(100 // timestep)
        scatter[timestep] = numpy.abs(numpy.array(energies) - energies[0]).max()
    assert scatter[1] < 1e-4 * 64
    assert scatter[2] / scatter[1] == pytest.approx(4, rel=0.1)


def test_neighbours_are_looked_for_rarely():
    atoms = moving(600, apus.Calculator(SHIPPED))
    potential = atoms.calc.potential
    VelocityVerlet(atoms, 1 * units.fs).run(100)
    # An atom has to move by 0.25 Å; at 600 K the fastest make 0.02 Å a step.
    assert 1 <= potential.neighbor_searches <= 100 * 0.02 / 0.25
    for skin in (0, 1):
        other = moving(600, apus.Calculator(SHIPPED, skin=skin))
        VelocityVerlet(other, 1 * units.fs).run(100)
        assert (other.positions == atoms.positions).all()
        assert (other.calc.potential.neighbor_searches < 3) == (skin == 1)


def test_a_cell_can_be_relaxed():
    atoms = rattled(bulk("Si", a=5.6))
    atoms.set_cell(atoms.cell @ numpy.array([[1, 0.02, 0], [0, 1, 0], [0, 0, 0.98]]), scale_atoms=True)
    atoms.calc = apus.Calculator(SHIPPED, precision="float64")
    assert BFGS(FrechetCellFilter(atoms), logfile=None).run(fmax=1e-3, steps=200)
    # The primitive cell of a cubic one of 5.475 Å (potentials/README.md).
    numpy.testing.assert_allclose(atoms.cell.lengths(), 5.475 / 2**0.5, rtol=0, atol=2e-3)
    numpy.testing.assert_allclose(atoms.cell.angles(), 60, rtol=0, atol=0.05)
    assert numpy.abs(atoms.get_stress()).max() < 1e-4


# --- Copies, processes and threads


def test_copies_are_independent_and_equal(tmp_path, monkeypatch, potential):
    (tmp_path / "other").mkdir()
    (tmp_path / "potential.safetensors").write_bytes(potential.read_bytes())
    monkeypatch.chdir(tmp_path)
    atoms = crystal()
    atoms.calc = apus.Calculator("potential.safetensors", precision="float64", threads=1, skin=0.7)
    energy = atoms.get_potential_energy()
    monkeypatch.chdir(tmp_path / "other")
    copies = [pickle.loads(pickle.dumps(atoms)), copy.deepcopy(atoms)]
    (tmp_path / "potential.safetensors").unlink()
    copies.append(copy.deepcopy(atoms))
    for other in copies:
        assert other.calc.parameters == atoms.calc.parameters and other.calc.potential is not atoms.calc.potential
        assert other.calc.results["energy"] == energy
        other.positions[0] += 0.1
        assert other.get_potential_energy() != energy
        assert atoms.get_potential_energy() == energy
        other.positions[0] -= 0.1
        assert other.get_potential_energy() == pytest.approx(energy, rel=1e-13)


def test_other_processes_compute_the_same(exact):
    atoms = crystal()
    atoms.calc = exact
    with get_context("spawn").Pool(1) as pool:
        assert pool.apply(atoms.get_potential_energy) == atoms.get_potential_energy()


def test_threads_at_once_give_the_same_bits(potential, committee):
    """Potentials of their own and one that all share, of two files."""
    jobs = [(make(), file) for make in STRUCTURES.values() for file in (potential, committee)]
    shared = {file: apus.load(file, threads=1) for file in (potential, committee)}

    def compute(job, loaded):
        atoms, _ = job
        cell = atoms.cell.array if atoms.cell.rank else None
        result = loaded.compute(atoms.numbers, atoms.positions, cell, atoms.pbc, virials=True)
        return result.energy, result.forces.tobytes(), result.virial.tobytes(), result.virials.tobytes()

    expected = [compute(job, apus.load(job[1], threads=2)) for job in jobs]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            own = pool.map(lambda job: compute(job, copy.copy(shared[job[1]])), jobs)
            common = pool.map(lambda job: compute(job, shared[job[1]]), jobs)
            assert list(own) == list(common) == expected


def test_other_threads_run_while_one_computes():
    loaded, atoms = apus.load(SHIPPED, threads=1), bulk("Si", cubic=True, a=5.475) * (8, 8, 8)
    ready, done, ticks = threading.Event(), threading.Event(), []

    def tick():
        while not done.wait(0.001):
            ticks.append(ready.is_set())

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        ready.set()
        loaded.compute(atoms.numbers, atoms.positions, atoms.cell.array)
        during = sum(ticks)
    finally:
        done.set()
        thread.join()
    # A tenth of a second or more for 4096 atoms.
    assert during >= 5


def test_messages_belong_to_the_thread_that_failed(potential):
    loaded, texts = apus.load(potential), {}

    def fail(number):
        with pytest.raises(apus.ElementError) as caught:
            loaded.compute([number], [[0, 0, 0]])
        texts[number] = str(caught.value)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fail, [1, 6, 7, 8, 9] * 20))
    for number, symbol in {1: "H", 6: "C", 7: "N", 8: "O", 9: "F"}.items():
        assert f"does not know {symbol};" in texts[number]


# --- Mistakes


@pytest.mark.parametrize("arguments, error, words", [
    ([[8], [[0, 0, 0]]], apus.ElementError, ["O", "covers Si"]),
    ([[0], [[0, 0, 0]]], apus.ElementError, ["1 to 118", "0"]),
    ([[2**40], [[0, 0, 0]]], apus.ElementError, ["1 to 118"]),
    ([[14.5], [[0, 0, 0]]], apus.ArgumentError, ["atomic numbers", "float64"]),
    ([["Si"], [[0, 0, 0]]], apus.ArgumentError, ["atomic numbers"]),
    ([[14, 14], [[0, 0, 0]]], apus.ArgumentError, ["positions", "(2, 3)", "(1, 3)"]),
    ([[14], [["x", 0, 0]]], apus.ArgumentError, ["positions", "'x'"]),
    ([[14], [[0, float("nan"), 0]]], apus.StructureError, ["finite", "nan"]),
    ([[14], [[0, 0, 0]], [[1, 2], [3, 4]]], apus.ArgumentError, ["cell", "(3, 3)", "(2, 2)"]),
    ([[14], [[0, 0, 0]], numpy.zeros((3, 3))], apus.StructureError, ["volume"]),
    ([[14], [[0, 0, 0]], numpy.full((3, 3), float("inf"))], apus.StructureError, ["finite"]),
    ([[14], [[0, 0, 0]], numpy.eye(3), [True, False]], apus.ArgumentError, ["pbc", "three"]),
    ([[14], [[0, 0, 0]], None, True], apus.ArgumentError, ["expected a cell"]),
    ([[14, 14], [[0, 0, 0], [0, 0, 0]]], apus.NotFiniteError, ["on top of each other"]),
])
def test_mistakes_in_structures_are_exceptions_that_say_what_was_found(potential, arguments, error, words):
    loaded = apus.load(potential)
    with pytest.raises(error) as caught:
        loaded.compute(*arguments)
    assert isinstance(caught.value, apus.Error) and isinstance(caught.value, (ValueError, ArithmeticError))
    for word in words:
        assert word in str(caught.value)
    # The next call is none the worse.
    assert numpy.isfinite(loaded.compute([14], [[0, 0, 0]]).energy)


@pytest.mark.parametrize("settings, words", [
    ({"precision": "half"}, ["float32", "'half'"]), ({"threads": -1}, ["threads", "-1"]),
    ({"threads": "many"}, ["threads", "'many'"]), ({"skin": -0.5}, ["skin", "-0.5"]), ({"skin": float("nan")}, ["skin"]),
])
def test_mistakes_in_settings_are_exceptions(potential, settings, words):
    for make in (apus.load, apus.Calculator):
        with pytest.raises(apus.ArgumentError) as caught:
            make(potential, **settings)
        for word in words:
            assert word in str(caught.value)


@pytest.mark.parametrize("call, words", [
    (lambda loaded: apus.load(loaded.path, threads=2**32 + 1), ["threads", "4294967297"]),
    (lambda loaded: apus.load(loaded.path, threads=1.9), ["threads", "1.9"]),
    (lambda loaded: loaded.memory_estimate(2**64 + 5, 28), ["atoms", "18446744073709551621"]),
    (lambda loaded: loaded.memory_estimate(5.5, 28), ["atoms", "5.5"]),
    (lambda loaded: loaded.compute([14], [[1j, 0, 0]]), ["positions", "complex"]),
])
def test_numbers_are_not_cut_off(potential, call, words):
    with pytest.raises(apus.ArgumentError) as caught:
        call(apus.load(potential))
    assert all(word in str(caught.value) for word in words)


def test_elements_are_whole_numbers(potential):
    with pytest.raises(apus.ElementError, match="14.7"):
        apus.load(potential).shortest_distance(14.7, "Si")


def test_a_calculation_needs_atoms(potential):
    with pytest.raises(apus.ArgumentError, match="expected atoms"):
        apus.Calculator(potential).calculate()


def test_atoms_closer_than_in_training_are_told_once(potential):
    loaded = apus.load(potential)
    with pytest.warns(apus.TooCloseWarning, match=r"atoms 0 \(Si\) and 1 \(Si\), counted from 0, are 1\.000 Å apart"):
        loaded.compute([14, 14], [[0, 0, 0], [1, 0, 0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded.compute([14, 14], [[0, 0, 0], [1, 0, 0]])
        apus.load(potential).compute([14, 14], [[0, 0, 0], [2.4, 0, 0]])


def test_distances_have_as_many_digits_as_tell_them_apart(potential):
    loaded = apus.load(potential)
    shortest = loaded.shortest_distance("Si", "Si")
    with pytest.warns(apus.TooCloseWarning) as caught:
        loaded.compute([14, 14], [[0, 0, 0], [shortest - 2e-6, 0, 0]])
    found, limit = re.search(r"are ([\d.]+) Å apart, less than ([\d.]+) Å", str(caught[0].message)).groups()
    assert float(found) < float(limit) and float(limit) == pytest.approx(shortest, abs=1e-5)


def test_files_that_are_no_potentials_are_named(tmp_path, potential):
    (tmp_path / "half.safetensors").write_bytes(potential.read_bytes()[:5000])
    for path in (tmp_path / "absent.safetensors", tmp_path / "half.safetensors", SILICON / "silicon.xyz"):
        for make in (apus.load, apus.Calculator):
            with pytest.raises(apus.FileError) as caught:
                make(path)
            assert str(path) in str(caught.value) and isinstance(caught.value, OSError)


def test_the_hessian_is_the_derivative_of_forces():
    from ase.vibrations import VibrationsData

    atoms = bulk("Si", cubic=True, a=5.5)
    atoms.rattle(0.05, seed=4)
    calculator = apus.Calculator(SHIPPED, precision="float64")
    hessian = calculator.get_hessian(atoms)
    assert hessian.shape == (24, 24) and abs(hessian - hessian.T).max() < 1e-10 * abs(hessian).max()
    potential = calculator.potential
    columns = potential.hessian(atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc, atoms=[5, 2])
    assert (columns.reshape(6, 24) == hessian[[15, 16, 17, 6, 7, 8]]).all()
    atoms.calc = calculator

    def forces(size):
        moved = atoms.copy()
        moved.positions[5, 1] += size
        moved.calc = calculator
        return moved.get_forces().ravel()

    size = 1e-3
    slope = (8 * (forces(-size) - forces(size)) - (forces(-2 * size) - forces(2 * size))) / (12 * size)
    assert abs(hessian[16] - slope).max() < 1e-6 * abs(hessian).max()
    energies = VibrationsData.from_2d(atoms, hessian).get_energies()
    assert len(energies) == 24 and max(energies.real) > 0.05
    with pytest.raises(apus.ArgumentError, match="indices of atoms from 0 to 7"):
        potential.hessian(atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc, atoms=[8])
