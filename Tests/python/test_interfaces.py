"""The same energies, forces and virials by every way: command, C, Python, i-PI, and LAMMPS on one to four processes.

With APUS_TABLES=FOLDER the differences are also written to FOLDER/equality.md, as Documentation/interfaces.md has them.
"""

import os
import pathlib

import ase.io
import numpy
import pytest

import apus
from conftest import SHIPPED, Program, write_exactly
from lammps_runs import BAR, ROUNDING, STRUCTURES, voigt
from test_serve import Driver, Server

# [structure][way] — the largest difference from the C library of the energy per atom, a force, and the virial per atom.
table = {}


def agrees(way, name, expected, energy, forces, virial=None):
    """Compares with the C library, notes the differences, and says whether they are rounding."""
    count = len(STRUCTURES[name])
    differences = [abs(energy - expected.energy) / count, numpy.abs(forces - expected.forces).max()]
    if virial is not None:
        differences.append(numpy.abs(virial - voigt(expected.virial)).max() / count)
    table.setdefault(name, {})[way] = max(differences)
    return max(differences) < ROUNDING


@pytest.fixture(scope="module", autouse=True)
def report():
    yield
    if "APUS_TABLES" not in os.environ:
        return
    ways = list(dict.fromkeys(way for row in table.values() for way in row))
    lines = ["| structure | atoms | " + " | ".join(ways) + " |", "| --- " * (len(ways) + 2) + "|"]
    for name, row in table.items():
        numbers = [f"{row[way]:.0e}" if row.get(way) else "0" if way in row else "not run" for way in ways]
        lines.append(f"| {name} | {len(STRUCTURES[name]):,} | " + " | ".join(numbers) + " |")
    (pathlib.Path(os.environ["APUS_TABLES"]) / "equality.md").write_text("\n".join(lines) + "\n")


@pytest.fixture(params=STRUCTURES)
def case(request, potentials, references):
    """Name, atoms, potential, and the C library's results."""
    name = request.param
    return name, STRUCTURES[name], SHIPPED if name == "silicon" else potentials[0], references[name]


def test_the_command(case, tmp_path):
    name, atoms, potential, expected = case
    write_exactly(tmp_path / "data.xyz", atoms)
    Program(tmp_path).succeeds(
        "evaluate", potential, "data.xyz", "--precision", "float64", "--predictions", "out.xyz")
    results = ase.io.read(tmp_path / "out.xyz").calc.results
    virial = None
    if "stress" in results:
        virial = results["stress"][[0, 1, 2, 5, 4, 3]] * -atoms.cell.volume
    assert (virial is not None) == atoms.pbc.all()
    assert agrees("command", name, expected, results["energy"], results["forces"], virial)


def test_python(case):
    name, atoms, potential, expected = case
    found = apus.load(potential, precision="float64").compute(atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc)
    assert agrees("Python", name, expected, found.energy, found.forces, voigt(found.virial))
    atoms = atoms.copy()
    atoms.calc = apus.Calculator(potential, precision="float64")
    virial = atoms.get_stress()[[0, 1, 2, 5, 4, 3]] * -atoms.cell.volume
    assert agrees("ASE", name, expected, atoms.get_potential_energy(), atoms.get_forces(), virial)


def test_i_pi(case, tmp_path):
    """Lengths are bohr and energies hartree on the way."""
    name, atoms, potential, expected = case
    write_exactly(tmp_path / "start.xyz", atoms)
    with Server() as server:
        driver = Driver(Program(tmp_path), "start.xyz", server.address, "--precision", "float64", potential=potential)
        server.accept()
        server.positions(atoms)
        energy, forces, virial, _ = server.forces()
        server.send("EXIT")
        # It warns of atoms that are closer than the training data had them.
        driver.process.communicate(timeout=60)
        assert driver.process.returncode == 0
    assert agrees("i-PI", name, expected, energy, forces, voigt(virial))


@pytest.mark.parametrize("name", STRUCTURES)
def test_lammps(outcomes, references, name, request):
    processes = request.node.callspec.params["outcomes"]
    if name not in outcomes:
        pytest.skip("LAMMPS wants cells longer than the cutoff for comm_style tiled")
    found = outcomes[name]
    assert agrees(
        f"LAMMPS, {processes}", name, references[name], found.energy, found.forces, found.virial / BAR)
