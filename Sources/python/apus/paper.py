"""A document as pages of A4 in a PDF."""

import io
import textwrap

import matplotlib
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

from .document import WIDTH, Listing, Paragraph, Plot, Table
from .plots import STYLE

PAGE = (8.27, 11.69)  # inches
LEFT, TOP, BOTTOM = (PAGE[0] - WIDTH) / 2, 0.75, 0.75
LINE = 0.165  # inches, of text of 8 points
LETTER, GAP, NARROW_GAP = 0.067, 0.22, 0.1  # inches, a letter of it on average, and what separates columns


def pdf_pages(document):
    """The pages as bytes."""
    file = io.BytesIO()
    with matplotlib.rc_context(STYLE), PdfPages(file, metadata={"Title": document.title}) as pdf:
        pages = _Pages(pdf)
        pages.write(document.title, size=17, weight="bold", height=0.32)
        pages.write(document.subtitle, color="#666666", height=0.25)
        for section in document.sections:
            pages.section(section)
        pages.close()
    return file.getvalue()


class _Pages:
    """Lays blocks below one another and begins a new page where one is full."""

    def __init__(self, pdf):
        self.pdf, self.page, self.y, self.number = pdf, None, PAGE[1], 0
        self.reserve(1)

    def reserve(self, height):
        """Begins a page unless so many inches are left, or the page is empty."""
        if self.page is None or (self.y + height > PAGE[1] - BOTTOM and self.y > TOP):
            self.close()
            self.page, self.y, self.number = Figure(figsize=PAGE), TOP, self.number + 1
            self.text(LEFT + WIDTH, PAGE[1] - 0.45, str(self.number), ha="right", color="#666666")

    def close(self):
        if self.page is not None:
            self.pdf.savefig(self.page)

    def text(self, x, y, text, **style):
        """Lines of text below y; inches from the left and from above."""
        style = {"fontsize": 8, "parse_math": False, **style}
        for line in text.split("\n"):
            self.page.text(x / PAGE[0], 1 - (y + style["fontsize"] / 72) / PAGE[1], line, **style)
            y += LINE

    def rule(self, y, left, right, colour):
        self.page.add_artist(matplotlib.lines.Line2D(
            [left / PAGE[0], right / PAGE[0]], [1 - y / PAGE[1]] * 2, color=colour, linewidth=0.6))

    def write(self, text, height=LINE, size=8, **style):
        self.reserve(height)
        self.text(LEFT, self.y, text, fontsize=size, **style)
        self.y += height

    def section(self, section):
        self.reserve(0.6 + _needed(section.blocks))
        self.y += 0.22
        self.write(section.title, size=11, weight="bold", height=0.25)
        self.rule(self.y - 0.04, LEFT, LEFT + WIDTH, "#cccccc")
        self.y += 0.08
        for index, block in enumerate(section.blocks):
            self.reserve(_needed(section.blocks[index:]))
            match block:
                case Paragraph():
                    for line in textwrap.wrap(block.text, 112):
                        self.write(line)
                    self.y += 0.08
                case Listing():
                    self.write(block.title, weight="bold", height=0.2)
                    for line in block.text.split("\n"):
                        for part in textwrap.wrap(line, 100, drop_whitespace=False) or [""]:
                            self.write(part, size=7, height=0.14, family="monospace")
                    self.y += 0.12
                case Table():
                    self.table(block)
                case Plot():
                    self.plot(block)

    def plot(self, plot):
        below, right = PAGE[1] - self.y - plot.size[1], PAGE[0] - LEFT - plot.size[0]
        grid = self.page.add_gridspec(
            3, 3, width_ratios=[LEFT, plot.size[0], right], height_ratios=[self.y, plot.size[1], below])
        plot.draw(self.page.add_subfigure(grid[1, 1], facecolor="none"))
        self.y += plot.size[1] + 0.12

    def table(self, table):
        rows = [[_wrapped(cell) for cell in row] for row in table.rows]
        widths = self.widths(table, rows, GAP)
        if sum(widths) > WIDTH:
            # Names are folded; numbers are not.
            widths = self.widths(table, rows, NARROW_GAP)
            room = max(0.8, WIDTH - sum(widths[1:])) - NARROW_GAP
            rows = [[_wrapped(row[0], int(room / LETTER)), *row[1:]] for row in rows]
            widths = self.widths(table, rows, NARROW_GAP)
        if table.header:
            self.row(table, table.header, widths, weight="bold")
            self.rule(self.y, LEFT, LEFT + sum(widths), "#999999")
            self.y += 0.04
        for row in rows:
            self.row(table, row, widths)
        self.y += 0.14

    def widths(self, table, rows, gap):
        """Inches of each column."""
        return [max(map(_width, column)) + gap for column in zip(*([table.header] if table.header else []), *rows)]

    def row(self, table, row, widths, **style):
        height = LINE * max(cell.count("\n") + 1 for cell in row) + 0.03
        self.reserve(height)
        x = LEFT
        for column, (cell, width) in enumerate(zip(row, widths)):
            if column < table.left:
                self.text(x, self.y, cell, **style)
            else:
                self.text(x + width, self.y, cell, ha="right", **style)
            x += width
        self.y += height


def _needed(blocks):
    """Inches that the first block must find on its page; a paragraph stays with what it is about."""
    match blocks[0]:
        case Plot(size=(_, height)):
            return height
        case Table(rows=rows):
            return LINE * 1.3 * (2 + min(len(rows), 15))
        case Paragraph():
            return 2 * LINE + (_needed(blocks[1:]) if len(blocks) > 1 else 0)
        case Listing():
            return 5 * LINE


def _wrapped(text, letters=95):
    return "\n".join(textwrap.fill(line, letters, drop_whitespace=False) for line in text.split("\n"))


def _width(text):
    """Inches that text of 8 points takes."""
    return max(TextPath((0, 0), line, size=8).get_extents().x1 / 72 if line.strip() else 0 for line in text.split("\n"))
