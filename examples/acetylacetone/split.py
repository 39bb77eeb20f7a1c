"""Divides the 300 K structures of acetylacetone into those to train on and those to validate with.

    python split.py dataset_acac acac

reads train_300K.xyz of BOTNet-datasets and writes train_300K.xyz and valid_300K.xyz with the keys energy and forces.
"""

import pathlib
import sys

import ase.io
import numpy


def main(source, target):
    frames = [frame for frame in ase.io.read(pathlib.Path(source) / "train_300K.xyz", ":") if len(frame) > 1]
    if len(frames) != 500:
        sys.exit(f"{source}/train_300K.xyz: expected 500 structures of 15 atoms, found {len(frames)}")
    held = set(numpy.random.default_rng(1).permutation(500)[:50].tolist())
    pathlib.Path(target).mkdir(exist_ok=True)
    for name, wanted in [("train", False), ("valid", True)]:
        chosen = [plain(frame) for index, frame in enumerate(frames) if (index in held) == wanted]
        ase.io.write(pathlib.Path(target) / f"{name}_300K.xyz", chosen, format="extxyz")


def plain(frame):
    """The structure with its labels as plain keys, in eV and eV/Å, without a cell."""
    results = frame.calc.results if frame.calc else {}
    energy = frame.info.get("energy", results.get("energy"))
    forces = frame.arrays.get("forces", results.get("forces"))
    if energy is None or forces is None:
        sys.exit("expected the labels energy and forces on every structure; are these the files of BOTNet-datasets?")
    structure = ase.Atoms(frame.symbols, frame.positions)
    structure.info["energy"] = float(energy)
    structure.arrays["forces"] = numpy.asarray(forces)
    return structure


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
