"""The commands: `python -m apus report RUN` and `python -m apus learning-curve FOLDER`."""

import argparse
import os
import pathlib
import sys

from .errors import InputError
from .learning_curve import draw_learning_curve, read_learning_curve
from .predictions import read_predictions
from .run import read_run


def main():
    parser = argparse.ArgumentParser(prog="python -m apus", description="Reports on trainings of Apus.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("report", help="one page, or a PDF, on a training", description=(
        "Writes one file on a training: its settings, learning curves and errors, and predictions against labels."))
    command.add_argument("run", metavar="RUN", type=pathlib.Path, help="the output folder of apus train")
    command.add_argument("--predictions", metavar="FILE", type=pathlib.Path, action="append", default=[], help=(
        "extended XYZ that apus evaluate --predictions wrote, shown too; may be given several times"))
    command.add_argument("-o", "--output", metavar="FILE", type=pathlib.Path, help=(
        "a .html or .pdf file; default RUN/report.html"))
    command = commands.add_parser("learning-curve", help="a picture of a learning curve", description=(
        "Draws the errors that apus learning-curve found against the number of training structures."))
    command.add_argument("folder", metavar="FOLDER", type=pathlib.Path, help="the output folder of the learning curve")
    command.add_argument("-o", "--output", metavar="FILE", type=pathlib.Path, help=(
        "a .svg, .pdf or .png file; default FOLDER/learning_curve.svg"))
    arguments = parser.parse_args()
    try:
        if arguments.command == "report":
            output = arguments.output or arguments.run / "report.html"
            write_report(arguments.run, arguments.predictions, output)
        else:
            output = arguments.output or arguments.folder / "learning_curve.svg"
            write_learning_curve(arguments.folder / "learning_curve.csv", output)
    except InputError as error:
        print(f"apus: error: {error}", file=sys.stderr)
        return 1
    print(f"wrote {output}")
    return 0


def write_learning_curve(table, output):
    """Reads the table and writes the picture."""
    if output.suffix not in (".svg", ".pdf", ".png"):
        raise InputError(output, f"found the ending {output.suffix!r}, expected .svg, .pdf or .png; end the name with one")
    replace(output, draw_learning_curve(read_learning_curve(table), output.suffix))


def write_report(folder, predictions, output):
    """Reads the run and the further predictions, and writes the report."""
    if output.suffix not in (".html", ".pdf"):
        raise InputError(output, f"found the ending {output.suffix!r}, expected .html or .pdf; end the name with one")
    run = read_run(folder)
    further = [read_predictions(path) for path in predictions]
    # Here, because matplotlib takes long to load: a mistake in a file is told at once.
    from .page import html_page
    from .paper import pdf_pages
    from .report import report

    write = pdf_pages if output.suffix == ".pdf" else html_page
    replace(output, write(report(run, further)))


def replace(path, content):
    """Writes a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            temporary.write_bytes(content)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(path, f"{error.strerror}, expected a place to write to; name another with -o") from None


if __name__ == "__main__":
    sys.exit(main())
