"""The output folder of a training."""

import dataclasses
import pathlib

from .errors import InputError
from .header import Header, read_header
from .metrics import Metrics, read_groups, read_metrics
from .predictions import Predictions, read_predictions


@dataclasses.dataclass
class Training:
    """What the training of one potential wrote, that of a member of a committee or of one alone."""

    potential: Header
    metrics: Metrics
    groups: list[dict]  # lines of metrics_by_group.csv, without the file none


@dataclasses.dataclass
class Run:
    """What `apus train` wrote."""

    folder: pathlib.Path
    potential: Header
    trainings: list[Training]  # one, or those of the members of a committee
    validation: Predictions | None

    @property
    def name(self):
        return self.folder.resolve().name


def read_run(folder):
    """Reads the folder; `metrics_by_group.csv` and `validation.xyz` may be absent."""
    if not folder.is_dir():
        raise InputError(folder, "found no such folder, expected one that apus train wrote; give its output folder")
    path = folder / "potential.safetensors"
    if not path.exists() and not (folder / "metrics.csv").exists() and any(folder.glob("member-*/metrics.csv")):
        raise InputError(path, (
            "found none, expected that of a committee, which is there when all members are trained; go on with "
            "apus train --resume, or give a member's folder"))
    potential = read_header(path)
    if potential.members == 1:
        trainings = [_read_training(folder)]
    else:
        # Its own number of members: folders of another committee may stand beside them.
        trainings = [_read_training(folder / f"member-{number}") for number in range(1, potential.members + 1)]
    validation = folder / "validation.xyz"
    return Run(folder, potential, trainings, read_predictions(validation) if validation.exists() else None)


def _read_training(folder):
    potential, groups = read_header(folder / "potential.safetensors"), folder / "metrics_by_group.csv"
    metrics = read_metrics(folder / "metrics.csv", potential.epochs)
    return Training(potential, metrics, read_groups(groups) if groups.exists() else [])
