"""The commands: `python -m apus report RUN`, `parity PREDICTIONS`, `learning-curve FOLDER`, `phonons FOLDER`,
`analyze FOLDER` and `validation FOLDER`."""

import argparse
import os
import pathlib
import sys
import tempfile

from .errors import InputError
from .learning_curve import learning_curve, read_learning_curve
from .predictions import read_predictions
from .run import read_run

PICTURES = ("svg", "pdf", "png")


def main():
    parser = argparse.ArgumentParser(prog="python -m apus", description="Reports on trainings of Apus.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("report", help="one page, or a PDF, on a training", description=(
        "Writes one file on a training: its settings, learning curves and errors, and predictions against labels."))
    command.add_argument("run", metavar="RUN", type=pathlib.Path, help="the output folder of apus train")
    command.add_argument("--predictions", metavar="FILE", type=pathlib.Path, action="append", default=[], help=(
        "extended XYZ that apus evaluate --predictions wrote, shown too; may be given several times"))
    command.add_argument("-o", "--output", metavar="FILE", type=pathlib.Path, help=(
        "a .html or .pdf file; default RUN/report.html, which is replaced"))
    command.add_argument("--overwrite", action="store_true", help="replace the file of -o if there is one")
    command = commands.add_parser("parity", help="a picture of predictions against labels", description=(
        "Draws predicted energies, forces and stresses against their labels."))
    command.add_argument("predictions", metavar="PREDICTIONS", type=pathlib.Path, help=(
        "extended XYZ that apus evaluate --predictions wrote, or the validation.xyz of a training"))
    command.add_argument("-o", "--output", metavar="FILE", type=pathlib.Path, help=(
        "a .svg, .pdf or .png file; default PREDICTIONS with the ending .svg, which is replaced"))
    command.add_argument("--overwrite", action="store_true", help="replace the file of -o if there is one")
    command = commands.add_parser("learning-curve", help="a picture of a learning curve", description=(
        "Draws the errors that apus learning-curve found against the number of training structures."))
    command.add_argument("folder", metavar="FOLDER", type=pathlib.Path, help="the output folder of the learning curve")
    command.add_argument("-o", "--output", metavar="FILE", type=pathlib.Path, help=(
        "a .svg, .pdf or .png file; default FOLDER/learning_curve.svg, which is replaced"))
    command.add_argument("--overwrite", action="store_true", help="replace the file of -o if there is one")
    command = commands.add_parser("phonons", help="a picture of phonon bands and states", description=(
        "Draws the bands and the density of states that apus phonons -o wrote."))
    command.add_argument("folder", metavar="FOLDER", type=pathlib.Path, help="the folder of apus phonons -o")
    command.add_argument("-o", "--output", metavar="FILE", type=pathlib.Path, help=(
        "a .svg, .pdf or .png file; default FOLDER/phonons.svg, which is replaced"))
    command.add_argument("--overwrite", action="store_true", help="replace the file of -o if there is one")
    command = commands.add_parser("analyze", help="pictures of an analysed trajectory", description=(
        "Draws the tables that apus analyze wrote."))
    command.add_argument("folder", metavar="FOLDER", type=pathlib.Path, help="the folder of apus analyze -o")
    command.add_argument("-o", "--output", metavar="FILE", type=pathlib.Path, help=(
        "a .svg, .pdf or .png file; default FOLDER/analysis.svg, which is replaced"))
    command.add_argument("--overwrite", action="store_true", help="replace the file of -o if there is one")
    command = commands.add_parser("validation", help="one page, or a PDF, on a validation", description=(
        "Writes one file on what apus validate found: verdicts, curves of pairs, runs, the crystal."))
    command.add_argument("folder", metavar="FOLDER", type=pathlib.Path, help="the folder of apus validate -o")
    command.add_argument("-o", "--output", metavar="FILE", type=pathlib.Path, help=(
        "a .html or .pdf file; default FOLDER/validation.html, which is replaced"))
    command.add_argument("--overwrite", action="store_true", help="replace the file of -o if there is one")
    arguments = parser.parse_args()
    # Pages in a run's folder under their own names are made again and again while it goes on.
    may_replace = arguments.overwrite or arguments.output is None
    try:
        if arguments.command == "report":
            output = arguments.output or arguments.run / "report.html"
            write_report(arguments.run, arguments.predictions, output, may_replace)
        elif arguments.command == "parity":
            output = arguments.output or arguments.predictions.parent / f"{arguments.predictions.stem or 'parity'}.svg"
            write_parity(arguments.predictions, output, may_replace)
        elif arguments.command == "analyze":
            output = arguments.output or arguments.folder / "analysis.svg"
            write_analysis(arguments.folder, output, may_replace)
        elif arguments.command == "validation":
            output = arguments.output or arguments.folder / "validation.html"
            write_validation(arguments.folder, output, may_replace)
        elif arguments.command == "phonons":
            output = arguments.output or arguments.folder / "phonons.svg"
            write_phonons(arguments.folder, output, may_replace)
        else:
            output = arguments.output or arguments.folder / "learning_curve.svg"
            write_learning_curve(arguments.folder / "learning_curve.csv", output, may_replace)
    except InputError as error:
        print(f"apus: error: {error}", file=sys.stderr)
        return 1
    print(f"wrote {output}")
    return 0


def write_parity(path, output, may_replace):
    """Reads the predictions and writes the picture."""
    kind = ending(output, PICTURES)
    check_place(output, may_replace)
    predictions = read_predictions(path)
    from .picture import picture
    from .plots import distinct_colours, parity

    elements = sorted({str(element) for element in predictions.elements})
    write_whole(output, picture(parity(predictions, distinct_colours(elements)), kind), may_replace)


def write_learning_curve(table, output, may_replace):
    """Reads the table and writes the picture."""
    kind = ending(output, PICTURES)
    check_place(output, may_replace)
    columns = read_learning_curve(table)
    from .picture import picture

    write_whole(output, picture(learning_curve(columns), kind), may_replace)


def write_analysis(folder, output, may_replace):
    """Reads the tables and writes the picture."""
    kind = ending(output, PICTURES)
    check_place(output, may_replace)
    from .analysis import analysis, read_analysis

    panels = read_analysis(folder)
    from .picture import picture

    write_whole(output, picture(analysis(panels), kind), may_replace)


def write_phonons(folder, output, may_replace):
    """Reads the tables and writes the picture."""
    kind = ending(output, PICTURES)
    check_place(output, may_replace)
    from .phonons import bands_and_states, read_phonons

    tables = read_phonons(folder)
    from .picture import picture

    write_whole(output, picture(bands_and_states(*tables), kind), may_replace)


def write_report(folder, predictions, output, may_replace):
    """Reads the run and the further predictions, and writes the report."""
    kind = ending(output, ("html", "pdf"))
    check_place(output, may_replace)
    run = read_run(folder)
    further = [read_predictions(path) for path in predictions]
    # Here, as in the functions above, because matplotlib takes long to load: a mistake in a file is told at once.
    from .page import html_page
    from .paper import pdf_pages
    from .report import report

    write = pdf_pages if kind == "pdf" else html_page
    write_whole(output, write(report(run, further)), may_replace)


def write_validation(folder, output, may_replace):
    """Reads what was found and writes the page."""
    kind = ending(output, ("html", "pdf"))
    check_place(output, may_replace)
    from .page import html_page
    from .paper import pdf_pages
    from .validation import read_validation, validation

    found = read_validation(folder)
    write = pdf_pages if kind == "pdf" else html_page
    write_whole(output, write(validation(found, folder)), may_replace)


def ending(output, kinds):
    """The ending of a name without its dot; InputError where it is none of these."""
    kind = output.suffix.removeprefix(".")
    if kind not in kinds:
        *others, last = (f".{kind}" for kind in kinds)
        expected = f"{', '.join(others)} or {last}"
        raise InputError(output, f"found the ending {output.suffix!r}, expected {expected}; end the name with one")
    return kind


def check_place(path, may_replace):
    """Says that there is a file before anything is computed."""
    if os.path.lexists(path) and not may_replace:
        raise InputError(path, "found a file, which would be replaced; add --overwrite, or name another with -o")
    if os.path.exists(path) and not os.path.isfile(path):
        raise InputError(path, "found something that is no file, expected a file or nothing; name another with -o")


def write_whole(path, content, may_replace):
    """Writes a file whole or not at all; a link stays, and what it leads to is replaced."""
    target = pathlib.Path(os.path.realpath(path))
    temporary = None
    try:
        try:
            descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(temporary, 0o666 & ~umask)
            if may_replace:
                os.replace(temporary, target)
            else:
                # Fails where a file has appeared meanwhile.
                os.link(temporary, target)
        finally:
            if temporary:
                pathlib.Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(path, f"{error.strerror}, expected a place to write to; name another with -o") from None


if __name__ == "__main__":
    sys.exit(main())
