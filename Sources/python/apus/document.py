"""What a report consists of, whether it becomes a page or a PDF, and how its numbers are written."""

import dataclasses
import math
from collections.abc import Callable


@dataclasses.dataclass
class Paragraph:
    text: str


@dataclasses.dataclass
class Table:
    """Rows of text under a header, which may be empty; the first columns are aligned left, all others right."""

    header: list[str]
    rows: list[list[str]]
    left: int = 1


@dataclasses.dataclass
class Plot:
    """A picture: its size in inches, not wider than WIDTH, and what draws it into a figure of that size."""

    description: str
    size: tuple[float, float]
    draw: Callable


@dataclasses.dataclass
class Listing:
    """Text in a typewriter's letters, folded away where that is possible."""

    title: str
    text: str


@dataclasses.dataclass
class Section:
    title: str
    blocks: list


@dataclasses.dataclass
class Document:
    title: str
    subtitle: str
    sections: list[Section]


WIDTH = 6.9  # inches, of the text


def number(value, digits=4):
    """The number with so many significant digits, a dash for what is not finite: `0.8983`, `36.08`, `1.225 × 10⁻⁴`."""
    if value is None or not math.isfinite(value):
        return "–"
    exponent = math.floor(math.log10(abs(value))) if value else 0
    if -3 <= exponent < 6:
        return f"{value:.{max(0, digits - 1 - exponent)}f}".replace("-", "−")
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa} × 10{power}".replace("-", "−")


def duration(seconds):
    """Seconds as people say them: `12.5 s`, `10 min 5 s`, `3 h 20 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
