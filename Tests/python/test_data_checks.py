"""`apus check-data` and `apus train` on data that look right and are not, and on data that look wrong and are right.

The structures in `cases` are copper and a diamond lattice under the effective-medium theory of ASE, or made by hand.
"""

import bz2
import json
import os
import pathlib
import shutil

import ase.io
import numpy
import pytest

CASES = pathlib.Path(__file__).parent / "cases"
MODEL = "{r_max: 4.0, num_layers: 2, num_features: 8, radial_mlp_width: 16}"


def check(apus, *files, code=0, options=()):
    result = apus("check-data", *files, "--json", *options)
    assert (result.returncode, result.stderr) == (code, ""), result.stderr + result.stdout
    return json.loads(result.stdout)["findings"]


def expect(findings, severity, name, *words):
    found = [f for f in findings if f["severity"] == severity and f["check"] == name]
    assert any(all(word in f["message"] for word in words) for f in found), findings


def alarms(findings):
    return [f for f in findings if f["severity"] != "notice"]


def train(apus, data, *options, **settings):
    """What a training says before its first epoch, or the error that ends it."""
    (apus.folder / "train.yaml").write_text(
        f"data: {{train: {data}, validation: 2}}\nmodel: {MODEL}\ntraining: {{max_epochs: 0}}\noutput: run\n")
    return apus("train", "train.yaml", "--overwrite", *options)


def said(result):
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


@pytest.mark.parametrize("name", ["trajectory", "varying_cell", "perfect_crystals", "perfect_diamond"])
def test_right_data_raise_no_alarm(apus, name):
    findings = check(apus, CASES / f"{name}.xyz")
    assert alarms(findings) == []
    if "perfect" in name:
        expect(findings, "notice", "stress", "sign and unit are right")
    else:
        expect(findings, "notice", "forces", "sign and unit are right", "16 of 16 structures")


@pytest.mark.parametrize("name", ["energy_with_kinetic", "forces_of_next_frame", "half_zero_forces"])
def test_labels_that_do_not_belong_together_are_no_lack_of_pairs(apus, name):
    findings = check(apus, CASES / f"{name}.xyz")
    expect(findings, "warning", "forces", "do not follow the work of the forces")
    if name == "half_zero_forces":
        expect(findings, "warning", "forces", "8 structures", "exactly zero", "no symmetry")


def test_the_sign_of_forces_is_found_where_every_cell_differs(apus):
    findings = check(apus, CASES / "varying_cell_force_sign.xyz", code=1)
    expect(findings, "error", "forces", "the sign is the opposite")


def test_energies_per_atom_are_found(apus):
    findings = check(apus, CASES / "energy_per_atom.xyz", code=1)
    expect(findings, "error", "energy", "energies look like energies per atom")
    assert [f["check"] for f in alarms(findings)] == ["energy"]
    assert "energies per atom" in said(train(apus, CASES / "energy_per_atom.xyz"))


def test_stresses_of_one_cell_are_judged_by_their_size(apus):
    expect(check(apus, CASES / "stress_in_kbar.xyz", code=1), "error", "units", "kbar or GPa")
    frames = ase.io.read(CASES / "trajectory.xyz", ":")
    for frame in frames:
        frame.calc.results["stress"] = frame.calc.results["stress"] * 160.21766
    ase.io.write(apus.folder / "gpa.xyz", frames, format="extxyz")
    expect(alarms(check(apus, "gpa.xyz", code=1)), "error", "units", "kbar or GPa")


def test_two_levels_of_theory_are_found(apus):
    findings = check(apus, CASES / "two_levels_of_theory.xyz")
    expect(findings, "warning", "levels", "1.3 eV/atom apart", "config_type", "pbesol")
    expect(findings, "notice", "forces", "sign and unit are right")
    assert "levels of theory are mixed" in said(train(apus, CASES / "two_levels_of_theory.xyz"))


def test_everything_in_hartree_is_found_before_and_after_forces_are_converted(apus):
    findings = check(apus, CASES / "hartree.xyz", code=1)
    expect(findings, "error", "forces", "Hartree/Bohr", "eV/Bohr")
    expect(findings, "warning", "units", "are energies in Hartree or Rydberg")
    frames = ase.io.read(CASES / "hartree.xyz", ":")
    for frame in frames:
        frame.calc.results["forces"] = frame.calc.results["forces"] / 0.529177210903
    ase.io.write(apus.folder / "converted.xyz", frames, format="extxyz")
    expect(check(apus, "converted.xyz"), "warning", "units", "are energies in Hartree or Rydberg")


@pytest.mark.parametrize("every", [2, 3])
def test_some_structures_with_positions_in_bohr_are_found(apus, every):
    frames = ase.io.read(CASES / "trajectory.xyz", ":")
    for frame in frames[::every]:
        labels = dict(frame.calc.results)
        frame.set_cell(frame.cell.array / 0.529177210903, scale_atoms=True)
        frame.calc.results.update(labels)
        frame.calc.atoms = frame.copy()
    ase.io.write(apus.folder / "mixed.xyz", frames, format="extxyz")
    assert len(ase.io.read(apus.folder / "mixed.xyz").calc.results) == 3
    findings = check(apus, "mixed.xyz", code=1)
    expect(findings, "warning", "units", "are their positions in Bohr")
    expect(findings, "error", "forces", "positions in Bohr")


def test_forces_taken_from_fixed_atoms_are_named(apus):
    """They are masked where the file says which atoms are fixed, and an error where it does not."""
    keys = ["--energy-key", "REF_energy", "--forces-key", "REF_forces", "--stress-key", "REF_stress"]
    findings = check(apus, CASES / "fixed_atoms.xyz", options=keys)
    expect(findings, "notice", "forces", "64 atoms", "are masked in a training")
    text = (CASES / "fixed_atoms.xyz").read_text()
    assert "move_mask" in text
    (apus.folder / "silent.xyz").write_text(text.replace("move_mask", "mask"))
    findings = check(apus, "silent.xyz", options=keys, code=1)
    expect(findings, "error", "forces", "64 atoms", "a constraint was applied to the labels", "there is a column mask")


def test_structures_under_other_keys_are_named(apus):
    findings = check(apus, CASES / "other_keys.xyz")
    expect(findings, "warning", "labels", "8 of 16", "REF_energy", "REF_stress", "REF_forces")


def test_a_stretched_crystal_is_no_isolated_atom(apus):
    findings = check(apus, CASES / "expanded_crystal.xyz", options=["--cutoff", "4"])
    expect(findings, "notice", "isolated atoms", "1 isolated atom,")
    text = said(train(apus, CASES / "expanded_crystal.xyz"))
    assert "energy shifts of isolated atoms: Cu 3.5100 eV" in text
    assert "1 are crystals with neighbours beyond it" in text
    frames = [f for f in ase.io.read(CASES / "expanded_crystal.xyz", ":") if f.pbc.all() and f.cell.volume < 1000]
    ase.io.write(apus.folder / "crystals.xyz", frames, format="extxyz")
    assert "energy shifts by least squares" in said(train(apus, "crystals.xyz"))


def test_isolated_atoms_may_differ_by_what_does_not_matter(apus):
    assert alarms(check(apus, CASES / "isolated_atoms.xyz")) == []
    assert "energy shifts of isolated atoms: Cu 3.5100 eV" in said(train(apus, CASES / "isolated_atoms.xyz"))
    text = (CASES / "isolated_atoms.xyz").read_text()
    assert "3.510001" in text
    (apus.folder / "other.xyz").write_text(text.replace("3.510001", "13.51"))
    expect(check(apus, "other.xyz", code=1), "error", "isolated atoms", "13.51 eV", "3.51 eV")
    result = train(apus, "other.xyz")
    assert result.returncode == 1 and "an isolated atom of Cu has 13.51 eV, but 3.51" in result.stderr


def test_isolated_atoms_of_another_level_are_found(apus):
    name = CASES / "isolated_atom_of_another_level.xyz"
    expect(check(apus, name, code=1), "error", "isolated atoms", "different levels of theory")
    assert "energies lie 4.5e+04 eV/atom from the energy shifts; a fit gives Cu" in said(train(apus, name))
    atom = [f for f in ase.io.read(name, ":") if len(f) == 1 and not f.pbc.any()]
    ase.io.write(apus.folder / "atom.xyz", atom, format="extxyz")
    crystals = ase.io.read(CASES / "trajectory.xyz", ":")
    ase.io.write(apus.folder / "valid.xyz", crystals[:3] + atom, format="extxyz")
    text = said(train(apus, CASES / "isolated_atoms.xyz", "--set", "data.validation=valid.xyz"))
    assert "valid.xyz, frame 4: an isolated atom of Cu has -45000.0 eV" in text


def test_labels_that_cannot_be_are_refused(apus):
    text = (CASES / "trajectory.xyz").read_text()
    energy = text.split("energy=")[1].split()[0]
    (apus.folder / "huge.xyz").write_text(text.replace(f"energy={energy}", "energy=1e300", 1))
    expect(check(apus, "huge.xyz", code=1), "error", "labels", "1e+300", "cannot be")
    result = train(apus, "huge.xyz")
    assert result.returncode == 1 and "huge.xyz, frame 1: an energy of 1e+300 eV" in result.stderr
    report = apus("check-data", "huge.xyz")
    assert max(map(len, report.stdout.splitlines())) < 400


def test_an_outlier_among_equal_energies_is_found(apus):
    frames = ase.io.read(CASES / "trajectory.xyz", ":")
    copies = [frames[0].copy() for _ in range(14)]
    for copy in copies:
        copy.calc = type(frames[0].calc)(copy, **frames[0].calc.results)
    copies[5].calc.results["energy"] += 1000
    ase.io.write(apus.folder / "copies.xyz", copies, format="extxyz")
    expect(check(apus, "copies.xyz", code=1), "warning", "outliers", "copies.xyz, frame 6")


def test_two_equal_structures_have_equal_energies(apus):
    frame = ase.io.read(CASES / "trajectory.xyz", 0)
    ase.io.write(apus.folder / "twice.xyz", [frame, frame], format="extxyz")
    assert alarms(check(apus, "twice.xyz")) == []


def test_dilute_structures_are_not_all_the_same(apus):
    frames = []
    for index in range(12):
        lines = [f'Properties=species:S:1:pos:R:3:forces:R:3 pbc="F F F" energy={-0.01 * index}']
        lines += ["Ar 0 0 0 0 0 0", f"Ar {5.5 + 0.2 * index} 0 0 0 0 0"]
        frames.append("2\n" + "\n".join(lines) + "\n")
    (apus.folder / "dimers.xyz").write_text("".join(frames))
    findings = json.loads(apus("check-data", "dimers.xyz", "--cutoff", "8", "--json").stdout)["findings"]
    assert not [f for f in findings if f["check"] == "duplicates" and f["severity"] == "error"]


def test_an_equation_of_state_tests_the_stress(apus):
    frames = ase.io.read(CASES / "perfect_crystals.xyz", ":")
    for frame in frames:
        frame.calc.results["stress"] = frame.calc.results["stress"] * -1602.1766
        del frame.calc.results["forces"]
    ase.io.write(apus.folder / "kbar.xyz", frames, format="extxyz")
    result = apus("check-data", "kbar.xyz", "--json")
    expect(json.loads(result.stdout)["findings"], "error", "stress", "the sign is the opposite, and they look like kbar")


def test_one_file_under_two_names_is_refused_by_both(apus):
    for name in ("a.xyz", "b.xyz"):
        shutil.copy(CASES / "trajectory.xyz", apus.folder / name)
    expect(check(apus, "a.xyz", "b.xyz", code=1), "error", "files", "b.xyz holds the same as a.xyz")
    assert "holds the same as a.xyz" in train(apus, "'[a.xyz, b.xyz]'".strip("'")).stderr


def test_training_warns_of_structures_that_validation_shares(apus):
    frames = ase.io.read(CASES / "trajectory.xyz", ":")
    ase.io.write(apus.folder / "train.xyz", frames[:12], format="extxyz")
    ase.io.write(apus.folder / "valid.xyz", frames[9:], format="extxyz")
    text = said(train(apus, "train.xyz", "--set", "data.validation=valid.xyz"))
    assert "two files share (or training and validation)" in text and "3 pairs" in text


def test_cutoffs_of_pairs_count_in_statistics(apus):
    def neighbours(cutoff):
        text = said(train(apus, CASES / "trajectory.xyz", "--set", f"model.per_edge_type_cutoff={{Cu: {cutoff}}}"))
        return float(text.split(" neighbours per atom")[0].split()[-1])

    frames = ase.io.read(CASES / "trajectory.xyz", ":")
    from ase.neighborlist import neighbor_list
    whole, part = (numpy.mean([len(neighbor_list("i", frame, cutoff)) / 4 for frame in frames]) for cutoff in (4.0, 3.0))
    assert neighbours(4.0) == pytest.approx(whole, abs=0.6) and neighbours(3.0) == pytest.approx(part, abs=0.6)
    result = train(apus, CASES / "trajectory.xyz", "--set", "model.per_edge_type_cutoff={Cu: 1}")
    assert result.returncode == 1 and "in none of 16 do atoms see each other" in result.stderr


# Files that cannot be read.

def test_foreign_and_wide_files_are_named_and_never_printed(apus):
    data = (CASES / "trajectory.xyz").read_bytes()
    (apus.folder / "a.xyz").write_bytes(bz2.compress(data))
    (apus.folder / "b.xyz").write_text(data.decode(), encoding="utf-16")
    (apus.folder / "c.xyz").write_text(data.decode(), encoding="utf-16-le")
    for name, words in [("a.xyz", "is compressed (bzip2)"), ("b.xyz", "is UTF-16"), ("c.xyz", "is UTF-16")]:
        assert words in apus.fails("check-data", name)
        assert words in train(apus, name).stderr


def test_a_folder_without_structures_is_named(apus):
    (apus.folder / "dft").mkdir()
    (apus.folder / "dft" / "notes.txt").write_text("nothing")
    for message in (apus.fails("check-data", "dft"), train(apus, "dft").stderr):
        assert "dft: expected structure files (" in message and "in the folder, found none" in message
    assert "is a folder" in apus.fails("train", "dft")


def test_hostile_text_does_not_reach_the_terminal(apus):
    text = (CASES / "trajectory.xyz").read_text()
    hostile = "\x1b[2Jred\u202e" + "x" * 1_000_000
    (apus.folder / "a.xyz").write_text(text.replace("Cu", hostile, 1))
    message = apus.fails("check-data", "a.xyz")
    assert "\x1b" not in message and "\u202e" not in message and len(message) < 2000
    named = text.replace('pbc="T T T"', f'pbc="T T T" config_type="{hostile}"')
    (apus.folder / "b.xyz").write_text(named)
    output = apus.succeeds("check-data", "b.xyz")
    assert "\x1b" not in output and "\u202e" not in output and max(map(len, output.splitlines())) < 2500


def test_a_damaged_cache_is_made_anew(apus):
    def shift(*options):
        text = said(train(apus, CASES / "trajectory.xyz", "--set", "data.cache=cache", *options))
        return [line for line in text.splitlines() if "energy shifts" in line][0], text

    first, _ = shift()
    [cache] = (apus.folder / "cache").iterdir()
    whole = cache.read_bytes()
    for place in (100, len(whole) // 2, len(whole) - 50, len(whole) - 1):
        cache.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1:])
        again, text = shift()
        assert again == first and "is damaged" in text or "is cut off" in text
        assert cache.read_bytes() == whole
    assert [file.name for file in (apus.folder / "cache").iterdir()] == [cache.name]


def test_momenta_that_contradict_velocities_are_refused(apus):
    lines = ["1", 'Properties=species:S:1:pos:R:3:velocities:R:3:momenta:R:3 pbc="F F F" energy=1',
             "Cu 0 0 0 0.01 0 0 0.5 0 0"]
    (apus.folder / "a.xyz").write_text("\n".join(lines) + "\n")
    assert "expected momenta = mass × velocities" in apus.fails("check-data", "a.xyz")
