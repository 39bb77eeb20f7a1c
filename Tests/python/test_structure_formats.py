"""Formats of structures beside those of electronic-structure programs: ASE, LAMMPS and DeePMD write, Apus reads."""

import gzip
import os
import pathlib
import random
import re
import shutil
import subprocess

import ase.build
import ase.calculators.emt
import ase.db
import ase.io
import numpy
import pytest

from conftest import PROGRAM
from lammps_runs import stock

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
    values = " ".join(f"$({word}[5]:%20.14g)" for word in ["type", "fx", "fy", "fz", "vx", "vy", "vz"])
    output = stock(apus.folder).succeeds(f"""
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
    numbers = [float(x) for x in re.search("^FIFTH (.*)", output, re.MULTILINE)[1].split()]
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


def overwritten(data, draw):
    """Some bytes are others, or the end is missing too."""
    for _ in range(draw.randint(1, 8)):
        data[draw.randrange(len(data))] = draw.randrange(256)
    if draw.random() < 0.3:
        del data[draw.randrange(1, len(data)):]


def shifted(data, draw):
    """Bytes, bits and words are others, or some are missing from the middle."""
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(data))
        match draw.randrange(4):
            case 0: data[at] = draw.randrange(256)
            case 1: data[at] ^= 1 << draw.randrange(8)
            case 2: del data[at:at + draw.randrange(200)]
            case 3: data[at:at + 8] = draw.randbytes(8)


@pytest.mark.parametrize("damage", [overwritten, shifted])
@pytest.mark.parametrize("name", ["spice.hdf5", "ani1x.h5", "ase.db.gz"])
def test_damaged_files_of_libraries_end_with_a_message(apus, name, damage):
    """Their libraries parse them: a crash would be one of the command, whose exit status and memory tell."""
    data = (FILES / name).read_bytes()
    if name.endswith(".gz"):
        name, data = name.removesuffix(".gz"), gzip.decompress(data)

    def convert(content):
        (apus.folder / name).write_bytes(content)
        process = subprocess.Popen(
            [PROGRAM, "convert", name, "out.xyz", "--overwrite"], cwd=apus.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, usage.ru_maxrss

    code, usual = convert(data)
    assert code == 0
    draw, outcomes = random.Random(5), set()
    for number in range(25):
        damaged = bytearray(data)
        damage(damaged, draw)
        code, kilobytes = convert(damaged)
        assert code in (0, 1), number
        assert kilobytes < usual + 10 * len(damaged) // 1024 + 64_000, number
        outcomes.add(code)
    assert 1 in outcomes
