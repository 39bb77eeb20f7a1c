"""The tables that a training writes: errors by epoch, and by epoch and group of structures."""

import csv
import dataclasses
import io
import math

import numpy

from .errors import InputError, quoted, read_text

ERRORS = (
    "energy_mae_mev_per_atom", "energy_rmse_mev_per_atom", "energy_rmse_mev", "forces_mae_mev_per_angstrom",
    "forces_rmse_mev_per_angstrom", "forces_max_error_mev_per_angstrom", "stress_mae_gpa", "stress_rmse_gpa",
)
BY_ELEMENT = "forces_rmse_mev_per_angstrom_"
REMEDY = "give the output folder of a training, as apus train wrote it"


@dataclasses.dataclass
class Metrics:
    """The columns of `metrics.csv` by name, one number for every epoch; NaN where a field is empty."""

    columns: dict[str, numpy.ndarray]
    kept_epoch: int  # that of the potential

    def at_kept(self, name):
        """The value of a column at the kept epoch."""
        return float(self.columns[name][self.columns["epoch"] == self.kept_epoch][0])

    @property
    def others(self):
        """Other properties that were learned: (name, unit word) of columns such as dipole_mae_e_angstrom."""
        known = {name.split("_mae_")[0] for name in ERRORS}
        pairs = (name.split("_mae_") for name in self.columns if "_mae_" in name)
        return [(name, unit) for name, unit in pairs if name not in known]

    @property
    def elements(self):
        """Elements that have a column of their own."""
        return [name.removeprefix(BY_ELEMENT) for name in self.columns if name.startswith(BY_ELEMENT)]


def read_metrics(path, kept_epoch):
    """Reads `metrics.csv` of a training that kept the potential of an epoch."""
    always = ("epoch", "seconds", "learning_rate")
    names, rows = _read_table(path, (*always, "training_loss", "validation_loss", *ERRORS), always)
    columns = {name: numpy.array([row[name] for row in rows]) for name in names}
    if kept_epoch not in columns["epoch"]:
        raise InputError(path, (
            f"found no line of epoch {kept_epoch}, expected one because potential.safetensors is of that epoch; {REMEDY}"))
    return Metrics(columns, kept_epoch)


def read_groups(path):
    """Reads `metrics_by_group.csv`: a dictionary for every line, `group` and `name` as text, all else as numbers."""
    always = ("epoch", "structures", "atoms")
    return _read_table(path, (*always, "group", "name", *ERRORS), always, texts=("group", "name"))[1]


def _read_table(path, expected, always, texts=()):
    """The names of the columns and a dictionary for every line. Columns of `always` are never empty."""
    reader = csv.reader(io.StringIO(read_text(path, REMEDY), newline=""))
    try:
        names = next(reader, [])
        missing = [name for name in expected if name not in names]
        if missing:
            found = quoted(",".join(names)) if names else "an empty file"
            raise InputError(path, f"line 1: found {found}, expected the column {missing[0]}; {REMEDY}")
        rows = [_parse_row(path, reader.line_num, names, fields, always, texts) for fields in reader]
    except csv.Error as error:
        raise InputError(path, f"line {reader.line_num}: {error}, expected fields between commas; {REMEDY}") from None
    return names, rows


def _parse_row(path, line, names, fields, always, texts):
    if len(fields) != len(names):
        raise InputError(path, f"line {line}: found {len(fields)} fields, expected {len(names)}; {REMEDY}")
    return {
        name: field if name in texts else _parse_number(path, line, name, field, name in always)
        for name, field in zip(names, fields)
    }


def _parse_number(path, line, name, field, is_needed):
    if not field and not is_needed:
        return math.nan
    try:
        number = float(field)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(path, f"line {line}, {name}: found {quoted(field)}, expected a finite number; {REMEDY}")
    return number
