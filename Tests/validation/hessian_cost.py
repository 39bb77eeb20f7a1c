"""What a column of the analytic Hessian takes beside an evaluation of forces, one and twelve at once, side by side.

    PYTHONPATH=Sources/python APUS_LIBRARY=.build/stage/lib/libapus.so.1 .venv/bin/python Tests/validation/hessian_cost.py [threads 1]
"""

import ctypes
import pathlib
import statistics
import sys
import time

import ase.build
import numpy

import apus
from apus.library import library, check

SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "potentials" / "silicon-pbe.safetensors"


def products(potential, atoms, directions):
    """The Hessian times directions [count][atom][3], eV/Å."""
    elements = atoms.numbers.astype(numpy.int32)
    positions, cell = numpy.ascontiguousarray(atoms.positions), numpy.ascontiguousarray(atoms.cell.array)
    periodic, found = atoms.pbc.astype(numpy.int32), numpy.zeros_like(directions)

    def place(array):
        return ctypes.c_void_p(array.ctypes.data)

    check(library().apus_compute_hessian_products(
        potential._calculator, len(atoms), place(elements), place(positions), place(cell), place(periodic), len(directions),
        place(directions), place(found)))
    return found


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    potential = apus.load(SHIPPED, precision="float64", threads=threads, skin=0)
    print(f"{SHIPPED.name}, float64, {threads} thread{'s' if threads > 1 else ''}; medians of ratios of calls side by side")
    for copies in (2, 3, 4):
        atoms = ase.build.bulk("Si", "diamond", 5.47, cubic=True) * copies
        random = numpy.random.default_rng(1)
        atoms.positions += 0.05 * random.normal(size=(len(atoms), 3))
        directions = random.normal(size=(12, len(atoms), 3))
        times = {"forces": [], "one column": [], "twelve columns, each": []}
        for k in range(9):
            moved = atoms.copy()
            moved.positions += 1e-3 * random.normal(size=(len(atoms), 3))
            for name, call in [
                    ("forces", lambda: potential.compute(moved.numbers, moved.positions, moved.cell.array, moved.pbc)),
                    ("one column", lambda: products(potential, moved, directions[:1])),
                    ("twelve columns, each", lambda: products(potential, moved, directions))]:
                start = time.perf_counter()
                call()
                times[name].append((time.perf_counter() - start) / (12 if "each" in name else 1))
        # The first call makes the programs.
        forces = numpy.array(times["forces"][1:])
        columns = ", ".join(
            f"{name} {statistics.median(numpy.array(times[name][1:]) / forces):.2f}" for name in times if name != "forces")
        print(f"{len(atoms)} atoms: forces {1e3 * statistics.median(forces):.2f} ms; {columns} evaluations of forces", flush=True)


if __name__ == "__main__":
    main()
