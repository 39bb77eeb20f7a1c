#!/usr/bin/env python3
"""The time of a step of molecular dynamics in ASE and in `apus md`: the same atoms, potential and integrator.

speed.py PROGRAM [POTENTIAL] [--cells 4] [--steps 20] [--repeats 20] [--threads 1]; PROGRAM is the command `apus`.

ASE and `apus md` take turns from the same start, so that what else runs on the machine slows both; the fastest counts.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

import ase.io
import numpy
from ase import units
from ase.build import bulk
from ase.md.velocitydistribution import thermalize_momenta
from ase.md.verlet import VelocityVerlet

import apus

SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "potentials" / "silicon-pbe.safetensors"

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("program", type=pathlib.Path)
parser.add_argument("potential", nargs="?", type=pathlib.Path, default=SHIPPED)
parser.add_argument("--cells", type=int, default=4, help="cubic cells of eight atoms along each direction")
parser.add_argument("--steps", type=int, default=20)
parser.add_argument("--repeats", type=int, default=20)
parser.add_argument("--threads", type=int, default=1)
arguments = parser.parse_args()

atoms = bulk("Si", cubic=True, a=5.475) * ((arguments.cells,) * 3)
settings = {
    "potential": str(arguments.potential.resolve()), "structure": "start.xyz",
    "ensemble": {"name": "nve", "temperature": 600}, "timestep": 1, "steps": arguments.steps, "seed": 1,
}


def md(folder):
    """µs per atom and step of `apus md`, as it says itself."""
    result = subprocess.run(
        [arguments.program.resolve(), "md", "md.yaml", "--threads", str(arguments.threads), "--overwrite"], cwd=folder,
        check=True, capture_output=True, text=True)
    return float(re.search(r"([\d.]+) µs/atom/step", result.stdout)[1])


class Nothing(apus.Calculator):
    """The same without energies and forces: what ASE and the calculator take for themselves."""

    def calculate(self, atoms=None, properties=None, system_changes=()):
        super(apus.Calculator, self).calculate(atoms, properties, system_changes)
        self.results = {"energy": 0.0, "forces": numpy.zeros((len(atoms), 3))}


def stepper(calculator):
    """A function that times steps of ASE from the start, in µs per atom and step."""
    moving = atoms.copy()
    moving.calc = calculator

    def measure():
        moving.positions = atoms.positions
        thermalize_momenta(moving, 600, rng=numpy.random.default_rng(1))
        dynamics = VelocityVerlet(moving, 1 * units.fs)
        dynamics.run(1)
        start = time.perf_counter()
        dynamics.run(arguments.steps)
        return 1e6 * (time.perf_counter() - start) / arguments.steps / len(atoms)

    return measure


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    ase.io.write(folder / "start.xyz", atoms, format="extxyz")
    # JSON is YAML.
    (folder / "md.yaml").write_text(json.dumps(settings))
    kinds = {
        "`apus md`": lambda: md(folder),
        "ASE, `apus.Calculator`": stepper(apus.Calculator(arguments.potential, threads=arguments.threads)),
        "ASE without a potential": stepper(Nothing(arguments.potential, threads=arguments.threads)),
    }
    times = {name: [] for name in kinds}
    for _ in range(arguments.repeats):
        for name, measure in kinds.items():
            times[name].append(measure())

reference = times["`apus md`"]
print(f"{len(atoms)} atoms, {arguments.threads} thread(s), constant energy; {arguments.repeats} × {arguments.steps} steps\n")
print("| program | µs/atom/step, fastest | median | ms/step, fastest | relative, fastest | median |")
print("| --- | --- | --- | --- | --- | --- |")
for name, values in times.items():
    fastest, median = min(values), statistics.median(values)
    print(f"| {name} | {fastest:.2f} | {median:.2f} | {fastest * len(atoms) / 1000:.2f} | {fastest / min(reference):.2f} | "
          f"{median / statistics.median(reference):.2f} |")
