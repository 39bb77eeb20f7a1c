"""The output folder of a training."""

import dataclasses
import pathlib

from .errors import InputError
from .header import Header, read_header
from .metrics import Metrics, read_groups, read_metrics
from .predictions import Predictions, read_predictions


@dataclasses.dataclass
class Run:
    """What a training wrote."""

    folder: pathlib.Path
    metrics: Metrics
    potential: Header
    groups: list[dict]  # lines of metrics_by_group.csv, without the file none
    validation: Predictions | None

    @property
    def name(self):
        return self.folder.resolve().name


def read_run(folder):
    """Reads the folder; `metrics_by_group.csv` and `validation.xyz` may be absent."""
    if not folder.is_dir():
        raise InputError(folder, "found no such folder, expected one that apus train wrote; give its output folder")
    if not (folder / "metrics.csv").exists() and any(folder.glob("*/metrics.csv")):
        raise InputError(folder / "metrics.csv", (
            "found only those of a committee's members, expected one of the folder itself; give a member's folder, and "
            "the committee's validation.xyz with --predictions"))
    metrics = read_metrics(folder / "metrics.csv")
    potential = read_header(folder / "potential.safetensors")
    groups, validation = folder / "metrics_by_group.csv", folder / "validation.xyz"
    return Run(
        folder, metrics, potential, read_groups(groups) if groups.exists() else [],
        read_predictions(validation) if validation.exists() else None,
    )
