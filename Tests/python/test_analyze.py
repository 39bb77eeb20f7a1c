"""`apus analyze`, beside NumPy and ASE on the same trajectory."""

import json
import shutil

import ase.io
import netCDF4
import numpy
import pytest
from ase import Atoms
from ase.geometry.rdf import get_rdf

from conftest import MD, SHIPPED, Program, START, run_module


@pytest.fixture(scope="module")
def trajectory(tmp_path_factory):
    """Silicon at 600 K, 64 atoms, frames 4 fs apart."""
    folder = tmp_path_factory.mktemp("trajectory")
    (folder / "start.xyz").write_text(START)
    (folder / "md.yaml").write_text(MD)
    Program(folder).succeeds(
        "md", "md.yaml", "--set", f"potential={SHIPPED}", "--set", "steps=240", "--set", "ensemble.temperature=600 K",
        "--set", "trajectory.every=4", "--set", "thermo.every=4", "--set", "velocities={temperature: 900 K}")
    return folder / "trajectory.nc"


@pytest.fixture
def program(tmp_path, trajectory):
    shutil.copy(trajectory, tmp_path / "trajectory.nc")
    return Program(tmp_path)


@pytest.fixture
def frames(trajectory):
    with netCDF4.Dataset(trajectory) as file:
        return {name: numpy.array(file[name][:], dtype=float) for name in ["coordinates", "velocities", "cell_lengths"]}


def columns(path):
    header, *rows = path.read_text().strip().split("\n")
    values = numpy.array([[float(x) if x else numpy.nan for x in row.split(",")] for row in rows])
    return dict(zip(header.split(","), values.T))


def test_the_radial_distribution_is_that_of_ase(program, frames):
    program.succeeds("analyze", "trajectory.nc", "--rdf", "-o", "out", "--rmax", 5, "--bins", 100)
    found = columns(program.folder / "out" / "rdf.csv")
    images = [Atoms("Si64", positions=x, cell=c, pbc=True) for x, c in zip(frames["coordinates"], frames["cell_lengths"])]
    theirs = numpy.mean([get_rdf(atoms, rmax=5, nbins=100)[0] for atoms in images], axis=0)
    # ASE takes the middle of a bin for the volume of its shell.
    r = found["r/Å"]
    exact = 1 + (5 / 100) ** 2 / (12 * r**2)
    assert found["g Si-Si"] * exact == pytest.approx(theirs, rel=2e-3, abs=1e-9)
    assert found["n Si-Si"][numpy.searchsorted(r, 3.0)] == pytest.approx(4, abs=0.1)


def test_displacements_and_velocities_are_those_of_numpy(program, frames):
    program.succeeds("analyze", "trajectory.nc", "--msd", "--vdos", "-o", "out")
    x, v = frames["coordinates"], frames["velocities"] * 1e-3
    msd, vacf = columns(program.folder / "out" / "msd.csv"), columns(program.folder / "out" / "vacf.csv")
    assert msd["t/ps"][:3] == pytest.approx([0, 0.004, 0.008])
    for lag in (1, 7, 30):
        moved = ((x[lag:] - x[:-lag]) ** 2).sum(axis=2).mean()
        assert msd["msd Si/Å²"][lag] == pytest.approx(moved, rel=1e-5)
        assert vacf["vacf Si/(Å²/fs²)"][lag] == pytest.approx((v[lag:] * v[:-lag]).sum(axis=2).mean(), rel=1e-4)
    states = columns(program.folder / "out" / "vdos.csv")
    assert numpy.trapezoid(states["states Si/(1/THz)"], states["f/THz"]) == pytest.approx(3, abs=0.05)
    # Silicon's optical branches end at 15 to 16 THz.
    beyond = states["f/THz"] > 22
    assert abs(states["states Si/(1/THz)"][beyond]).max() < 0.05 * states["states Si/(1/THz)"].max()


def test_averages_and_all_tables(program, frames):
    report = json.loads(program.succeeds("analyze", "trajectory.nc", "-o", "out", "--json"))
    assert report == json.loads((program.folder / "out" / "analysis.json").read_text())
    assert {path.name for path in (program.folder / "out").iterdir()} == {
        "rdf.csv", "msd.csv", "vacf.csv", "vdos.csv", "angles.csv", "density.csv", "analysis.json"}
    with netCDF4.Dataset(program.folder / "trajectory.nc") as file:
        temperatures = numpy.array(file["temperature"][:], dtype=float)
    average = report["averages"]["temperature_kelvin"]
    assert average["mean"] == pytest.approx(temperatures.mean(), rel=1e-6)
    assert average["standard_deviation"] == pytest.approx(temperatures.std(ddof=1), rel=1e-5)
    d = temperatures - temperatures.mean()
    g = 1.0
    for lag in range(1, len(d) - 1):
        c = (d[lag:] * d[:-lag]).mean() / (d * d).mean()
        if c <= 0:
            break
        g += 2 * c * (1 - lag / len(d))
    assert average["statistical_inefficiency"] == pytest.approx(g, rel=1e-4)
    assert average["error"] == pytest.approx(temperatures.std(ddof=1) * (g / len(d)) ** 0.5, rel=1e-4)
    assert report["mean_angles_degrees"]["Si"] == pytest.approx(109.2, abs=0.5)
    assert report["shells"]["Si-Si"]["peak_a"] == pytest.approx(2.37, abs=0.05)
    density = columns(program.folder / "out" / "density.csv")
    assert density["Si/(1/Å³)"].mean() == pytest.approx(8 / 5.47**3, rel=1e-6)


def test_a_picture_of_the_tables(program):
    program.succeeds("analyze", "trajectory.nc", "-o", "out")
    assert run_module(program.folder, "analyze", "out").returncode == 0
    assert "<svg" in (program.folder / "out" / "analysis.svg").read_text()


@pytest.mark.parametrize("arguments, words", [
    (["start.xyz"], "two frames"), (["trajectory.nc", "--first", "1000"], "two frames"), (["trajectory.nc", "--axis", "z"], "--axis"),
    (["nowhere.nc"], "nowhere.nc")])
def test_a_wrong_call_is_told(program, arguments, words):
    (program.folder / "start.xyz").write_text(START)
    assert words in program.fails("analyze", *arguments, "-o", "out")


def test_trajectories_of_other_formats_say_the_same(program):
    """LAMMPS dump, extended XYZ, DCD with its topology: written by MDAnalysis and ASE."""
    MDAnalysis = pytest.importorskip("MDAnalysis")
    with netCDF4.Dataset(program.folder / "trajectory.nc") as file:
        x, lengths = numpy.array(file["coordinates"][:], dtype=float), numpy.array(file["cell_lengths"][:])
    frames = [Atoms("Si64", positions=a, cell=c, pbc=True) for a, c in zip(x, lengths)]
    for atoms in frames:
        atoms.wrap()
    ase.io.write(program.folder / "t.xyz", frames, format="extxyz")
    ase.io.write(program.folder / "t.pdb", frames[0])
    universe = MDAnalysis.Universe.empty(64, trajectory=True)
    universe.add_TopologyAttr("type", ["Si"] * 64)
    with MDAnalysis.Writer(str(program.folder / "t.dcd"), 64) as writer:
        for atoms in frames:
            universe.atoms.positions = atoms.positions
            universe.dimensions = atoms.cell.cellpar()
            writer.write(universe.atoms)
    lines = []
    for k, atoms in enumerate(frames):
        lines += ["ITEM: TIMESTEP", str(4 * k), "ITEM: NUMBER OF ATOMS", "64", "ITEM: BOX BOUNDS pp pp pp"]
        lines += [f"0 {length:.12f}" for length in atoms.cell.lengths()] + ["ITEM: ATOMS id element x y z"]
        lines += [f"{i + 1} Si {a:.9f} {b:.9f} {c:.9f}" for i, (a, b, c) in enumerate(atoms.positions)]
    (program.folder / "t.lammpstrj").write_text("\n".join(lines) + "\n")
    reports = [
        json.loads(program.succeeds("analyze", name, "--rdf", "--msd", "-o", f"out-{name}", "--json", *more))
        for name, more in [
            ("trajectory.nc", []), ("t.xyz", ["--interval", 4]), ("t.dcd", ["--interval", 4]),
            ("t.lammpstrj", ["--interval", 4])]]
    tables = [columns(program.folder / f"out-{name}" / "msd.csv") for name in ("trajectory.nc", "t.xyz", "t.dcd", "t.lammpstrj")]
    for report, table in zip(reports[1:], tables[1:]):
        assert report["frames"] == reports[0]["frames"] and report["interval_ps"] == pytest.approx(0.004)
        assert report["shells"]["Si-Si"]["peak_a"] == pytest.approx(reports[0]["shells"]["Si-Si"]["peak_a"], abs=1e-3)
        # Positions of single precision, 2⁻²⁴ of 11 Å.
        assert table["msd Si/Å²"] == pytest.approx(tables[0]["msd Si/Å²"], abs=2e-5)
    assert "--interval" in program.fails("analyze", "t.xyz", "--msd", "-o", "none")
    (program.folder / "t.pdb").unlink()
    assert "t.pdb" in program.fails("analyze", "t.dcd", "--rdf", "-o", "none")
    program.succeeds("analyze", "t.dcd", "--rdf", "--topology", "t.xyz", "-o", "with")


def test_files_are_not_replaced_unasked(program):
    program.succeeds("analyze", "trajectory.nc", "--rdf", "-o", "out")
    assert "--overwrite" in program.fails("analyze", "trajectory.nc", "--rdf", "-o", "out")
    program.succeeds("analyze", "trajectory.nc", "--rdf", "-o", "out", "--overwrite")


def test_velocities_that_are_not_there_are_asked_for(program):
    with netCDF4.Dataset(program.folder / "trajectory.nc", "a") as file:
        file.renameVariable("velocities", "something")
    assert "--vdos: expected velocities" in program.fails("analyze", "trajectory.nc", "--vdos", "-o", "out")
    program.succeeds("analyze", "trajectory.nc", "-o", "out")
    assert not (program.folder / "out" / "vdos.csv").exists()
