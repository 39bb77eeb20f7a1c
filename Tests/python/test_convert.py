"""`apus convert`: structures of any format in one file of another; what is chosen of them, and how it is told."""

import gzip
import json

import ase.io
import numpy
import pytest

from conftest import Program

DASHES = 39 * "-"
# One silicon atom and one of oxygen; two steps, of which the second has used all electronic steps.
OUTCAR = f""" vasp.6.3.0 20Jan22 (build Apr 09 2022 18:33:31) complex
   TITEL  = PAW_PBE Si 05Jan2001
   TITEL  = PAW_PBE O 08Apr2002
   ions per type =               1   1
   NELM   =      3;   NELMIN=  2; NELMDL=  0     # of ELM steps
   EDIFF  = 0.1E-04   stopping-criterion for ELM
      direct lattice vectors                 reciprocal lattice vectors
     4.000000000  0.000000000  0.000000000     0.250000000  0.000000000  0.000000000
     0.000000000  4.000000000  0.000000000     0.000000000  0.250000000  0.000000000
     0.000000000  0.000000000  5.000000000     0.000000000  0.000000000  0.200000000
{DASHES} Iteration      1(   1)  {DASHES}
 total energy-change (2. order) :-0.1196684E-06  (-0.1194974E-06)
  in kB      16.02177     0.00000     0.00000     8.01088     0.00000     0.00000
 POSITION                                       TOTAL-FORCE (eV/Angst)
 -----------------------------------------------------------------------------------
      0.00000      0.00000      0.00000         0.250000      0.000000     -0.100000
      1.25000      1.25000      0.50000        -0.250000      0.000000      0.100000
 -----------------------------------------------------------------------------------
  free  energy   TOTEN  =       -10.50000000 eV
  energy  without entropy=      -10.000000  energy(sigma->0) =      -10.250000
{DASHES} Iteration      2(   1)  {DASHES}
{DASHES} Iteration      2(   3)  {DASHES}
 total energy-change (2. order) :-0.1196684E-02  (-0.1194974E-06)
 POSITION                                       TOTAL-FORCE (eV/Angst)
 -----------------------------------------------------------------------------------
      0.00000      0.00000      0.00000         0.250000      0.000000     -0.100000
      1.25000      1.25000      0.60000        -0.250000      0.000000      0.100000
 -----------------------------------------------------------------------------------
  free  energy   TOTEN  =       -99.00000000 eV
 General timing and accounting informations for this job:
"""


@pytest.fixture
def apus(tmp_path):
    (tmp_path / "OUTCAR").write_text(OUTCAR)
    (tmp_path / "b.OUTCAR.gz").write_bytes(gzip.compress(OUTCAR.encode()))
    return Program(tmp_path)


def test_what_vasp_wrote_is_read_by_ase(apus):
    result = apus("convert", "OUTCAR", "b.OUTCAR.gz", "all.xyz", "--json")
    assert result.returncode == 0
    assert result.stderr.count("left out 1 of 2 ionic steps, whose electrons have not converged: step 2") == 2
    report = json.loads(result.stdout)
    assert report["structures"] == 2 and [file["format"] for file in report["files"]] == ["OUTCAR", "OUTCAR"]
    assert report["files"][0]["labels"] == {"energy": 1, "forces": 1, "stress": 1}
    first, second = ase.io.read(apus.folder / "all.xyz", ":")
    assert first == second and str(first.symbols) == "SiO"
    # The free energy; a pressure is a negative stress, and 160.2176634 GPa are an eV/Å³.
    assert first.get_potential_energy() == -10.5 and first.info["energy_sigma_to_0"] == -10.25
    assert first.get_forces()[1] == pytest.approx([-0.25, 0, 0.1])
    expected = -numpy.array([[1.602177, 0.801088, 0], [0.801088, 0, 0], [0, 0, 0]]) / 160.2176634
    assert first.get_stress(voigt=False) == pytest.approx(expected, abs=1e-12)


def test_nothing_is_written_where_a_file_cannot_be_read(apus):
    (apus.folder / "bad").write_text(OUTCAR.replace("1   1\n   NELM", "1\n   NELM"))
    result = apus("convert", "OUTCAR", "bad", "all.xyz")
    assert result.returncode == 1 and "bad: line 4" in result.stderr and "which atom is what" in result.stderr
    assert not (apus.folder / "all.xyz").exists()


def test_outputs_are_not_replaced_unasked(apus):
    (apus.folder / "all.xyz").write_text("mine")
    for arguments, words in [
            (["OUTCAR", "all.xyz"], "--overwrite"), (["OUTCAR", "OUTCAR"], "a name that tells the format"),
            (["all.xyz"], "files to read"), (["OUTCAR", "all.pdb"], "--format"),
            (["OUTCAR", "OUTCAR", "--format", "xyz"], "the name of an input"),
            (["OUTCAR", "all.out", "--format", "xzy"], "did you mean xyz?")]:
        result = apus("convert", *arguments)
        assert result.returncode != 0 and words in result.stderr, result.stderr
        assert (apus.folder / "all.xyz").read_text() == "mine"
    result = apus("convert", "OUTCAR", "all.xyz", "--overwrite")
    assert result.returncode == 0 and result.stdout.endswith("1 structure written to all.xyz\n")


def test_a_training_reads_outcars(apus):
    """Every command does; the labels are those of the converted file."""
    text = OUTCAR[: OUTCAR.index(f"{DASHES} Iteration      2(   1)")]
    for index in range(6):
        moved = text.replace("1.25000      0.50000", f"1.25000      0.5{index}000").replace("-10.500", f"-10.5{index}0")
        (apus.folder / f"OUTCAR-{index}").write_text(moved)
    (apus.folder / "train.yaml").write_text("""
data: {train: "OUTCAR-*", validation: 2}
model: {r_max: 3.5, num_layers: 1, num_features: 4}
training: {max_epochs: 1}
output: run
""")
    result = apus("train", "train.yaml")
    assert result.returncode == 0, result.stderr
    assert "4 structures, 8 atoms (energy, forces, stress) to train on" in result.stdout


def frames(count, **more):
    """Cells of silicon whose energies number them, as extended XYZ."""
    text = ""
    for index in range(count):
        keys = "".join(f" {key}={value(index)}" for key, value in more.items())
        text += (f'2\nLattice="5 0 0 0 5 0 0 0 6" Properties=species:S:1:pos:R:3:forces:R:3 pbc="T T T" '
                 f'energy={-10 - index / 1000!r}{keys}\nSi 0 0 0 {index} 0 0\nSi 1.25 1.25 {1 + index / 1000!r} {-index} 0 0\n')
    return text


def numbers(path):
    return [round((-10 - atoms.get_potential_energy()) * 1000) for atoms in ase.io.read(path, ":")]


def test_structures_are_chosen_by_conditions(apus):
    (apus.folder / "a.xyz").write_text(frames(40, config_type=lambda i: "bulk" if i % 2 else "slab"))
    report = json.loads(apus.succeeds(
        "convert", "a.xyz", "b.xyz", "--where", "fmax < 20 and energy_per_atom < -5.001 and natoms <= 64 and config_type == 'bulk'",
        "--json"))
    assert numbers(apus.folder / "b.xyz") == [3, 5, 7, 9, 11, 13, 15, 17, 19]
    [file] = report["files"]
    assert (file["structures"], file["written"], report["structures"]) == (40, 9, 9)
    assert file["left_out"] == [{"count": 31, "reason": "by --where"}]
    assert file["energy_per_atom_electronvolt_minimum"] == pytest.approx(-5.0195)
    assert file["largest_force_electronvolt_per_angstrom"] == 39 and file["converged"] is None
    line = apus.succeeds("convert", "a.xyz", "c.xyz", "--where", "fmax > 30", "--slice", "::2").splitlines()[0]
    assert line == ("a.xyz: extended XYZ, 40 structures, 80 atoms (energy, forces), -5.0195…-5.0000 eV/atom; "
                    "left out: 20 by --slice, 16 by --where")
    for condition, words in [
            ("fmx < 20", "did you mean fmax?"), ("config_type == bulk", "texts stand in quotes: 'bulk'"),
            ("fmax < ", "found the end"), ("fmax > 1e9", "nothing to write")]:
        assert words in apus.fails("convert", "a.xyz", "d.xyz", "--where", condition)


def test_slices_are_of_each_input(apus):
    (apus.folder / "a.xyz").write_text(frames(20))
    # Others by 1000 eV, so that they are no copies.
    (apus.folder / "b.xyz").write_text(frames(7).replace("energy=-10", "energy=-1010"))
    other = 1_000_000
    for text, expected in [
            ("10:100:5", [10, 15]), ("-1:", [19, other + 6]), ("::10", [0, 10, other]), ("3", [3, other + 3]),
            ("-9:-7", [11, 12])]:
        apus.succeeds("convert", "a.xyz", "b.xyz", "out.xyz", "--slice", text, "--overwrite")
        assert numbers(apus.folder / "out.xyz") == expected, text
    assert "step of 1 or more" in apus.fails("convert", "a.xyz", "c.xyz", "--slice", "::0")


def test_shuffling_and_splitting_follow_the_seed(apus):
    (apus.folder / "a.xyz").write_text(frames(50))
    orders = []
    for seed in (1, 1, 2):
        apus.succeeds("convert", "a.xyz", "b.xyz", "--shuffle", "--seed", seed, "--overwrite")
        orders.append(numbers(apus.folder / "b.xyz"))
    assert orders[0] == orders[1] != orders[2] and all(sorted(order) == list(range(50)) for order in orders)
    report = json.loads(apus.succeeds(
        "convert", "a.xyz", "set.xyz", "--split", "0.8,0.1,0.1", "--seed", 7, "--json"))
    parts = [numbers(apus.folder / f"set-{name}.xyz") for name in ("train", "validation", "test")]
    assert [len(part) for part in parts] == [40, 5, 5] == [output["structures"] for output in report["outputs"]]
    assert sorted(sum(parts, [])) == list(range(50)) and all(part == sorted(part) for part in parts)
    # Structures are what they were, to the bit.
    whole = {round((-10 - atoms.get_potential_energy()) * 1000): atoms for atoms in ase.io.read(apus.folder / "a.xyz", ":")}
    assert all(atoms == whole[number] for number, atoms in zip(parts[1], ase.io.read(apus.folder / "set-validation.xyz", ":")))
    assert not [name for name in apus.files() if "part" in str(name) or "scratch" in str(name)]
    assert "--overwrite" in apus.fails("convert", "a.xyz", "set.xyz", "--split", "0.5,0.5")
    assert "add up to at most 1" in apus.fails("convert", "a.xyz", "other.xyz", "--split", "0.8,0.3")
    assert "leave none for" in apus.fails("convert", "a.xyz", "other.xyz", "--slice", ":3", "--split", "0.9,0.05,0.05")


def test_folders_and_patterns_are_inputs(apus):
    for name in ("1", "2"):
        (apus.folder / "runs" / name).mkdir(parents=True)
        text = OUTCAR.replace("-10.500", f"-10.{name}00")
        (apus.folder / "runs" / name / "OUTCAR").write_text(text)
        (apus.folder / "runs" / name / "INCAR").write_text("ENCUT = 500")
        (apus.folder / "runs" / name / "CONTCAR").write_text("Si\n1\n4 0 0\n0 4 0\n0 0 5\nSi\n1\nDirect\n0 0 0\n")
    for inputs in (["runs"], ["runs/*/OUTCAR"], ["runs/1/OUTCAR", "runs/", "runs/2"]):
        result = apus("convert", *inputs, "all.xyz", "--json", "--overwrite")
        report = json.loads(result.stdout)
        assert [file["file"] for file in report["files"]] == ["runs/1/OUTCAR", "runs/2/OUTCAR"]
        assert [atoms.get_potential_energy() for atoms in ase.io.read(apus.folder / "all.xyz", ":")] == [-10.1, -10.2]
    assert "runs/1/CONTCAR: passed over beside OUTCAR" in result.stderr
    # As check-data sees them.
    assert len(json.loads(apus("check-data", "runs", "--json").stdout)["files"]) == 2


def test_the_same_run_twice_is_said(apus):
    result = apus("convert", "OUTCAR", "b.OUTCAR.gz", "all.xyz")
    assert "b.OUTCAR.gz: 1 of its 1 structures with energies are those of OUTCAR" in result.stderr
