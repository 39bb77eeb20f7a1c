"""Formats of structures beside those of electronic-structure programs: ASE, LAMMPS and DeePMD write, Apus reads."""

import gzip
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys

import ase.build
import ase.calculators.emt
import ase.db
import ase.io
import numpy
import pytest

FILES = pathlib.Path(__file__).parents[1] / "StructureFilesTests" / "Data" / "formats"


def converted(apus, name, *options):
    apus.succeeds("convert", name, "out.xyz", "--overwrite", *options)
    return ase.io.read(apus.folder / "out.xyz", ":")


@pytest.fixture
def frames():
    """Copper with energies, forces and stress, and a cluster without a cell."""
    crystal = ase.build.bulk("Cu", cubic=True)
    crystal.rattle(0.05, seed=3)
    cluster = ase.Atoms("Cu3", [[0, 0, 0], [2.4, 0, 0], [0.3, 2.2, 0.4]])
    for atoms in (crystal, cluster):
        atoms.calc = ase.calculators.emt.EMT()
        atoms.get_potential_energy()
    return [crystal, cluster]


def write_database(path, frames):
    with ase.db.connect(path) as database:
        for atoms in frames:
            database.write(atoms)


@pytest.mark.parametrize("name", ["a.traj", "a.db", "a.json"])
def test_what_ase_writes_is_read(apus, frames, name):
    path = apus.folder / name
    if name.endswith("traj"):
        ase.io.write(path, frames)
    else:
        write_database(path, frames)
    found = converted(apus, name)
    assert len(found) == 2
    for atoms, meant in zip(found, frames):
        assert list(atoms.symbols) == list(meant.symbols) and list(atoms.pbc) == list(meant.pbc)
        assert numpy.allclose(atoms.positions, meant.positions, atol=1e-12)
        assert numpy.allclose(atoms.cell, meant.cell, atol=1e-12)
        assert abs(atoms.get_potential_energy() - meant.get_potential_energy()) < 1e-10
        assert numpy.allclose(atoms.get_forces(), meant.get_forces(), atol=1e-12)
        if meant.pbc.any():
            assert numpy.allclose(atoms.get_stress(), meant.get_stress(), atol=1e-12)


def test_a_dump_of_lammps_is_read_in_its_units(apus):
    """LAMMPS prints what it has of the fifth atom beside the dump."""
    programs = pathlib.Path(sys.executable).parent
    for name in ["lmp", "mpirun"]:
        assert (programs / name).exists(), f"{programs / name} is missing: pip install -r Tests/python/requirements.txt"
    values = " ".join(f"$({word}[5]:%20.14g)" for word in ["type", "fx", "fy", "fz", "vx", "vy", "vz"])
    (apus.folder / "in.dump").write_text(f"""
        units metal
        atom_modify map yes
        lattice fcc 3.6
        region all prism 0 2 0 2 0 2 0.3 0 0
        create_box 2 all
        create_atoms 1 box
        set type 1 type/fraction 2 0.5 7
        mass 1 63.546
        mass 2 196.967
        pair_style lj/cut 5
        pair_coeff * * 0.1 2.4
        velocity all create 300 11
        displace_atoms all random 0.1 0.1 0.1 5
        fix 1 all nve
        dump 1 all custom 5 a.lammpstrj id type x y z vx vy vz fx fy fz
        dump_modify 1 format float %20.14g
        run 5
        print "FIFTH {values}"
    """)
    result = subprocess.run(
        [programs / "mpirun", "-np", "1", programs / "lmp", "-in", "in.dump", "-log", "none"], cwd=apus.folder,
        capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    numbers = [float(x) for x in re.search("^FIFTH (.*)", result.stdout, re.MULTILINE)[1].split()]
    assert "--elements" in apus.fails("convert", "a.lammpstrj", "out.xyz")
    found = converted(apus, "a.lammpstrj", "--elements", "Cu,Au", "--file-units", "metal")
    assert len(found) == 2 and len(found[1]) == 32
    assert found[1][4].symbol == ["Cu", "Au"][int(numbers[0]) - 1]
    assert numpy.allclose(found[1].get_forces()[4], numbers[1:4], rtol=1e-10, atol=1e-12)
    # Å/ps in the file, Å/fs in extended XYZ.
    assert numpy.allclose(found[1].arrays["velocities"][4], numpy.array(numbers[4:]) / 1000, rtol=1e-10)


def test_a_folder_of_deepmd_is_one_set(apus):
    shutil.copytree(FILES / "deepmd-npy", apus.folder / "water")
    found = converted(apus, "water")
    assert len(found) == 3 and found[0].get_forces().shape == (3, 3)
    (apus.folder / "water" / "type_map.raw").unlink()
    assert "--elements" in apus.fails("convert", "water", "out.xyz", "--overwrite")
    assert len(converted(apus, "water", "--elements", "O,Si")) == 3


@pytest.mark.parametrize("name", ["spice.hdf5", "ani1x.h5", "ase.db.gz"])
def test_damaged_files_of_libraries_end_with_a_message(apus, name):
    """Their libraries parse them: a crash would be one of the command, whose exit status tells."""
    data = (FILES / name).read_bytes()
    if name.endswith(".gz"):
        name, data = name.removesuffix(".gz"), gzip.decompress(data)
    numbers = random.Random(5)
    for _ in range(25):
        damaged = bytearray(data)
        for _ in range(numbers.randint(1, 8)):
            damaged[numbers.randrange(len(damaged))] = numbers.randrange(256)
        if numbers.random() < 0.3:
            damaged = damaged[: numbers.randrange(1, len(damaged))]
        (apus.folder / name).write_bytes(damaged)
        result = apus("convert", name, "out.xyz", "--overwrite")
        assert result.returncode in (0, 1), result.stderr


@pytest.mark.parametrize("name", ["spice.hdf5", "ani1x.h5", "ase.db.gz"])
def test_damaged_binaries_are_read_or_refused(apus, name):
    """By HDF5 and SQLite, in a process of its own each: no crash, at most one message, little memory."""
    original = (FILES / name).read_bytes()
    if name.endswith(".gz"):
        original = gzip.decompress(original)
    draw = random.Random(name)
    outcomes = set()
    for number in range(25):
        data = bytearray(original)
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(data))
            match draw.randrange(4):
                case 0: data[at] = draw.randrange(256)
                case 1: data[at] ^= 1 << draw.randrange(8)
                case 2: del data[at:at + draw.randrange(200)]
                case 3: data[at:at + 8] = draw.randbytes(8)
        path = apus.folder / f"{number}-{name.removesuffix('.gz')}"
        path.write_bytes(data)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        result = apus("info", path.name, "--json")
        assert result.returncode in (0, 1), (number, result.returncode, result.stderr)
        more = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss - before
        assert more < 10 * len(data) // 1024 + 64_000 or not outcomes, (number, more)
        outcomes.add(result.returncode)
        path.unlink()
    assert 1 in outcomes
