"""Pictures of the tables of `apus analyze`."""

import csv

import numpy

from .document import WIDTH, Plot
from .errors import InputError
from .plots import COLOURS, GREY

# File, title, labels of the axes, and which columns are drawn.
PANELS = [
    ("rdf.csv", "Radial distribution", "r, Å", "g(r)", "g "), ("msd.csv", "Mean square displacement", "t, ps", "Å²", "msd "),
    ("vdos.csv", "Vibrational density of states", "frequency, THz", "states per THz and atom", "states "),
    ("infrared.csv", "Infrared absorption", "wavenumber, 1/cm", "km/mol for each 1/cm", "absorption"),
    ("angles.csv", "Angles", "degrees", "per degree", "at "), ("density.csv", "Density", "place, Å", "atoms per Å³", ""),
]


def read_analysis(folder):
    """(title, x label, y label, x, {name: y}) of each table that is there."""
    panels = []
    for name, title, x_label, y_label, prefix in PANELS:
        path = folder / name
        if not path.exists():
            continue
        try:
            with open(path, encoding="utf-8", newline="") as file:
                header, *rows = csv.reader(file)
            values = numpy.array([[float(x) if x else numpy.nan for x in row] for row in rows])
            curves = {
                (label.removeprefix(prefix).split("/")[0] or prefix): values[:, k]
                for k, label in enumerate(header) if k and label.startswith(prefix)
            }
            panels.append((title, x_label, y_label, values[:, 0], curves))
        except (OSError, ValueError, IndexError):
            raise InputError(path, "expected a table that apus analyze wrote, found something else") from None
    if not panels:
        raise InputError(folder, "expected a folder that apus analyze wrote, found none of its tables")
    return panels


def analysis(panels):
    rows = (len(panels) + 1) // 2

    def draw(figure):
        grid = figure.subplots(rows, 2, squeeze=False)
        for axes in grid.flat[len(panels):]:
            axes.set_visible(False)
        for axes, (title, x_label, y_label, x, curves) in zip(grid.flat, panels):
            for k, (name, y) in enumerate(curves.items()):
                axes.plot(x, y, color=COLOURS[k % len(COLOURS)], label=name)
            if title == "Radial distribution":
                axes.axhline(1, color=GREY, linewidth=0.5, zorder=0)
            # Beyond the last states there is nothing to see.
            if title.startswith(("Vibrational", "Infrared")):
                highest = max(numpy.nanmax(y) for y in curves.values())
                seen = [x[k] for y in curves.values() for k in numpy.flatnonzero(y > 0.01 * highest)[-1:]]
                axes.set_xlim(0, 1.1 * max(seen))
            axes.set(title=title, xlabel=x_label, ylabel=y_label)
            axes.set_ylim(bottom=0)
            if 1 < len(curves) <= 16:
                axes.legend()
        figure.tight_layout()

    return Plot("Analysis of a trajectory", (WIDTH, 2.3 * rows), draw)
