"""200 cells of 20 silicon atoms, displaced and strained at random, relaxed with their cells: evaluations beside ASE's optimisers
(on twenty of them), and time per atom and evaluation beside one of a large cell.

    PYTHONPATH=Sources/python APUS=.build/release/apus APUS_LIBRARY=.build/stage/lib/libapus.so.1 \
        .venv/bin/python Tests/validation/relax_many.py [ASE's share 20]
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import ase.build
import ase.io
import ase.optimize
import ase.optimize.precon
import numpy
from ase.filters import FrechetCellFilter

import apus

APUS = os.environ.get("APUS", "apus")
SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "potentials" / "silicon-pbe.safetensors"


def cells(count):
    random = numpy.random.default_rng(7)
    supercell = ase.build.make_supercell(ase.build.bulk("Si", "diamond", 5.47), [[2, 0, 0], [0, 1, 0], [0, 0, 5]])
    assert len(supercell) == 20
    frames = []
    for _ in range(count):
        atoms = supercell.copy()
        strain = 0.03 * random.normal(size=(3, 3))
        atoms.set_cell(atoms.cell.array @ (numpy.eye(3) + 0.5 * (strain + strain.T)), scale_atoms=True)
        atoms.positions += 0.12 * random.normal(size=(20, 3))
        frames.append(atoms)
    return frames


def spread(numbers):
    return f"{statistics.median(numbers):g} ({min(numbers)}, {max(numbers)})"


class Counted(apus.Calculator):
    count = 0

    def calculate(self, *arguments, **named):
        self.count += 1
        super().calculate(*arguments, **named)


def main():
    share = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    frames = cells(200)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        ase.io.write(folder / "cells.xyz", frames, format="extxyz")
        start = time.perf_counter()
        result = subprocess.run(
            [APUS, "relax", SHIPPED, "cells.xyz", "relaxed.xyz", "--cell", "--fmax", "0.001", "--precision", "float64", "--json"],
            cwd=folder, capture_output=True, text=True)
        seconds = time.perf_counter() - start
        found = json.loads(result.stdout)["structures"]
        steps = [one["steps"] for one in found]
        ours = seconds / (20 * sum(steps))
        large = ase.build.bulk("Si", "diamond", 5.47, cubic=True) * 8
        large.positions += 0.05 * numpy.random.default_rng(1).normal(size=(len(large), 3))
        ase.io.write(folder / "large.xyz", large, format="extxyz")
        benchmark = json.loads(subprocess.run(
            [APUS, "benchmark", SHIPPED, "large.xyz", "--precision", "float64", "--steps", "10", "--json"], cwd=folder,
            capture_output=True, text=True, check=True).stdout)
        whole = sum(
            stage["microseconds_per_atom"] for stage in benchmark["stages"] if stage["stage"] in ("neighbours", "forces"))
    print(f"apus relax: {sum(one['converged'] for one in found)} of 200 converged, evaluations {spread(steps)}")
    print(
        f"{1e6 * ours:.1f} µs for an atom and evaluation, start and files included, {whole:.1f} in a cell of {len(large)} atoms: "
        f"{1e6 * ours / whole:.2f}", flush=True)
    optimizers = {
        "BFGSLineSearch": ase.optimize.BFGSLineSearch, "BFGS": ase.optimize.BFGS,
        "PreconLBFGS": lambda atoms, logfile: ase.optimize.precon.PreconLBFGS(atoms, logfile=logfile)}
    for name, optimizer in optimizers.items():
        counts = []
        for atoms in frames[:share]:
            atoms = atoms.copy()
            atoms.calc = Counted(SHIPPED, precision="float64")
            optimizer(FrechetCellFilter(atoms), logfile=None).run(fmax=0.001, steps=500)
            counts.append(atoms.calc.count)
        print(f"ASE's {name}, FrechetCellFilter, {share} of them: evaluations {spread(counts)}", flush=True)
    print(f"apus relax, the same {share}: evaluations {spread(steps[:share])}")


if __name__ == "__main__":
    main()
