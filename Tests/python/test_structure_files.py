"""Structure files of every format, compressed or not, in every command; ASE reads the same."""

import bz2
import gzip
import json
import lzma

import ase.build
import ase.io
import numpy
import pytest

from conftest import SHIPPED, SILICON


@pytest.fixture
def crystal(apus):
    """Silicon, a little out of place, as VASP has it and as extended XYZ."""
    atoms = ase.build.bulk("Si", cubic=True)
    atoms.rattle(0.05, seed=1)
    ase.io.write(apus.folder / "POSCAR", atoms, format="vasp", direct=True)
    ase.io.write(apus.folder / "same.xyz", ase.io.read(apus.folder / "POSCAR"), format="extxyz")
    return atoms


def predicted(apus, name, *options):
    apus.succeeds("evaluate", SHIPPED, name, "--predictions", "out.xyz", "--overwrite", *options)
    return ase.io.read(apus.folder / "out.xyz")


def test_a_poscar_gives_the_forces_of_the_same_structure(apus, crystal):
    a, b = predicted(apus, "POSCAR"), predicted(apus, "same.xyz")
    # Extended XYZ of ASE has eight decimals.
    assert numpy.allclose(a.positions, b.positions, atol=1e-7) and numpy.allclose(a.cell, b.cell)
    assert numpy.allclose(a.get_forces(), b.get_forces(), atol=1e-5)
    assert numpy.allclose(a.positions, ase.io.read(apus.folder / "POSCAR").positions, atol=1e-12)


@pytest.mark.parametrize("compress, suffix", [(gzip.compress, "gz"), (lzma.compress, "xz")])
def test_compressed_data_are_the_same_data(apus, compress, suffix):
    data = (SILICON / "silicon.xyz").read_bytes()
    (apus.folder / "a.xyz").write_bytes(data)
    (apus.folder / f"a.xyz.{suffix}").write_bytes(compress(data))
    # Known by content.
    (apus.folder / "b").write_bytes(compress(data))
    reports = []
    for name in ["a.xyz", f"a.xyz.{suffix}", "b"]:
        report = json.loads(apus.succeeds("info", name, "--json"))
        del report["file"], report["bytes"]
        reports.append(report)
    assert reports[0] == reports[1] == reports[2] and reports[0]["labels"]["forces"] > 0
    errors = [json.loads(apus.succeeds("evaluate", SHIPPED, name, "--json")) for name in ["a.xyz", "b"]]
    assert errors[0] == errors[1]


def test_a_damaged_file_ends_every_command(apus):
    data = gzip.compress((SILICON / "silicon.xyz").read_bytes())
    (apus.folder / "cut.xyz.gz").write_bytes(data[: len(data) // 2])
    (apus.folder / "bad.xyz.gz").write_bytes(data[:-6] + b"\0\0" + data[-4:])
    (apus.folder / "md.yaml").write_text(
        f"potential: {SHIPPED}\nstructure: bad.xyz.gz\nensemble: {{name: nve}}\ntimestep: 1 fs\nsteps: 1\n")
    assert "ends in the middle of its gzip stream" in apus.fails("info", "cut.xyz.gz")
    for arguments in [["info", "bad.xyz.gz"], ["evaluate", SHIPPED, "bad.xyz.gz"], ["md", "md.yaml"]]:
        assert "bad.xyz.gz: " in (message := apus.fails(*arguments)) and "gzip stream" in message, message


def test_a_training_on_files_without_labels_is_one_message(apus, crystal):
    (apus.folder / "train.yaml").write_text(
        "data: {train: POSCAR, validation: 0.5}\nmodel: {r_max: 4.0}\ntraining: {max_epochs: 1}\noutput: run\n")
    message = apus.fails("train", "train.yaml")
    assert "POSCAR files hold no energies" in message and message.count("\n") == 1


def test_what_is_not_used_of_a_poscar_is_said(apus, crystal):
    text = (apus.folder / "POSCAR").read_text().splitlines()
    mode = next(index for index, line in enumerate(text) if line.startswith("Direct"))
    text[mode + 1:] = [f"{line} F F F" for line in text[mode + 1:]]
    text.insert(mode, "Selective dynamics")
    (apus.folder / "POSCAR").write_text("\n".join(text) + "\n")
    result = apus("evaluate", SHIPPED, "POSCAR", "--predictions", "out.xyz")
    assert result.returncode == 0 and "8 of 8 atoms have fixed coordinates" in result.stderr


def test_no_structures_are_refused_by_all_names(apus):
    (apus.folder / "notes.txt").write_text("hello\n")
    for arguments in [["info", "notes.txt"], ["evaluate", SHIPPED, "notes.txt"], ["check-data", "notes.txt"]]:
        message = apus.fails(*arguments)
        assert "notes.txt: expected" in message and "Documentation/formats.md" in message
    (apus.folder / "a.xyz.bz2").write_bytes(bz2.compress(b"1\n\nH 0 0 0\n"))
    assert "is compressed (bzip2)" in apus.fails("check-data", "a.xyz.bz2")
