"""`apus convert`: structures of any format in one extended XYZ file."""

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
            (["OUTCAR", "all.xyz"], "--overwrite"), (["OUTCAR", "OUTCAR"], "ends in .xyz"), (["all.xyz"], "files to read"),
            (["OUTCAR", "all.nc"], "found .nc")]:
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
