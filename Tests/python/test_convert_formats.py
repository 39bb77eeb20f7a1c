"""What `apus convert` writes is what other programs read: ASE, LAMMPS and NumPy."""

import json
import sqlite3

import ase
import ase.db
import ase.io
import netCDF4
import numpy
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms

from conftest import Program
from lammps_runs import stock


def structure(symbols, seed, cell=None, pbc=True, **results):
    random = numpy.random.default_rng(seed)
    vectors = numpy.array([[6, 0.3, 0.1], [-1.5, 5, 0.2], [0.7, -0.9, 7]]) if cell is None else cell
    scaled = random.random((len(ase.Atoms(symbols)), 3))
    atoms = ase.Atoms(symbols, positions=scaled @ vectors if numpy.any(vectors) else 4 * scaled, cell=vectors, pbc=pbc)
    atoms.calc = SinglePointCalculator(
        atoms, energy=-3.25 * len(atoms) - seed, forces=random.normal(size=(len(atoms), 3)),
        **({"stress": random.normal(size=6) / 100} if all(atoms.pbc) else {}), **results)
    return atoms


@pytest.fixture
def apus(tmp_path):
    return Program(tmp_path)


def write(path, images):
    """Extended XYZ with every digit."""
    lines = []
    for atoms in images:
        lattice = " ".join(repr(float(x)) for x in atoms.cell.array.ravel())
        keys = f'Lattice="{lattice}" ' if atoms.cell.rank == 3 else ""
        keys += "Properties=species:S:1:pos:R:3:forces:R:3 "
        keys += f'pbc="{" ".join("T" if p else "F" for p in atoms.pbc)}" energy={atoms.get_potential_energy()!r}'
        if "stress" in atoms.calc.results:
            keys += ' stress="%s"' % " ".join(repr(float(x)) for x in atoms.get_stress(voigt=False).ravel())
        keys += "".join(f" {key}={value}" for key, value in atoms.info.items())
        lines += [str(len(atoms)), keys]
        for symbol, position, force in zip(atoms.symbols, atoms.positions, atoms.get_forces()):
            lines.append(" ".join([symbol] + [repr(float(x)) for x in (*position, *force)]))
    path.write_text("\n".join(lines) + "\n")


def test_ase_databases(apus):
    images = [structure("Si4O8", 1), structure("CH4", 2, cell=numpy.eye(3) * 9, pbc=False), structure("Cu2", 3)]
    images[0].info = {"config_type": "bulk", "temperature": 300, "my-key": "x"}
    write(apus.folder / "a.xyz", images)
    apus.succeeds("convert", "a.xyz", "all.db")
    with ase.db.connect(apus.folder / "all.db") as database:
        assert len(database) == 3 and database.count("Si") == 1 and database.count("natoms<6") == 2
        [row] = database.select(config_type="bulk")
        assert row.temperature == 300 and row.data["info"] == {"my-key": "x"}
        for row, atoms in zip(database.select(), images):
            found = row.toatoms()
            assert found == ase.Atoms(atoms, calculator=None, info={})
            assert found.get_potential_energy() == atoms.get_potential_energy()
            assert (found.get_forces() == atoms.get_forces()).all()
            assert row.fmax == pytest.approx(numpy.linalg.norm(atoms.get_forces(), axis=1).max(), rel=1e-15)
            if all(atoms.pbc):
                assert found.get_stress() == pytest.approx(atoms.get_stress(), rel=1e-15)
        assert database.count(id=2) == 1
    # ASE goes on writing to it.
    with ase.db.connect(apus.folder / "all.db") as database:
        database.write(images[2], note="mine")
        assert len(database) == 4
    assert sqlite3.connect(apus.folder / "all.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_poscars(apus):
    atoms = structure("SiO2SiO", 4)
    write(apus.folder / "a.xyz", [atoms, structure("Si", 5)])
    assert "holds no more, found several" in apus.fails("convert", "a.xyz", "POSCAR")
    result = apus("convert", "a.xyz", "POSCAR", "--slice", "0")
    assert result.returncode == 0 and "holds no energies and forces" in result.stderr
    found = ase.io.read(apus.folder / "POSCAR")
    assert str(found.symbols) == str(atoms.symbols) and (found.cell == atoms.cell).all()
    assert found.get_scaled_positions() == pytest.approx(atoms.get_scaled_positions(), abs=1e-15)
    apus.succeeds("convert", "POSCAR", "back.xyz")
    assert ase.io.read(apus.folder / "back.xyz").positions == pytest.approx(atoms.positions, abs=1e-14)
    write(apus.folder / "molecule.xyz", [structure("CH4", 2, cell=numpy.zeros((3, 3)), pbc=False)])
    assert "VASP needs a box" in apus.fails("convert", "molecule.xyz", "CH4.vasp")


@pytest.mark.parametrize("kind", ["triclinic", "orthogonal", "molecule"])
def test_lammps_data(apus, kind):
    """LAMMPS itself reads it: distances and cell volumes are the same."""
    cell = {"triclinic": None, "orthogonal": numpy.diag([6.0, 7, 8]), "molecule": numpy.zeros((3, 3))}[kind]
    atoms = structure("Si2O3H", 6, cell=cell, pbc=kind != "molecule")
    write(apus.folder / "a.xyz", [atoms])
    result = apus("convert", "a.xyz", "a.data")
    assert result.returncode == 0 and ("turned with its cell" in result.stderr) == (kind == "triclinic")
    stock(apus.folder).succeeds(f"""
units metal
atom_style atomic
boundary {"s s s" if kind == "molecule" else "p p p"}
read_data a.data
pair_style zero 5.0
pair_coeff * *
run 0
print "box $(lx:%.16g) $(ly:%.16g) $(lz:%.16g) $(xy:%.16g) $(xz:%.16g) $(yz:%.16g)" file box.txt
write_dump all custom atoms.txt id type x y z modify sort id format float %.16g
""")
    lx, ly, lz, xy, xz, yz = map(float, (apus.folder / "box.txt").read_text().split()[1:])
    box = numpy.array([[lx, 0, 0], [xy, ly, 0], [xz, yz, lz]])
    rows = numpy.loadtxt(apus.folder / "atoms.txt", skiprows=9)
    types, positions = list(rows[:, 1]), rows[:, 2:]
    assert types == [{"H": 1, "O": 2, "Si": 3}[symbol] for symbol in atoms.symbols]
    there = ase.Atoms(atoms.symbols, positions, cell=box if kind != "molecule" else None, pbc=kind != "molecule")
    if kind != "molecule":
        assert there.get_volume() == pytest.approx(atoms.get_volume(), rel=1e-13)
        assert there.cell.cellpar() == pytest.approx(atoms.cell.cellpar(), rel=1e-12)
    mic = kind != "molecule"
    assert there.get_all_distances(mic=mic) == pytest.approx(atoms.get_all_distances(mic=mic), abs=1e-10)
    again = ase.io.read(apus.folder / "a.data", format="lammps-data", units="metal", atom_style="atomic")
    assert list(again.symbols) == list(atoms.symbols)


def test_deepmd_folders(apus):
    images = [structure("SiO2", seed) for seed in range(3)] + [structure("O2Si", 9)]
    images += [structure("CH4", 2, cell=numpy.zeros((3, 3)), pbc=False), structure("Si2", 11)]
    for atoms in images:
        atoms.info = {}
    write(apus.folder / "a.xyz", images)
    apus.succeeds("convert", "a.xyz", "set.deepmd")
    root = apus.folder / "set.deepmd"
    assert sorted(path.name for path in root.iterdir()) == ["H4C", "O2Si", "Si2"]
    names = (root / "O2Si" / "type_map.raw").read_text().split()
    assert names == ["H", "C", "O", "Si"]
    types = numpy.loadtxt(root / "O2Si" / "type.raw", dtype=int)
    assert [names[index] for index in types] == ["O", "O", "Si"]
    system = {name: numpy.load(root / "O2Si" / "set.000" / f"{name}.npy") for name in ("coord", "box", "energy", "force", "virial")}
    assert {name: array.shape for name, array in system.items()} == {
        "coord": (4, 9), "box": (4, 9), "energy": (4,), "force": (4, 9), "virial": (4, 9)}
    for row, atoms in enumerate(images[:4]):
        order = numpy.argsort(atoms.numbers, kind="stable")
        assert (system["coord"][row].reshape(3, 3) == atoms.positions[order]).all()
        assert (system["force"][row].reshape(3, 3) == atoms.get_forces()[order]).all()
        assert system["energy"][row] == atoms.get_potential_energy()
        assert (system["box"][row].reshape(3, 3) == atoms.cell.array).all()
        expected = -atoms.get_volume() * atoms.get_stress(voigt=False)
        assert system["virial"][row].reshape(3, 3) == pytest.approx(expected, rel=1e-14)
    assert (root / "H4C" / "nopbc").exists() and not (root / "H4C" / "set.000" / "box.npy").exists()
    assert not (root / "H4C" / "set.000" / "virial.npy").exists()
    # Whole or not at all.
    assert "the folder exists already" in apus.fails("convert", "a.xyz", "set.deepmd")
    (root / "mine").write_text("x")
    apus.succeeds("convert", "a.xyz", "set.deepmd", "--overwrite", "--slice", "-1")
    assert [path.name for path in root.iterdir()] == ["Si2"]
    (apus.folder / "bad.xyz").write_text((apus.folder / "a.xyz").read_text() + "3\nx")
    assert "bad.xyz: line" in apus.fails("convert", "bad.xyz", "other.deepmd")


def test_trajectories(apus):
    images = [structure("SiO2", seed) for seed in range(4)]
    write(apus.folder / "a.xyz", images)
    apus.succeeds("convert", "a.xyz", "a.nc")
    with netCDF4.Dataset(apus.folder / "a.nc") as file:
        assert file.Conventions == "AMBER" and file.dimensions["frame"].size == 4
        cells = file["cell_lengths"][:].data
        assert cells == pytest.approx(numpy.array([atoms.cell.cellpar()[:3] for atoms in images]), rel=1e-12)
    info = json.loads(apus.succeeds("info", "a.nc", "--json"))
    assert info["frames"] == 4
    write(apus.folder / "b.xyz", images + [structure("Si3", 4)])
    assert "structure 5: " in apus.fails("convert", "b.xyz", "b.nc")


def test_fixed_atoms_are_said(apus):
    (apus.folder / "a.xyz").write_text(
        '3\nLattice="4 0 0 0 5 0 0 0 6" Properties=species:S:1:pos:R:3:move_mask:L:1 pbc="T T T"\n'
        "Si 0 0 0 F\nSi 1 1 1 T\nO 2 2 2 T\n")
    apus.succeeds("convert", "a.xyz", "a.vasp")
    apus.succeeds("convert", "a.xyz", "a.db")
    apus.succeeds("convert", "a.xyz", "b.xyz")
    for name in ("a.vasp", "a.db", "b.xyz"):
        [constraint] = ase.io.read(apus.folder / name).constraints
        assert isinstance(constraint, FixAtoms) and list(constraint.index) == [0]
