"""`apus md`, and its trajectories in the programs that people open them with."""

import csv
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time

import ase.build
import ase.io
import ase.io.netcdftrajectory
import MDAnalysis
import mdtraj
import netCDF4
import numpy
import pytest

from conftest import PROGRAM, SHIPPED, START

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


@pytest.mark.parametrize("limit", [0, 100, 1024])
def test_a_trajectory_without_a_header_is_not_left(apus, limit):
    """A limit on the size of files stops netCDF in the middle of its header."""
    process = subprocess.run(
        [PROGRAM, "md", "md.yaml"], cwd=apus.folder, capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert process.returncode == 1 and "File too large" in process.stderr
    assert not (apus.folder / "trajectory.nc").exists()


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
    "trajectory.file=a.trr": ["trajectory.file", ".nc, .xyz, .dcd or .lammpstrj", "a.trr"],
    "trajectory.file=a.dcd": ["trajectory.velocities", "DCD holds positions alone"],
    "trajectory.file=start.xyz": ["start.xyz", "input"],
    "trajectory.file=start.xyz/a.nc": ["start.xyz", "expected a folder"],
    "thermo.file=trajectory.nc": ["trajectory.nc", "another output"],
    "velocities.from=structure": ["start.xyz", "no velocities"],
    "guards.minimum_distance=2": ["guards.minimum_distance", "0…1"],
}


def test_a_compressed_trajectory_is_the_same_in_fewer_bytes(apus):
    silicon = ase.build.bulk("Si", cubic=True, a=5.47).repeat(3)
    ase.io.write(apus.folder / "start.xyz", silicon, format="extxyz")
    for name, compression in [("plain.nc", "none"), ("small.nc", "deflate")]:
        apus.succeeds("md", "md.yaml", "--overwrite", "--set", f"trajectory.file={name}", "--set",
                      f"trajectory.compression={compression}", "--set", "trajectory.every=1")
    # A file of netCDF-4 itself takes some 100 kB, and numbers of a moving crystal shrink by a few percent.
    size, plain_size = ((apus.folder / name).stat().st_size for name in ["small.nc", "plain.nc"])
    assert size < plain_size
    apus.succeeds("md", "md.yaml", "--resume", "--set", "trajectory.file=small.nc", "--set",
                  "trajectory.compression=deflate", "--set", "trajectory.every=1", "--set", "steps=60")
    with netCDF4.Dataset(apus.folder / "plain.nc") as plain, netCDF4.Dataset(apus.folder / "small.nc") as small:
        assert small.data_model == "NETCDF4_CLASSIC" and small.variables["coordinates"].filters()["zlib"]
        frames = len(plain.dimensions["frame"])
        assert len(small.dimensions["frame"]) > frames
        assert set(small.variables) == set(plain.variables)
        for variable in plain.variables:
            expected = plain.variables[variable][:]
            assert (small.variables[variable][:len(expected)] == expected).all(), variable
    assert "Si1728" in apus.succeeds("info", "small.nc")


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


@pytest.mark.parametrize(
    "ensemble", ["ensemble.name=langevin", "ensemble.name=nve",
                 "ensemble={name: nose-hoover, temperature: 300 K, time: 50 fs}"])
def test_a_resumed_run_is_the_run_that_never_stopped(apus, ensemble):
    common = ["md", "md.yaml", "--set", ensemble]
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
    assert "ensemble.temperature: 300 K → 400" in changed
    (apus.folder / "trajectory.checkpoint").write_bytes(b"APUS CHECKPOINT 1\n{}\n")
    assert "damaged" in apus.fails("md", "md.yaml", "--resume", "--set", "steps=70")


@pytest.fixture
def silicon(apus):
    """Eight atoms with the potential that ships, written every second step."""
    (apus.folder / "md.yaml").write_text(f"""
potential: {SHIPPED}
structure: start.xyz
ensemble: {{name: langevin, temperature: 300 K, friction: 1 / ps}}
velocities: {{temperature: 600 K}}
timestep: 1 fs
steps: 20
seed: 1
thermo: {{every: 2, file: o/thermo.csv}}
trajectory: {{every: 2, file: o/t.nc, velocities: true}}
checkpoint: {{every: 10, file: o/c.checkpoint}}
""")
    return apus


LATER = ["md", "md.yaml", "--resume", "--set", "steps=30"]


@pytest.mark.parametrize("format", ["nc", "xyz"])
def test_files_older_than_the_checkpoint_are_refused(silicon, format):
    trajectory = silicon.folder / "o" / f"t.{format}"
    common = ["--set", f"trajectory.file=o/t.{format}"]
    silicon.succeeds("md", "md.yaml", *common, "--set", "steps=8")
    old = {path: path.read_bytes() for path in [trajectory, silicon.folder / "o" / "thermo.csv"]}
    silicon.succeeds("md", "md.yaml", *common, "--resume")
    for path, content in old.items():
        new = path.read_bytes()
        path.write_bytes(content)
        message = silicon.fails(*LATER, *common)
        assert path.name in message and "ends at step 8" in message and "of step 20" in message
        assert path.read_bytes() == content
        path.rename(path.with_suffix(".old"))
        message = silicon.fails(*LATER, *common)
        assert path.name in message and "no such file" in message and "11 frames" in message
        path.with_suffix(".old").unlink()
        path.write_bytes(new)
    # A new file is begun where that is asked for.
    output = silicon.succeeds(*LATER, "--set", f"trajectory.file=o/next.{format}")
    assert f"trajectory.file: o/t.{format} → o/next.{format}" in output
    assert (silicon.folder / "o" / f"next.{format}").exists()


def test_files_of_another_run_are_refused(silicon):
    silicon.succeeds("md", "md.yaml")
    other = ["--set", "seed=99"] + [
        word for key, name in [("trajectory", "t.nc"), ("thermo", "thermo.csv"), ("checkpoint", "c.checkpoint")]
        for word in ["--set", f"{key}.file=p/{name}"]]
    silicon.succeeds("md", "md.yaml", *other)
    for name in ["t.nc", "thermo.csv"]:
        path = silicon.folder / "o" / name
        own = path.read_bytes()
        path.write_bytes((silicon.folder / "p" / name).read_bytes())
        message = silicon.fails(*LATER)
        assert name in message and "holds another run" in message
        path.write_bytes(own)
    silicon.succeeds(*LATER)


def make_older(path):
    """A checkpoint as Apus 0.1 wrote it: FNV-1a instead of a trailer, no settings, no marks of the files."""
    _, header, atoms = path.read_bytes()[:-16].split(b"\n", 2)
    header = json.loads(header)
    for key in ["configuration", "files", "states"]:
        header.pop(key, None)
    header["settings"] |= {"ensemble": "Langevin at 300 K, friction 1/ps, timestep 1 fs", "seed": "1"}
    data = b"\n".join([b"APUS CHECKPOINT 1", json.dumps(header).encode(), atoms])
    digest = 0xCBF29CE484222325  # FNV-1a
    for byte in data:
        digest = (digest ^ byte) * 0x100000001B3 % 2**64
    path.write_bytes(data + digest.to_bytes(8, "little"))


def test_older_checkpoints_are_continued_with_a_warning_for_files_that_do_not_fit(silicon):
    silicon.succeeds("md", "md.yaml", "--set", "steps=30")
    whole = {name: (silicon.folder / "o" / name).read_bytes() for name in ["t.nc", "thermo.csv"]}
    silicon.succeeds("md", "md.yaml", "--overwrite", "--set", "steps=8")
    old = (silicon.folder / "o" / "thermo.csv").read_bytes()
    silicon.succeeds("md", "md.yaml", "--resume")
    make_older(silicon.folder / "o" / "c.checkpoint")
    start = {path: path.read_bytes() for path in (silicon.folder / "o").iterdir()}
    assert "seed: 1 → 2" in silicon.succeeds(*LATER, "--set", "seed=2")
    for path, content in start.items():
        path.write_bytes(content)
    assert "changed" not in silicon.succeeds(*LATER)
    assert whole == {name: (silicon.folder / "o" / name).read_bytes() for name in whole}
    for path, content in start.items():
        path.write_bytes(content)
    (silicon.folder / "o" / "thermo.csv").write_bytes(old)
    result = silicon(*LATER)
    assert result.returncode == 0 and result.stderr.count("\n") == 1
    assert "thermo.csv: ends at step 8" in result.stderr and "will be missing" in result.stderr


CHANGES = {
    "trajectory.every=3": "trajectory.every: 2 → 3",
    "ensemble.fix_centre_of_mass=false": "ensemble.fix_centre_of_mass: true → false",
    "skin=1": "skin: 0.5 Å → 1",
    "guards.minimum_distance=0.9": "guards.minimum_distance: not given → 0.9",
    "seed=2": "seed: 1 → 2",
    "supercell=2": "supercell: not given → 2 (without effect",
    "structure=other.xyz": "structure: start.xyz → other.xyz (without effect",
    "remove_rotation=true": "remove_rotation: false → true (without effect",
}
REFUSED = ["trajectory.wrap=true", "trajectory.precision=double", "trajectory.velocities=false", "trajectory.forces=true"]


def test_resuming_lists_or_refuses_what_has_changed(silicon):
    silicon.succeeds("md", "md.yaml")
    start = {path: path.read_bytes() for path in (silicon.folder / "o").iterdir()}
    for setting in REFUSED:
        message = silicon.fails(*LATER, "--set", setting)
        assert setting.split("=")[0] in message and "as in the checkpoint" in message
        assert all(path.read_bytes() == content for path, content in start.items())
    for setting, line in CHANGES.items():
        output = silicon.succeeds(*LATER, "--set", setting)
        assert line in output, output
        for path, content in start.items():
            path.write_bytes(content)
    # Spelt otherwise, or written with its default, is no change.
    output = silicon.succeeds(*LATER, "--set", "timestep=0.001 ps", "--set", "trajectory.wrap=false")
    assert "changed" not in output


def test_exact_velocities_have_the_temperature_that_is_measured(silicon):
    (silicon.folder / "two.xyz").write_text("2\nProperties=species:S:1:pos:R:3\nSi 0 0 0\nSi 0 0 2.35\n")
    common = ["md", "md.yaml", "--overwrite", "--set", "structure=two.xyz", "--set", "steps=0", "--set",
              "velocities={from: random, exact: true}", "--set", "remove_rotation=true"]
    for setting in ["ensemble.fix_centre_of_mass=true", "ensemble.fix_centre_of_mass=false", "ensemble.name=nve"]:
        silicon.succeeds(*common, "--set", setting)
        assert float(rows(silicon.folder / "o" / "thermo.csv")[0]["temperature/K"]) == pytest.approx(300, abs=1e-6)
    (silicon.folder / "two.xyz").write_text("1\nProperties=species:S:1:pos:R:3\nSi 0 0 0\n")
    assert "0 degrees of freedom" in silicon.fails(*common, "--set", "trajectory.file=new.nc")


def test_masses_of_the_file_move_the_atoms(silicon):
    """Against ASE 3.29 with VelocityVerlet and the same potential in double precision."""
    lines = START.splitlines()
    positions = [line.split() for line in lines[2:]]
    positions[0][1], positions[2][2] = "0.15", "0.1"
    (silicon.folder / "md.yaml").write_text(f"""
potential: {SHIPPED}
precision: float64
structure: heavy.xyz
ensemble: {{name: nve}}
velocities: {{from: zero}}
timestep: 1 fs
steps: 40
thermo: {{every: 20, file: thermo.csv}}
""")
    for mass, expected in [(None, 0.029032), (280.85, 0.151598)]:
        rest = "" if mass is None else f" {mass}"
        header = lines[1].replace("pos:R:3", "pos:R:3" + (":masses:R:1" if mass else ""))
        text = "\n".join(["8", header] + [" ".join(words) + rest for words in positions]) + "\n"
        (silicon.folder / "heavy.xyz").write_text(text)
        output = silicon.succeeds("md", "md.yaml", "--overwrite")
        assert ("Si 280.85 amu" in output) == (mass is not None)
        assert float(rows(silicon.folder / "thermo.csv")[-1]["kinetic_energy/eV"]) == pytest.approx(expected, abs=2e-6)
    for mass in ["-28", "1e-300", "nan"]:
        (silicon.folder / "heavy.xyz").write_text(text.replace("280.85", mass))
        assert "expected a mass of 0.1…1000.0 amu for atom 1" in silicon.fails("md", "md.yaml", "--overwrite")


def test_copies_with_equal_velocities_are_warned_of(silicon):
    lines = START.splitlines()
    lines[1] = lines[1].replace("pos:R:3", "pos:R:3:velocities:R:3")
    moving = [line + f" {0.001 * index} 0.001 0" for index, line in enumerate(lines[2:])]
    (silicon.folder / "moving.xyz").write_text("\n".join(lines[:2] + moving) + "\n")
    common = ["md", "md.yaml", "--overwrite", "--set", "structure=moving.xyz", "--set", "velocities=null"]
    result = silicon(*common, "--set", "supercell=2", "--set", "ensemble.name=nve")
    assert result.returncode == 0 and result.stderr.count("\n") == 1
    assert "all 8 copies" in result.stderr and "velocities: {from: random" in result.stderr
    assert "not used    ensemble.friction, ensemble.temperature" in result.stdout
    silicon.succeeds(*common)
    message = silicon.fails(*common, "--set", "velocities={temperature: 600 K}")
    assert "velocities.temperature: has no effect, because moving.xyz has velocities" in message
    output = silicon.succeeds(*common, "--set", "velocities={from: structure, temperature: 600 K}")
    assert "not used    velocities.temperature" in output


def test_settings_without_effect_are_errors(silicon):
    for settings, words in [
        (["velocities={from: zero, exact: true}"], "velocities.exact: has no effect"),
        (["trajectory={file: t.xyz, every: 1, precision: double}"], "trajectory.precision: has no effect"),
        (["frame=-9223372036854775808"], "frame: expected an integer"),
    ]:
        assert words in silicon.fails("md", "md.yaml", *[w for s in settings for w in ["--set", s]])


def test_velocities_that_are_too_hot_are_blamed_on_the_start(silicon):
    lines = START.splitlines()
    lines[1] = lines[1].replace("pos:R:3", "pos:R:3:velocities:R:3")
    (silicon.folder / "hot.xyz").write_text("\n".join(lines[:2] + [x + " 5 -5 0" for x in lines[2:6]]
                                                      + [x + " -5 5 0" for x in lines[6:]]) + "\n")
    message = silicon.fails("md", "md.yaml", "--set", "structure=hot.xyz", "--set", "velocities=null")
    assert "velocities at the start" in message and "The frames before it" not in message


def test_two_runs_do_not_write_the_same_files(silicon):
    first = silicon.start("md", "md.yaml", "--set", "steps=100000000")
    wait_for_frames(first, silicon.folder / "o" / "t.nc", 3)
    result = silicon("md", "md.yaml", "--overwrite")
    assert result.returncode == 1 and "written to by another" in result.stderr
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=30) == 143
    with netCDF4.Dataset(silicon.folder / "o" / "t.nc") as file:
        assert len(file.dimensions["frame"]) == len(rows(silicon.folder / "o" / "thermo.csv")) > 3


def test_a_killed_run_leaves_no_hidden_files(silicon):
    first = silicon.start("md", "md.yaml", "--set", "steps=100000000", "--set", "checkpoint.every=1")
    wait_for_frames(first, silicon.folder / "o" / "t.nc", 5)
    first.kill()
    first.wait(timeout=30)
    silicon.succeeds("md", "md.yaml", "--overwrite")
    assert {path.name for path in (silicon.folder / "o").iterdir()} == {
        "thermo.csv", "t.nc", "t.pdb", "c.checkpoint"}


def test_trajectories_of_ase_and_other_units_are_read(silicon):
    """ASE writes the types of the atoms for each frame; units are converted, or the file is refused."""
    atoms = ase.io.read(silicon.folder / "start.xyz")
    path = silicon.folder / "ase.nc"
    with ase.io.netcdftrajectory.NetCDFTrajectory(path, "w", atoms) as file:
        for shift in [0, 0.01]:
            atoms.positions += shift
            file.write(atoms, frame=None)
    assert "Si8" in silicon.succeeds("info", path)
    start = ["md", "md.yaml", "--overwrite", "--set", "structure=ase.nc", "--set", "steps=0"]
    assert "5.470 × 5.470 × 5.470 Å" in silicon.succeeds(*start)

    def changed(change):
        shutil.copy(path, silicon.folder / "changed.nc")
        with netCDF4.Dataset(silicon.folder / "changed.nc", "r+") as file:
            file.set_auto_maskandscale(False)
            change(file)
        return ["md", "md.yaml", "--overwrite", "--set", "structure=changed.nc", "--set", "steps=0"]

    def nanometers(file):
        for name in ["coordinates", "cell_lengths"]:
            file.variables[name][:] = file.variables[name][:] / 10
            file.variables[name].units = "nanometer"
        file.variables["cell_angles"][:] = numpy.radians(file.variables["cell_angles"][:])
        file.variables["cell_angles"].units = "radian"

    assert "5.470 × 5.470 × 5.470 Å" in silicon.succeeds(*changed(nanometers))

    def unknown(file):
        file.variables["cell_lengths"].units = "furlong"

    assert "the unit of cell_lengths is furlong" in silicon.fails(*changed(unknown))

    def nan(file):
        file.variables["cell_lengths"][0, 1] = numpy.nan

    assert "the cell of frame 0 has lengths" in silicon.fails(*changed(nan))

    def other_elements(file):
        file.variables["atom_types"][1, 2] = 6

    assert "other elements" in silicon.fails(*changed(other_elements))


def test_info_says_whether_the_cell_varies(apus):
    atoms = ase.io.read(apus.folder / "start.xyz")
    with ase.io.netcdftrajectory.NetCDFTrajectory(apus.folder / "npt.nc", "w", atoms) as file:
        for scale in [1, 1.1]:
            atoms.set_cell([5 * scale, 5, 5])
            file.write(atoms, frame=None)
    output = apus.succeeds("info", "npt.nc")
    assert "5.000…5.500 × 5.000 × 5.000 Å" in output and "125.000…137.500 Å³" in output
    info = json.loads(apus.succeeds("info", "npt.nc", "--json"))
    assert info["cell_ranges"][0]["maximum"] == pytest.approx(5.5)


def test_names_of_files_may_begin_at_home(silicon, monkeypatch):
    monkeypatch.setenv("HOME", str(silicon.folder))
    silicon.succeeds("md", "md.yaml", "--set", "structure=~/start.xyz", "--set", "trajectory.file=~/o/home.nc")
    assert (silicon.folder / "o" / "home.nc").exists()


def test_molecules_are_read_as_the_page_says(silicon):
    (silicon.folder / "two.xyz").write_text("2\nProperties=species:S:1:pos:R:3\nSi 0 0 0\nSi 0 0 2.35\n")
    common = ["md", "md.yaml", "--overwrite", "--set", "structure=two.xyz", "--set", "steps=4"]
    silicon.succeeds(*common)
    universe = MDAnalysis.Universe(silicon.folder / "o" / "t.pdb", silicon.folder / "o" / "t.nc")
    assert len(universe.trajectory) == 3
    silicon.succeeds(*common, "--set", "trajectory.file=o/t.xyz")
    assert len(ase.io.read(silicon.folder / "o" / "t.xyz", ":")) == 3


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
