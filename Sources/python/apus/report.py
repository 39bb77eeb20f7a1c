"""The report on a training: what is shown, and in which order."""

import json
import math

from .document import Document, Listing, Paragraph, Section, Table, duration, number
from .metrics import BY_ELEMENT
from .predictions import unit
from .plots import deviation_against_error, distinct_colours, force_error_histograms, learning_curves, parity

# Errors by their names in metrics.csv, as heads of columns.
QUANTITIES = {
    "energy_mae_mev_per_atom": "Energy MAE\nmeV/atom", "energy_rmse_mev_per_atom": "RMSE\nmeV/atom",
    "forces_mae_mev_per_angstrom": "Forces MAE\nmeV/Å", "forces_rmse_mev_per_angstrom": "RMSE\nmeV/Å",
    "forces_max_error_mev_per_angstrom": "largest\nmeV/Å", "stress_mae_gpa": "Stress MAE\nGPa",
    "stress_rmse_gpa": "RMSE\nGPa",
}
GROUPS = {"config_type": "By config_type", "validation_set": "By validation set"}
WORST = 10  # structures that are listed


def report(run, further):
    """The document for a run, and for further sets of predictions."""
    sets = [*([run.validation] if run.validation else []), *further]
    found = {str(element) for each in sets for element in each.elements}
    elements = run.potential.elements
    colours = distinct_colours([*elements, *sorted(found - set(elements))])
    sections = [
        Section("Summary", [_summary(run)]),
        Section("Errors on the validation set", _errors(run)),
        *_groups(run),
        Section("Learning curves", learning_curves([training.metrics for training in run.trainings], colours)),
    ]
    for each in sets:
        title = "Validation set" if each is run.validation else f"Predictions in {each.path}"
        sections.append(Section(title, _predictions(each, colours)))
    if not run.validation:
        sections.append(Section("Validation set", [Paragraph(
            "There is no validation.xyz in this folder, so predictions are not compared with labels one by one. The "
            "option --predictions of this report shows files that apus evaluate --predictions writes.")]))
    sections.append(Section("Settings", _settings(run.potential)))
    provenance = run.potential.provenance
    subtitle = f"{provenance.get('program', 'Apus')} · {str(provenance.get('created', ''))[:10]}".rstrip(" ·")
    return Document(run.name, subtitle, sections)


def _summary(run):
    model = run.potential.model
    trainings = [training.metrics for training in run.trainings]
    features = json.dumps(model.get("num_features", "–")).strip('[]"').replace(", ", " + ")
    weights = f"{run.potential.weights:,}".replace(",", "\u202f")
    rows = [
        ["Model", f"NequIP, {model.get('num_layers', '–')} layers, l ≤ {model.get('l_max', '–')}, features {features}, "
                  f"{'both parities' if model.get('parity') else 'natural parity'}"],
        ["Cutoff", f"{model.get('r_max', '–')} Å"],
        ["Elements", ", ".join(run.potential.elements)],
        ["Weights", f"{weights}, {run.potential.precision}"],
        ["Data", "\n".join(run.potential.data) or "–"],
        ["Training", "\n".join(
            f"{metrics.columns['epoch'][-1]:.0f} epochs in {duration(metrics.columns['seconds'][-1])}"
            for metrics in trainings)],
        ["Kept epoch", "\n".join(
            f"{metrics.kept_epoch}, validation loss {number(metrics.at_kept('validation_loss'))}, "
            f"after {duration(metrics.at_kept('seconds'))}"
            for metrics in trainings)],
    ]
    if len(trainings) > 1:
        rows.insert(0, ["Committee", f"{len(trainings)} members"])
    return Table([], rows, left=2)


def _settings(potential):
    yaml = str(potential.provenance.get("trainingConfiguration", ""))
    model = "\n".join(f"{key}: {json.dumps(_short(value))}" for key, value in sorted(potential.model.items()))
    return [Listing("Training configuration", yaml.rstrip()), Listing("Hyperparameters of the model", model)]


def _short(value):
    """Numbers with the digits that people read."""
    if isinstance(value, list):
        return [_short(item) for item in value]
    return float(f"{value:.8g}") if isinstance(value, float) and math.isfinite(value) else value


def _errors(run):
    """The kept potential's errors, and of a committee also its members'."""
    error = run.potential.error
    alone = run.trainings[0].metrics if len(run.trainings) == 1 else None
    rows = [
        ["Energy, meV/atom", error("energy_mae_mev_per_atom"), error("energy_rmse_mev_per_atom"), math.nan],
        ["Energy, meV", math.nan, error("energy_rmse_mev"), math.nan],
        ["Forces, meV/Å", *(error(f"forces_{kind}_mev_per_angstrom") for kind in ("mae", "rmse", "max_error"))],
        *(["    " + element, math.nan, alone.at_kept(BY_ELEMENT + element), math.nan]
          for element in (alone.elements if alone else [])),
        ["Stress, GPa", error("stress_mae_gpa"), error("stress_rmse_gpa"), math.nan],
        *([f"{name}, {unit(name) or word}", error(f"{name}_mae_{word}"), error(f"{name}_rmse_{word}"), math.nan]
          for name, word in run.trainings[0].metrics.others),
    ]
    rows = [row for row in rows if not all(math.isnan(cell) for cell in row[1:])]
    table = _table(["", "MAE", "RMSE", "Largest"], rows)
    if alone:
        return [table]
    members = [
        [f"Member {index}", *map(training.potential.error, QUANTITIES)]
        for index, training in enumerate(run.trainings, 1)
    ]
    return [
        Paragraph("Of the members' mean:"), table, Paragraph("Of each member alone:"),
        _table(["", *QUANTITIES.values()], members),
    ]


def _groups(run):
    """A section for every kind of group that has lines at the kept epoch."""
    if len(run.trainings) > 1:
        return
    training, = run.trainings
    for group, title in GROUPS.items():
        lines = [
            line for line in training.groups
            if line["group"] == group and line["epoch"] == training.metrics.kept_epoch
        ]
        rows = [
            [line["name"] or "–", *(f"{line[name]:.0f}" for name in ("structures", "atoms")),
             *(line[name] for name in QUANTITIES)]
            for line in lines
        ]
        header = ["", "Structures", "Atoms", *QUANTITIES.values()]
        if rows:
            yield Section(title, [_table(header, rows, digits=3)])


def _predictions(each, colours):
    quantities = [("Energy, meV/atom", each.energy, 1000), ("Forces, meV/Å", each.forces, 1000)]
    elements = [element for element in colours if (each.elements == element).any()]
    if len(elements) > 1:
        quantities += [("    " + element, each.forces[each.elements == element], 1000) for element in elements]
    quantities.append(("Stress, GPa", each.stress, 1))
    quantities += [(f"{name}, {unit(name)}".rstrip(", "), pairs, 1) for name, pairs in each.others.items()]
    rows = [
        [name, str(pairs.reference.size), scale * pairs.mae, scale * pairs.rmse, scale * pairs.largest]
        for name, pairs, scale in quantities if len(pairs)
    ]
    blocks = [
        Paragraph(f"{each.structures} structures, {each.atoms} atoms."),
        _table(["", "Labels", "MAE", "RMSE", "Largest"], rows),
        parity(each, colours),
    ]
    if len(each.energy):
        blocks.insert(1, Paragraph(
            "Energies are plotted less Σ n e, n being the number of atoms of an element and e an energy fitted to the "
            "labels."))
    if len(each.forces):
        worst = [[str(index), kind or "–", 1000 * error] for error, index, kind in each.worst[:WORST]]
        blocks += [force_error_histograms(each, colours)]
        deviation = deviation_against_error(each, colours)
        blocks += [deviation] if deviation else []
        blocks += [
            Paragraph("The structures with the largest errors of a force component, counted from 1 in the file:"),
            _table(["Structure", "config_type", "Largest error, meV/Å"], worst, left=2),
        ]
    return blocks


def _table(header, rows, left=1, digits=4):
    """A table; numbers are written with so many significant digits, columns without any entry are left out."""
    rows = [[number(cell, digits) if isinstance(cell, float) else cell for cell in row] for row in rows]
    kept = [column for column in range(len(header)) if any(row[column] != "–" for row in rows)]
    return Table([header[column] for column in kept], [[row[column] for column in kept] for row in rows], left)
