"""Extended XYZ, as far as files of predictions use it."""

import dataclasses
import re

import numpy

from .errors import InputError, quoted, read_text

REMEDY = "write it again with apus evaluate --predictions"
PAIR = re.compile(r"""([^\s=]+)\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|\S*)""")


@dataclasses.dataclass
class Frame:
    """One structure: the pairs of the comment line as text, the elements, and columns of shape [atom][component]."""

    path: object
    line: int  # of the number of atoms, from 1
    information: dict[str, str]
    elements: numpy.ndarray
    columns: dict[str, numpy.ndarray]

    def numbers(self, key, count):
        """So many finite numbers of the comment line, or None without the key."""
        if key not in self.information:
            return None
        return _finite(self.path, self.line + 1, key, self.information[key].split(), (count,))


def read_frames(path, columns):
    """Reads all structures; of the columns those in `columns`, which gives their numbers of components, and others that
    are there as NAME and as REF_NAME."""
    lines = read_text(path, REMEDY).split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    frames, start = [], 0
    while start < len(lines):
        frames.append(_parse_frame(path, lines, start, columns))
        start += 2 + len(frames[-1].elements)
    if not frames:
        raise InputError(path, f"found an empty file, expected structures; {REMEDY}")
    return frames


def _parse_frame(path, lines, start, wanted):
    count = lines[start].strip()
    if not count.isdecimal() or int(count) == 0:
        raise InputError(path, f"line {start + 1}: found {quoted(count)}, expected a number of atoms; {REMEDY}")
    rows = [line.split() for line in lines[start + 2:start + 2 + int(count)]]
    if len(rows) < int(count):
        raise InputError(path, f"line {start + 1}: found {len(rows)} of {count} atoms, expected all; {REMEDY}")
    information = {key: value.strip("\"'") for key, value in PAIR.findall(lines[start + 1])}
    places, width = _parse_properties(path, start + 2, information.get("Properties", ""))
    for index, row in enumerate(rows):
        if len(row) != width:
            line = start + 3 + index
            raise InputError(path, f"line {line}: found {len(row)} fields, expected {width}; {REMEDY}")
    species = places["species"].start
    others = {
        name: place.stop - place.start for label, place in places.items() if label.startswith("REF_")
        for name in (label, label.removeprefix("REF_")) if label.removeprefix("REF_") in places}
    columns = {
        name: _finite(path, start + 3, name, [row[places[name]] for row in rows], (len(rows), components))
        for name, components in {**others, **wanted}.items() if name in places
    }
    return Frame(path, start + 1, information, numpy.array([row[species] for row in rows]), columns)


def _parse_properties(path, line, text):
    """Where each column lies in a row, and the number of fields: `species:S:1:pos:R:3` gives 0..<1 and 1..<4, 4."""
    fields, places, width = text.split(":"), {}, 0
    for name, _, count in zip(fields[::3], fields[1::3], fields[2::3]):
        if count.isdecimal():
            places[name] = slice(width, width + int(count))
            width += int(count)
    if "species" not in places or len(fields) != 3 * len(places):
        raise InputError(path, f"line {line}: found Properties={quoted(text)}, expected species:S:1:pos:R:3…; {REMEDY}")
    return places, width


def _finite(path, line, name, fields, shape):
    """An array of finite numbers from text of the given shape."""
    array = numpy.array(fields)
    if array.shape != shape:
        raise InputError(path, f"line {line}, {name}: found {array.shape[-1]} numbers, expected {shape[-1]}; {REMEDY}")
    try:
        array = array.astype(float)
    except ValueError as error:
        raise InputError(path, f"from line {line}, {name}: {error}, expected finite numbers; {REMEDY}") from None
    if not numpy.isfinite(array).all():
        raise InputError(path, f"from line {line}, {name}: found NaN or infinity, expected finite numbers; {REMEDY}")
    return array
