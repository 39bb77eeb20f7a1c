"""`apus validate`, and the page that `python -m apus validation` makes of it."""

import json

import numpy
import pytest
from ase import Atoms
from ase.build import bulk

from conftest import SHIPPED, run_module, write_exactly

import apus as package


@pytest.fixture(scope="module")
def validated(tmp_path_factory):
    """The folder of a short validation of the potential that ships, and what was printed."""
    from conftest import Program

    folder = tmp_path_factory.mktemp("validation")
    write_exactly(folder / "si.xyz", bulk("Si", a=5.45))
    program = Program(folder)
    result = program("validate", SHIPPED, "si.xyz", "-o", "out", "--picoseconds", "0.1", "--temperatures", "100,1000",
                     "--supercell", "2")
    return program, result, json.loads((folder / "out" / "validation.json").read_text())


def check(report, name):
    return next(check for check in report["checks"] if check["name"] == name)


def test_everything_is_tried_and_judged(validated):
    program, result, report = validated
    assert result.returncode == (1 if report["verdict"] == "fail" else 0), result.stderr
    names = [check["name"] for check in report["checks"]]
    assert names == ["dimer Si-Si", "crystal", "elastic", "phonons", "nve 0.5 fs", "nve 1 fs", "nve 2 fs", "nve 4 fs",
                     "md 100 K", "md 1000 K"]
    for name in names:
        assert name in result.stdout
    for name in ["crystal", "elastic", "phonons", "nve 1 fs", "md 100 K"]:
        assert check(report, name)["verdict"] == "pass", check(report, name)
    assert report["crystal"]["relaxed"]["lengths"][0] * 2 ** 0.5 == pytest.approx(5.4746, abs=1e-3)
    own = json.loads(program.succeeds("elastic", SHIPPED, "si.xyz", "--json"))
    assert numpy.array(report["crystal"]["elastic"]["c_gpa"]) == pytest.approx(numpy.array(own["c_gpa"]), abs=0.5)
    assert 14 < report["crystal"]["phonons"]["highest_thz"] < 17
    assert report["atoms"] >= 64 and report["speed_us_per_atom_and_step"] > 0
    scatter = {run["timestep"]: run["scatter"] for run in report["conservation"]}
    assert scatter[4] > 4 * scatter[1]


def test_curves_are_those_of_the_potential(validated):
    _, _, report = validated
    (curve,) = report["dimers"]
    calculator = package.Calculator(SHIPPED, precision="float64")

    def energy(distance):
        return Atoms("Si2", [[0, 0, 0], [distance, 0, 0]], calculator=calculator).get_potential_energy()

    for index in (100, 200):
        distance = curve["distances"][index]
        assert energy(distance) - energy(20) == pytest.approx(curve["energies"][index], abs=1e-6)
        slope = (energy(distance + 1e-4) - energy(distance - 1e-4)) / 2e-4
        assert -slope == pytest.approx(curve["forces"][index], abs=1e-5)
    lowest = min(e for r, e in zip(curve["distances"], curve["energies"]) if r >= curve["shortest"])
    assert curve.get("well_depth", 0) == pytest.approx(max(0, -lowest), abs=1e-9)


def test_there_is_a_page(validated):
    program, _, report = validated
    run_module(program.folder, "validation", "out")
    page = (program.folder / "out" / "validation.html").read_text()
    for words in ["Pairs in free space", "Conservation of energy", "From cold to hot", "The crystal", "dimer Si-Si"]:
        assert words in page
    assert page.count("<img") == 4


def test_a_potential_of_random_weights_is_told(apus):
    """Small energies over strong repulsion: no crystal of silicon is stable under it."""
    result = apus("validate", "potential.safetensors", "start.xyz", "--picoseconds", "0.02", "--temperatures", "300",
                  "--supercell", "1", "--json")
    report = json.loads(result.stdout)
    assert result.returncode == 1 and report["verdict"] == "fail"
    assert any(check["verdict"] == "fail" for check in report["checks"])
    alone = apus("validate", "potential.safetensors", "--picoseconds", "0.02", "--temperatures", "300", "--json")
    report = json.loads(alone.stdout)
    assert report["crystal"] is None if "crystal" in report else True
    assert [check["name"] for check in report["checks"]][0] == "dimer Si-Si"
