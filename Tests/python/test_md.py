"""`apus md`, and its trajectories in the programs that people open them with."""

import csv
import os
import pathlib
import shutil
import signal
import subprocess
import time

import ase.io
import ase.io.netcdftrajectory
import MDAnalysis
import mdtraj
import netCDF4
import numpy
import pytest

from conftest import PROGRAM

KILOCALORIE = 23.060547830619  # eV in kcal/mol


def rows(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def own_numbers(path):
    """Positions, velocities (Å/fs), forces and cell of every frame, as the program writes them in full precision."""
    frames = ase.io.read(path, index=":")
    return [(f.positions, f.arrays["velocities"], f.get_forces(), f.cell.array) for f in frames]


def wait_for_frames(process, path, count):
    """Until the file has so many frames; the process must be running then."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read()
        try:
            with netCDF4.Dataset(path) as file:
                if len(file.dimensions["frame"]) >= count:
                    return
        except OSError:
            pass  # not there yet, or without a header
        time.sleep(0.05)
    pytest.fail("no frames within a minute")


def test_the_documented_configuration_runs(apus):
    output = apus.succeeds("md", "md.yaml")
    for words in ["64 atoms", "Langevin at 300 K", "bit SIMD", "drift", "µs/atom/step", "ns/day", "trajectory.nc (6 frames"]:
        assert words in output
    table = rows(apus.folder / "thermo.csv")
    assert [int(row["step"]) for row in table] == list(range(0, 60, 10))
    energies = [float(row["conserved_energy/eV"]) for row in table]
    # 64 atoms in single precision.
    assert max(energies) - min(energies) < 0.02
    with netCDF4.Dataset(apus.folder / "trajectory.nc") as file:
        assert file.Conventions == "AMBER"
        assert file.variables["coordinates"].shape == (6, 64, 3)
        assert {"velocities", "forces", "cell_lengths", "temperature"} <= set(file.variables)


@pytest.mark.parametrize("ensemble", ["langevin", "nve"])
def test_readers_see_the_numbers_of_the_program(apus, ensemble):
    common = ["md", "md.yaml", "--overwrite", "--set", f"ensemble.name={ensemble}"]
    apus.succeeds(*common, "--set", "trajectory.precision=double")
    apus.succeeds(*common, "--set", "trajectory.file=own.xyz")
    own = own_numbers(apus.folder / "own.xyz")
    assert len(own) == 6
    trajectory, topology = str(apus.folder / "trajectory.nc"), str(apus.folder / "trajectory.pdb")

    universe = MDAnalysis.Universe(topology, trajectory)
    assert set(universe.atoms.elements) == {"Si"}
    with mdtraj.formats.NetCDFTrajectoryFile(trajectory) as file:
        positions, times, lengths, angles = file.read()
    by_mdtraj = mdtraj.load(trajectory, top=topology)
    by_ase = ase.io.netcdftrajectory.NetCDFTrajectory(trajectory, "r")
    assert len(universe.trajectory) == len(by_ase) == by_mdtraj.n_frames == 6

    for index, (x, v, f, cell) in enumerate(own):
        # The readers of MDAnalysis and mdtraj hold single precision.
        frame = universe.trajectory[index]
        assert numpy.allclose(frame.positions, x, rtol=3e-7, atol=1e-6)
        assert numpy.allclose(frame.velocities, v * 1e3, rtol=3e-7, atol=1e-6)
        assert numpy.allclose(frame.forces / 4.184, f * KILOCALORIE, rtol=1e-6, atol=1e-5)
        assert numpy.allclose(frame.dimensions, [*numpy.diag(cell), 90, 90, 90])
        assert frame.time == pytest.approx(index * 0.01)
        assert numpy.allclose(positions[index], x, rtol=3e-7, atol=1e-6)
        assert numpy.allclose(lengths[index], numpy.diag(cell)) and numpy.allclose(angles[index], 90)
        assert times[index] == pytest.approx(index * 0.01)
        assert numpy.allclose(by_mdtraj.xyz[index] * 10, x, rtol=1e-6, atol=1e-5)
        atoms = by_ase[index]
        assert numpy.allclose(atoms.positions, x, rtol=1e-14, atol=1e-12)
        assert numpy.allclose(atoms.cell.array, cell)


def test_results_do_not_depend_on_the_threads(apus):
    for threads in [1, 2, 3]:
        apus.succeeds("md", "md.yaml", "--overwrite", "--threads", threads, "--set", f"trajectory.file={threads}.xyz")
    texts = [(apus.folder / f"{threads}.xyz").read_text() for threads in [1, 2, 3]]
    assert texts[0] == texts[1] == texts[2]


def test_a_run_can_go_on_from_a_trajectory(apus):
    apus.succeeds("md", "md.yaml", "--set", "trajectory.precision=double")
    output = apus.succeeds(
        "md", "md.yaml", "--set", "structure=trajectory.nc", "--set", "frame=-1", "--set", "supercell=1",
        "--set", "ensemble.name=nve", "--set", "thermo.file=2.csv", "--set", "trajectory.file=2.nc")
    assert "velocities  from the structure file" in output
    first, second = rows(apus.folder / "thermo.csv"), rows(apus.folder / "2.csv")
    for key in ["potential_energy/eV", "kinetic_energy/eV"]:
        assert float(second[0][key]) == pytest.approx(float(first[-1][key]), abs=1e-2)


def test_files_are_not_overwritten_unasked(apus):
    (apus.folder / "thermo.csv").write_text("precious")
    assert "thermo.csv" in apus.fails("md", "md.yaml") and "--overwrite" in apus.fails("md", "md.yaml")
    assert (apus.folder / "thermo.csv").read_text() == "precious"
    apus.succeeds("md", "md.yaml", "--overwrite")
    assert len(rows(apus.folder / "thermo.csv")) == 6


MISTAKES = {
    "potential=nowhere": ["nowhere", "No such file"],
    "potential=start.xyz": ["start.xyz", "safetensors"],
    "structure=nowhere.xyz": ["nowhere.xyz", "No such file"],
    "structure=oxygen.xyz": ["oxygen.xyz", "does not know O", "covers Si"],
    "structure=close.xyz": ["closer than", "Å"],
    "frame=2": ["start.xyz", "1…1", "found 2"],
    "stepz=5": ["stepz", "did you mean 'steps'"],
    "steps=many": ["steps", "an integer", "'many'"],
    "timestep=1 kg": ["timestep", "fs", "'kg'"],
    "timestep=-1 fs": ["timestep", "above 0", "'-1 fs'"],
    "ensemble.name=npt": ["ensemble.name", "langevin, nve", "'npt'"],
    "ensemble={name: langevin, temperature: 300 K}": ["ensemble.friction", "missing"],
    "supercell=[1, 2]": ["supercell", "three", "found 2"],
    "trajectory.file=a.dcd": ["trajectory.file", ".nc or .xyz", "a.dcd"],
    "trajectory.file=start.xyz": ["start.xyz", "input"],
    "trajectory.file=start.xyz/a.nc": ["start.xyz", "expected a folder"],
    "thermo.file=trajectory.nc": ["trajectory.nc", "another output"],
    "velocities.from=structure": ["start.xyz", "no velocities"],
    "guards.minimum_distance=2": ["guards.minimum_distance", "0…1"],
}


@pytest.mark.parametrize("setting", MISTAKES)
def test_a_mistake_is_one_line_and_leaves_no_files(apus, setting):
    lattice = 'Lattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3 pbc="T T T"\n'
    (apus.folder / "oxygen.xyz").write_text("2\n" + lattice + "Si 0 0 0\nO 2 0 0\n")
    (apus.folder / "close.xyz").write_text("2\n" + lattice + "Si 0 0 0\nSi 1.2 0 0\n")
    message = apus.fails("md", "md.yaml", "--set", setting)
    for words in MISTAKES[setting]:
        assert words in message


def test_a_mistake_in_the_file_is_named_with_its_line(apus):
    (apus.folder / "md.yaml").write_text((apus.folder / "md.yaml").read_text().replace("300 K", "warm"))
    message = apus.fails("md", "md.yaml")
    assert "md.yaml:5" in message and "ensemble.temperature" in message and "'warm'" in message


def test_a_damaged_potential_is_refused(apus):
    path = apus.folder / "potential.safetensors"
    data = bytearray(path.read_bytes())
    # The body begins behind the header; weights come last, under "weights.…".
    data[-4000:-3000] = bytes(1000)
    path.write_bytes(data)
    assert "potential.safetensors" in apus.fails("md", "md.yaml")
    path.write_bytes(data[:5000])
    assert "potential.safetensors" in apus.fails("md", "md.yaml")


def test_an_explosion_ends_the_run_with_readable_files(apus):
    result = apus("md", "md.yaml", "--set", "velocities.temperature=15000 K", "--set", "trajectory.every=1", "--set",
                  "steps=5000")
    assert result.returncode == 1
    assert result.stderr.startswith("apus: error: At step ") and result.stderr.count("\n") == 1
    assert "trajectory.nc" in result.stderr
    assert len(MDAnalysis.Universe(apus.folder / "trajectory.pdb", apus.folder / "trajectory.nc").trajectory) >= 1


def test_ctrl_c_ends_with_complete_files(apus):
    process = apus.start("md", "md.yaml", "--set", "steps=100000000", "--set", "guards.minimum_distance=false")
    wait_for_frames(process, apus.folder / "trajectory.nc", 3)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert process.stderr.read() == ""
    universe = MDAnalysis.Universe(apus.folder / "trajectory.pdb", apus.folder / "trajectory.nc")
    assert len(universe.trajectory) == len(rows(apus.folder / "thermo.csv")) >= 3
    assert all(numpy.isfinite(frame.positions).all() for frame in universe.trajectory)


def test_a_killed_run_leaves_its_frames(apus):
    process = apus.start("md", "md.yaml", "--set", "steps=100000000", "--set", "guards.minimum_distance=false")
    wait_for_frames(process, apus.folder / "trajectory.nc", 3)
    process.kill()
    process.wait(timeout=30)
    universe = MDAnalysis.Universe(apus.folder / "trajectory.pdb", apus.folder / "trajectory.nc")
    assert len(universe.trajectory) >= 3
    for frame in universe.trajectory:
        assert numpy.isfinite(frame.positions).all() and numpy.isfinite(frame.forces).all()
        # A record that was never written would be all zeros.
        assert (numpy.abs(frame.positions).max(axis=1) > 0).sum() >= 63


def outputs(folder):
    return {name: (folder / name).read_bytes() for name in ["thermo.csv", "trajectory.nc", "trajectory.checkpoint"]}


@pytest.mark.parametrize("ensemble", ["langevin", "nve"])
def test_a_resumed_run_is_the_run_that_never_stopped(apus, ensemble):
    common = ["md", "md.yaml", "--set", f"ensemble.name={ensemble}"]
    apus.succeeds(*common, "--set", "steps=90")
    whole = outputs(apus.folder)
    # The checkpoint of step 37 lies between two frames.
    apus.succeeds(*common, "--overwrite", "--set", "steps=37", "--threads", 1)
    output = apus.succeeds(*common, "--resume", "--set", "steps=90", "--threads", 2)
    assert "from step 37 on" in output and "6 frames more" in output
    assert outputs(apus.folder) == whole


def test_a_killed_run_is_resumed_from_its_checkpoint(apus):
    common = ["md", "md.yaml", "--set", "guards.minimum_distance=false", "--set", "report_every=25"]
    process = apus.start(*common, "--set", "steps=100000000")
    wait_for_frames(process, apus.folder / "trajectory.nc", 8)
    process.kill()
    process.wait(timeout=30)
    with netCDF4.Dataset(apus.folder / "trajectory.nc") as file:
        steps = 10 * (len(file.dimensions["frame"]) + 20)
    apus.succeeds(*common, "--resume", "--set", f"steps={steps}")
    resumed = outputs(apus.folder)
    apus.succeeds(*common, "--overwrite", "--set", f"steps={steps}")
    assert outputs(apus.folder) == resumed


def test_resuming_says_what_it_cannot_do(apus):
    assert "trajectory.checkpoint: no such file" in apus.fails("md", "md.yaml", "--resume")
    assert "needs a checkpoint" in apus.fails("md", "md.yaml", "--resume", "--set", "checkpoint=false")
    assert "choose one of them" in apus.fails("md", "md.yaml", "--resume", "--overwrite")
    apus.succeeds("md", "md.yaml")
    assert "raise steps above" in apus.fails("md", "md.yaml", "--resume")
    assert "--resume to go on" in apus.fails("md", "md.yaml")
    changed = apus.succeeds("md", "md.yaml", "--resume", "--set", "steps=60", "--set", "ensemble.temperature=400")
    assert "now Langevin at 400 K" in changed
    (apus.folder / "trajectory.checkpoint").write_bytes(b"APUS CHECKPOINT 1\n{}\n")
    assert "damaged" in apus.fails("md", "md.yaml", "--resume", "--set", "steps=70")


def test_steps_do_not_allocate(apus, tmp_path):
    """On one thread, between neighbour searches and frames; OpenBLAS takes memory for some of its products."""
    compiler = shutil.which("clang") or shutil.which("cc")
    if compiler is None:
        pytest.skip("a C compiler (clang or cc) is needed to count allocations")
    library = tmp_path / "allocations.so"
    source = pathlib.Path(__file__).with_name("allocations.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, source], check=True)

    def allocations(steps):
        text = (tmp_path / "md.yaml").read_text().replace("steps: 50", f"steps: {steps}").replace("10", "100000")
        text = text.replace("300 K", "1 K").replace("1 fs", "0.1 fs")
        (tmp_path / "quiet.yaml").write_text(text)
        result = subprocess.run(
            [PROGRAM, "md", "quiet.yaml", "--overwrite", "--threads", "1"], cwd=tmp_path, capture_output=True,
            text=True, env=os.environ | {"LD_PRELOAD": str(library)})
        assert result.returncode == 0, result.stderr
        return int(result.stderr.splitlines()[-1])

    few, many = allocations(200), allocations(1200)
    assert few > 100
    assert many - few < 3 * 1000
