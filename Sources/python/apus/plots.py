"""Pictures of a training and of predictions against labels."""

import dataclasses
import math

import matplotlib
import numpy
from matplotlib.ticker import LogFormatterSciNotation, MaxNLocator

from .document import WIDTH, Plot
from .metrics import BY_ELEMENT, Metrics
from .predictions import unit

STYLE = {
    "font.size": 8, "axes.titlesize": 8.5, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.6, "axes.labelcolor": "#333333",
    "xtick.labelsize": 7, "ytick.labelsize": 7, "xtick.major.width": 0.6, "ytick.major.width": 0.6,
    "lines.linewidth": 1.1, "legend.fontsize": 7, "legend.frameon": False, "legend.handlelength": 1.4,
    "svg.hashsalt": "apus", "pdf.fonttype": 42,
}
# Okabe and Ito (2008): eight colours that colour-blind readers can tell apart; its yellow is too pale for points.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555"]
BLUE, ORANGE, GREY = COLOURS[0], COLOURS[1], "#999999"
LEGEND = 16  # elements or members; more are not explained by a legend
IN_A_ROW = 3  # panels of parity
RASTERISED_FROM = 2000  # points; more than these are an image within the drawing


def distinct_colours(names):
    """A colour for every element or member: those of Okabe and Ito, or of viridis where they do not suffice."""
    if len(names) <= len(COLOURS):
        return dict(zip(names, COLOURS))
    return dict(zip(names, map(tuple, matplotlib.colormaps["viridis"](numpy.linspace(0, 0.95, len(names))))))


@dataclasses.dataclass
class Curve:
    """A column of a training's metrics against the epoch."""

    metrics: Metrics
    name: str
    legend: str
    colour: object

    @property
    def is_empty(self):
        return not numpy.nan_to_num(self.metrics.columns[self.name]).any()


def learning_curves(trainings, colours):
    """Losses, errors on the validation set and the learning rate against the epoch, two in a picture.

    Of several trainings, the members of a committee, the loss and the errors on the validation set of each.
    """
    panels = _panels_of_one(trainings[0], colours) if len(trainings) == 1 else _panels_of_members(trainings)
    panels = [panel for panel in panels if not all(curve.is_empty for curve in panel[2])]
    return [_curves(trainings, panels[first:first + 2]) for first in range(0, len(panels), 2)]


def _panels_of_one(metrics, colours):
    def pair(first, second, legends=("RMSE", "MAE")):
        return [Curve(metrics, *each) for each in zip((first, second), legends, (BLUE, ORANGE))]

    by_element = [Curve(metrics, BY_ELEMENT + element, element, colours[element]) for element in metrics.elements]
    return [
        ("Loss", "loss", pair("validation_loss", "training_loss", ("validation", "training"))),
        ("Learning rate", "learning rate", [Curve(metrics, "learning_rate", "", BLUE)]),
        ("Energy", "error, meV/atom", pair("energy_rmse_mev_per_atom", "energy_mae_mev_per_atom")),
        ("Forces", "error, meV/Å", pair("forces_rmse_mev_per_angstrom", "forces_mae_mev_per_angstrom")),
        ("Stress", "error, GPa", pair("stress_rmse_gpa", "stress_mae_gpa")),
        ("Forces by element", "RMSE, meV/Å", by_element if len(by_element) > 1 else []),
        *((_title(name), f"error, {unit(name) or word}", pair(f"{name}_rmse_{word}", f"{name}_mae_{word}"))
          for name, word in metrics.others),
    ]


def _panels_of_members(trainings):
    names = [f"member {index}" for index in range(1, len(trainings) + 1)]
    colours = distinct_colours(names)
    panels = [
        ("Loss", "loss on the validation set", "validation_loss"), ("Learning rate", "learning rate", "learning_rate"),
        ("Energy", "RMSE, meV/atom", "energy_rmse_mev_per_atom"),
        ("Forces", "RMSE, meV/Å", "forces_rmse_mev_per_angstrom"), ("Stress", "RMSE, GPa", "stress_rmse_gpa"),
        *((_title(name), f"RMSE, {unit(name) or word}", f"{name}_rmse_{word}") for name, word in trainings[0].others),
    ]
    return [
        (title, label, [Curve(metrics, column, name, colours[name]) for metrics, name in zip(trainings, names)])
        for title, label, column in panels
    ]


def _title(name):
    """`Atomic dipoles` of atomic_dipoles."""
    return name.replace("_", " ").capitalize()


def _curves(trainings, panels):
    def draw(figure):
        for axes, (title, label, curves) in zip(_panels(figure, size, len(panels)), panels):
            for curve in curves:
                epochs, values = curve.metrics.columns["epoch"], curve.metrics.columns[curve.name]
                kept = values > 0
                style = {"drawstyle": "steps-post" if curve.name == "learning_rate" else "default", "markersize": 2}
                style["marker"] = "o" if kept.sum() <= 30 else None
                axes.plot(epochs[kept], values[kept], color=curve.colour, label=curve.legend, **style)
            for index, metrics in enumerate(trainings):
                legend = "kept epoch" if title == "Loss" and index == 0 else None
                axes.axvline(metrics.kept_epoch, color=GREY, linewidth=0.8, linestyle=":", label=legend)
            axes.set(title=title, xlabel="epoch", ylabel=label, yscale="log")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.yaxis.set_minor_formatter(LogFormatterSciNotation(minor_thresholds=(1, 0.2)))
            if 1 < len(curves) <= LEGEND:
                axes.legend(ncols=1 + len(curves) // 6)

    size = (WIDTH * len(panels) / 2, 2.1)
    return Plot("Learning curves: " + _titles(panels), size, draw)


def parity(predictions, colours):
    """Predictions against labels: energies, forces and stress."""
    panels = [
        ("Relative energy", predictions.energy, "eV/atom", 1000, "meV/atom"),
        ("Force components", predictions.forces, "eV/Å", 1000, "meV/Å"),
        ("Stress components", predictions.stress, "GPa", 1, "GPa"),
        *((_title(name), pairs, unit(name), 1, unit(name)) for name, pairs in predictions.others.items()),
    ]
    panels = [panel for panel in panels if len(panel[1])]

    def draw(figure):
        for axes, (title, pairs, label, scale, unit) in zip(_panels(figure, size, len(panels)), panels):
            by_element = predictions.elements if pairs is predictions.forces else None
            _scatter(axes, pairs.reference, pairs.predicted, by_element, colours)
            values = numpy.concatenate([pairs.reference, pairs.predicted])
            ends = numpy.array([values.min(), values.max()])
            ends += numpy.array([-0.05, 0.05]) * (ends[1] - ends[0] or 1)
            axes.axline((ends[0], ends[0]), slope=1, color="#333333", linewidth=0.6, zorder=0)
            axes.set(title=title, xlabel=f"label, {label}".rstrip(", "), ylabel=f"prediction, {label}".rstrip(", "), aspect="equal")
            axes.set(xlim=ends, ylim=ends)
            axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.yaxis.set_major_locator(MaxNLocator(4))
            text = f"RMSE {scale * pairs.rmse:.3g} {unit}\nMAE {scale * pairs.mae:.3g} {unit}"
            axes.text(0.04, 0.98, text, transform=axes.transAxes, va="top", fontsize=7)

    size = (WIDTH * min(len(panels), IN_A_ROW) / IN_A_ROW, 2.55 * math.ceil(len(panels) / IN_A_ROW))
    return Plot("Parity plots: " + _titles(panels), size, draw)


def force_error_histograms(predictions, colours):
    """Errors of force components: all against a normal distribution of the same RMSE, and by element."""
    errors = 1000 * predictions.forces.errors
    largest = numpy.abs(errors).max() or 1
    bins = numpy.linspace(-largest, largest, 102 if errors.size > 2000 else 32)
    elements = [element for element in colours if (predictions.elements == element).any()]
    count = 1 + (len(elements) > 1)

    def draw(figure):
        all_axes = _panels(figure, size, count)
        axes, width, rmse = all_axes[0], bins[1] - bins[0], 1000 * predictions.forces.rmse
        axes.hist(errors.ravel(), bins, color=BLUE, alpha=0.75, log=True, label="errors")
        if rmse:
            x = numpy.linspace(-largest, largest, 1001)
            normal = errors.size * width * numpy.exp(-0.5 * (x / rmse) ** 2) / (rmse * (2 * numpy.pi) ** 0.5)
            kept = normal > 0.5
            axes.plot(x[kept], normal[kept], color="#333333", linestyle="--", linewidth=0.9, label="normal, same RMSE")
        axes.set(title="Force errors", ylabel="components", ylim=(0.5, None))
        if count == 2:
            for element in elements:
                some = errors[predictions.elements == element].ravel()
                style = {"weights": numpy.full(len(some), 1 / (len(some) * width)), "color": colours[element]}
                all_axes[1].hist(some, bins, histtype="step", log=True, label=element, **style)
            lowest = 0.5 / (errors.size * width)
            all_axes[1].set(title="By element", ylabel="density, (meV/Å)⁻¹", ylim=(lowest, None))
        for axes, entries in zip(all_axes, (1, len(elements))):
            axes.set(xlabel="error of force component, meV/Å")
            low, high = axes.get_ylim()
            room = 0.04 + 0.08 * min(4, 1 + entries // 5)  # the part of the height that the legend takes
            axes.set_ylim(low, high * (high / low) ** (room / (1 - room)))
            if entries <= LEGEND:
                axes.legend(loc="upper left", ncols=4, columnspacing=1)

    size = (WIDTH * count / 2, 2.5)
    return Plot("Histograms of force errors", size, draw)


def deviation_against_error(predictions, colours):
    """The deviation of a committee against the true error of the force, by atom."""
    error = numpy.linalg.norm(predictions.forces.errors, axis=1)
    kept = (predictions.deviation > 0) & (error > 0)

    def draw(figure):
        axes, = _panels(figure, size, 1)
        x, y = 1000 * predictions.deviation[kept], 1000 * error[kept]
        _scatter(axes, x, y, predictions.elements[kept], colours)
        axes.axline((x[0], x[0]), (2 * x[0], 2 * x[0]), color="#333333", linewidth=0.6, zorder=0)
        axes.set(title="Committee", xscale="log", yscale="log")
        axes.set(xlabel="deviation, meV/Å", ylabel="error of the force |ΔF|, meV/Å")
        if len(x) > 2:
            ranks = [numpy.argsort(numpy.argsort(values)) for values in (x, y)]
            text = f"rank correlation {numpy.corrcoef(*ranks)[0, 1]:.2f}"
            axes.text(0.04, 0.98, text, transform=axes.transAxes, va="top", fontsize=7)

    size = (WIDTH / 2, 2.8)
    return Plot("Deviation of the committee against the true force error", size, draw) if kept.any() else None


def _titles(panels):
    return ", ".join(panel[0] for panel in panels)


def _panels(figure, size, count):
    """Axes side by side with margins of so many inches that the text fits."""
    left, right, bottom, top, between = 0.62, 0.12, 0.5, 0.28, 0.72
    columns = min(count, IN_A_ROW)
    rows = math.ceil(count / columns)
    width = (size[0] - left - right - between * (columns - 1)) / columns
    height = (size[1] - bottom - top - (bottom + top) * (rows - 1)) / rows
    grid = figure.add_gridspec(
        rows, columns, left=left / size[0], right=1 - right / size[0], bottom=bottom / size[1], top=1 - top / size[1],
        wspace=between / width, hspace=(bottom + top) / height)
    return [figure.add_subplot(cell) for cell in list(grid)[:count]]


def _scatter(axes, x, y, elements, colours):
    """Points; of several elements in an order at random, so that none lies above another everywhere."""
    components = x[0].size if len(x) else 1
    x, y = x.ravel(), y.ravel()
    order = numpy.random.default_rng(1).permutation(len(x))
    colour = BLUE
    if elements is not None:
        shown = [element for element in colours if (elements == element).any()]
        colour = numpy.array([matplotlib.colors.to_rgb(colours[element]) for element in elements])
        colour = numpy.repeat(colour, components, axis=0)[order]
        if 1 < len(shown) <= len(COLOURS):
            for element in shown:
                axes.plot([], [], "o", markersize=3, color=colours[element], label=element)
            axes.legend(loc="lower right", handlelength=0.6)
    size = 5 if len(x) < RASTERISED_FROM else 2
    axes.scatter(x[order], y[order], size, c=colour, alpha=0.6, linewidths=0, rasterized=len(x) >= RASTERISED_FROM)
