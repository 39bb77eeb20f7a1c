"""`apus`, `apus info` and `apus benchmark`."""

import json
import os
import re

import ase.io
import pytest

from conftest import REPOSITORY, SILICON, altered


def test_the_version_names_the_build(apus):
    assert re.fullmatch(r"Apus \d+\.\d+\.\d+ \(built for \d+-bit SIMD\)\n", apus.succeeds("--version"))


@pytest.mark.parametrize("command", ["train", "evaluate", "relax", "eos", "elastic", "phonons", "analyze", "md", "serve", "info", "benchmark"])
def test_every_command_has_help(apus, command):
    assert command in apus.succeeds("--help")
    assert "USAGE: apus " + command in apus.succeeds(command, "--help")


@pytest.mark.parametrize(
    "arguments",
    [["frobnicate"], ["md"], ["md", "a", "b"], ["md", "nowhere.yaml"], ["md", "md.yaml", "--threads", "0"],
     ["info", "nowhere"], ["info", "md.yaml"], ["benchmark", "potential.safetensors"],
     ["benchmark", "potential.safetensors", "start.xyz", "--supercell", "1", "2"]])
def test_a_wrong_call_is_one_line(apus, arguments):
    apus.fails(*arguments)


def test_a_name_that_is_no_utf_8_is_said_to_be_none(apus):
    name = os.fsdecode(b"caf\xe9.xyz")
    (apus.folder / name).write_text("1\n\nSi 0 0 0\n")
    assert "expected arguments in UTF-8" in apus.fails("info", name)


def test_info_about_a_potential(apus):
    info = json.loads(apus.succeeds("info", "--json", "potential.safetensors"))
    assert info["kind"] == "potential"
    assert info["elements"] == ["Si"]
    assert info["model"]["r_max"] == 4 and info["model"]["num_layers"] == 2
    assert info["layers"] == ["8x0e+8x1o", "8x0e"]
    assert info["parameters"] > 1000
    assert info["verified"] is True and info["reference_structures"] == 2
    assert set(info["shortest_distances"]) == {"Si-Si"}
    assert info["provenance"]["program"].startswith("Apus")
    text = apus.succeeds("info", "potential.safetensors")
    for words in ["8x0e+8x1o", "cutoff", "ZBL", "eV/Å", "they agree"]:
        assert words in text


def test_the_kind_of_a_file_is_known_by_its_content(apus):
    apus.succeeds("md", "md.yaml")
    (apus.folder / "potential.safetensors").rename(apus.folder / "a.xyz")
    (apus.folder / "trajectory.nc").rename(apus.folder / "a.safetensors")
    (apus.folder / "start.xyz").rename(apus.folder / "a.nc")
    kinds = [json.loads(apus.succeeds("info", "--json", f"a.{x}"))["kind"] for x in ["xyz", "safetensors", "nc"]]
    assert kinds == ["potential", "trajectory", "data set"]


def test_a_potential_that_computes_otherwise_than_it_says_is_an_error(apus):
    data = (apus.folder / "potential.safetensors").read_bytes()
    (apus.folder / "altered.safetensors").write_bytes(altered(data, polynomial_cutoff_p=3))
    for options in [], ["--json"]:
        result = apus("info", "altered.safetensors", *options)
        assert result.returncode == 1 and "its own reference structure" in result.stdout


def test_info_about_a_trajectory(apus):
    apus.succeeds("md", "md.yaml")
    info = json.loads(apus.succeeds("info", "--json", "trajectory.nc"))
    assert (info["kind"], info["frames"], info["atoms"], info["formula"]) == ("trajectory", 6, 64, "Si64")
    assert info["steps"] == [0, 50] and info["times_picoseconds"] == pytest.approx([0, 0.05])
    assert info["cell"] == pytest.approx([10.94, 10.94, 10.94, 90, 90, 90])
    variables = {variable["name"]: variable for variable in info["variables"]}
    assert variables["coordinates"]["units"] == "angstrom" and variables["coordinates"]["shape"] == [6, 64, 3]
    assert variables["velocities"]["units"] == "angstrom/picosecond"
    assert "6" in apus.succeeds("info", "trajectory.nc")


def test_info_about_a_data_set(apus):
    info = json.loads(apus.succeeds("info", "--json", SILICON / "silicon.xyz"))
    assert (info["kind"], info["structures"], info["atoms"]) == ("data set", 166, 2012)
    assert info["elements"] == {"Si": 2012}
    assert info["labels"] == {"energy": 166, "forces": 166, "stress": 166}
    assert info["config_types"]["vacancy"] == 12
    assert sum(info["formulae"].values()) == 166
    assert -107.1 < info["energy_per_atom_electronvolt"]["minimum"] < info["energy_per_atom_electronvolt"]["maximum"]
    message = apus.fails("info", "--json", "--energy-key", "E0", SILICON / "silicon.xyz")
    assert "'E0'" in message and "keys seen: " in message and "config_type" in message
    assert "config_type" in apus.succeeds("info", SILICON / "silicon.xyz")


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_benchmark(apus, precision):
    arguments = ["benchmark", "potential.safetensors", "start.xyz", "--supercell", "2", "--steps", "5"]
    report = json.loads(apus.succeeds(*arguments, "--precision", precision, "--threads", "2", "--json"))
    assert (report["atoms"], report["precision"]) == (64, precision)
    assert [rate["threads"] for rate in report["sgemm"]] == [2]
    # 4 and 12 neighbours at 2.37 and 3.87 Å, the cutoff is 4 Å.
    assert 10 * 64 < report["edges"] <= 16 * 64
    assert report["simd_width"] in (128, 256, 512)
    assert report["peak_memory_bytes"] > 0
    assert [stage["stage"] for stage in report["stages"]] == ["neighbours", "neighbour update", "forces"]
    forces = report["stages"][2]
    assert forces["threads"] == 2 and forces["atoms"] == 64
    assert 0 < forces["fastest_microseconds_per_atom"] <= forces["microseconds_per_atom"]
    rate = report["flops_per_atom"]["total"] / forces["microseconds_per_atom"] * 1e-3
    assert forces["gflops"] == pytest.approx(rate, rel=1e-6)
    assert forces["fraction_of_sgemm"] == pytest.approx(rate / report["sgemm"][0]["gflops"], rel=1e-6)


def test_benchmark_of_everything(apus, tmp_path):
    arguments = ["benchmark", "potential.safetensors", "start.xyz", "--steps", "5", "--all", "--threads", "2"]
    table = apus.succeeds(*arguments, "--save", tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text())
    names = ["neighbours", "neighbour update", "forces", "dynamics", "training", "trajectory"]
    assert [(s["stage"], s["threads"]) for s in report["stages"]] == [(n, t) for t in (1, 2) for n in names]
    stages = {stage["stage"]: stage for stage in report["stages"][:6]}
    assert stages["dynamics"]["microseconds_per_atom"] > 0.5 * stages["forces"]["fastest_microseconds_per_atom"]
    assert stages["training"]["microseconds_per_atom"] > stages["forces"]["fastest_microseconds_per_atom"]
    assert stages["training"]["gflops"] > 0
    # Three vectors of float32; time, cell, energies and temperature of a frame are shared by 8 atoms.
    assert 36 <= stages["trajectory"]["bytes_per_atom"] < 100
    for stage in report["stages"]:
        assert f'{stage["microseconds_per_atom"]:.3f}' in table


def test_the_batch_of_a_benchmark_is_the_whole_file(apus):
    arguments = ["benchmark", "potential.safetensors", "batch.xyz", "--steps", "2", "--all", "--threads", "1"]
    frames = ase.io.read(SILICON / "silicon.xyz", ":3")
    ase.io.write(apus.folder / "batch.xyz", frames)
    stages = {stage["stage"]: stage for stage in json.loads(apus.succeeds(*arguments, "--json"))["stages"]}
    assert stages["forces"]["atoms"] == len(frames[0])
    assert stages["training"]["atoms"] == sum(map(len, frames))


def test_benchmark_profile(apus):
    text = apus.succeeds("benchmark", "potential.safetensors", "start.xyz", "--steps", "3", "--profile")
    assert "convolution" in text and "GFLOP/s" in text


def test_the_documented_way_to_read_a_potential(potential):
    page = (REPOSITORY / "Documentation" / "potential-file.md").read_text()
    names = {"path": potential}
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], names)
    assert names["metadata"]["format"] == "apus-potential"
    assert names["model"]["r_max"] == 4 and names["model"]["type_names"] == ["Si"]
    arrays = names["arrays"]
    assert arrays["weights.type_embed.embed_module.weight"].shape == (1, 8)
    for index in range(2):
        count = len(arrays[f"reference.{index}.atomic_numbers"])
        for name in ["positions", "forces"]:
            assert arrays[f"reference.{index}.{name}"].shape == (count, 3)
    described = re.findall(r"`((?:type|bessel|layer|per_atom)[a-z_0-9]*[.{][^`]*weights?)`", page)
    patterns = [re.escape(name).replace(r"\{i\}", r"\d").replace(r"\{0,2,…\}", r"\d") for name in described]
    weights = [name.removeprefix("weights.") for name in arrays if name.startswith("weights.")]
    assert len(patterns) == 10
    assert all(any(re.fullmatch(pattern, name) for pattern in patterns) for name in weights)


def test_the_documented_settings_of_md_are_those_that_exist(apus):
    page = (REPOSITORY / "Documentation" / "molecular-dynamics.md").read_text()
    # Other tables list ensembles and interactions.
    table = page[page.index("| key | default | meaning |"):].split("\n\n")[0]
    documented = {key.split(".")[0] for line in table.splitlines() if line.startswith("| `")
                  for key in re.findall(r"`([a-z_.]+)`", line.split("|")[1])}
    allowed = re.search(r"allowed: (.*)", apus.fails("md", "md.yaml", "--set", "nonsense=1"))[1]
    assert documented == set(allowed.split(", "))
