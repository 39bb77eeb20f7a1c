"""`python -m apus report`: its numbers against an independent computation, and mistakes in its input."""

import csv
import json
import os
import re
import shutil
import struct

import numpy
import pytest

from conftest import run_module, run_report

ERRORS = (
    "energy_mae_mev_per_atom,energy_rmse_mev_per_atom,energy_rmse_mev,forces_mae_mev_per_angstrom,"
    "forces_rmse_mev_per_angstrom,forces_max_error_mev_per_angstrom,stress_mae_gpa,stress_rmse_gpa"
)
BY_ELEMENT = ",forces_rmse_mev_per_angstrom_Li,forces_rmse_mev_per_angstrom_O"
EPOCHS, BEST, KEPT = 40, 31, 34
CONFIGURATION = "data:\n  train: <lithia>.xyz\nmodel: {r_max: 5.0}\n"


def errors_at(epoch):
    """Plausible values of ERRORS, least at the epoch BEST."""
    scale = 1 + 50 * numpy.exp(-epoch / 6) + 0.1 * abs(epoch - BEST)
    return [round(scale * value, 5) for value in (1.234, 2.345, 87.65, 21.43, 34.56, 412.3, 0.1357, 0.2468)]


def write_metrics(folder):
    lines = ["epoch,seconds,learning_rate,training_loss,validation_loss," + ERRORS + BY_ELEMENT]
    groups = ["epoch,group,name,structures,atoms," + ERRORS]
    for epoch in range(EPOCHS + 1):
        errors = errors_at(epoch)
        training = "" if epoch == 0 else f"{0.002 * errors[0]:.6g}"
        values = [epoch, 3.5 * epoch, 0.01 if epoch < 20 else 0.005, training, f"{0.0031 * errors[0]:.6g}"]
        lines.append(",".join(map(str, values + errors + [0.8 * errors[4], 1.3 * errors[4]])))
        for group, name, factor in ("config_type", "bulk", 0.71), ("config_type", "", 1.19), ("validation_set", "a", 1):
            some = [round(factor * error, 5) for error in errors[:6]] + ["", ""]
            groups.append(",".join(map(str, [epoch, group, name, 10, 64, *some])))
    (folder / "metrics.csv").write_text("\n".join(lines) + "\n")
    (folder / "metrics_by_group.csv").write_text("\n".join(groups) + "\n")


def write_potential(folder, errors=None, members=1):
    """Writes a potential of the epoch KEPT with its errors, or with others."""
    provenance = {
        "program": "Apus 0.1.0", "created": "2026-01-02T03:04:05Z", "epochs": KEPT,
        "trainingConfiguration": CONFIGURATION,
        "data": [{"name": "lithia.xyz", "sha256": "0123456789abcdef" * 4, "structures": 123}],
        "validationErrors": dict(zip(ERRORS.split(","), errors or errors_at(KEPT))),
    }
    model = {
        "num_layers": 3, "l_max": 2, "num_features": [32, 16, 8], "r_max": 5, "parity": True, "type_names": ["Li", "O"]}
    header = json.dumps({
        "__metadata__": {
            "model": json.dumps(model), "elements": "Li O", "provenance": json.dumps(provenance),
            "precision": "float32", **({"members": str(members)} if members > 1 else {}),
        },
        "reference.0.energy": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]},
        "weights.a": {"dtype": "F32", "shape": [40, 50], "data_offsets": [8, 8008]},
        "weights.b": {"dtype": "F32", "shape": [11], "data_offsets": [8008, 8052]},
    }).encode()
    (folder / "potential.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(8052))


def root_mean_square(values):
    return numpy.sqrt((numpy.ravel(values) ** 2).mean())


def write_predictions(path, frames=20, committee=True, seed=3):
    """Writes frames of Li and O, some without one of the labels; returns what the RMSEs must be, in meV and GPa."""
    random = numpy.random.default_rng(seed)
    errors = {"energy": [], "forces": [], "stress": []}
    elements_of_forces, largest, lines = [], [], []
    for index in range(frames):
        count = int(random.integers(4, 12))
        elements = random.choice(["Li", "O"], count)
        reference, scale = random.normal(0, 1.5, (count, 3)), random.lognormal(-3.5, 0.6, (count, 1))
        predicted = reference + scale * random.normal(size=(count, 3))
        energy = -2.0 * (elements == "Li").sum() - 430.5 * (elements == "O").sum() + random.normal(0, 0.05 * count)
        stress = random.normal(0, 0.02, (3, 3))
        stress = (stress + stress.T).ravel()
        shown = {"energy": energy + random.normal(0, 0.003 * count), "stress": stress + random.normal(0, 0.002, 9)}
        comment = 'Lattice="9 0 0 0 9 0 0 0 9" ' + " ".join(
            f'{key}="{" ".join(map(repr, numpy.atleast_1d(value).tolist()))}"' for key, value in shown.items())
        if index % 5 != 1:
            comment += f" REF_energy={float(energy)!r}"
            errors["energy"].append(1000 * (shown["energy"] - energy) / count)
        if index % 3 != 2:
            comment += f' REF_stress="{" ".join(map(repr, stress.tolist()))}"'
            errors["stress"].append(160.21766 * (shown["stress"] - stress))
        if index % 2:
            comment += " config_type=" + ("bulk" if index % 4 == 1 else '"slab & more"')
        columns = {"forces": predicted, "pos": random.uniform(0, 9, (count, 3))}
        if index % 4 != 3:
            columns = {"REF_forces": reference, **columns}
            errors["forces"].append(1000 * (predicted - reference))
            elements_of_forces.append(elements)
            largest.append((1000 * numpy.abs(predicted - reference).max(), index + 1))
            if committee:
                columns["forces_deviation"] = scale * random.lognormal(0, 0.3, (count, 1))
        properties = "species:S:1:" + ":".join(f"{name}:R:{values.shape[1]}" for name, values in columns.items())
        lines += [str(count), f"{comment} Properties={properties} pbc=\"T T T\""]
        rows = numpy.hstack(list(columns.values())).tolist()
        lines += [" ".join([element, *map(repr, row)]) for element, row in zip(elements, rows)]
    path.write_text("\n".join(lines) + "\n")
    kinds, force_errors = numpy.concatenate(elements_of_forces), numpy.concatenate(errors["forces"])
    rmse = {
        "Energy, meV/atom": root_mean_square(errors["energy"]), "Forces, meV/Å": root_mean_square(force_errors),
        "Stress, GPa": root_mean_square(errors["stress"]),
        "Li": root_mean_square(force_errors[kinds == "Li"]), "O": root_mean_square(force_errors[kinds == "O"]),
    }
    return rmse, max(largest)


@pytest.fixture
def run(tmp_path):
    """The folder of a training without what may be absent."""
    folder = tmp_path / "lithia & co"
    folder.mkdir()
    write_metrics(folder)
    (folder / "metrics_by_group.csv").rename(tmp_path / "metrics_by_group.csv")
    write_potential(folder)
    return folder


def succeeds(folder, *arguments):
    result = run_report(folder, *arguments)
    assert (result.returncode, result.stderr) == (0, "")


def rows(page):
    """The cells of all tables, row by row."""
    return [re.findall("<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in re.findall("<tr>(.*?)</tr>", page, re.DOTALL)]


def shown(value, digits=4):
    """A value between 10⁻³ and 10⁶ with so many significant digits."""
    return f"{value:.{max(0, digits - 1 - int(numpy.floor(numpy.log10(value))))}f}"


def test_everything_is_in_one_file_that_needs_no_other(run, tmp_path):
    write_metrics(run)
    rmse, (largest, worst) = write_predictions(run / "validation.xyz")
    tested, _ = write_predictions(tmp_path / "test.xyz", frames=7, committee=False, seed=4)
    succeeds(tmp_path, run.name, "--predictions", "test.xyz")
    page = (run / "report.html").read_text()
    assert "://" not in page and "<script" not in page and "<link" not in page
    assert set(re.findall('(?:src|href)="([^"]{21})', page)) == {"data:image/svg+xml;ba"}
    assert "<h1>lithia &amp; co</h1>" in page and "train: &lt;lithia&gt;.xyz" in page
    cells = rows(page)

    # At the epoch of the potential, as metrics.csv has it.
    kept = {name: float(value) for name, value in list(csv.DictReader(open(run / "metrics.csv")))[KEPT].items()}
    assert [row[1] for row in cells if row[:1] == ["Kept epoch"]][0].startswith(f"{KEPT}, ")
    energy = [shown(kept[f"energy_{kind}_mev_per_atom"]) for kind in ("mae", "rmse")]
    assert ["Energy, meV/atom", *energy, "–"] in cells
    forces = [shown(kept[f"forces_{kind}_mev_per_angstrom"]) for kind in ("mae", "rmse", "max_error")]
    assert ["Forces, meV/Å", *forces] in cells
    assert ["Li", "–", shown(kept["forces_rmse_mev_per_angstrom_Li"]), "–"] in cells
    assert ["Stress, GPa", shown(kept["stress_mae_gpa"]), shown(kept["stress_rmse_gpa"]), "–"] in cells
    group = [shown(0.71 * errors_at(KEPT)[index], 3) for index in (0, 1, 3, 4, 5)]
    assert ["bulk", "10", "64", *group] in cells
    assert ["Weights", "2\u202f011, float32"] in cells
    assert ["Data", "lithia.xyz: 123 structures (SHA-256 0123456789ab…)"] in cells

    # Predictions against labels, as computed here.
    for expected in (rmse, tested):
        for name, value in expected.items():
            assert shown(value) in [row[3] for row in cells if len(row) == 5 and row[0] == name]
    assert [row for row in cells if row[:1] == [str(worst)]][0][2] == shown(largest)
    for picture in ("Learning curves", "Parity plots", "Histograms", "Deviation of the committee"):
        assert f'alt="{picture}' in page
    assert page.count('alt="Deviation of the committee') == 1


def test_optional_files_may_be_absent(run, tmp_path):
    succeeds(tmp_path, run.name)
    page = (run / "report.html").read_text()
    assert page.count("<img") == page.count('<img alt="Learning curves') > 0 and "no validation.xyz" in page
    assert sorted(path.name for path in run.iterdir()) == ["metrics.csv", "potential.safetensors", "report.html"]


def test_columns_by_element_groups_and_labels_may_be_absent(run, tmp_path):
    (run / "metrics_by_group.csv").write_text("epoch,group,name,structures,atoms," + ERRORS + "\n")
    lines = (run / "metrics.csv").read_text().splitlines()
    kept = [line.split(",")[:11] + ["", ""] for line in lines[1:]]
    (run / "metrics.csv").write_text("\n".join([lines[0].removesuffix(BY_ELEMENT), *map(",".join, kept)]) + "\n")
    (run / "validation.xyz").write_text(
        "1\nProperties=species:S:1:pos:R:3 pbc=\"F F F\" energy=-1.5 REF_energy=-1.25\nLi 0 0 0\n")
    succeeds(tmp_path, run.name)
    cells = rows((run / "report.html").read_text())
    assert ["Energy, meV/atom", "1", "250.0", "250.0", "250.0"] in cells
    assert not [row for row in cells if row[:1] in (["Li"], ["Stress, GPa"]) and "–" not in row]


def test_pdf(run, tmp_path):
    write_predictions(run / "validation.xyz")
    succeeds(tmp_path, run.name, "-o", "report.pdf")
    content = (tmp_path / "report.pdf").read_bytes()
    assert content.startswith(b"%PDF") and len(re.findall(rb"/Type /Page\b", content)) >= 3
    assert not (run / "report.html").exists()


def replacing(file, old, new):
    def change(run):
        text = (run / file).read_text()
        assert old in text
        (run / file).write_text(text.replace(old, new, 1))

    return file, change


def writing(file, content):
    return file, lambda run: (run / file).write_bytes(content)


@pytest.mark.parametrize("file, change", [
    writing("metrics.csv", b""),
    writing("metrics.csv", b"\xff\xfe\x00garbled\n\x80"),
    writing("metrics.csv", b"Si 0 0 0\n"),
    ("metrics.csv", lambda run: (run / "metrics.csv").unlink()),
    ("metrics.csv", lambda run: os.truncate(run / "metrics.csv", (run / "metrics.csv").read_bytes().index(b"\n") + 1)),
    replacing("metrics.csv", f"\n{KEPT},", "\n99,"),
    replacing("metrics.csv", "\n3,10.5,", "\n3,nan,"),
    replacing("metrics.csv", "\n3,10.5,", "\n3,,"),
    replacing("metrics.csv", "\n3,10.5,", "\n3,10.5,10.5,"),
    writing("metrics_by_group.csv", b"epoch,group\n1,config_type\n"),
    writing("potential.safetensors", b""),
    writing("potential.safetensors", bytes(100)),
    writing("potential.safetensors", struct.pack("<Q", 2**60) + b"{}"),
    writing("potential.safetensors", struct.pack("<Q", 2) + b"{}"),
    writing("validation.xyz", b""),
    writing("validation.xyz", b"2\nProperties=species:S:1:pos:R:3 energy=1 REF_energy=1\nH 0 0 0\n"),
    writing("validation.xyz", b"1\nProperties=species:S:1:pos:R:3 energy=nan REF_energy=1\nH 0 0 0\n"),
    writing("validation.xyz", b"1\nProperties=species:S:1:pos:R:3 REF_energy=1\nH 0 0 0\n"),
    writing("validation.xyz", b"1\nProperties=species:S:1:pos:R:3 energy=1\nH 0 0 0\n"),
    writing("validation.xyz", b"1\nenergy=1 REF_energy=1\nH 0 0 0\n"),
    writing("validation.xyz", b"1\nProperties=species:S:1:forces:R:3:REF_forces:R:3\nH 0 0 0 0 0 x\n"),
    writing("validation.xyz", b"1\nProperties=species:S:1:forces:R:3:REF_forces:R:3\nH 0 0 0 0 0\n"),
    writing("validation.xyz", b"1\nProperties=species:S:1:forces:R:3:REF_forces:R:1\nH 0 0 0 0\n"),
])
def test_a_mistake_is_one_line_and_nothing_is_written(run, tmp_path, file, change):
    change(run)
    before = sorted(run.iterdir())
    result = run_report(tmp_path, run.name)
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr.startswith(f"apus: error: {run.name}/{file}: ") and result.stderr.count("\n") == 1
    assert "expected" in result.stderr and sorted(run.iterdir()) == before


def test_a_committee_has_its_own_errors_and_those_of_its_members(run, tmp_path):
    for member in (1, 2, 3):
        folder = tmp_path / f"member-{member}"
        shutil.copytree(run, folder)
        write_potential(folder, [member * error for error in errors_at(KEPT)])
    result = run_report(tmp_path, ".")
    assert result.returncode == 1 and result.stderr.startswith("apus: error: potential.safetensors: ")
    assert "give a member's folder" in result.stderr and result.stderr.count("\n") == 1
    write_potential(tmp_path, [0.9 * error for error in errors_at(KEPT)], members=3)
    # What an earlier committee of more members has left counts no more.
    shutil.copytree(tmp_path / "member-3", tmp_path / "member-4")
    write_predictions(tmp_path / "validation.xyz")
    succeeds(tmp_path, ".")
    page = (tmp_path / "report.html").read_text()
    cells = rows(page)
    assert ["Forces, meV/Å", *(shown(0.9 * errors_at(KEPT)[index]) for index in (3, 4, 5))] in cells
    assert "Member 4" not in page and ["Committee", "3 members"] in cells
    for member in (1, 2, 3):
        assert [f"Member {member}", *(shown(member * errors_at(KEPT)[index]) for index in (0, 1, 3, 4, 5, 6, 7))] in cells
    assert 'alt="Deviation of the committee' in page and page.count('alt="Learning curves') == 3


def test_a_picture_of_predictions_alone(tmp_path):
    write_predictions(tmp_path / "test.xyz", frames=7, committee=False)
    assert run_module(tmp_path, "parity", "test.xyz").stdout == "wrote test.svg\n"
    first = (tmp_path / "test.svg").read_bytes()
    assert first.startswith(b"<?xml")
    run_module(tmp_path, "parity", "test.xyz")
    assert (tmp_path / "test.svg").read_bytes() == first
    run_module(tmp_path, "parity", "test.xyz", "-o", "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    for arguments, words in [(["test.xyz", "-o", "a.html"], ".svg, .pdf or .png"), (["none.xyz"], "none.xyz"), (["."], ".")]:
        result = run_module(tmp_path, "parity", *arguments)
        assert result.returncode == 1 and words in result.stderr
        assert result.stderr.startswith("apus: error: ") and result.stderr.count("\n") == 1


def test_places_that_cannot_be_written_are_errors(run, tmp_path):
    for arguments in (("absent",), (run.name, "-o", "validation.xyz"), (run.name, "-o", "absent/report.html")):
        result = run_report(tmp_path, *arguments)
        assert result.returncode == 1 and result.stderr.startswith("apus: error: ") and result.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [run.name, "metrics_by_group.csv"]
