"""`apus relax`, beside ASE with the same potential."""

import json

import ase.io
import numpy
import pytest
from ase.build import bulk
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS

from conftest import SHIPPED, write_exactly

import apus as package

GIGAPASCAL = 160.2176634  # eV/Å³ in GPa


def distorted(seed, size=(1, 1, 1), cubic=True):
    random = numpy.random.default_rng(seed)
    atoms = bulk("Si", cubic=cubic, a=5.5).repeat(size)
    atoms.set_cell(atoms.cell @ (numpy.eye(3) + 0.02 * random.normal(size=(3, 3))), scale_atoms=True)
    atoms.positions += 0.1 * random.normal(size=atoms.positions.shape)
    return atoms


@pytest.fixture
def many(apus):
    """Three distorted crystals of different sizes in one file, and the first alone."""
    structures = [distorted(1), distorted(2, (1, 1, 2), cubic=False), distorted(3)]
    text = ""
    for index, atoms in enumerate(structures):
        write_exactly(apus.folder / "one.xyz", atoms)
        text += (apus.folder / "one.xyz").read_text()
    (apus.folder / "many.xyz").write_text(text)
    write_exactly(apus.folder / "one.xyz", structures[0])
    return structures


def relax(apus, *arguments):
    return json.loads(apus.succeeds("relax", SHIPPED, *arguments, "--json"))


def test_the_minimum_is_that_of_ase(apus, many):
    options = ["--cell", "--fmax", "0.001", "--precision", "float64"]
    report = relax(apus, "many.xyz", "out.xyz", *options)
    assert report["converged"] is True and len(report["structures"]) == 3
    calculator = package.Calculator(SHIPPED, precision="float64")
    for atoms, entry in zip(many, report["structures"]):
        calls = 0

        class Counting(package.Calculator):
            def calculate(self, *arguments, **keywords):
                nonlocal calls
                calls += 1
                super().calculate(*arguments, **keywords)

        atoms.calc = Counting(SHIPPED, precision="float64")
        BFGS(FrechetCellFilter(atoms), logfile=None).run(fmax=0.001, steps=300)
        assert entry["energy"] == pytest.approx(atoms.get_potential_energy(), abs=2e-5 * len(atoms))
        assert entry["volume"] == pytest.approx(atoms.get_volume(), rel=1e-3)
        assert entry["steps"] <= calls
        assert numpy.linalg.norm(entry["forces"], axis=1).max() <= 0.001
        # What is said of the place is true of it.
        atoms.set_cell(entry["cell"])
        atoms.set_positions(entry["positions"])
        atoms.calc = calculator
        assert atoms.get_potential_energy() == pytest.approx(entry["energy"], abs=1e-9)
        assert atoms.get_forces() == pytest.approx(numpy.array(entry["forces"]), abs=1e-8)
        assert atoms.get_stress(voigt=False) == pytest.approx(numpy.array(entry["stress"]), abs=1e-9)
    written = ase.io.read(apus.folder / "out.xyz", ":")
    assert [atoms.get_potential_energy() for atoms in written] == [e["energy"] for e in report["structures"]]
    assert all(atoms.info["converged"] for atoms in written)


def test_one_structure_has_its_keys_at_the_top(apus, many):
    report = relax(apus, "one.xyz", "out.xyz", "--cell", "--fmax", "0.001")
    for key in ["energy", "forces", "stress", "steps", "converged", "cell"]:
        assert report[key] == report["structures"][0][key]


def test_the_same_bits_for_any_number_of_threads(apus, many):
    options = ["--cell", "--overwrite", "--threads"]
    assert relax(apus, "many.xyz", "out.xyz", *options, 1) == relax(apus, "many.xyz", "out.xyz", *options, 2)


def test_a_pressure_and_a_stress_are_reached(apus, many):
    report = relax(apus, "one.xyz", "out.xyz", "--cell", "--pressure", "50 kbar", "--fmax", "0.001")
    assert GIGAPASCAL * numpy.array(report["stress"]) == pytest.approx(-5 * numpy.eye(3), abs=0.006)
    report = relax(apus, "one.xyz", "out.xyz", "--cell", "--stress", "-1 0 1 0.5 0 0", "--overwrite", "--fmax", "0.001")
    wanted = numpy.array([[-1, 0, 0], [0, 0, 0.5], [0, 0.5, 1]])
    assert GIGAPASCAL * numpy.array(report["stress"]) == pytest.approx(wanted, abs=0.006)


def test_atoms_alone_move_in_a_cell_that_stays(apus, many):
    report = relax(apus, "one.xyz", "out.xyz", "--fix", "1,3-4")
    assert report["cell"] == many[0].cell.tolist()
    for index in (0, 2, 3):
        assert report["positions"][index] == pytest.approx(many[0].positions[index], abs=1e-9)


def test_what_has_not_relaxed_is_named(apus, many):
    result = apus("relax", SHIPPED, "many.xyz", "out.xyz", "--cell", "--max-steps", 4, "--json")
    assert result.returncode == 1
    assert result.stderr.count("not relaxed after 4 evaluations") == 3 and "structure 2 (Si4)" in result.stderr
    report = json.loads(result.stdout)
    assert report["converged"] is False and not any(entry["converged"] for entry in report["structures"])
    assert [atoms.info["converged"] for atoms in ase.io.read(apus.folder / "out.xyz", ":")] == [False] * 3


def test_a_structure_that_cannot_be_evaluated_leaves_the_others(apus, many):
    text = (apus.folder / "many.xyz").read_text()
    (apus.folder / "strange.xyz").write_text('1\nLattice="5 0 0 0 5 0 0 0 5" pbc="T T T"\nGe 0 0 0\n' + text)
    result = apus("relax", SHIPPED, "strange.xyz", "out.xyz", "--cell", "--json")
    assert result.returncode == 1 and "structure 1 (Ge)" in result.stderr and "does not know Ge" in result.stderr
    assert [entry["converged"] for entry in json.loads(result.stdout)["structures"]] == [False, True, True, True]


def test_the_space_group_is_kept(apus):
    atoms = bulk("Si", cubic=True, a=5.3)
    atoms.set_cell(atoms.cell @ numpy.diag([1, 1, 1.1]), scale_atoms=True)
    write_exactly(apus.folder / "tetragonal.xyz", atoms)
    report = relax(apus, "tetragonal.xyz", "out.xyz", "--cell", "--keep-symmetry", "--fmax", "0.001")
    cell = numpy.array(report["cell"])
    assert report["space_group"] == "I4_1/amd (141)"
    assert cell[0, 0] == pytest.approx(cell[1, 1], abs=1e-12)
    assert abs(cell - numpy.diag(cell.diagonal())).max() < 1e-12


@pytest.mark.parametrize("options, words", [
    (["--pressure", "5"], "--cell"), (["--cell", "--pressure", "5 eV"], "GPa"), (["--fix", "0-3"], "from 1"),
    (["--cell", "--stress", "1 2 3"], "six numbers"), (["--cell", "--axes", "ab"], "x, y and z"),
    (["--fmax", "0"], "--fmax"), (["--cell", "--pressure", "1", "--stress", "0 0 0 0 0 0"], "one of them"),
    (["--cell", "--keep-symmetry", "--fix", "1"], "--keep-symmetry"), (["--cell-change", "round"], "isotropic")])
def test_a_wrong_option_is_told(apus, many, options, words):
    assert words in apus.fails("relax", SHIPPED, "one.xyz", "out.xyz", *options)


def test_files_are_left_alone(apus, many):
    assert "--overwrite" in apus.fails("relax", SHIPPED, "one.xyz", "many.xyz")
    assert "an input" in apus.fails("relax", SHIPPED, "one.xyz", "one.xyz", "--overwrite")
    (apus.folder / "broken.xyz").write_text((apus.folder / "many.xyz").read_text() + "2\nnothing\nSi 0 0\n")
    assert "broken.xyz" in apus.fails("relax", SHIPPED, "broken.xyz", "out.xyz")
