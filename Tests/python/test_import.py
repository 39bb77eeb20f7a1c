"""Checkpoints of other programs become potentials that give what the originals give.

What these give was computed once, by the scripts beside the values (cases/sevennet/reference.py). The checkpoints come
with the package sevenn, of which nothing is installed or run.
"""

import json
import pathlib
import re
import subprocess
import sys
import zipfile

import ase.build
import ase.io
import numpy
import pytest

import apus
from conftest import PROGRAM, SILICON, Program
from lammps_runs import BAR, OUTPUT, ROUNDING, STRUCTURES, compute, outcome, setup, voigt, write_data

CASES = pathlib.Path(__file__).parent / "cases" / "sevennet"
SEVENN = "0.13.0"
CHECKPOINTS = {
    "sevennet-0": ("SevenNet_0__11Jul2024/checkpoint_sevennet_0.pth",),
    "sevennet-0-22may2024": ("SevenNet_0__22May2024/checkpoint_sevennet_0.pth",),
    "sevennet-l3i5": ("SevenNet_l3i5/checkpoint_l3i5.pth",),
    "sevennet-mf-0-pbe": ("SevenNet_MF_0/checkpoint_sevennet_mf_0.pth", "--modal", "PBE"),
    "sevennet-mf-0-r2scan": ("SevenNet_MF_0/checkpoint_sevennet_mf_0.pth", "--modal", "r2scan"),
}


@pytest.fixture(scope="session")
def checkpoints():
    """The folder of the checkpoints, beside the build."""
    folder = pathlib.Path(PROGRAM).parents[1] / f"sevenn-{SEVENN}"
    if not (folder / "complete").exists():
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, f"sevenn=={SEVENN}"],
            check=True, timeout=600)
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
            wheel.extractall(folder, [name for name in wheel.namelist() if name.endswith(".pth")])
        (folder / "complete").touch()
    return folder / "sevenn" / "pretrained_potentials"


@pytest.fixture(scope="session")
def imported(checkpoints, tmp_path_factory):
    """Every checkpoint in double precision, and what was said of it, by name; made when it is asked for."""
    folder, made = tmp_path_factory.mktemp("imported"), {}

    def get(name):
        if name not in made:
            file, *options = CHECKPOINTS[name]
            said = Program(folder).succeeds(
                "import", checkpoints / file, "-o", f"{name}.safetensors", "--precision", "float64", "--json", *options)
            made[name] = folder / f"{name}.safetensors", json.loads(said)
        return made[name]

    return get


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_energies_forces_and_stresses_are_those_of_the_original(imported, name):
    potential, said = imported(name)
    assert said["spline_error"] < 1e-7
    calculator = apus.Calculator(potential)
    frames = ase.io.read(CASES / f"{name}.xyz", index=":")
    assert len(frames) == (89 if name == "sevennet-0" else 10)
    elements = {symbol for atoms in frames for symbol in atoms.symbols}
    assert name != "sevennet-0" or elements == set(said["elements"])
    for atoms in frames:
        expected = atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()
        atoms.calc = calculator
        assert abs(atoms.get_potential_energy() - expected[0]) / len(atoms) < 1e-6, atoms.symbols
        assert numpy.abs(atoms.get_forces() - expected[1]).max() < 1e-5, atoms.symbols
        assert numpy.abs(atoms.get_stress() - expected[2]).max() < 1e-6, atoms.symbols


@pytest.mark.parametrize("name", ["nequix/linear.nqx", "nequix/indexed.nqx", "nequip/tiny.ckpt"])
def test_small_models_give_what_nequix_and_nequip_give(tmp_path, name):
    file = CASES.parent / name
    Program(tmp_path).succeeds("import", file, "-o", "out.safetensors", "--precision", "float64", "--json")
    calculator = apus.Calculator(tmp_path / "out.safetensors")
    frames = ase.io.read(file.with_suffix(".xyz"), index=":")
    assert len(frames) == 4
    for atoms in frames:
        expected = atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()
        atoms.calc = calculator
        assert abs(atoms.get_potential_energy() - expected[0]) / len(atoms) < 1e-6, atoms.symbols
        assert numpy.abs(atoms.get_forces() - expected[1]).max() < 1e-5, atoms.symbols
        assert numpy.abs(atoms.get_stress() - expected[2]).max() < 1e-6, atoms.symbols


def test_levels_of_theory_differ(imported):
    atoms = ase.io.read(CASES / "sevennet-mf-0-pbe.xyz", index="3")
    energies = []
    for name in ["sevennet-mf-0-pbe", "sevennet-mf-0-r2scan"]:
        atoms.calc = apus.Calculator(imported(name)[0])
        energies.append(atoms.get_potential_energy())
    assert abs(energies[0] - energies[1]) > 0.1


@pytest.fixture(scope="session")
def sevennet(checkpoints, tmp_path_factory):
    """SevenNet-0 as people import it."""
    folder = tmp_path_factory.mktemp("sevennet")
    output = Program(folder).succeeds(
        "import", checkpoints / CHECKPOINTS["sevennet-0"][0], "-o", "sevennet-0.safetensors")
    assert "MIT" in output and "written to sevennet-0.safetensors" in output
    return folder / "sevennet-0.safetensors"


def test_info_says_where_it_comes_from(sevennet):
    lines = Program(sevennet.parent).succeeds("info", sevennet.name)
    assert re.search(r"^ *origin +SevenNet-0 \(11 July 2024\), SevenNet 0\.9\.1, checkpoint_sevennet_0\.pth", lines, re.M)
    assert re.search(r"^ *license +MIT", lines, re.M)
    assert re.search(r"^ *citation .*10\.1021/acs\.jctc\.4c00190", lines, re.M)
    assert re.search(r"^ *trained on +MPtrj", lines, re.M)
    assert "they agree" in lines


def test_single_precision_is_close(sevennet):
    """Some hundred roundings of 6e-8, of the largest force of a cell; of energies, the same of 10 eV for each atom."""
    calculator = apus.Calculator(sevennet)
    for atoms in ase.io.read(CASES / "sevennet-0.xyz", index=":"):
        expected = atoms.get_potential_energy(), atoms.get_forces()
        atoms.calc = calculator
        assert abs(atoms.get_potential_energy() - expected[0]) / len(atoms) < 2e-5
        error = numpy.abs(atoms.get_forces() - expected[1]).max()
        assert error < 1e-5 + 2e-5 * numpy.abs(expected[1]).max(), atoms.symbols


def test_molecular_dynamics_and_relaxation_run(sevennet, tmp_path):
    silicon = ase.build.bulk("Si", cubic=True, a=5.47) * 2
    ase.io.write(tmp_path / "POSCAR", silicon)
    (tmp_path / "npt.yaml").write_text(
        "structure: POSCAR\n"
        "ensemble: {name: npt-mtk, temperature: 300 K, pressure: 0 GPa, time: 100 fs, pressure_time: 1 ps}\n"
        "timestep: 1 fs\nsteps: 20\nseed: 1\ntrajectory: {every: 10, file: npt.nc}\n")
    program = Program(tmp_path)
    program.succeeds("md", "npt.yaml", "--set", f"potential={sevennet}")
    program.succeeds(
        "relax", sevennet, "POSCAR", "relaxed.xyz", "--cell", "--precision", "float64", "--fmax", "0.001")
    # PBE: 5.47 Å.
    assert abs(ase.io.read(tmp_path / "relaxed.xyz").cell[0, 0] / 2 - 5.47) < 0.03


@pytest.mark.parametrize("processes", [1, 2])
def test_lammps_gives_the_same_on_any_number_of_processes(lammps, imported, processes):
    potential, atoms = imported("sevennet-0")[0], STRUCTURES["tilted"]
    write_data(lammps.folder / "atoms.data", atoms, ("Cu", "Au"))
    output = lammps.succeeds(setup(atoms, potential) + OUTPUT.replace("NAME", "tilted"), processes)
    found, expected = outcome(lammps.folder, output, "tilted"), compute(potential, atoms)
    assert abs(found.energy - expected.energy) < ROUNDING * len(atoms)
    assert numpy.abs(found.forces - expected.forces).max() < ROUNDING
    assert numpy.abs(found.stresses / BAR + voigt(expected.virials)).max() < ROUNDING


def test_shares_of_atoms_in_the_virial_add_up(imported):
    atoms = STRUCTURES["tilted"]
    result = compute(imported("sevennet-0")[0], atoms)
    assert numpy.abs(result.virials.sum(axis=0) - result.virial).max() < 1e-9


def test_the_level_of_theory_is_asked_for(checkpoints, tmp_path):
    fails = Program(tmp_path).fails
    file = checkpoints / CHECKPOINTS["sevennet-mf-0-pbe"][0]
    assert "R2SCAN, PBE" in fails("import", file, "-o", "out.safetensors")
    assert "R2SCAN, PBE" in fails("import", file, "-o", "out.safetensors", "--modal", "BLYP")
    one = checkpoints / CHECKPOINTS["sevennet-0"][0]
    assert "--modal" in fails("import", one, "-o", "out.safetensors", "--modal", "PBE")


def test_what_cannot_be_read_is_said(checkpoints, tmp_path):
    fails = Program(tmp_path).fails
    data = (checkpoints / CHECKPOINTS["sevennet-0"][0]).read_bytes()
    (tmp_path / "cut.pth").write_bytes(data[: len(data) // 2])
    assert "cut.pth" in fails("import", "cut.pth", "-o", "out.safetensors")
    damaged = bytearray(data)
    damaged[len(data) // 3] ^= 1
    (tmp_path / "damaged.pth").write_bytes(damaged)
    assert "damaged" in fails("import", "damaged.pth", "-o", "out.safetensors")
    model = (CASES.parent / "nequix" / "linear.nqx").read_bytes()
    (tmp_path / "cut.nqx").write_bytes(model[:-1000])
    assert "cut.nqx" in fails("import", "cut.nqx", "-o", "out.safetensors")
    (tmp_path / "text.pth").write_text("no archive")
    assert "text.pth" in fails("import", "text.pth", "-o", "out.safetensors")
    assert ".safetensors" in fails("import", "text.pth", "-o", "out.pth")
    assert "missing.pth" in fails("import", "missing.pth", "-o", "out.safetensors")


def test_potentials_are_found_by_name(sevennet, tmp_path, monkeypatch):
    library = tmp_path / "data" / "apus"
    library.mkdir(parents=True)
    (library / "foundation.safetensors").write_bytes(sevennet.read_bytes())
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    program = Program(tmp_path / "work")
    listed = json.loads(program.succeeds("info", "--potentials", "--json"))["potentials"]
    [entry] = [entry for entry in listed if entry["name"] == "foundation"]
    assert entry["path"] == str(library / "foundation.safetensors") and len(entry["elements"]) == 89
    assert "foundation" in program.succeeds("info", "--potentials")
    ase.io.write(tmp_path / "work" / "POSCAR", ase.build.bulk("Si", cubic=True))
    program.succeeds("relax", "foundation", "POSCAR", "relaxed.xyz", "--fmax", "0.1")
    assert "nowhere" in program.fails("relax", "nowhere", "POSCAR", "other.xyz")
    assert "--potentials" in program.fails("info")


def test_a_foundation_is_tuned(sevennet, tmp_path):
    """SevenNet-0 on eight structures of silicon: errors fall, and it keeps its origin."""
    (tmp_path / "tune.yaml").write_text(f"""
data: {{train: {SILICON / "silicon.xyz"}, train_size: 8, validation: 8}}
fine_tuning: {{potential: {sevennet}, pull: 1}}
training: {{batch_size: 4, max_epochs: 3, optimizer: {{name: adam, learning_rate: 0.0005}}, ema_decay: none}}
output: run
""")
    program = Program(tmp_path)
    program.succeeds("train", "tune.yaml")
    info = json.loads(program.succeeds("info", "run/potential.safetensors", "--json"))
    assert info["provenance"]["origin"]["name"].startswith("SevenNet-0")

    def forces(potential):
        result = json.loads(program.succeeds("evaluate", potential, SILICON / "silicon.xyz", "--json"))
        return result["forces_mae_mev_per_angstrom"]

    assert forces("run/potential.safetensors") < forces(sevennet)
