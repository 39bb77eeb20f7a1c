"""A picture of bands and states from the folder of `apus phonons -o`."""

import csv

import numpy

from .document import WIDTH, Plot
from .errors import InputError
from .plots import BLUE, GREY


def read_phonons(folder):
    """Bands as (distance, names, frequencies) and states as (frequency, density)."""
    bands = _table(folder / "bands.csv", "distance/(1/Å)")
    states = _table(folder / "dos.csv", "frequency/THz")
    distance = numpy.array([float(row[0]) for row in bands])
    frequencies = numpy.array([[float(x) for x in row[5:]] for row in bands])
    return (distance, [row[4] for row in bands], frequencies), numpy.array(states, dtype=float)


def _table(path, first):
    try:
        with open(path, encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        if header[0] != first or not rows or any(len(row) != len(header) for row in rows):
            raise ValueError
    except OSError as error:
        raise InputError(path, f"{error.strerror}, expected a table that apus phonons -o wrote") from None
    except ValueError:
        raise InputError(path, f"expected a table whose first column is {first}, as apus phonons -o writes it") from None
    return rows


def bands_and_states(bands, states):
    distance, names, frequencies = bands

    def draw(figure):
        left, right = figure.subplots(1, 2, sharey=True, gridspec_kw={"width_ratios": [3, 1], "wspace": 0.06})
        # A piece ends where the next point stands at the same distance.
        ends = [0, *(numpy.flatnonzero(numpy.diff(distance) == 0) + 1), len(distance)]
        for first, last in zip(ends, ends[1:]):
            left.plot(distance[first:last], frequencies[first:last], color=BLUE)
        places = {}
        for place, name in zip(distance, names):
            if name and name not in places.setdefault(place, []):
                places[place].append(name)
        for place in places:
            left.axvline(place, color=GREY, linewidth=0.5, zorder=0)
        left.set_xticks(list(places), ["|".join(found) for found in places.values()])
        left.set(xlim=(distance[0], distance[-1]), ylabel="frequency, THz", title="Bands")
        right.fill_betweenx(states[:, 0], states[:, 1], color=BLUE, alpha=0.25, linewidth=0)
        right.plot(states[:, 1], states[:, 0], color=BLUE)
        right.set(xlabel="states per THz and cell", title="Density of states", xlim=(0, None))
        for axes in (left, right):
            axes.axhline(0, color=GREY, linewidth=0.5, zorder=0)
        figure.subplots_adjust(left=0.09, right=0.98, bottom=0.14, top=0.91)

    return Plot("Phonon bands and density of states", (WIDTH, 3.0), draw)
