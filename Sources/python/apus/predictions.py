"""Predictions of a potential beside the labels of a set of structures."""

import dataclasses

import numpy

from .errors import InputError
from .extxyz import REMEDY, read_frames

GIGAPASCAL = 160.2176634  # eV/Å³ in GPa, exact since 2019


@dataclasses.dataclass
class Pairs:
    """Labels and predictions of one quantity, arrays of one shape."""

    reference: numpy.ndarray
    predicted: numpy.ndarray

    @property
    def errors(self):
        return self.predicted - self.reference

    @property
    def mae(self):
        return float(numpy.abs(self.errors).mean())

    @property
    def rmse(self):
        return float(numpy.sqrt((self.errors**2).mean()))

    @property
    def largest(self):
        return float(numpy.abs(self.errors).max())

    def __getitem__(self, rows):
        return Pairs(self.reference[rows], self.predicted[rows])

    def __len__(self):
        return len(self.reference)


@dataclasses.dataclass
class Predictions:
    """What a file of predictions holds; a quantity without labels is empty."""

    path: object
    structures: int
    atoms: int
    energy: Pairs  # eV/atom, less the energies of the elements fitted to the labels
    forces: Pairs  # eV/Å, [atom][3]
    elements: numpy.ndarray  # of the atoms of `forces`
    stress: Pairs  # GPa, [structure][9]
    others: dict[str, Pairs]  # by name, of other properties: [structure or atom][component]
    deviation: numpy.ndarray  # eV/Å, of a committee, by atom of `forces`; NaN where there is none
    worst: list  # (largest force error in eV/Å, number of the structure in the file from 1, config_type)


def read_predictions(path):
    """Reads extended XYZ with `energy`, `forces`, `stress` and the labels `REF_energy`, `REF_forces`, `REF_stress`."""
    frames = read_frames(path, {"forces": 3, "REF_forces": 3, "forces_deviation": 1})
    energies, forces, stresses, elements, deviations, worst, others = [], [], [], [], [], [], {}
    for number, frame in enumerate(frames, 1):
        energy = [frame.numbers(key, 1) for key in ("REF_energy", "energy")]
        stress = [frame.numbers(key, 9) for key in ("REF_stress", "stress")]
        force = [frame.columns.get(key) for key in ("REF_forces", "forces")]
        for name, pair in _others(frame):
            others.setdefault(name, []).append(pair)
        if _both(frame, "energy", energy):
            energies.append((frame.elements, *energy))
        if _both(frame, "stress", stress):
            stresses.append(stress)
        if _both(frame, "forces", force):
            forces.append(force)
            elements.append(frame.elements)
            deviations.append(frame.columns.get("forces_deviation", numpy.full((len(frame.elements), 1), numpy.nan)))
            largest = float(numpy.abs(force[1] - force[0]).max())
            worst.append((largest, number, frame.information.get("config_type", "")))
    if not (energies or forces or stresses or others):
        raise InputError(path, f"found no REF_energy, REF_forces or REF_stress, expected labels; {REMEDY}")
    return Predictions(
        path, len(frames), sum(len(frame.elements) for frame in frames), _relative_energies(energies),
        Pairs(*(_joined([pair[i] for pair in forces], (0, 3)) for i in (0, 1))), _joined(elements, 0),
        Pairs(*(GIGAPASCAL * numpy.array([pair[i] for pair in stresses]).reshape(-1, 9) for i in (0, 1))),
        {name: Pairs(*(numpy.concatenate([pair[i] for pair in pairs]) for i in (0, 1))) for name, pairs in others.items()},
        _joined(deviations, (0, 1))[:, 0], sorted(worst, key=lambda entry: -entry[0]),
    )


def unit(name):
    """How the unit of another property is written; nothing for those that are not known here."""
    return {"dipole": "e·Å", "charges": "e", "atomic_dipoles": "e·Å"}.get(name, "")


def _others(frame):
    """Name, labels and predictions of other properties, of the structure or of its atoms."""
    for label, text in frame.information.items():
        name = label.removeprefix("REF_")
        if name != label and name not in ("energy", "stress") and name in frame.information:
            count = len(text.split())
            yield name, [frame.numbers(key, count)[numpy.newaxis] for key in (label, name)]
    for label, column in frame.columns.items():
        name = label.removeprefix("REF_")
        if name != label and name != "forces":
            yield name, (column, frame.columns[name])


def _both(frame, name, pair):
    """Whether the label is there; an error where the prediction is not."""
    if pair[0] is not None and pair[1] is None:
        raise InputError(frame.path, f"line {frame.line + 1}: found REF_{name} alone, expected {name} too; {REMEDY}")
    return pair[0] is not None


def _joined(arrays, empty):
    return numpy.concatenate(arrays) if arrays else numpy.empty(empty)


def _relative_energies(energies):
    """Energies per atom less Σ n_X e_X / N, with the e_X that fit the labels best, so that their spread is visible."""
    kinds = sorted({element for elements, _, _ in energies for element in set(elements)})
    counts = numpy.array([[(elements == kind).sum() for kind in kinds] for elements, _, _ in energies], dtype=float)
    if not energies:
        return Pairs(numpy.empty(0), numpy.empty(0))
    reference = numpy.concatenate([pair[1] for pair in energies])
    predicted = numpy.concatenate([pair[2] for pair in energies])
    base = counts @ numpy.linalg.lstsq(counts, reference, rcond=None)[0]
    atoms = counts.sum(axis=1)
    return Pairs((reference - base) / atoms, (predicted - base) / atoms)
