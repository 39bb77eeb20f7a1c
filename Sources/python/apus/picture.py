"""A plot as a file of its own."""

import io

import matplotlib
from matplotlib.figure import Figure

from .plots import STYLE

# Without the time, the same plot gives the same bytes.
METADATA = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}


def picture(plot, kind):
    """The plot as bytes of an `svg`, `pdf` or `png`."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=plot.size)
        plot.draw(figure)
        file = io.BytesIO()
        figure.savefig(file, format=kind, dpi=250, metadata=METADATA[kind])
    return file.getvalue()
