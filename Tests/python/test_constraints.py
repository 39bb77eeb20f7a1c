"""Constraints, restraints, walls, PLUMED, `--check` and what is left of a run that fails, through `apus md`."""

import csv
import json
import os
import pathlib
import shutil
import subprocess

import ase.build
import ase.constraints
import ase.io
import numpy
import pytest

from conftest import PROGRAM, Program

ARGON = "potential: {lennard-jones: {cutoff: 6.5 Å, elements: {Ar: {epsilon: 10.3 meV, sigma: 3.405 Å}}}}\n"


def rows(path):
    with open(path) as file:
        return list(csv.DictReader(file))


@pytest.fixture
def argon(tmp_path):
    """32 atoms of argon and a run of 100 steps."""
    atoms = ase.build.bulk("Ar", "fcc", 5.35, cubic=True) * (2, 2, 2)
    ase.io.write(tmp_path / "start.xyz", atoms)
    (tmp_path / "md.yaml").write_text(
        ARGON + "structure: start.xyz\nensemble: {name: nve, temperature: 40 K}\ntimestep: 5 fs\nsteps: 100\nseed: 1\n"
        "thermo: {every: 10, file: thermo.csv}\ntrajectory: {every: 10, file: own.xyz, forces: true}\n")
    return Program(tmp_path)


def frames(program):
    return ase.io.read(program.folder / "own.xyz", ":")


def test_fixed_atoms_lines_planes_bonds_and_groups(argon):
    output = argon.succeeds(
        "md", "md.yaml", "--set", "fixed=[{indices: 1}, {indices: 2, along: [1, 1, 0]}, {indices: 3, plane: z}, "
        "{indices: 4, axes: xy}, {rigid: [\"5-8\", \"9-10\"]}]",
        "--set", "constraints={bonds: [[13, 14], {atoms: [14, 15], length: 3.8}]}")
    assert "4 fixed atoms, 2 bonds of constant length, 3.783…3.800 Å, 2 rigid groups of 6 atoms" in output
    # 3 + 2 + 1 + 2, 2 bonds, 12 − 6, 6 − 5
    assert f"{96 - 8 - 2 - 6 - 1} degrees of freedom left" in output
    all = frames(argon)
    first, last = all[0].positions, all[-1].positions
    moved = last - first
    assert numpy.all(moved[0] == 0)
    assert abs(moved[1, 0] - moved[1, 1]) < 1e-9 and abs(moved[1, 2]) < 1e-9 and abs(moved[1, 0]) > 1e-3
    assert moved[2, 2] == 0 and abs(moved[2, 0]) > 1e-3
    assert moved[3, 0] == moved[3, 1] == 0 and abs(moved[3, 2]) > 1e-3
    for group in [[4, 5, 6, 7], [8, 9]]:
        for i in group:
            for j in group:
                assert numpy.linalg.norm(last[i] - last[j]) == pytest.approx(numpy.linalg.norm(first[i] - first[j]), abs=1e-9)
    assert numpy.linalg.norm(last[13] - last[14]) == pytest.approx(3.8, abs=1e-8)
    energies = [float(r["conserved_energy/eV"]) for r in rows(argon.folder / "thermo.csv")]
    assert max(energies) - min(energies) < 2e-3
    # The temperature counts what is left.
    v = all[-1].get_array("velocities") if "velocities" in all[-1].arrays else None
    assert v is not None and numpy.all(v[0] == 0)
    kinetic = 0.5 * (39.948 * (v ** 2).sum()) / 9.648533212331e-3
    kelvin = 2 * kinetic / (96 - 8 - 2 - 6 - 1) / 8.617333262e-5
    assert float(rows(argon.folder / "thermo.csv")[-1]["temperature/K"]) == pytest.approx(kelvin, rel=1e-6)


def test_the_move_mask_of_ase_holds(argon):
    atoms = ase.io.read(argon.folder / "start.xyz")
    atoms.set_constraint(ase.constraints.FixAtoms([0, 3]))
    ase.io.write(argon.folder / "start.xyz", atoms)
    assert "move_mask" in (argon.folder / "start.xyz").read_text()
    assert "2 fixed atoms" in argon.succeeds("md", "md.yaml")
    moved = frames(argon)[-1].positions - frames(argon)[0].positions
    assert numpy.all(moved[[0, 3]] == 0) and numpy.all(numpy.abs(moved[[1, 2]]).max(axis=1) > 1e-3)
    assert "fixed atom" not in argon.succeeds("md", "md.yaml", "--overwrite", "--set", "fixed={move_mask: false}")
    atoms.set_constraint(ase.constraints.FixCartesian([5], mask=(False, False, True)))
    ase.io.write(argon.folder / "start.xyz", atoms)
    argon.succeeds("md", "md.yaml", "--overwrite")
    moved = frames(argon)[-1].positions - frames(argon)[0].positions
    assert moved[5, 2] == 0 and moved[5, 0] != 0


@pytest.mark.parametrize("setting, words", [
    ("fixed={indices: \"1-40\"}", "1…32"),
    ("fixed={indices: 1, axes: z, along: x}", "one of axes, along and plane"),
    ("fixed={rigid: molecules}", "no atoms within a bond's length"),
    ("fixed={move_mask: true}", "move_mask"),
    ("constraints={bonds: X-H}", "found none"),
    ("constraints={bonds: [[1, 1]]}", "two atoms"),
    ("constraints={bonds: Ar}", "X-H"),
    ("constraints={bonds: [[1, 2]], tolerance: 1}", "tolerance"),
    ("hydrogen_mass=30 u", "hydrogen_mass"),
    ("restraints={distance: [1, 2, 3], at: 2, constant: 1}", "2 different atoms"),
    ("restraints={distance: [1, 40], at: 2, constant: 1}", "1…32"),
    ("walls={plane: z, at: 1, constant: 1}", "side"),
    ("plumed=none.dat", "PLUMED"),
])
def test_mistakes_are_named(argon, setting, words):
    assert words in argon.fails("md", "md.yaml", "--set", setting)


def test_rigid_water_and_heavy_hydrogen(tmp_path):
    """A molecule of water whose hydrogen is heavy turns as a body; then with rigid bonds and a free angle."""
    water = ase.build.molecule("H2O")
    ase.io.write(tmp_path / "start.xyz", water)
    (tmp_path / "md.yaml").write_text(
        "potential: {lennard-jones: {cutoff: 5 Å, elements: {O: {epsilon: 0, sigma: 3}, H: {epsilon: 0, sigma: 1}}}}\n"
        "structure: start.xyz\nensemble: {name: nve, temperature: 300 K}\ntimestep: 2 fs\nsteps: 200\nhydrogen_mass: 3 u\n"
        "trajectory: {every: 20, file: own.xyz}\n")
    program = Program(tmp_path)
    output = program.succeeds("md", "md.yaml", "--set", "fixed={rigid: molecules}")
    assert "H 3, O 12.015 amu" in output and "3 degrees of freedom left" in output
    for frame in frames(program):
        assert numpy.abs(frame.get_all_distances() - water.get_all_distances()).max() < 1e-10
    assert frames(program)[0].get_masses()[1] == 3
    output = program.succeeds("md", "md.yaml", "--overwrite", "--set", "constraints={bonds: X-H}")
    assert "2 bonds of constant length, 0.969…0.969 Å" in output and "4 degrees of freedom left" in output
    angles = [f.get_angle(1, 0, 2) for f in frames(program)]
    assert max(angles) - min(angles) > 0.1
    for frame in frames(program):
        assert numpy.abs(frame.get_distances(0, [1, 2]) - water.get_distances(0, [1, 2])).max() < 1e-9


def test_constraints_and_restraints_go_on_to_the_bit(argon):
    settings = [
        "--set", "fixed=[{indices: 1}, {rigid: \"5-8\"}]", "--set", "constraints={bonds: [[13, 14], [14, 15]]}",
        "--set", "restraints={positions: 20, constant: 0.1}", "--set",
        "ensemble={name: langevin, temperature: 40 K, friction: 1 / ps}"]
    argon.succeeds("md", "md.yaml", *settings)
    whole = (argon.folder / "own.xyz").read_text(), (argon.folder / "thermo.csv").read_text()
    argon.succeeds("md", "md.yaml", *settings, "--overwrite", "--set", "steps=40")
    argon.succeeds("md", "md.yaml", *settings, "--resume")
    assert ((argon.folder / "own.xyz").read_text(), (argon.folder / "thermo.csv").read_text()) == whole
    argon.succeeds("md", "md.yaml", *settings, "--overwrite", "--set", "steps=40")
    result = argon("md", "md.yaml", *settings, "--resume", "--set", "fixed={indices: 2}")
    assert result.returncode == 1 and "begin another run from its last frame" in result.stderr


def test_restraints_and_walls_have_their_energy_in_the_table(argon):
    output = argon.succeeds(
        "md", "md.yaml", "--set", "restraints=[{distance: [1, 2], at: 4.2 Å, constant: 200 meV/Å^2}]",
        "--set", "walls={plane: x, at: 5 Å, side: above, constant: 0.01, indices: \"1-16\"}")
    assert "E_bias" in output and "1 restraint, 1 wall" in output
    table = rows(argon.folder / "thermo.csv")
    for row, frame in zip(table, frames(argon)):
        distance = frame.get_distance(0, 1)
        x = frame.positions[:16, 0]
        bias = 0.1 * (distance - 4.2) ** 2 + 0.005 * (numpy.maximum(0, x - 5) ** 2).sum()
        assert float(row["bias_energy/eV"]) == pytest.approx(bias, rel=1e-9)
    energies = [float(r["conserved_energy/eV"]) for r in table]
    assert max(energies) - min(energies) < 2e-3


@pytest.fixture
def kernel(tmp_path):
    compiler = shutil.which("clang") or shutil.which("cc")
    if compiler is None:
        pytest.skip("a C compiler (clang or cc) is needed to stand in for PLUMED")
    library = tmp_path / "libplumedKernel.so"
    source = pathlib.Path(__file__).with_name("plumed_kernel.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def test_plumed_is_told_everything_and_its_bias_acts(argon, kernel):
    atoms = ase.io.read(argon.folder / "start.xyz")
    atoms.positions += [0.4, 0.3, 0.2]
    ase.io.write(argon.folder / "start.xyz", atoms)
    (argon.folder / "plumed.dat").write_text("# the stand-in reads nothing\n")

    def run(*arguments):
        result = subprocess.run(
            [PROGRAM, "md", "md.yaml", "--set", "plumed=plumed.dat", *arguments], cwd=argon.folder, capture_output=True,
            text=True, env=os.environ | {"PLUMED_KERNEL": str(kernel)})
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout

    assert "PLUMED with plumed.dat" in run("--set", "steps=40")
    lines = (argon.folder / "plumed_calls.txt").read_text().splitlines()
    beginning = [line.split() for line in lines[:lines.index("init") + 1]]
    assert [line[0] for line in beginning] == [
        "create", "setRealPrecision", "setMDEnergyUnits", "setMDLengthUnits", "setMDTimeUnits", "setPlumedDat", "setNatoms",
        "setMDEngine", "setLogFile", "setTimestep", "setRestart", "init"]
    values = {line[0]: line[1] for line in beginning if len(line) > 1}
    assert float(values["setMDEnergyUnits"]) == pytest.approx(96.48533212, rel=1e-9)
    assert (values["setRealPrecision"], values["setMDLengthUnits"], values["setMDTimeUnits"]) == ("8", "0.1", "0.001")
    assert (values["setPlumedDat"], values["setNatoms"], values["setLogFile"]) == ("plumed.dat", "32", "plumed.log")
    assert (values["setTimestep"], values["setRestart"], values["setMDEngine"]) == ("5", "0", "Apus")
    assert lines[-1] == "finalize" and not any(line.startswith("unknown") for line in lines)

    # Each step once, with positions, forces, energy, box, virial and mass; a lattice of argon has no charges.
    calls = [line.split()[1:] for line in lines if line.startswith("calc")]
    assert [int(call[0]) for call in calls] == list(range(41))
    own, table = frames(argon), rows(argon.folder / "thermo.csv")
    k = 300 * 0.01 / 96.48533212
    for frame, row in zip(own, table):
        call = calls[int(row["step"])]
        x, squares, energy, box, virial, mass, charge = map(float, call[1:])
        bias = 0.5 * k * x * x
        assert x == pytest.approx(frame.positions[0, 0], abs=1e-12)
        assert float(row["bias_energy/eV"]) == pytest.approx(bias, rel=1e-9)
        assert energy + bias == pytest.approx(float(row["potential_energy/eV"]), rel=1e-12)
        forces = frame.get_forces()
        forces[0, 0] += k * x
        assert squares == pytest.approx((forces ** 2).sum(), rel=1e-9)
        assert (box, mass, charge) == (pytest.approx(10.7), pytest.approx(39.948), -99)
        # −W without the bias; the stress of the frame is −W/V with it.
        volume = frame.get_volume()
        assert virial == pytest.approx(frame.get_stress(voigt=False)[0, 0] * volume - k * x * x, abs=1e-8)
    energies = [float(r["conserved_energy/eV"]) for r in table]
    assert max(energies) - min(energies) < 2e-3

    # It goes on with PLUMED told so, from the step where it stood.
    run("--resume", "--set", "steps=50")
    lines = (argon.folder / "plumed_calls.txt").read_text().splitlines()
    second = lines[lines.index("finalize") + 1:]
    assert "setRestart 1" in second and [int(l.split()[1]) for l in second if l.startswith("calc")] == list(range(40, 51))


def test_a_failure_leaves_the_moment_before_it(argon):
    result = argon("md", "md.yaml", "--set", "velocities={from: random, temperature: 3000 K}", "--set", "timestep=150 fs")
    assert result.returncode == 1 and "own.failure.xyz and own.failure.checkpoint" in result.stderr, result.stderr
    before = ase.io.read(argon.folder / "own.failure.xyz", ":")
    step = int(before[0].info["step"])
    assert f"At step {step + 1} " in result.stderr
    assert "velocities" in before[0].arrays
    # The run goes on from there with a shorter timestep.
    argon.succeeds(
        "md", "md.yaml", "--resume", "--set", "checkpoint.file=own.failure.checkpoint", "--set", "timestep=1 fs", "--set",
        f"steps={step + 25}", "--set", "trajectory.file=next.xyz", "--set", "thermo.file=next.csv")
    first = ase.io.read(argon.folder / "next.xyz", 0)
    assert int(first.info["step"]) > step


def test_max_time_ends_with_a_checkpoint(argon):
    output = argon.succeeds("md", "md.yaml", "--set", "steps=100000000", "--set", "max_time=2 s")
    assert "max_time reached" in output
    step = int(rows(argon.folder / "thermo.csv")[-1]["step"])
    assert step > 10
    argon.succeeds("md", "md.yaml", "--resume", "--set", f"steps={step + 200}")
    assert int(rows(argon.folder / "thermo.csv")[-1]["step"]) >= step + 190


def test_check_says_what_a_run_takes(argon):
    before = argon.files()
    report = json.loads(argon.succeeds("md", "md.yaml", "--check", "--json", "--set", "steps=5000"))
    assert argon.files() == before
    assert (report["atoms"], report["steps"]) == (32, 5000)
    assert report["hours"] == pytest.approx(report["seconds_per_step"] * 5000 / 3600)
    assert 1e7 < report["memory_bytes"] < 2e9
    argon.succeeds("md", "md.yaml", "--set", "steps=5000")
    for file in report["files"]:
        size = (argon.folder / file["file"]).stat().st_size
        if file["file"].endswith(".checkpoint"):
            # It names its files, whose paths have other lengths.
            assert file["bytes"] == pytest.approx(size, abs=500), file
            continue
        # A row of ten numbers whose lengths scatter by a character has 100 to 150 characters, scatters by 3 % and its
        # mean of eight by 1 %; two of these.
        assert file["bytes"] == pytest.approx(size, rel=0.02), file
    words = argon.succeeds("md", "md.yaml", "--check", "--set", "trajectory.file=other.nc", "--set", "thermo.file=o.csv")
    assert "memory" in words and "other.nc: 11 frames" in words


def test_a_damaged_checkpoint_is_refused(argon):
    argon.succeeds("md", "md.yaml", "--set", "steps=50")
    path = argon.folder / "own.checkpoint"
    data = bytearray(path.read_bytes())
    assert data.startswith(b"APUS CHECKPOINT 2\n")
    data[-100] ^= 1
    path.write_bytes(data)
    result = argon("md", "md.yaml", "--resume")
    assert result.returncode == 1 and "checksum is wrong" in result.stderr
    path.write_bytes(data[:-30])
    result = argon("md", "md.yaml", "--resume")
    assert result.returncode == 1 and "end is missing" in result.stderr


@pytest.fixture
def triclinic(argon):
    atoms = ase.io.read(argon.folder / "start.xyz")
    atoms.set_cell(atoms.cell.array @ numpy.array([[1.01, 0.02, 0], [0.05, 0.98, 0.04], [-0.04, 0.06, 1.01]]), scale_atoms=True)
    ase.io.write(argon.folder / "start.xyz", atoms)
    return argon


def geometry(atoms):
    """What does not depend on how a cell is turned."""
    return atoms.cell.cellpar(), atoms.get_scaled_positions(wrap=False)


def test_lammps_dumps_are_what_was_simulated(triclinic):
    import MDAnalysis

    triclinic.succeeds("md", "md.yaml")
    own = frames(triclinic)
    triclinic.succeeds("md", "md.yaml", "--overwrite", "--set", "trajectory.file=t.lammpstrj")
    read = ase.io.read(triclinic.folder / "t.lammpstrj", ":", format="lammps-dump-text")
    assert len(read) == len(own) == 11
    for a, b in zip(own, read):
        assert b.get_chemical_symbols() == a.get_chemical_symbols()
        (own_cell, own_places), (cell, places) = geometry(a), geometry(b)
        assert numpy.abs(cell - own_cell).max() < 1e-9 and numpy.abs(places - own_places).max() < 1e-9
        # Scalar products of positions, velocities and forces do not depend on how they are turned.
        turned = b.get_forces() @ b.positions.T
        assert numpy.abs(turned - a.get_forces() @ a.positions.T).max() < 1e-9
        # LAMMPS' metal: Å/ps.
        v = b.get_velocities() / (ase.units.Ang / ase.units.fs / 1000)
        assert numpy.abs(v * 1e-3 @ b.positions.T - a.arrays["velocities"] @ a.positions.T).max() < 1e-6
    universe = MDAnalysis.Universe(
        str(triclinic.folder / "t.lammpstrj"), topology_format="LAMMPSDUMP", format="LAMMPSDUMP",
        lammps_coordinate_convention="unwrapped")
    assert [f.frame for f in universe.trajectory] == list(range(11))
    for frame, a in zip(universe.trajectory, own):
        assert numpy.abs(frame.dimensions - a.cell.cellpar()).max() < 1e-4
        assert frame.data["step"] == int(a.info["step"])


def test_dcd_is_what_was_simulated(triclinic):
    import MDAnalysis
    import mdtraj

    triclinic.succeeds("md", "md.yaml")
    own = frames(triclinic)
    triclinic.succeeds("md", "md.yaml", "--overwrite", "--set", "trajectory={every: 10, file: t.dcd}")
    paths = str(triclinic.folder / "t.pdb"), str(triclinic.folder / "t.dcd")
    universe = MDAnalysis.Universe(*paths)
    assert len(universe.trajectory) == 11 and universe.trajectory.dt == pytest.approx(0.05, rel=1e-5)
    by_mdtraj = mdtraj.load(paths[1], top=paths[0])
    for index, (frame, a) in enumerate(zip(universe.trajectory, own)):
        assert numpy.abs(frame.dimensions - a.cell.cellpar()).max() < 1e-3
        distances = numpy.linalg.norm(frame.positions - frame.positions[0], axis=1)
        expected = numpy.linalg.norm(a.positions - a.positions[0], axis=1)
        assert numpy.abs(distances - expected).max() < 1e-5
        assert numpy.abs(by_mdtraj.xyz[index] * 10 - frame.positions).max() < 1e-5
    assert "positions alone" in triclinic.fails(
        "md", "md.yaml", "--set", "trajectory={every: 10, file: u.dcd, velocities: true}", "--set", "thermo.file=u.csv")


@pytest.mark.parametrize("name", ["t.dcd", "t.lammpstrj"])
def test_dcd_and_dumps_go_on_to_the_bit(triclinic, name):
    settings = ["--set", f"trajectory={{every: 5, file: {name}}}", "--set", "checkpoint={every: 40, file: c.checkpoint}"]
    triclinic.succeeds("md", "md.yaml", *settings)
    path = triclinic.folder / name
    whole = path.read_bytes()
    triclinic.succeeds("md", "md.yaml", *settings, "--overwrite", "--set", "steps=40")
    state = (triclinic.folder / "c.checkpoint").read_bytes()
    triclinic.succeeds("md", "md.yaml", *settings, "--resume", "--set", "steps=72")
    # As if the run had been killed: frames behind the checkpoint, the last of them cut off.
    (triclinic.folder / "c.checkpoint").write_bytes(state)
    path.write_bytes(path.read_bytes()[:-100])
    triclinic.succeeds("md", "md.yaml", *settings, "--resume")
    assert path.read_bytes() == whole


def test_a_full_disk_is_told_and_ends_the_run(argon):
    result = subprocess.run(
        ["bash", "-c", f"ulimit -f 60; trap '' XFSZ; exec {PROGRAM} md md.yaml --set steps=3000 --set checkpoint=false"],
        cwd=argon.folder, capture_output=True, text=True)
    assert result.returncode == 1 and "own.xyz" in result.stderr and "File too large" in result.stderr, result.stderr
    assert len(frames(argon)) > 2
