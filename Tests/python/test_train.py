"""`apus train` as people use it: files, interruptions, resuming, and what is printed where."""

import csv
import os
import pty
import re
import shutil
import signal
import time

import pytest

from conftest import PROGRAM, REPOSITORY, SILICON, Program

TRAINING = """
data: {train: silicon.xyz, validation: 16}
model: {r_max: 4.0, num_layers: 2, l_max: 1, parity: false, num_features: 4, radial_mlp_width: 16}
training: {loss: {energy: 1, forces: 1, stress: 0.1}, batch_size: 10, max_epochs: 3}
output: run
"""


@pytest.fixture
def trainer(tmp_path):
    """The program in a folder with data and a short training."""
    shutil.copy(SILICON / "silicon.xyz", tmp_path)
    (tmp_path / "train.yaml").write_text(TRAINING)
    return Program(tmp_path)


def metrics(folder):
    """metrics.csv without its seconds."""
    with open(folder / "run" / "metrics.csv") as file:
        return [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file)]


def weights(folder):
    """The arrays of the kept potential: all of the file behind its header, which holds the time of day."""
    data = (folder / "run" / "potential.safetensors").read_bytes()
    return data[8 + int.from_bytes(data[:8], "little"):]


def wait_for_epoch(process, folder, epoch):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None
        if (folder / "run" / "metrics.csv").exists() and len(metrics(folder)) > epoch:
            return
        time.sleep(0.02)
    pytest.fail("no epochs within a minute")


def test_the_example_of_the_documentation_trains(trainer):
    shutil.copy(SILICON / "train.yaml", trainer.folder)
    # Epochs, not seconds: how far a training comes in some seconds is a matter of what else the machine does.
    output = trainer.succeeds("train", "train.yaml", "--set", "training.max_epochs=2")
    for words in ["bit SIMD", "149 structures", "(energy, forces, stress)", "17 structures", "302152 weights",
                  "energy shifts by least squares: Si -106.9", "max_epochs reached", "forces, meV/Å"]:
        assert words in output
    assert max(len(line) for line in output.splitlines() if re.match(r" +\d+ ", line)) <= 80
    assert (trainer.folder / "run" / "silicon" / "train.log").read_text() == output
    errors = [row["forces_rmse_mev_per_angstrom"] for row in csv.DictReader(
        open(trainer.folder / "run" / "silicon" / "metrics.csv"))]
    assert float(errors[-1]) < 0.5 * float(errors[0])
    output = trainer.succeeds("train", "train.yaml", "--overwrite", "--set", "training.max_time=1 s")
    assert "max_time reached" in output


def test_a_training_is_not_overwritten_unasked(trainer):
    trainer.succeeds("train", "train.yaml")
    before = weights(trainer.folder)
    message = trainer.fails("train", "train.yaml")
    assert "--resume" in message and "--overwrite" in message
    assert weights(trainer.folder) == before
    trainer.succeeds("train", "train.yaml", "--overwrite", "--set", "training.seed=2")
    assert weights(trainer.folder) != before and len(metrics(trainer.folder)) == 4


def test_resuming_equals_a_training_that_never_stopped(trainer):
    trainer.succeeds("train", "train.yaml", "--set", "training.max_epochs=6")
    whole, rows = weights(trainer.folder), metrics(trainer.folder)
    trainer.succeeds("train", "train.yaml", "--overwrite")
    output = trainer.succeeds("train", "train.yaml", "--resume", "--set", "training.max_epochs=6")
    assert "changed: training.max_epochs: 3 → 6" in output
    assert (weights(trainer.folder), metrics(trainer.folder)) == (whole, rows)
    assert "── resumed" in (trainer.folder / "run" / "train.log").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_training_goes_on_to_the_bit(trainer, number):
    process = trainer.start("train", "train.yaml", "--set", "training.max_epochs=100000")
    wait_for_epoch(process, trainer.folder, 3)
    process.send_signal(number)
    assert process.wait(timeout=30) == (130 if number == signal.SIGINT else -9)
    epochs = f"training.max_epochs={len(metrics(trainer.folder)) + 1}"
    trainer.succeeds("info", "run/potential.safetensors")
    trainer.succeeds("train", "train.yaml", "--resume", "--set", epochs)
    stopped, rows = weights(trainer.folder), metrics(trainer.folder)
    assert [int(row["epoch"]) for row in rows] == list(range(len(rows)))
    trainer.succeeds("train", "train.yaml", "--overwrite", "--set", epochs)
    assert (weights(trainer.folder), metrics(trainer.folder)) == (stopped, rows)


def test_resuming_refuses_what_does_not_belong_together(trainer):
    assert "no such checkpoint" in trainer.fails("train", "train.yaml", "--resume")
    trainer.succeeds("train", "train.yaml")
    log = (trainer.folder / "run" / "train.log").read_text()
    assert "raise training.max_epochs" in trainer.fails("train", "train.yaml", "--resume")
    for setting, words in {
        "model.l_max=2": "model.l_max: 1 → 2", "training.seed=2": "held back for validation (training.seed: 1 → 2)",
        "data.validation=20": "held back for validation (data.validation: 16 → 20)",
        "data.train_size=100": "data.train_size: not given → 100",
    }.items():
        message = trainer.fails("train", "train.yaml", "--resume", "--set", "training.max_epochs=4", "--set", setting)
        assert words in message
    assert "choose one of them" in trainer.fails("train", "train.yaml", "--resume", "--overwrite")
    assert (trainer.folder / "run" / "train.log").read_text() == log


MISTAKES = {
    "data.train=nowhere.xyz": ["data.train", "nowhere.xyz", "none"],
    "data.keys.forces=REF_forces": ["'REF_forces'", "columns seen: species, pos, forces"],
    "data.validation=166": ["data.validation", "166"],
    "model.l_max=9": ["model.l_max", "0…", "'9'"],
    "model.num_layer=2": ["model.num_layer", "did you mean 'num_layers'"],
    "model.per_type_energy_scales=0": ["per_type_energy_scales", "1e-08…100000000, found '0'"],
    "model.per_type_energy_shifts={O: 1}": ["O is not among", "Si"],
    "model.per_type_energy_shifts=isolated_atoms": ["per_type_energy_shifts", "none for Si"],
    "model.per_edge_type_cutoff={Zr: 2}": ["per_edge_type_cutoff", "Zr is not among"],
    "model.r_max=0.5": ["silicon.xyz", "r_max = 0.5"],
    "training.optimizer={lr: 0.1}": ["training.optimizer.lr", "learning_rate"],
    "training.optimizer.name=lion": ["adam, adamw", "'lion'"],
    "training.max_time=1 parsec": ["training.max_time", "min", "'parsec'"],
    "output=silicon.xyz": ["output", "silicon.xyz is a file"],
    "output=silicon.xyz/sub": ["output", "silicon.xyz/sub"],
}


@pytest.mark.parametrize("setting", MISTAKES)
def test_a_mistake_is_one_line_and_leaves_no_files(trainer, setting):
    message = trainer.fails("train", "train.yaml", "--set", setting)
    for words in MISTAKES[setting]:
        assert words in message


@pytest.mark.parametrize("setting", [
    "training.lr_scheduler.name=none", "training.lr_scheduler=reduce_on_plateau", "training.lr_scheduler={factor: 0.5}",
    "training.early_stopping=none", "training.ema_decay=none", "training.gradient_clip=none", "training.max_time=none",
    "model.pair_potential=none", "data.keys={stress: null, virial: none}"])
def test_a_word_switches_it_off(trainer, setting):
    loss = ["--set", "training.loss={energy: 1, forces: 1}"]
    output = trainer.succeeds("train", "train.yaml", "--set", "training.max_epochs=0", "--set", setting, *loss)
    assert ("stress" in output.split("statistics")[0]) == ("keys" not in setting)


def test_a_terminal_sees_a_moving_line(trainer):
    child, descriptor = pty.fork()
    if child == 0:
        os.chdir(trainer.folder)
        os.execve(PROGRAM, [PROGRAM, "train", "train.yaml", "--set", "training.max_epochs=400"],
                  os.environ | {"TERM": "xterm"})
    seen = b""
    while True:
        try:
            part = os.read(descriptor, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    text = seen.decode()
    assert text.count("\r\x1b[K") > 400
    # The log holds whole lines and nothing of the moving one.
    log = (trainer.folder / "run" / "train.log").read_text()
    assert "\x1b" not in log and len(log.splitlines()) < 100


def test_the_documented_settings_of_train_are_those_that_exist(trainer):
    page = (REPOSITORY / "Documentation" / "training.md").read_text()
    for section in ["data", "model", "training", "committee"]:
        text = re.search(rf"^## {section}\n(.*?)^## ", page, re.DOTALL | re.MULTILINE)[1]
        # Other tables list the keys of sections within.
        table = text[text.index("| key |"):].split("\n\n")[0]
        documented = {re.match(r"\| `([a-z_]+)`", line)[1] for line in table.splitlines() if line.startswith("| `")}
        allowed = re.search(r"allowed: (.*)", trainer.fails("train", "train.yaml", "--set", f"{section}.nonsense=1"))[1]
        assert documented == set(allowed.split(", "))


def test_the_log_of_a_committee_has_what_all_members_printed(trainer):
    committee = ["train", "train.yaml", "--set", "committee.members=2", "--threads", "2"]
    output = trainer.succeeds(*committee)
    log = trainer.folder / "run" / "train.log"
    # Members print side by side, so their lines may come in another order.
    assert sorted(log.read_text().splitlines()) == sorted(output.splitlines())
    for member in "12":
        rows = [line for line in output.splitlines() if re.match(rf"{member} +\d+ ", line)]
        assert len(rows) >= 4 and max(map(len, rows)) <= 82
        own = (trainer.folder / "run" / f"member-{member}" / "train.log").read_text().splitlines()
        assert [f"{member} {line}" for line in own if re.match(r" +\d+ ", line)] == rows
    trainer.succeeds(*committee, "--set", "training.max_epochs=4", "--resume")
    text = log.read_text()
    assert text.count("── resumed") == 1 and len(re.findall(r"^[12] +4 ", text, re.MULTILINE)) == 2


FETCHED = sorted(path for folder in ["acetylacetone", "elements"] for path in (REPOSITORY / "examples" / folder).glob("*.yaml"))


@pytest.mark.parametrize("path", FETCHED, ids=lambda path: path.name)
def test_examples_whose_data_are_fetched_have_sound_settings(trainer, path):
    """Everything is read but the data, which the user gets from where the README says."""
    shutil.copy(path, trainer.folder / "example.yaml")
    assert "data.train: " in (message := trainer.fails("train", "example.yaml")) and "expected a file" in message


@pytest.fixture
def small(trainer):
    """Twelve structures, and a training of a moment."""
    lines = (trainer.folder / "silicon.xyz").read_text().splitlines(keepends=True)
    starts = [index for index, line in enumerate(lines) if len(line.split()) == 1]
    (trainer.folder / "silicon.xyz").write_text("".join(lines[:starts[12]]))
    (trainer.folder / "train.yaml").write_text(TRAINING.replace("validation: 16", "validation: 4"))
    return trainer


def setting(*pairs):
    return [word for pair in pairs for word in ("--set", pair)]


def test_no_output_is_an_input(small):
    folder = small.folder
    (folder / "validation.xyz").write_bytes((folder / "silicon.xyz").read_bytes() + b"\n")
    before = (folder / "validation.xyz").read_bytes()
    (folder / "link.xyz").symlink_to("validation.xyz")
    for name in ["validation.xyz", "./validation.xyz", "link.xyz"]:
        for flag in [[], ["--overwrite"]]:
            message = small.fails("train", "train.yaml", *flag, *setting(f"data.validation={name}", "output=."))
            assert "validation.xyz" in message
    (folder / "train.yaml").rename(folder / "train.log")
    assert "train.log" in small.fails("train", "train.log", "--overwrite", "--set", "output=.")
    assert (folder / "validation.xyz").read_bytes() == before


def test_what_no_training_has_written_is_not_replaced_unasked(small):
    (small.folder / "run").mkdir()
    for name in ["validation.xyz", "train.log", "metrics.csv", "metrics_by_group.csv"]:
        file = small.folder / "run" / name
        file.write_text("mine")
        assert f"{name}: the file exists already" in small.fails("train", "train.yaml")
        assert file.read_text() == "mine"
        file.unlink()
    (small.folder / "run" / "validation.xyz").mkdir()
    assert "found a folder" in small.fails("train", "train.yaml", "--overwrite")


def test_two_trainings_do_not_share_a_folder(small):
    process = small.start("train", "train.yaml", "--set", "training.max_epochs=1000000")
    wait_for_epoch(process, small.folder, 1)
    for flag in ["--resume", "--overwrite"]:
        result = small("train", "train.yaml", flag)
        assert result.returncode == 1 and "is being written to by another (process" in result.stderr
    process.kill()
    process.wait()
    # A dead process holds nothing.
    epochs = f"training.max_epochs={len(metrics(small.folder)) + 1}"
    small.succeeds("train", "train.yaml", "--resume", "--set", epochs)
    rows = [int(row["epoch"]) for row in metrics(small.folder)]
    assert rows == list(range(len(rows)))


def test_renamed_data_are_resumed(small):
    small.succeeds("train", "train.yaml")
    (small.folder / "silicon.xyz").rename(small.folder / "renamed.xyz")
    output = small.succeeds(
        "train", "train.yaml", "--resume", *setting("data.train=renamed.xyz", "training.max_epochs=4"))
    assert "changed: data.train: silicon.xyz → renamed.xyz" in output


def test_a_committee_and_one_potential_do_not_share_a_folder(small):
    committee = setting("committee.members=2", "training.max_epochs=1")
    small.succeeds("train", "train.yaml")
    before = weights(small.folder)
    assert "--overwrite" in small.fails("train", "train.yaml", *committee)
    message = "run holds the training of one potential, not of a committee"
    assert message in small.fails("train", "train.yaml", "--resume", *committee)
    assert message in small.fails("train", "train.yaml", "--member", "1", *committee)
    assert weights(small.folder) == before
    small.succeeds("train", "train.yaml", "--overwrite", *committee)
    message = "run holds the training of a committee, not of one potential"
    assert message in small.fails("train", "train.yaml", "--resume")
    small.fails("train", "train.yaml")
    small.succeeds("train", "train.yaml", "--overwrite")
    assert not list((small.folder / "run").glob("member-*"))


def test_overwriting_takes_away_what_trainings_wrote_and_nothing_else(small):
    small.succeeds("train", "train.yaml", *setting("committee.members=3"))
    (small.folder / "run" / "notes.txt").write_text("mine")
    (small.folder / "run" / "member-3" / "notes.txt").write_text("mine")
    two = setting("committee.members=2", "model.num_features=2")
    small.succeeds("train", "train.yaml", "--overwrite", *two)
    assert [path.name for path in (small.folder / "run" / "member-3").iterdir()] == ["notes.txt"]
    assert (small.folder / "run" / "notes.txt").exists()
    # A third one is trained as if there had never been another.
    small.succeeds("train", "train.yaml", "--resume", *two, *setting("committee.members=3"))


def test_a_member_counts_when_its_training_has_ended(small):
    committee = ["train", "train.yaml", "--set", "committee.members=2"]
    for number in ["0", "3", "99"]:
        assert f"--member: expected 1…2, found {number}" in small.fails(*committee, "--member", number)
    process = small.start(*committee, "--member", "2", "--set", "training.max_epochs=1000000")
    path = small.folder / "run" / "member-2" / "metrics.csv"
    while not path.exists() or path.read_text().count("\n") < 3:
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    epochs = ["--set", f"training.max_epochs={path.read_text().count(chr(10)) + 2}"]
    output = small.succeeds(*committee, "--member", "1", *epochs)
    assert "the committee is not complete yet: member 2 has taken " in output
    assert not (small.folder / "run" / "potential.safetensors").exists()
    assert "committee of 2, errors of its mean" in small.succeeds(*committee, "--member", "2", "--resume", *epochs)


def test_learning_curves_need_what_they_are_made_of(small):
    curve = ["learning-curve", "train.yaml", "--sizes"]
    for value in ["0", "0.01"]:
        assert "structures to validate with" in small.fails(*curve, "4,8", "--set", f"data.validation={value}")
    for sizes in ["5,5", "10,9223372036854775807", "5", "a,b"]:
        assert "--sizes" in small.fails(*curve, sizes)
    assert "at most the 6 structures" in small.fails(*curve, "4,8", "--set", "data.train_size=6")
    assert "training.max_epochs" in small.fails(*curve, "4,8", "--set", "training.max_epochs=9e18")
    output = small.succeeds(*curve, "4,8", *setting('output=a "quoted\\" \'name'))
    assert "structures" in output and (small.folder / 'a "quoted\\" \'name' / "learning_curve.csv").exists()


def test_a_learning_curve_that_is_cut_short_has_the_sizes_that_ended(small):
    process = small.start(
        "learning-curve", "train.yaml", "--sizes", "2,8", *setting("training.max_epochs=1000000", "training.batch_size=1"))
    path = small.folder / "run" / "n-2" / "metrics.csv"
    while not path.exists() or path.read_text().count("\n") < 3:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert not (small.folder / "run" / "learning_curve.csv").exists()


def test_data_through_a_pipe_are_refused_with_the_reason(small):
    result = small("train", "train.yaml", "--set", "data.train=/dev/stdin")
    assert result.returncode == 1 and "read more than once" in result.stderr
