"""Outputs and surroundings that go wrong: closed and full outputs, links, pipes, signals, ranks, hostile text."""

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import time

import ase.io
import pytest

from conftest import PROGRAM, SILICON

EVALUATE = ["evaluate", "potential.safetensors", "start.xyz", "--predictions"]
RANKS = {"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_LOCAL_SIZE": "0"}


def run(apus, *arguments, **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], cwd=apus.folder, stdin=subprocess.DEVNULL, text=True, timeout=120, **options)


def parts(apus):
    return [path.name for path in apus.folder.rglob("*.part")]


@pytest.fixture
def endless(apus):
    """A pipe as data, with one structure in it and a writer that never ends it."""
    os.mkfifo(apus.folder / "endless.xyz")
    writer = os.open(apus.folder / "endless.xyz", os.O_RDWR)
    os.write(writer, (apus.folder / "start.xyz").read_bytes())
    yield "endless.xyz"
    os.close(writer)


def wait_for_part(apus, process):
    for _ in range(600):
        if parts(apus):
            return
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    raise AssertionError("nothing was written")


def test_a_closed_standard_output_is_not_printed_into_a_file(apus):
    result = run(apus, "md", "md.yaml", "--set", "trajectory.file=t.xyz", "--set", "steps=20", stdout=None,
                 preexec_fn=lambda: (os.close(1), os.close(0)))
    assert (result.returncode, result.stderr) == (0, "")
    assert len(ase.io.read(apus.folder / "t.xyz", ":")) == 3
    assert (apus.folder / "thermo.csv").read_text().startswith("step,")


@pytest.mark.parametrize("arguments", [["info", "potential.safetensors", "--json"], [*EVALUATE[:2], SILICON / "silicon.xyz"]])
def test_an_answer_that_does_not_get_through_is_an_error(apus, arguments):
    with open("/dev/full", "w") as full:
        result = run(apus, *arguments, stdout=full)
    assert result.returncode == 1
    assert result.stderr == "apus: error: standard output: No space left on device while writing to it\n"


def test_a_reader_that_goes_away_does_not_end_a_training(apus):
    (apus.folder / "train.yaml").write_text(
        f"data: {{train: {SILICON / 'silicon.xyz'}, train_size: 4, validation: 2}}\n"
        "model: {r_max: 4.0, num_layers: 1, l_max: 1, num_features: 4}\n"
        "training: {max_epochs: 2, batch_size: 2}\noutput: run\n")
    (reader, writer) = os.pipe()
    os.close(reader)
    result = run(apus, "train", "train.yaml", stdout=writer)
    os.close(writer)
    assert result.returncode == 0
    assert "Broken pipe" in result.stderr and "warning" in result.stderr
    assert len((apus.folder / "run" / "metrics.csv").read_text().splitlines()) == 4


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_nothing_half_written(apus, endless, number):
    process = apus.start("evaluate", "potential.safetensors", endless, "--predictions", "p.xyz")
    wait_for_part(apus, process)
    process.send_signal(number)
    assert process.wait(timeout=30) == -number
    assert parts(apus) == [] and not (apus.folder / "p.xyz").exists()


def test_what_a_killed_process_leaves_is_removed_by_the_next(apus, endless):
    process = apus.start("evaluate", "potential.safetensors", endless, "--predictions", "p.xyz")
    wait_for_part(apus, process)
    process.kill()
    process.wait(timeout=30)
    assert len(parts(apus)) == 1
    apus.succeeds(*EVALUATE, "p.xyz")
    assert parts(apus) == []


def test_what_a_living_process_writes_is_left_to_it(apus, endless):
    process = apus.start("evaluate", "potential.safetensors", endless, "--predictions", "p.xyz")
    wait_for_part(apus, process)
    apus.succeeds(*EVALUATE, "p.xyz")
    assert len(parts(apus)) == 1
    process.terminate()
    process.wait(timeout=30)
    assert len(ase.io.read(apus.folder / "p.xyz", ":")) == 1


def test_a_closed_terminal_ends_a_run_like_sigterm(apus):
    process = apus.start("md", "md.yaml", "--set", "steps=100000000", "--set", "guards.minimum_distance=false")
    for _ in range(600):
        if (apus.folder / "thermo.csv").exists() and (apus.folder / "thermo.csv").read_text().count("\n") > 2:
            break
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    else:
        raise AssertionError("nothing was written")
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=30) == 129
    assert (apus.folder / "trajectory.checkpoint").exists()


def test_a_signal_that_the_starter_has_switched_off_stays_off(apus, endless):
    process = subprocess.Popen(
        [PROGRAM, "evaluate", "potential.safetensors", endless, "--predictions", "p.xyz"], cwd=apus.folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    wait_for_part(apus, process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    process.terminate()
    assert process.wait(timeout=30) == -signal.SIGTERM


def test_a_limit_of_the_size_of_files_is_an_error_like_others(apus):
    (apus.folder / "many.xyz").write_text((apus.folder / "start.xyz").read_text() * 20)
    result = run(apus, "evaluate", "potential.safetensors", "many.xyz", "--predictions", "p.xyz",
                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000)))
    assert result.returncode == 1
    assert "p.xyz: File too large" in result.stderr and result.stderr.count("\n") == 1
    assert parts(apus) == [] and not (apus.folder / "p.xyz").exists()


def test_outputs_follow_links_and_leave_pipes_and_devices_alone(apus):
    (apus.folder / "large").mkdir()
    (apus.folder / "p.xyz").symlink_to("large/p.xyz")
    apus.succeeds(*EVALUATE, "p.xyz")
    apus.succeeds(*EVALUATE, "p.xyz", "--overwrite")
    assert (apus.folder / "p.xyz").is_symlink() and (apus.folder / "large" / "p.xyz").is_file()
    os.mkfifo(apus.folder / "pipe")
    assert "found a pipe" in apus.fails(*EVALUATE, "pipe", "--overwrite")
    assert stat.S_ISFIFO((apus.folder / "pipe").stat().st_mode)
    assert "found a device" in apus.fails(*EVALUATE, "/dev/null", "--overwrite")


def test_no_output_is_an_input(apus):
    (apus.folder / "link").symlink_to(".")
    os.link(apus.folder / "start.xyz", apus.folder / "hard.xyz")
    for name in ["start.xyz", "link/start.xyz", "hard.xyz", "link/potential.safetensors"]:
        assert "an input" in apus.fails(*EVALUATE, name, "--overwrite")
    before = (apus.folder / "potential.safetensors").read_bytes()
    benchmark = ["benchmark", "potential.safetensors", "start.xyz", "--steps", "1", "--save"]
    assert "an input" in apus.fails(*benchmark, "potential.safetensors", "--overwrite")
    assert (apus.folder / "potential.safetensors").read_bytes() == before
    apus.succeeds(*benchmark, "report.json")
    assert "exists already" in apus.fails(*benchmark, "report.json")
    apus.succeeds(*benchmark, "report.json", "--overwrite")


def test_one_file_under_two_names_is_found(apus):
    (apus.folder / "real").mkdir()
    (apus.folder / "link").symlink_to("real")
    message = apus.fails("md", "md.yaml", "--set", "thermo.file=real/z.csv", "--set",
                         "checkpoint={every: 10, file: link/z.csv}")
    assert "another output" in message


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named_with_the_reason(apus):
    (apus.folder / "locked").mkdir(mode=0o500)
    assert "Permission denied" in apus.fails(*EVALUATE, "locked/p.xyz")


@pytest.mark.parametrize(
    "arguments", [["md", "md.yaml"], EVALUATE + ["p.xyz"], ["info", "start.xyz"], ["check-data", "start.xyz"],
                  ["learning-curve", "train.yaml", "--sizes", "2,4"],
                  ["serve", "potential.safetensors", "start.xyz", "--socket", "unix:none"]])
def test_only_training_is_shared_among_processes(apus, arguments):
    for ranks in [RANKS, {"PMI_SIZE": "2", "PMI_RANK": "0"}]:
        result = run(apus, *arguments, env={**os.environ, **ranks})
        assert result.returncode == 1 and result.stdout == ""
        assert "only apus train divides its work" in result.stderr and arguments[0] in result.stderr


@pytest.mark.skipif(not shutil.which("mpirun"), reason="there is no mpirun")
def test_what_is_wrong_for_all_processes_is_said_once(apus):
    result = subprocess.run(
        ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "2", PROGRAM, "train", "nowhere.yaml"],
        cwd=apus.folder, capture_output=True, text=True, timeout=60)
    assert result.returncode != 0
    assert result.stderr.count("apus: error:") == 1


def test_a_device_is_no_potential(apus):
    assert "/dev/null: expected a file, found a device" in apus.fails("evaluate", "/dev/null", "start.xyz")
    assert "/dev/null: expected a file, found a device" in apus.fails("info", "/dev/null")


def test_hostile_text_stays_short_and_does_not_reach_the_terminal(apus):
    header = json.dumps({"__metadata__": {"format": "\x1b[2J\n" * 200_000}}).encode()
    (apus.folder / "bad").write_bytes(len(header).to_bytes(8, "little") + header)
    message = apus.fails("info", "bad")
    assert len(message) < 5000 and "\x1b" not in message
    text = (apus.folder / "start.xyz").read_text().replace("pbc=", 'config_type="\x1b[31mred" pbc=')
    (apus.folder / "odd.xyz").write_text(text)
    assert "\x1b" not in apus.succeeds("info", "odd.xyz")


def test_numbers_without_end_are_null_in_json(apus):
    text = (apus.folder / "start.xyz").read_text().replace("pbc=", "energy=1e200 pbc=")
    (apus.folder / "large.xyz").write_text(text)
    report = json.loads(run(apus, "evaluate", "potential.safetensors", "large.xyz", "--json").stdout)
    assert report["energy_rmse_mev_per_atom"] is None


def test_the_word_none_means_that_a_label_is_not_read(apus):
    text = (apus.folder / "start.xyz").read_text().replace("pbc=", "energy=-850 pbc=")
    (apus.folder / "labelled.xyz").write_text(text)
    data = ["evaluate", "potential.safetensors", "labelled.xyz", "--predictions", "p.xyz", "--overwrite", "--json"]
    assert json.loads(apus.succeeds(*data))["energy_rmse_mev_per_atom"] is not None
    assert json.loads(apus.succeeds(*data, "--energy-key", "none"))["energy_rmse_mev_per_atom"] is None


def test_seconds_of_patience_are_said_as_given(apus):
    serve = ["serve", "potential.safetensors", "start.xyz", "--socket", f"unix:{apus.folder / 'none'}", "--wait"]
    assert "no server within 0.1 s" in run(apus, *serve, "0.1").stderr
