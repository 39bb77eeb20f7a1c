"""Errors against the number of training structures, with the power law that they follow."""

import csv
import io
import math

import numpy

from .document import Plot
from .errors import InputError, quoted, read_text

REMEDY = "give the output folder of apus learning-curve"
PANELS = (
    ("Energy", "error, meV/atom", "energy_mae_mev_per_atom", "energy_rmse_mev_per_atom"),
    ("Forces", "error, meV/Å", "forces_mae_mev_per_angstrom", "forces_rmse_mev_per_angstrom"),
    ("Stress", "error, GPa", "stress_mae_gpa", "stress_rmse_gpa"),
)


def read_learning_curve(path):
    """The columns of `learning_curve.csv` by name; NaN where a field is empty."""
    reader = csv.DictReader(io.StringIO(read_text(path, REMEDY), newline=""))
    expected = ["training_structures"] + [name for panel in PANELS for name in panel[2:]]
    missing = [name for name in expected if name not in (reader.fieldnames or [])]
    if missing:
        raise InputError(path, f"line 1: expected the column {missing[0]}, found none; {REMEDY}")
    columns = {name: [] for name in expected}
    for row in reader:
        for name in expected:
            columns[name].append(_number(path, reader.line_num, name, row[name]))
    if len(columns["training_structures"]) < 2:
        raise InputError(path, f"found fewer than two sizes, expected two or more; {REMEDY}")
    curve = {name: numpy.array(values) for name, values in columns.items()}
    if not panels_of(curve):
        raise InputError(path, (
            f"found no error above zero at two sizes, expected those of energies, forces or stresses; {REMEDY}"))
    return curve


def panels_of(columns):
    """The quantities that have two positive errors, which is what a line on logarithmic axes needs."""
    return [panel for panel in PANELS if (numpy.nan_to_num(columns[panel[2]]) > 0).sum() >= 2]


def _number(path, line, name, field):
    if not field and name != "training_structures":
        return math.nan
    try:
        number = float(field)
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise InputError(path, f"line {line}, {name}: found {quoted(str(field))}, expected a number; {REMEDY}")
    return number


def power_law(sizes, errors):
    """Exponent β and prefactor a of error = a · n^(−β), by least squares on logarithms; None without two points."""
    kept = errors > 0
    if kept.sum() < 2:
        return None
    slope, intercept = numpy.polyfit(numpy.log(sizes[kept]), numpy.log(errors[kept]), 1)
    return -slope, math.exp(intercept)


def learning_curve(columns):
    """Errors and their power laws, a panel for each quantity."""
    from matplotlib.ticker import NullFormatter, ScalarFormatter

    from .plots import BLUE, ORANGE

    sizes = columns["training_structures"]
    panels = panels_of(columns)

    def draw(figure):
        figure.set_layout_engine("constrained")
        for axes, (title, label, *names) in zip(numpy.ravel(figure.subplots(1, len(panels))), panels):
            for name, legend, colour in zip(names, ("MAE", "RMSE"), (BLUE, ORANGE)):
                law = power_law(sizes, columns[name])
                axes.plot(sizes, columns[name], "o", color=colour, markersize=4)
                if law:
                    line = numpy.geomspace(sizes.min(), sizes.max(), 50)
                    axes.plot(line, law[1] * line ** -law[0], color=colour, label=f"{legend}, β = {law[0]:.2f}")
            axes.set(title=title, xlabel="training structures", ylabel=label, xscale="log", yscale="log")
            axes.set_xticks(sizes, [f"{size:.0f}" for size in sizes])
            axes.xaxis.set_minor_formatter(NullFormatter())
            for formatter in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
                formatter(ScalarFormatter())
            axes.legend()

    return Plot("Learning curve", (3.1 * len(panels), 2.6), draw)
