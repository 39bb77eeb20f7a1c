"""The files of examples/silicon and the potential that ships, as README and `make demo` use them."""

import csv
import json
import pathlib
import re
import shutil
import subprocess
import sys

import numpy
import pytest

from conftest import PROGRAM, REPOSITORY, SHIPPED, SILICON, Program

KILOCALORIE = 23.060547830619  # eV in kcal/mol


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo in a copy of the example, with one epoch of train.yaml and 60 steps of md.yaml."""
    repository = tmp_path_factory.mktemp("demo")
    folder = repository / "examples" / "silicon"
    shutil.copytree(SILICON, folder, ignore=shutil.ignore_patterns("dft", "run"))
    (repository / "Sources").symlink_to(REPOSITORY / "Sources")
    for name, long, short in [("train.yaml", "max_epochs: 200", "max_epochs: 1"), ("md.yaml", "steps: 3000", "steps: 60")]:
        text = (folder / name).read_text()
        assert text.count(long) == 1
        (folder / name).write_text(text.replace(long, short))
    apus = Program(folder)
    apus.output = subprocess.run(
        [folder / "demo.sh", PROGRAM, sys.executable], check=True, capture_output=True, text=True, timeout=600).stdout
    # The same once more as extended XYZ, in all digits: the program's own numbers.
    apus.succeeds("md", "md.yaml", "--set", "trajectory.file=own.xyz", "--set", "thermo.file=own.csv")
    return apus


def own(demo):
    import ase.io

    return ase.io.read(demo.folder / "own.xyz", ":")


def close(found, expected, relative=2.0**-21):
    expected = numpy.asarray(expected)
    numpy.testing.assert_allclose(found, expected, rtol=0, atol=relative * max(1, numpy.abs(expected).max()))


def test_the_demo_ends_with_a_picture(demo):
    path = re.search("The picture: (.*)", demo.output)[1]
    assert path == str(demo.folder / "run" / "silicon" / "parity.svg")
    text = pathlib.Path(path).read_text()
    assert text.startswith("<?xml") and text.rstrip().endswith("</svg>")


def test_the_demo_does_without_matplotlib(demo):
    """Everything but the picture is there."""
    result = subprocess.run(
        [demo.folder / "demo.sh", PROGRAM, "false"], check=True, capture_output=True, text=True, timeout=600)
    assert "Left out: false has no matplotlib." in result.stdout and "The picture: none" in result.stdout


def test_the_demos_trajectory_opens_in_mdanalysis(demo):
    import MDAnalysis

    run = demo.folder / "run" / "silicon"
    universe = MDAnalysis.Universe(str(run / "trajectory.pdb"), str(run / "trajectory.nc"))
    frames = own(demo)
    assert len(universe.trajectory) == len(frames) == 7 and len(universe.atoms) == 216
    for step, atoms in zip(universe.trajectory, frames):
        close(step.positions, atoms.positions)
        close(step.velocities, atoms.arrays["velocities"] * 1e3)
        close(step.forces, atoms.get_forces() * KILOCALORIE * 4.184)
        close(step.triclinic_dimensions, atoms.cell.array)


def test_the_demos_trajectory_opens_in_mdtraj(demo):
    import mdtraj

    run = demo.folder / "run" / "silicon"
    trajectory = mdtraj.load(str(run / "trajectory.nc"), top=str(run / "trajectory.pdb"))
    frames = own(demo)
    assert trajectory.n_frames == len(frames)
    for index, atoms in enumerate(frames):
        close(trajectory.xyz[index] * 10, atoms.positions)
        close(trajectory.unitcell_vectors[index] * 10, atoms.cell.array)
        close(trajectory.time[index], 0.01 * index)


def test_the_demos_trajectory_opens_in_ase(demo):
    from ase.io.netcdftrajectory import NetCDFTrajectory

    with NetCDFTrajectory(str(demo.folder / "run" / "silicon" / "trajectory.nc"), "r") as trajectory:
        frames = own(demo)
        assert len(trajectory) == len(frames)
        for found, atoms in zip(trajectory, frames):
            assert (found.numbers == 14).all()
            close(found.positions, atoms.positions)
            # ASE takes the numbers as they stand, in Å/ps, for its own unit of velocity.
            close(found.get_velocities(), atoms.arrays["velocities"] * 1e3)
            close(found.arrays["forces"] if "forces" in found.arrays else found.get_forces(), atoms.get_forces() * KILOCALORIE)
            close(found.cell.array, atoms.cell.array)


def test_the_potential_that_ships_has_the_errors_of_its_card(tmp_path):
    apus = Program(tmp_path)
    info = json.loads(apus.succeeds("info", SHIPPED, "--json"))
    assert info["verified"] and info["reference_structures"] == 2
    errors = json.loads(apus.succeeds("evaluate", SHIPPED, SILICON / "silicon.xyz", "--json"))
    assert (errors["structures"], errors["atoms"]) == (166, 2012)
    # A tenth of what the data scatter by, and twice what potentials/README.md says of all of them.
    assert errors["energy_rmse_mev_per_atom"] < 4
    assert errors["forces_rmse_mev_per_angstrom"] < 40
    assert errors["stress_rmse_gpa"] < 0.3


def test_the_potential_that_ships_conserves_energy(tmp_path):
    apus = Program(tmp_path)
    shutil.copy(SILICON / "md.yaml", tmp_path)
    shutil.copy(SILICON / "start.xyz", tmp_path)
    apus.succeeds(
        "md", "md.yaml", "--set", f"potential={SHIPPED}", "--set", "ensemble.name=nve", "--set", "steps=1000",
        "--set", "velocities.temperature=600", "--set", "thermo.file=nve.csv", "--set", "trajectory.file=nve.nc")
    with open(tmp_path / "nve.csv") as file:
        rows = [{name.split("/")[0]: value for name, value in row.items()} for row in csv.DictReader(file)]
    time = numpy.array([float(row["time"]) for row in rows]) * (1 if float(rows[-1]["time"]) < 10 else 1e-3)
    energy = numpy.array([float(row["conserved_energy"]) for row in rows])
    assert time[-1] == pytest.approx(1.0)
    drift = numpy.polyfit(time, energy, 1)[0] / 216
    assert abs(drift) < 1e-5, f"{drift} eV/atom/ps"
