"""`apus evaluate`: its numbers against an independent computation, and its files."""

import json

import ase.io
import numpy
import pytest

from conftest import SHIPPED, SILICON, TRAINING, run_report

GIGAPASCAL = 160.2176634  # eV/Å³ in GPa


@pytest.fixture
def data(apus):
    """Twelve labelled structures, some of them without stress or without forces."""
    frames = ase.io.read(SILICON / "silicon.xyz", ":12")
    for index, atoms in enumerate(frames):
        if index % 3 == 0:
            del atoms.calc.results["stress"]
        if index % 4 == 1:
            del atoms.calc.results["forces"]
    ase.io.write(apus.folder / "data.xyz", frames, format="extxyz")
    return frames


def measures(errors, scale):
    errors = numpy.concatenate([numpy.asarray(error).ravel() for error in errors]) * scale
    return numpy.abs(errors).mean(), numpy.sqrt((errors**2).mean())


def test_errors_are_those_of_the_predictions(apus, data):
    report = json.loads(apus.succeeds("evaluate", SHIPPED, "data.xyz", "--predictions", "out.xyz", "--json"))
    predictions = ase.io.read(apus.folder / "out.xyz", ":")
    assert (report["structures"], report["atoms"]) == (12, sum(map(len, data)))
    pairs = [(a.calc.results, b.calc.results, len(a)) for a, b in zip(data, predictions)]
    per_atom = measures([(b["energy"] - a["energy"]) / n for a, b, n in pairs], 1e3)
    total = measures([b["energy"] - a["energy"] for a, b, n in pairs], 1e3)
    forces = measures([b["forces"] - a["forces"] for a, b, n in pairs if "forces" in a], 1e3)
    # Nine components, of which ASE keeps six.
    full = [0, 5, 4, 5, 1, 3, 4, 3, 2]
    stress = measures([(b["stress"] - a["stress"])[full] for a, b, n in pairs if "stress" in a], GIGAPASCAL)
    expected = {
        "energy_mae_mev_per_atom": per_atom[0], "energy_rmse_mev_per_atom": per_atom[1], "energy_rmse_mev": total[1],
        "forces_mae_mev_per_angstrom": forces[0], "forces_rmse_mev_per_angstrom": forces[1],
        "stress_mae_gpa": stress[0], "stress_rmse_gpa": stress[1],
    }
    # ASE writes forces with eight decimals.
    for name, value in expected.items():
        assert report[name] == pytest.approx(value, rel=1e-6), name
    kinds = report["by_config_type"]
    assert sum(kind["structures"] for kind in kinds.values()) == 12
    assert report["forces_rmse_mev_per_angstrom_by_element"]["Si"] == pytest.approx(forces[1], rel=1e-6)


def test_labels_stand_beside_predictions_and_a_report_shows_them(apus, data):
    errors = json.loads(apus.succeeds("evaluate", SHIPPED, "data.xyz", "--predictions", "out.xyz", "--json"))
    for written, labelled in zip(ase.io.read(apus.folder / "out.xyz", ":"), data, strict=True):
        assert written.info["REF_energy"] == labelled.calc.results["energy"]
        assert ("REF_forces" in written.arrays) == ("forces" in labelled.calc.results)
        # ASE writes forces with eight decimals.
        if "REF_forces" in written.arrays:
            assert written.arrays["REF_forces"] == pytest.approx(labelled.calc.results["forces"], abs=1e-8)
    (apus.folder / "train.yaml").write_text(TRAINING)
    apus.succeeds("train", "train.yaml")
    result = run_report(apus.folder, "run", "--predictions", "out.xyz")
    assert (result.returncode, result.stderr) == (0, "")
    page = (apus.folder / "run" / "report.html").read_text()
    assert "Predictions in out.xyz" in page and f"{errors['forces_rmse_mev_per_angstrom']:.4g}" in page
    # Of structures without labels there are predictions alone.
    apus.succeeds("evaluate", SHIPPED, "start.xyz", "--predictions", "alone.xyz")
    assert "REF_" not in (apus.folder / "alone.xyz").read_text()


def test_labels_that_are_not_there_are_null(apus):
    frames = ase.io.read(SILICON / "silicon.xyz", ":2")
    for atoms in frames:
        atoms.calc.results = {"energy": atoms.calc.results["energy"]}
    ase.io.write(apus.folder / "energies.xyz", frames, format="extxyz")
    report = json.loads(apus.succeeds("evaluate", SHIPPED, "energies.xyz", "--json"))
    assert report["energy_mae_mev_per_atom"] > 0
    for name in ["forces_mae_mev_per_angstrom", "forces_rmse_mev_per_angstrom", "stress_mae_gpa", "stress_rmse_gpa"]:
        assert name in report and report[name] is None
    text = apus.succeeds("evaluate", SHIPPED, "energies.xyz")
    assert "bit SIMD" in text and "energy, meV/atom" in text


def test_absent_keys_are_errors_that_list_what_was_seen(apus, data):
    for options in [["--energy-key", "REF_energy"], ["--forces-key", "dft_forces"], ["--virial-key", "v"]]:
        message = apus.fails("evaluate", SHIPPED, "data.xyz", *options)
        assert f"'{options[1]}'" in message
        assert "keys seen: " in message and "columns seen: species, pos" in message
    message = apus.fails("evaluate", SHIPPED, "start.xyz")
    assert "keys seen" in message
    # Predictions need no labels.
    apus.succeeds("evaluate", SHIPPED, "start.xyz", "--predictions", "out.xyz")
    assert numpy.isfinite(ase.io.read(apus.folder / "out.xyz").get_potential_energy())


def test_data_are_never_overwritten(apus, data):
    before = (apus.folder / "data.xyz").read_bytes()
    (apus.folder / "link.xyz").symlink_to("data.xyz")
    for name in ["data.xyz", "./data.xyz", "link.xyz"]:
        assert "an input" in apus.fails("evaluate", SHIPPED, "data.xyz", "--predictions", name, "--overwrite")
    (apus.folder / "old.xyz").write_text("precious")
    assert "--overwrite" in apus.fails("evaluate", SHIPPED, "data.xyz", "--predictions", "old.xyz")
    assert (apus.folder / "old.xyz").read_text() == "precious"
    apus.succeeds("evaluate", SHIPPED, "data.xyz", "--predictions", "old.xyz", "--overwrite")
    assert (apus.folder / "data.xyz").read_bytes() == before


def test_an_unknown_element_is_named_with_its_frame_and_leaves_nothing(apus):
    lattice = 'Lattice="9 0 0 0 9 0 0 0 9" Properties=species:S:1:pos:R:3 energy=1 pbc="T T T"\n'
    (apus.folder / "oxide.xyz").write_text("1\n" + lattice + "Si 0 0 0\n2\n" + lattice + "Si 0 0 0\nO 2 0 0\n")
    message = apus.fails("evaluate", SHIPPED, "oxide.xyz", "--predictions", "out.xyz")
    assert "oxide.xyz: structure 2" in message and "O" in message
