#!/usr/bin/env python3
"""Prints the tables of potentials/README.md: errors by kind of configuration, equation of state, conservation of energy.

In examples/silicon: card.py [POTENTIAL] [--apus PROGRAM]; needs NumPy and ASE (Tests/python/requirements.txt).
"""

import argparse
import csv
import json
import pathlib
import subprocess
import tempfile

import ase.io
import numpy

HERE = pathlib.Path(__file__).resolve().parent
GIGAPASCAL = 160.2176634  # eV/Å³ in GPa

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("potential", nargs="?", default=HERE / "../../potentials/silicon-pbe.safetensors")
parser.add_argument("--apus", default=HERE / "../../.build/release/apus")
arguments = parser.parse_args()
potential = pathlib.Path(arguments.potential).resolve()
data = ase.io.read(HERE / "silicon.xyz", ":")


def apus(*words, folder=HERE):
    program = pathlib.Path(arguments.apus).resolve()
    return subprocess.run([program, *map(str, words)], cwd=folder, check=True, capture_output=True, text=True).stdout


def equation_of_state(volumes, energies):
    """Lattice constant (Å) of 8 atoms and bulk modulus (GPa) by Birch and Murnaghan: E is a cubic in V^(-2/3)."""
    x = numpy.asarray(volumes) ** (-2 / 3)
    fit = numpy.polynomial.Polynomial.fit(x, energies, 3)
    slope, curvature = fit.deriv(), fit.deriv(2)
    minimum = next(r.real for r in slope.roots() if abs(r.imag) < 1e-9 and curvature(r.real) > 0 and x.min() < r.real < x.max())
    volume = minimum ** (-3 / 2)
    # B = V d²E/dV² at the minimum, where dE/dx vanishes; dx/dV = -2/3 V^(-5/3).
    return volume ** (1 / 3), GIGAPASCAL * volume * curvature(minimum) * (2 / 3 * volume ** (-5 / 3)) ** 2


report = json.loads(apus("evaluate", potential, "silicon.xyz", "--json"))
print(f"{report['structures']} structures: energy RMSE {report['energy_rmse_mev_per_atom']:.2f} meV/atom, "
      f"forces {report['forces_rmse_mev_per_angstrom']:.1f} meV/Å, stress {report['stress_rmse_gpa']:.3f} GPa\n")
print("| config_type | number | energy, meV/atom | forces, meV/Å | rms force of the data, meV/Å | stress, GPa |")
print("| --- | --- | --- | --- | --- | --- |")
for kind in ["perfect", "hydrostatic", "uniaxial", "shear", "md", "strain_rattle", "large_rattle", "vacancy"]:
    forces = numpy.concatenate([a.get_forces().ravel() for a in data if a.info["config_type"] == kind])
    errors = report["by_config_type"][kind]
    print(f"| {kind} | {errors['structures']} | {errors['energy_rmse_mev_per_atom']:.1f} | "
          f"{errors['forces_rmse_mev_per_angstrom']:.1f} | {1e3 * numpy.sqrt((forces**2).mean()):.0f} | "
          f"{errors['stress_rmse_gpa']:.3f} |")

with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    # The same volumes as the data have, and those between.
    crystal = next(a for a in data if a.info["config_type"] == "perfect")
    scaled = []
    for factor in numpy.linspace(0.94, 1.06, 25):
        atoms = crystal.copy()
        atoms.set_cell(atoms.cell * factor, scale_atoms=True)
        scaled.append(atoms)
    ase.io.write(folder / "scaled.xyz", scaled, format="extxyz")
    apus("evaluate", potential, folder / "scaled.xyz", "--predictions", folder / "out.xyz")
    predicted = ase.io.read(folder / "out.xyz", ":")
    series = [a for a in data if a.info["config_type"] in ("perfect", "hydrostatic")]
    rows = [equation_of_state([a.get_volume() for a in s], [a.get_potential_energy() for a in s])
            for s in (predicted, series)]
    print("\n| property | potential | DFT (examples/silicon) |\n| --- | --- | --- |")
    print(f"| lattice constant, Å | {rows[0][0]:.3f} | {rows[1][0]:.3f} |")
    print(f"| bulk modulus, GPa | {rows[0][1]:.1f} | {rows[1][1]:.1f} |")

    apus("md", HERE / "md.yaml", "--set", f"potential={potential}", "--set", f"structure={HERE / 'start.xyz'}",
         "--set", "ensemble.name=nve", "--set", "velocities.temperature=600", "--set", "steps=10000",
         "--set", "thermo={every: 100, file: nve.csv}", "--set", "trajectory=null", folder=folder)
    with open(folder / "nve.csv") as file:
        rows = list(csv.DictReader(file))
    temperature = numpy.mean([float(row["temperature/K"]) for row in rows[10:]])
    print(f"\n216 atoms, {temperature:.0f} K, 1 fs, 10 ps at constant energy: "
          f"drift {float(rows[-1]['drift/(eV/atom/ps)']):.0e} eV/atom/ps")
