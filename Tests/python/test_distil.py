"""`apus distil` as people use it: what is made, chosen, learned and compared, and going on after an end at any moment."""

import csv
import json
import re
import shutil
import signal
import time

import ase.io
import numpy as np
import pytest

from conftest import REPOSITORY, SHIPPED, START, Program

# The teacher is the potential that ships, the student too small to be good; some seconds in all.
CONFIGURATION = """
structures:
  from: start.xyz
  atoms: 8
  rattles: {count: 40, amplitude: 0.1 Å}
  strains: {count: 40, size: 0.04, amplitude: 0 Å}
  dynamics: {temperatures: [300 K, 600 K], pressures: [0 GPa, 5 GPa], time: 40 fs, every: 4 fs}
choice: {count: 60, disagreement: {share: 0.4, members: 2, epochs: 3}, batch: 8}
test: {temperatures: 450 K, time: 40 fs, every: 4 fs}
student:
  model: {r_max: 4.0, num_layers: 1, l_max: 1, num_features: 4, radial_mlp_width: 16}
  training: {loss: {energy: 1, forces: 1, stress: 0.1}, max_epochs: 10, tensorboard: false}
output: run
"""


def prepared(folder):
    """The program in a folder with a teacher, a crystal and a configuration."""
    shutil.copy(SHIPPED, folder / "teacher.safetensors")
    (folder / "start.xyz").write_text(START)
    (folder / "distil.yaml").write_text(CONFIGURATION)
    return Program(folder)


@pytest.fixture
def distiller(tmp_path):
    return prepared(tmp_path)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Weights and pieces of a distillation that nothing stopped, by one thread."""
    program = prepared(tmp_path_factory.mktemp("undisturbed"))
    distil(program, "--threads", "1")
    return weights(program.folder), pieces(program.folder)


def distil(program, *arguments):
    """Runs without asking for an empty stderr, where a student that breaks off is told."""
    result = program("distil", "teacher.safetensors", "distil.yaml", *arguments)
    assert result.returncode == 0, result.stderr
    assert all(line.startswith("apus: warning: the student's") for line in result.stderr.splitlines()), result.stderr
    return result.stdout


def weights(folder):
    """The arrays of the student: all of the file behind its header, which holds the time of day."""
    data = (folder / "run" / "student" / "potential.safetensors").read_bytes()
    return data[8 + int.from_bytes(data[:8], "little"):]


def pieces(folder):
    return {file.name: file.read_bytes() for file in (folder / "run" / "pieces").iterdir()}


def frames(folder, name):
    return ase.io.read(folder / "run" / name, ":")


def test_a_student_is_made_and_compared(distiller):
    folder = distiller.folder
    report = json.loads(distil(distiller, "--json"))
    assert report == json.loads((folder / "run" / "report.json").read_text())
    labels = report["labels"]
    assert (labels["candidates"], labels["left_out"]) == (40 + 40 + 4 * 10, 0)
    assert (labels["chosen_by_distance"], labels["chosen_by_disagreement"]) == (36, 24)
    learned = frames(folder, "training.xyz")
    assert len(learned) == labels["trained_on"] == 60
    # None twice, and none of the runs that it is compared on.
    test = frames(folder, "pieces/test-1.xyz")
    assert len(test) == report["errors"]["structures"] == 10
    assert len({a.positions.tobytes() for a in learned + test}) == 70

    # Labels are the teacher's, and the errors those that `apus evaluate` finds.
    evaluated = json.loads(distiller.succeeds("evaluate", "teacher.safetensors", "run/training.xyz", "--json"))
    assert evaluated["forces_rmse_mev_per_angstrom"] < 1e-6 and evaluated["energy_rmse_mev_per_atom"] < 1e-6
    evaluated = json.loads(
        distiller.succeeds("evaluate", "run/student/potential.safetensors", "run/pieces/test-1.xyz", "--json"))
    for name in ["forces_rmse_mev_per_angstrom", "energy_rmse_mev_per_atom", "stress_rmse_gpa"]:
        assert report["errors"]["values"][name] == pytest.approx(evaluated[name], rel=1e-6)
    rms = 1000 * np.sqrt(np.mean([a.get_forces() ** 2 for a in test]))
    assert report["errors"]["forces_rms_mev_per_angstrom"] == pytest.approx(rms, rel=1e-9)
    assert report["errors"]["forces_relative"] == pytest.approx(
        evaluated["forces_rmse_mev_per_angstrom"] / rms, rel=1e-6)

    # The teacher's crystal is that of the commands for crystals.
    elastic = json.loads(distiller.succeeds("elastic", "teacher.safetensors", "start.xyz", "--json"))
    crystal = report["crystals"][0]["teacher"]
    assert crystal["elastic"]["c_gpa"][0][0] == pytest.approx(elastic["c_gpa"][0][0], rel=1e-3)
    assert crystal["relaxed"]["lengths"][0] == pytest.approx(elastic["cell"][0][0], rel=1e-4)

    # Each g(r) counts the neighbours of the frames that it was made of, ASE agreeing.
    rows = [row for row in csv.DictReader(open(folder / "run" / "rdf.csv"))]
    from ase.neighborlist import neighbor_list
    count = np.mean([len(neighbor_list("i", a, 6.0)) / len(a) for a in test])
    r = np.array([float(row["r_angstrom"]) for row in rows])
    g = np.array([float(row["g_teacher"]) for row in rows])
    edges = np.linspace(0, 6, len(r) + 1)
    shells = 4 / 3 * np.pi * np.diff(edges ** 3)
    # Written with six digits.
    assert np.sum(g * shells) * len(test[0]) / test[0].get_volume() == pytest.approx(count, rel=1e-5)
    assert report["speedup"] == pytest.approx(
        report["teacher"]["microseconds"] / report["student"]["microseconds"], rel=1e-12)
    for words in ["teacher", "C11, GPa", "radial distributions", "was not learned from"]:
        assert words in (folder / "run" / "report.txt").read_text()


@pytest.mark.parametrize("source", ["page", "example"])
def test_the_page_and_the_example_are_settings(distiller, source):
    example = REPOSITORY / "examples" / "distillation"
    page = (REPOSITORY / "Documentation" / "distillation.md").read_text()
    text = (example / "silicon.yaml").read_text() if source == "example" else re.search(
        r"```yaml\n(.*?)```", page, re.DOTALL).group(1)
    (distiller.folder / "distil.yaml").write_text(text)
    shutil.copy(example / "diamond.xyz", distiller.folder)
    smaller = ["structures.atoms=8", "structures.dynamics.time=12 fs", "choice.count=30", "test.time=40 fs",
               "test.equilibration=0 fs", "choice.disagreement.epochs=1", "student.training.max_epochs=1",
               "student.model.num_features=4"]
    report = json.loads(distil(distiller, "--json", *(word for key in smaller for word in ("--set", key))))
    assert report["labels"]["candidates"] == 60 + 80 + 6 * 2
    assert report["errors"]["structures"] == 2 * 4


def test_structures_are_made_as_the_settings_say(distiller):
    distil(distiller, "--set", "choice.disagreement=null", "--set", "structures.rattles.count=200",
           "--set", "student.training.max_epochs=0")
    start = ase.io.read(distiller.folder / "start.xyz")
    moved = np.array([a.positions - start.positions for a in frames(distiller.folder, "pieces/rattles-1.xyz")])
    # 4,800 normal numbers: the standard deviation of their standard deviation is 1 % of it, of their mean 0.0014 Å.
    assert abs(moved.std() / 0.1 - 1) < 0.05 and abs(moved.mean()) < 0.007
    assert len({m.tobytes() for m in moved}) == 200
    strained = frames(distiller.folder, "pieces/strains-1.xyz")
    strains = np.array([np.linalg.solve(start.cell.array, a.cell.array) - np.eye(3) for a in strained])
    assert np.allclose(strains, strains.transpose(0, 2, 1), atol=1e-12)
    assert 0.035 < np.abs(strains).max() <= 0.04
    for a in strained:
        assert np.allclose(a.get_scaled_positions(wrap=False), start.get_scaled_positions(wrap=False), atol=1e-12)
    # Under pressure the cell moves, and elsewhere it stays.
    assert len({a.get_volume() for a in frames(distiller.folder, "pieces/md-2.xyz")}) == 10
    assert {round(a.get_volume(), 6) for a in frames(distiller.folder, "pieces/test-1.xyz")} == {
        round(start.get_volume(), 6)}


def test_large_forces_are_left_out(distiller):
    report = json.loads(distil(distiller, "--json", "--set", "structures.largest_force=2 eV/Å"))
    learned = frames(distiller.folder, "training.xyz")
    assert 0 < report["labels"]["left_out"] == 60 - len(learned)
    assert max(np.linalg.norm(a.get_forces(), axis=1).max() for a in learned) <= 2


def test_the_choice_is_spread_and_disputed_structures_are_added(distiller):
    """Farthest points: the chosen ones lie farther from one another than as many at random."""
    distil(distiller, "--set", "choice.disagreement=null", "--set", "choice.count=20",
           "--set", "student.training.max_epochs=0")
    made = [a for name in ["rattles-1", "strains-1", "md-1", "md-2", "md-3", "md-4"]
            for a in frames(distiller.folder, f"pieces/{name}.xyz")]
    ase.io.write(distiller.folder / "made.xyz", made)
    distiller.succeeds("select", "made.xyz", "-n", "20", "-o", "selected.xyz")
    chosen = ase.io.read(distiller.folder / "selected.xyz", ":")
    learned = frames(distiller.folder, "training.xyz")
    # ASE writes eight decimals of positions.
    assert all(np.allclose(a.positions, b.positions, atol=1e-7) for a, b in zip(learned, chosen, strict=True))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("moment", ["pieces/md-1.xyz", "pieces/labels-1-2.xyz", "trials.yaml", "student/metrics.csv"])
def test_what_was_stopped_goes_on_to_the_bit(distiller, undisturbed, moment, number):
    folder = distiller.folder
    process = distiller.start("distil", "teacher.safetensors", "distil.yaml")
    deadline = time.monotonic() + 60
    while not (folder / "run" / moment).exists() and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(number)
    # It may have been faster than the signal.
    assert process.wait(timeout=60) in (0, 130 if number == signal.SIGINT else -9)
    distil(distiller, "--resume")
    assert (weights(folder), pieces(folder)) == undisturbed


def test_threads_change_no_bit(distiller, undisturbed):
    distil(distiller, "--threads", "3")
    assert (weights(distiller.folder), pieces(distiller.folder)) == undisturbed


def test_what_stands_there_is_kept_or_replaced_as_asked(distiller):
    folder = distiller.folder
    distil(distiller)
    before = weights(folder)
    message = distiller.fails("distil", "teacher.safetensors", "distil.yaml")
    assert "--resume" in message and "--overwrite" in message
    for setting, words in {
        "structures.seed=2": "other settings of the section structures", "choice.count=50": "of the section choice",
        "test.time=20 fs": "of the section test",
    }.items():
        message = distiller.fails("distil", "teacher.safetensors", "distil.yaml", "--resume", "--set", setting)
        assert words in message and "--overwrite" in message
    (folder / "start.xyz").write_text(START.replace("Si 0 0 0", "Si 0 0 0.01"))
    assert "other structures" in distiller.fails("distil", "teacher.safetensors", "distil.yaml", "--resume")
    (folder / "start.xyz").write_text(START)
    shutil.copy(folder / "run" / "student" / "potential.safetensors", folder / "other.safetensors")
    assert "another teacher" in distiller.fails("distil", "other.safetensors", "distil.yaml", "--resume")
    assert weights(folder) == before
    # A longer training goes on from where it was, and nothing else is made again.
    made = pieces(folder)
    distil(distiller, "--resume", "--set", "student.training.max_epochs=12")
    assert weights(folder) != before and pieces(folder) == made
    (folder / "run" / "mine.txt").write_text("kept")
    distil(distiller, "--overwrite", "--set", "structures.seed=2")
    assert pieces(folder) != made and (folder / "run" / "mine.txt").read_text() == "kept"


@pytest.mark.parametrize("setting, words", [
    ("structures.from=none.xyz", "none.xyz"),
    ("structures.rattles.amplitude=[0.2 Å, 0.1 Å]", "the smallest and the largest"),
    ("choice.count=1000", "expected at most the 120 structures"),
    ("student.data={train: x.xyz}", "leave it out"),
    ("student.model.l_maxx=1", "did you mean 'l_max'"),
    ("test.every=1 ps", "at most the time"),
    ("structures.rattle={count: 1}", "did you mean 'rattles'"),
    ("choice.disagreement.epochs=0", "choice.disagreement.epochs"),
])
def test_mistakes_are_told_before_hours_are_spent(distiller, setting, words):
    message = distiller.fails("distil", "teacher.safetensors", "distil.yaml", "--set", setting)
    assert words in message
    assert not (distiller.folder / "run" / "student").exists()


def test_nothing_is_learned_where_nothing_could_be_compared(distiller):
    """At 15,000 K atoms come closer than the teacher knows long before the first frame."""
    result = distiller(
        "distil", "teacher.safetensors", "distil.yaml", "--set", "test.temperatures=15000 K", "--set",
        "test.time=400 fs", "--set", "test.every=400 fs")
    warning, error = result.stderr.splitlines()
    assert result.returncode == 1 and "broke off" in warning and "nothing to compare on" in error
    assert not (distiller.folder / "run" / "student").exists()


def test_pressures_need_crystals_and_elements_a_teacher(distiller):
    (distiller.folder / "start.xyz").write_text("2\nProperties=species:S:1:pos:R:3\nSi 0 0 0\nSi 0 0 2.3\n")
    assert "repeat in all directions" in distiller.fails("distil", "teacher.safetensors", "distil.yaml")
    (distiller.folder / "start.xyz").write_text(START.replace("Si 0 0 0\n", "Ge 0 0 0\n"))
    assert "Ge" in distiller.fails("distil", "teacher.safetensors", "distil.yaml")
    assert not (distiller.folder / "run").exists()
