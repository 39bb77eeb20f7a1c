"""Folders, entries, masks and weights, from files to what a training and check-data say of them."""

import json

import ase.build
import ase.io
import numpy
import pytest

from conftest import REPOSITORY, SHIPPED, Program

HEADER = 'Lattice="4.2 0 0 0 4.2 0 0 0 4.2" Properties=species:S:1:pos:R:3:forces:R:3{columns} pbc="T T T"'


def frames(count, seed, shift=0.0, mask=False, **keys):
    """Pairs of atoms on springs, with the energies and forces of these."""
    random = numpy.random.default_rng(seed)
    text = ""
    for _ in range(count):
        moved = random.normal(size=(2, 3)) * 0.1
        positions = numpy.array([[0, 0, 0], [2.1, 2.1, 2.1]]) + moved
        forces = -2 * (moved - moved[::-1])
        energy = ((moved[0] - moved[1]) ** 2).sum() - 8 + 2 * shift
        if mask:
            forces[0] = 0
        more = "".join(f" {key}={value}" for key, value in keys.items())
        text += f"2\n{HEADER.format(columns=':move_mask:L:1' if mask else '')} energy={float(energy)!r}{more}\n"
        for index, (position, force) in enumerate(zip(positions, forces)):
            numbers = " ".join(repr(float(x)) for x in (*position, *force))
            text += f"Si {numbers}{' F' if mask and index == 0 else ' T' if mask else ''}\n"
    return text


@pytest.fixture
def apus(tmp_path):
    return Program(tmp_path)


TRAIN = """
model: {r_max: 3.8, num_layers: 1, num_features: 4, l_max: 1}
training: {max_epochs: 2, batch_size: 4}
output: run
"""


def train(apus, data, *options):
    (apus.folder / "train.yaml").write_text(f"data: {data}\n" + TRAIN)
    return apus("train", "train.yaml", "--overwrite", *options)


def test_folders_and_entries_train(apus):
    (apus.folder / "runs" / "deep").mkdir(parents=True)
    (apus.folder / "runs" / "deep" / "a.xyz").write_text(frames(12, 1))
    (apus.folder / "runs" / "notes.txt").write_text("no structures")
    (apus.folder / "old.xyz").write_text(frames(12, 2, shift=0.35))
    data = "{train: [runs/, {files: 'old*.xyz', weight: 0.5, config_type: old, energy_offsets: least_squares}], validation: 6}"
    result = train(apus, data)
    assert result.returncode == 0, result.stderr
    assert "18 structures" in result.stdout
    [line] = [line for line in result.stdout.splitlines() if "energy offsets of old*.xyz by least squares" in line]
    assert float(line.split("Si ")[1].split()[0]) == pytest.approx(0.35, abs=0.05)
    # As on the command line of a batch script.
    (apus.folder / "train.yaml").write_text("data: {train: none.xyz}\n" + TRAIN)
    result = apus("train", "train.yaml", "--overwrite", "--set", "data.train=[runs/, old.xyz]")
    assert result.returncode == 0, result.stderr
    for entry, words in [
            ("{files: old.xyz, weigth: 2}", "weigth"), ("{files: old.xyz, weight: -1}", "weight"),
            ("{files: old.xyz, without: colour}", "without"), ("{weight: 2}", "files"),
            ("{files: old.xyz, energy_offsets: {Xx: 1}}", "symbol of an element")]:
        result = train(apus, f"{{train: [{entry}]}}")
        assert result.returncode == 1 and words in result.stderr, result.stderr
    result = train(apus, "{train: [{files: old.xyz, without: [forces]}]}")
    assert "leaves no training structure with forces" in result.stderr


def test_a_run_of_two_files_is_said(apus):
    (apus.folder / "a.xyz").write_text(frames(12, 1))
    (apus.folder / "b.xyz").write_text(frames(12, 1, note="again"))
    result = train(apus, "{train: [a.xyz, b.xyz], validation: 4}")
    assert "b.xyz: 12 of its 12 structures with energies are those of a.xyz" in result.stdout + result.stderr
    report = json.loads(apus("check-data", "a.xyz", "b.xyz", "--json").stdout)
    assert [finding for finding in report["findings"] if finding["check"] == "files" and "read twice" in finding["message"]]


def test_fixed_atoms_are_masked(apus):
    (apus.folder / "a.xyz").write_text(frames(16, 3, mask=True))
    result = train(apus, "{train: a.xyz, validation: 4}")
    assert result.returncode == 0, result.stderr
    assert "forces on 12 atoms in 12 structures are masked" in result.stdout
    assert "forces of exactly zero" not in result.stdout + result.stderr
    report = json.loads(apus("check-data", "a.xyz", "--json").stdout)
    [finding] = [finding for finding in report["findings"] if "are masked in a training" in finding["message"]]
    assert finding["severity"] == "notice" and finding["count"] == 16
    # Errors are those of the atoms that count.
    evaluated = json.loads(apus("evaluate", "run/potential.safetensors", "a.xyz", "--predictions", "p.xyz", "--json").stdout)
    import ase.io
    errors = [atoms.calc.results["forces"][1] - atoms.arrays["REF_forces"][1] for atoms in ase.io.read(apus.folder / "p.xyz", ":")]
    rmse = 1000 * numpy.sqrt(numpy.mean(numpy.square(errors)))
    assert evaluated["forces_rmse_mev_per_angstrom"] == pytest.approx(rmse, rel=1e-6)
    result = train(apus, "{train: a.xyz, validation: 4, fixed_atoms: learned}")
    assert "are masked" not in result.stdout


def test_headers_are_compared_between_files(apus):
    common = {"dft_code": '"VASP 6.3.0"', "dft_spins": 1}
    (apus.folder / "a.xyz").write_text(frames(
        6, 1, dft_functional="PBE", dft_cutoff_ev=500, dft_kpoints="4x4x4", dft_pseudopotentials='"PAW_PBE Si 05Jan2001"', **common))
    (apus.folder / "b.xyz").write_text(frames(
        6, 2, dft_functional="PS", dft_cutoff_ev=400, dft_kpoints="2x2x2", dft_pseudopotentials='"PAW_PBE Si_d_GW 02Sep2013"', **common))
    report = json.loads(apus("check-data", "a.xyz", "b.xyz", "--json").stdout)
    messages = [finding["message"] for finding in report["findings"] if finding["check"] == "levels"]
    for words in ("several functionals: PBE in a.xyz; PS in b.xyz", "cut-offs of plane waves (eV): 400 in b.xyz; 500 in a.xyz",
                  "several pseudopotentials of Si", "2 times as far apart in b.xyz"):
        assert [message for message in messages if words in message], (words, messages)
    report = json.loads(apus("check-data", "a.xyz", "--json").stdout)
    assert not [finding for finding in report["findings"] if finding["check"] == "levels"]
    (apus.folder / "c.xyz").write_text(frames(6, 4, shift=-50))
    report = json.loads(apus("check-data", "a.xyz", "c.xyz", "--json").stdout)
    assert [f for f in report["findings"] if "energies of Si have other references" in f["message"] and "c.xyz" in f["message"]]


def test_energies_by_other_names_are_listed(apus):
    text = frames(6, 1, free_energy=-8.5, REF_energy=-8.1, dft_forces_rms=1)
    (apus.folder / "a.xyz").write_text(text)
    report = json.loads(apus("check-data", "a.xyz", "--json").stdout)
    messages = [finding["message"] for finding in report["findings"]]
    assert [message for message in messages if "energy and free_energy differ in 6 structures" in message]
    assert [message for message in messages if "REF_energy (6)" in message]


def test_the_most_different_are_selected(apus):
    (apus.folder / "a.xyz").write_text(frames(30, 5) * 2)
    report = json.loads(apus("select", "a.xyz", "-n", "10", "-o", "b.xyz", "--json").stdout)
    assert (report["structures"], report["chosen"]) == (60, 10) and len(set(report["places"])) == 10
    more = json.loads(apus("select", "a.xyz", "-n", "20", "-o", "c.xyz", "--json").stdout)
    assert more["places"][:10] == report["places"] and more["radius"] < report["radius"]
    result = apus("select", "a.xyz", "-n", "60", "-o", "d.xyz", "--json", "--by", "leverage")
    assert json.loads(result.stdout)["chosen"] <= 30 and "near-duplicates" in result.stderr
    assert "at most the 60 structures" in apus.fails("select", "a.xyz", "-n", "61", "-o", "e.xyz")


def test_features_of_a_potential_select(apus):
    """Silicon of the shipped potential: a choice by its features begins larger ones; other elements are refused."""
    (apus.folder / "a.xyz").write_text(frames(12, 5) * 2)
    report = json.loads(apus("select", "a.xyz", "-n", "4", "-o", "b.xyz", "--potential", SHIPPED, "--json").stdout)
    assert (report["structures"], report["chosen"]) == (24, 4) and len(set(report["places"])) == 4
    more = json.loads(apus("select", "a.xyz", "-n", "8", "-o", "c.xyz", "--potential", SHIPPED, "--json").stdout)
    assert more["places"][:4] == report["places"] and more["radius"] < report["radius"]
    result = apus("select", "a.xyz", "-n", "24", "-o", "d.xyz", "--potential", SHIPPED, "--json")
    assert json.loads(result.stdout)["chosen"] <= 12 and "near-duplicates" in result.stderr
    # Turned and renumbered a crystal is the same.
    crystal = ase.build.bulk("Si", cubic=True)
    crystal.rattle(0.1, seed=1)
    turned = crystal.copy()
    turned.rotate(37, (1, 2, 3), rotate_cell=True)
    other = crystal.copy()
    other.rattle(0.1, seed=2)
    ase.io.write(apus.folder / "g.xyz", [crystal, turned[[3, 1, 7, 0, 2, 6, 5, 4]], other], format="extxyz")
    result = apus("select", "g.xyz", "-n", "3", "-o", "h.xyz", "--potential", SHIPPED, "--json")
    report = json.loads(result.stdout)
    assert (report["chosen"], report["near_duplicates"]) == (2, 1) and report["radius"] < 1e-5
    (apus.folder / "e.xyz").write_text("1\n\nAu 0 0 0\n" * 2)
    assert "Au" in apus.fails("select", "e.xyz", "-n", "1", "-o", "f.xyz", "--potential", SHIPPED)


def test_unconverged_steps_are_kept_where_asked(apus):
    """Of four steps of ABINIT the last has not converged."""
    path = REPOSITORY / "Tests" / "StructureFilesTests" / "Data" / "ABINIT" / "si_relax.abo"
    for command in (["info"], ["check-data"], ["evaluate", SHIPPED]):
        for options, count in (([], 3), (["--keep-unconverged"], 4)):
            result = apus(*command, path, "--json", *options)
            assert f'"structures" : {count}' in result.stdout, result.stdout + result.stderr
            assert ("left out 1 of 4" in result.stderr) == (count == 3), result.stderr
    for keep, count in (("false", 3), ("true", 4)):
        data = f"{{train: {path}, validation: 0, keep_unconverged: {keep}}}"
        result = train(apus, data, "--overwrite", "--set", "training.batch_size=1", "--set", "model.r_max=4")
        assert result.returncode == 0, result.stderr
        files = json.loads(apus("info", "run/potential.safetensors", "--json").stdout)
        assert f'"structures": {count}' in json.dumps(files)
