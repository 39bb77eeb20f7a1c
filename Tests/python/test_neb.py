"""`apus neb` beside ASE's nudged elastic band with the same potential."""

import json

import ase.io
import numpy
import pytest
from ase.build import bulk
from ase.constraints import FixAtoms
from ase.mep import NEB
from ase.optimize import FIRE
from threadpoolctl import threadpool_limits

from conftest import SHIPPED, write_exactly

import apus as package


def write(path, *structures):
    text = ""
    for atoms in structures:
        write_exactly(path, atoms)
        text += path.read_text()
    path.write_text(text)


def vacancy():
    """Silicon with a vacancy, an atom on either side of it, and all atoms that are near to neither of its ends."""
    atoms = bulk("Si", cubic=True, a=5.47).repeat(2)
    near = atoms.get_distances(0, range(len(atoms)), mic=True)
    hopping = int(numpy.argsort(near)[1])
    place = atoms.positions[0].copy()
    distances = numpy.minimum(near, atoms.get_distances(hopping, range(len(atoms)), mic=True))
    fixed = [i - 1 for i in range(1, len(atoms)) if distances[i] > 2.6]
    start = atoms[1:]
    end = start.copy()
    # Through a face of the cell, which is the same.
    end.positions[hopping - 1] = place + start.cell[0]
    return start, end, hopping - 1, fixed


def numbered(indices):
    return ",".join(str(index + 1) for index in indices)


def test_the_barrier_is_that_of_ase(apus):
    start, end, hopping, fixed = vacancy()
    write(apus.folder / "ends.xyz", start, end)
    options = ["--climb", "--relax-ends", "--images", "5", "--fixed", numbered(fixed), "--fmax", "0.01",
               "--precision", "float64"]
    report = json.loads(apus.succeeds("neb", SHIPPED, "ends.xyz", "path.xyz", *options, "--json"))
    assert report["converged"] is True and report["largest_force"] <= 0.01
    assert report["energies_ev"] == [image["energy"] for image in report["images"]]
    energies = numpy.array(report["energies_ev"]) - report["energies_ev"][0]
    # The path leads back as it leads there.
    assert energies == pytest.approx(energies[::-1], abs=2e-3)
    assert report["climbing_image"] == report["highest_image"] == 3
    assert report["barrier_forward_ev"] == pytest.approx(energies.max(), abs=1e-3)
    assert report["barrier_backward_ev"] == pytest.approx(report["barrier_forward_ev"] - energies[-1], abs=1e-6)
    assert 0.05 < energies.max() < 2

    written = ase.io.read(apus.folder / "path.xyz", ":")
    assert len(written) == 7 and all(image.info["converged"] for image in written)
    moved = numpy.linalg.norm(written[-1].positions[hopping] - written[0].positions[hopping])
    assert moved < 4
    for atom in fixed:
        assert all((image.positions[atom] == start.positions[atom]).all() for image in written)
    calculator = package.Calculator(SHIPPED, precision="float64")
    assert [image.get_potential_energy() for image in written] == report["energies_ev"]
    with threadpool_limits(1):
        images = [written[0].copy()] + [written[0].copy() for _ in range(5)] + [written[-1].copy()]
        neb = NEB(images, climb=True, k=1.0, method="improvedtangent", allow_shared_calculator=True)
        neb.interpolate("idpp")
        for image in images:
            image.set_constraint(FixAtoms(fixed))
            image.calc = calculator
        optimizer = FIRE(neb, logfile=None)
        assert optimizer.run(fmax=0.01, steps=400)
        expected = [image.get_potential_energy() for image in images]
    barrier = max(expected) - expected[0]
    assert report["barrier_forward_ev"] == pytest.approx(barrier, abs=1e-3)
    # ASE evaluates the ends once.
    assert report["iterations"] <= optimizer.nsteps + 1

    # From a whole path it is there at once; with damped dynamics too, from the start.
    again = json.loads(apus.succeeds(
        "neb", SHIPPED, "path.xyz", "again.xyz", "--climb", "--fixed", numbered(fixed), "--fmax", "0.011",
        "--precision", "float64", "--json"))
    assert again["iterations"] <= 3 and again["barrier_forward_ev"] == pytest.approx(barrier, abs=1e-3)


def test_a_path_that_has_not_converged_is_written_and_told(apus):
    start, end, _, fixed = vacancy()
    write(apus.folder / "ends.xyz", start, end)
    result = apus("neb", SHIPPED, "ends.xyz", "path.xyz", "--images", "2", "--max-steps", "2", "--fixed",
                  numbered(fixed))
    assert result.returncode == 1
    assert "has not converged after 2 iterations" in result.stderr and "is no minimum" in result.stderr
    assert "NOT converged after 2 iterations, 6 evaluations" in result.stdout
    assert [image.info["converged"] for image in ase.io.read(apus.folder / "path.xyz", ":")] == [False] * 4


def test_classical_interactions_have_paths_too(apus):
    (apus.folder / "argon.yaml").write_text(
        "lennard-jones: {cutoff: 8.5 Å, elements: {Ar: {epsilon: 10.3 meV, sigma: 3.405 Å}}}\n")
    # An atom that goes around a pair of others, from one triangle to the other.
    pair = [[0, 1.91, 0], [0, -1.91, 0]]
    ends = [ase.Atoms("Ar3", [*pair, [x, 0, 0]]) for x in (3.31, -3.31)]
    for atoms in ends:
        atoms.set_cell([30, 30, 30])
    write(apus.folder / "ends.xyz", *ends)
    report = json.loads(apus.succeeds(
        "neb", "argon.yaml", "ends.xyz", "path.xyz", "--relax-ends", "--climb", "--fmax", "1e-4", "--images", "7",
        "--spring", "0.1", "--max-steps", "3000", "--json"))
    # They could turn on the way at no cost, which made quasi-Newton steps fly apart.
    assert report["converged"] is True and report["iterations"] < 60
    # In the middle the three stand in a line: ε (1 + 1 + ~1/32) instead of 3 ε.
    assert report["barrier_forward_ev"] == pytest.approx(0.0103 * (3 - 2.031), abs=2e-4)
    assert report["barrier_backward_ev"] == pytest.approx(report["barrier_forward_ev"], abs=1e-5)


def test_what_is_no_path_is_refused(apus):
    start, end, _, fixed = vacancy()
    write_exactly(apus.folder / "one.xyz", start)
    assert "expected the two ends of a path" in apus.fails("neb", SHIPPED, "one.xyz", "path.xyz")
    write(apus.folder / "three.xyz", start, end, start)
    assert "--images" in apus.fails("neb", SHIPPED, "three.xyz", "path.xyz", "--images", "3")
    other = end.copy()
    other.set_cell(other.cell * 1.01)
    write(apus.folder / "cells.xyz", start, other)
    assert "expected the cell of the first structure" in apus.fails("neb", SHIPPED, "cells.xyz", "path.xyz")
    write(apus.folder / "same.xyz", start, start)
    assert "are the same" in apus.fails("neb", SHIPPED, "same.xyz", "path.xyz")
    write(apus.folder / "ends.xyz", start, end)
    assert "expected atoms of 1…63, found 64" in apus.fails("neb", SHIPPED, "ends.xyz", "path.xyz", "--fixed", "64")
    moved = end.copy()
    moved.positions[fixed[0]] += 0.1
    write(apus.folder / "moved.xyz", start, moved)
    assert f"expected atom {fixed[0] + 1} at one place" in apus.fails(
        "neb", SHIPPED, "moved.xyz", "path.xyz", "--fixed", numbered(fixed))
