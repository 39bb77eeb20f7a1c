"""`apus check-data` and `apus learning-curve` as people use them, on real data and on spoilt ones."""

import csv
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys

import ase.io
import numpy
import pytest

from conftest import REPOSITORY, SILICON, Program

MODEL = "{r_max: 4.0, num_layers: 2, l_max: 1, parity: false, num_features: 4, radial_mlp_width: 16}"


@pytest.fixture
def apus(tmp_path):
    shutil.copy(SILICON / "silicon.xyz", tmp_path)
    return Program(tmp_path)


def module(*arguments):
    """The Python package."""
    return subprocess.run(
        [sys.executable, "-m", "apus", *map(str, arguments)], capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "Sources" / "python")})


def test_the_example_has_no_errors(apus):
    text = apus.succeeds("check-data", "silicon.xyz")
    assert "166" in text and "0 errors, 0 warnings" in text and "sign and unit are right" in text
    report = json.loads(apus.succeeds("check-data", "silicon.xyz", "--json", "--cutoff", "4"))
    assert report["errors"] == 0 and report["files"][0]["structures"] == 166
    frames = ase.io.read(SILICON / "silicon.xyz", ":")
    from ase.neighborlist import neighbor_list
    counts = numpy.concatenate([numpy.bincount(neighbor_list("i", frame, 4.0), minlength=len(frame)) for frame in frames])
    assert report["neighbors_per_atom_mean"] == pytest.approx(counts.mean())
    assert (report["neighbors_per_atom_fewest"], report["neighbors_per_atom_most"]) == (counts.min(), counts.max())


def spoilt(apus, change):
    """The findings on the example after a change of every frame, and the exit code."""
    frames = ase.io.read(SILICON / "silicon.xyz", ":")
    for frame in frames:
        labels = frame.calc.results
        change(frame, labels)
        frame.info["energy"], frame.info["stress"] = labels["energy"], numpy.ravel(ase.stress.voigt_6_to_full_3x3_stress(labels["stress"]))
        frame.arrays["forces"] = labels["forces"]
        frame.calc = None
    ase.io.write(apus.folder / "spoilt.xyz", frames, format="extxyz")
    result = apus("check-data", "spoilt.xyz", "--json")
    assert result.stderr == ""
    return json.loads(result.stdout)["findings"], result.returncode


@pytest.mark.parametrize("name, change, words", [
    ("forces", lambda frame, labels: labels.update(forces=-labels["forces"]), "sign is the opposite"),
    ("forces", lambda frame, labels: labels.update(forces=labels["forces"] / 51.4221), "Hartree/Bohr"),
    ("stress", lambda frame, labels: labels.update(stress=-labels["stress"]), "sign is the opposite"),
    ("stress", lambda frame, labels: labels.update(stress=labels["stress"] * 160.21766), "GPa"),
    ("forces", lambda frame, labels: labels.update(forces=0 * labels["forces"]), "exactly zero"),
    ("energy", lambda frame, labels: labels.update(energy=-1.0), "same energy"),
])
def test_spoilt_labels_are_found(apus, name, change, words):
    findings, code = spoilt(apus, change)
    assert code == 1
    errors = [finding for finding in findings if finding["severity"] == "error"]
    assert any(finding["check"] == name and words in finding["message"] for finding in errors), findings


def test_a_learning_curve(apus):
    (apus.folder / "train.yaml").write_text(
        f"data: {{train: silicon.xyz, validation: 30}}\nmodel: {MODEL}\n"
        "training: {batch_size: 5, max_epochs: 2, lr_scheduler: cosine}\noutput: run\n")
    text = apus.succeeds("learning-curve", "train.yaml", "--sizes", "20,40,80")
    assert "β" in text and "python -m apus learning-curve run" in text
    with open(apus.folder / "run" / "learning_curve.csv") as file:
        rows = list(csv.DictReader(file))
    # As many steps for each: 16 batches, twice.
    assert [(row["training_structures"], row["epochs"]) for row in rows] == [("20", "8"), ("40", "4"), ("80", "2")]
    report = json.loads(apus.succeeds("learning-curve", "train.yaml", "--sizes", "20,40,80", "--resume", "--json"))
    name = "forces_mae_mev_per_angstrom"
    errors = [point["errors"][name] for point in report["points"]]
    slope, intercept = numpy.polyfit(numpy.log([20, 40, 80]), numpy.log(errors), 1)
    assert report["fits"][name]["exponent"] == pytest.approx(-slope)
    assert report["fits"][name]["prefactor"] == pytest.approx(math.exp(intercept))
    assert errors == pytest.approx([float(row[name]) for row in rows], rel=1e-4)
    assert "exists" in apus.fails("learning-curve", "train.yaml", "--sizes", "20,40")
    message = apus.fails("learning-curve", "train.yaml", "--sizes", "4,1000000000", "--set", "output=other")
    assert "asks for 1000000000 structures" in message
    for size in (2 ** 63 - 1, 2 ** 64, 0, "x"):
        message = apus.fails("learning-curve", "train.yaml", "--sizes", f"4,{size}")
        assert f"expected numbers of 1…1000000000 structures, found {size}" in message
    assert "at least two different numbers" in apus.fails("learning-curve", "train.yaml", "--sizes", "20")
    for ending, start in [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")]:
        result = module("learning-curve", apus.folder / "run", "-o", apus.folder / f"curve.{ending}")
        assert (result.returncode, result.stderr) == (0, "")
        assert (apus.folder / f"curve.{ending}").read_bytes().startswith(start)
    (apus.folder / "run" / "learning_curve.csv").write_text("training_structures\n")
    result = module("learning-curve", apus.folder / "run")
    assert result.returncode == 1 and result.stderr.startswith("apus: error: ") and result.stderr.count("\n") == 1


def test_a_training_has_a_report_and_events_for_tensorboard(apus):
    (apus.folder / "train.yaml").write_text(
        f"data: {{train: silicon.xyz, validation: 16}}\nmodel: {MODEL}\ntraining: {{max_epochs: 3}}\noutput: run\n")
    apus.succeeds("train", "train.yaml")
    result = module("report", apus.folder / "run")
    assert (result.returncode, result.stderr) == (0, "")
    page = (apus.folder / "run" / "report.html").read_text()
    with open(apus.folder / "run" / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    assert "Si" in page and "silicon.xyz" in page
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    events = EventAccumulator(str(apus.folder / "run"))
    events.Reload()
    for tag, column in [("loss/validation", "validation_loss"), ("learning_rate", "learning_rate"),
                        ("validation/forces_mae_mev_per_angstrom", "forces_mae_mev_per_angstrom")]:
        scalars = events.Scalars(tag)
        assert [scalar.step for scalar in scalars] == [0, 1, 2, 3]
        assert [scalar.value for scalar in scalars] == pytest.approx([float(row[column]) for row in rows], rel=1e-5)


def test_a_committee_from_training_to_candidates(apus):
    """The loop of active learning up to the labels: train, run, set aside, read by another program."""
    (apus.folder / "train.yaml").write_text(
        f"data: {{train: silicon.xyz, validation: 16}}\nmodel: {MODEL}\n"
        "committee: {members: 3, share: 0.8}\ntraining: {max_epochs: 3}\noutput: run\n")
    text = apus.succeeds("train", "train.yaml")
    assert "committee of 3" in text and "each on 80 % of the training structures" in text
    potential = "run/potential.safetensors"
    report = json.loads(apus.succeeds("evaluate", potential, "silicon.xyz", "--json", "--predictions", "p.xyz"))
    frames = ase.io.read(apus.folder / "p.xyz", ":")
    deviations = numpy.concatenate([frame.arrays["forces_deviation"] for frame in frames])
    assert report["forces_deviation_mean_mev_per_angstrom"] == pytest.approx(1000 * deviations.mean())
    assert report["forces_deviation_max_mev_per_angstrom"] == pytest.approx(1000 * deviations.max())
    members = [apus.succeeds("evaluate", f"run/member-{k}/potential.safetensors", "silicon.xyz", "--predictions", f"m{k}.xyz")
               for k in (1, 2, 3)]
    assert len(members) == 3
    forces = numpy.array([[frame.get_forces() for frame in ase.io.read(apus.folder / f"m{k}.xyz", ":10")] for k in (1, 2, 3)], dtype=object)
    for index in range(10):
        each = numpy.array([forces[k][index] for k in range(3)], dtype=float)
        assert frames[index].get_forces() == pytest.approx(each.mean(axis=0), abs=1e-5)
        spread = numpy.sqrt(((each - each.mean(axis=0)) ** 2).sum(axis=2).mean(axis=0))
        assert frames[index].arrays["forces_deviation"] == pytest.approx(spread, abs=1e-5)
    (apus.folder / "md.yaml").write_text(f"""
potential: {potential}
structure: silicon.xyz
ensemble: {{name: langevin, temperature: 300 K, friction: 1 / ps}}
timestep: 1 fs
steps: 40
thermo: {{every: 10, file: thermo.csv}}
guards: {{minimum_distance: false}}
candidates: {{file: candidates.xyz, above: 1 meV/Å, every: 10, max: 3}}
""")
    assert "3 configurations to be computed and trained on" in apus.succeeds("md", "md.yaml")
    candidates = ase.io.read(apus.folder / "candidates.xyz", ":")
    assert len(candidates) == 3 and all(frame.calc is None for frame in candidates)
    with open(apus.folder / "thermo.csv") as file:
        column = [float(row["largest_force_deviation/(eV/A)"]) for row in csv.DictReader(file)]
    # The perfect crystal of the start is beyond doubt.
    assert column[1:4] == pytest.approx([frame.arrays["forces_deviation"].max() for frame in candidates])
    result = apus("md", "md.yaml", "--overwrite", "--set", "guards.force_deviation=1 meV/Å")
    assert result.returncode == 1 and "the members of the committee disagree" in result.stderr


@pytest.mark.skipif(shutil.which("mpirun") is None, reason="mpirun of OpenMPI is missing (Debian: openmpi-bin)")
def test_mpirun_trains_the_same_potential(apus):
    (apus.folder / "train.yaml").write_text(
        f"data: {{train: silicon.xyz, validation: 16}}\nmodel: {MODEL}\n"
        "training: {max_epochs: 2, precision: float64, loss: {stress: 0.1}}\noutput: one\n")
    apus.succeeds("train", "train.yaml", "--threads", "1")

    def mpirun(*arguments):
        command = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "2", os.environ["APUS"], *arguments]
        return subprocess.run(command, cwd=apus.folder, capture_output=True, text=True, timeout=300)

    result = mpirun("train", "train.yaml", "--threads", "1", "--set", "output=two")
    assert result.returncode == 0, result.stderr

    def weights(folder):
        path = pathlib.Path(apus.folder / folder / "checkpoint.safetensors")
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        first, last = json.loads(data[8:8 + length])["weights"]["data_offsets"]
        return numpy.frombuffer(data[8 + length + first:8 + length + last], "<f8")

    assert numpy.abs(weights("one") - weights("two")).max() < 1e-7
    # A second start would replace the first, which one rank finds; all end.
    result = mpirun("train", "train.yaml", "--threads", "1", "--set", "output=two")
    assert result.returncode == 1 and "potential.safetensors: the file exists already" in result.stderr
