"""What a potential file says about itself."""

import dataclasses
import json
import math
import re
import struct

from .errors import InputError

REMEDY = "give the output folder of a training, as apus train wrote it"


@dataclasses.dataclass
class Header:
    """The header of a potential file."""

    model: dict  # hyperparameters
    elements: list[str]  # in the order of the model's types
    precision: str
    provenance: dict
    epochs: int  # trained for
    errors: dict[str, float]  # on the validation set, by the names of metrics.csv
    data: list[str]  # a line on every file it was trained on
    weights: int  # how many numbers, of all members together
    members: int  # 1, or those of a committee

    def error(self, name):
        """An error on the validation set; NaN where there were no labels."""
        return self.errors.get(name, math.nan)


def read_header(path):
    """Reads the header: its length in eight bytes, little-endian, then JSON. No tensor is read."""
    try:
        with open(path, "rb") as file:
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            text = file.read(length) if 0 < length <= path.stat().st_size - 8 else None
    except OSError as error:
        raise InputError(path, f"{error.strerror}, expected a potential; {REMEDY}") from None
    try:
        header = json.loads(text or b"")
        metadata = header.pop("__metadata__")
        model = json.loads(metadata.get("model", "{}"))
        provenance = json.loads(metadata.get("provenance", "{}"))
        elements = model.get("type_names") or re.findall("[A-Z][a-z]?", metadata.get("elements", ""))
        weights = sum(math.prod(header[name]["shape"]) for name in header if "weights." in name)
        precision = metadata.get("precision", "")
        members = int(metadata.get("members", 1))
        epochs = int(provenance["epochs"])
        errors = {name: float(error) for name, error in provenance["validationErrors"].items()}
        data = [
            f"{file['name']}: {file['structures']} structures (SHA-256 {file['sha256'][:12]}…)"
            for file in provenance.get("data", [])
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(path, f"found no header of a potential, expected safetensors of apus; {REMEDY}") from None
    return Header(model, elements, precision, provenance, epochs, errors, data, weights, members)
