#!/usr/bin/env python3
"""Molecular dynamics of silicon with ASE: constant pressure, then constant energy. dynamics.py [POTENTIAL] [STEPS]"""

import pathlib
import sys

import ase.io
import numpy
from ase import units
from ase.build import bulk
from ase.md.nose_hoover_chain import IsotropicMTKNPT
from ase.md.velocitydistribution import Stationary, thermalize_momenta
from ase.md.verlet import VelocityVerlet

import apus

SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "potentials" / "silicon-pbe.safetensors"
potential = sys.argv[1] if len(sys.argv) > 1 else SHIPPED
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 500

atoms = bulk("Si", cubic=True, a=5.48) * (2, 2, 2)
atoms.calc = apus.Calculator(potential)
thermalize_momenta(atoms, 600, rng=numpy.random.default_rng(1))
Stationary(atoms)
# Closer than in the training data, energies and forces mean nothing.
shortest = atoms.calc.potential.shortest_distance("Si", "Si")


def look():
    """Prints a line, and stops what has gone astray."""
    distances = atoms.get_all_distances(mic=True)
    nearest = distances[distances > 0].min()
    assert nearest > shortest, f"two atoms are {nearest:.2f} Å apart, in the training data {shortest:.2f} Å"
    total = atoms.get_potential_energy() + atoms.get_kinetic_energy()
    print(f"{total / len(atoms):12.6f} {atoms.get_temperature():8.1f} {atoms.get_volume() / len(atoms):10.3f} {nearest:8.3f}")


def run(dynamics, title):
    print(f"{title}\n  eV/atom           K  Å³/atom  nearest, Å")
    dynamics.attach(look, interval=max(1, steps // 10))
    dynamics.run(steps)


timestep = 1 * units.fs
run(IsotropicMTKNPT(
    atoms, timestep, temperature_K=300, pressure_au=0, tdamp=100 * timestep, pdamp=1000 * timestep,
    trajectory="npt.traj", loginterval=10), "constant temperature and pressure (300 K, 0 GPa)")
run(VelocityVerlet(atoms, timestep, trajectory="nve.traj", loginterval=10), "constant energy")
print(f"{len(ase.io.read('nve.traj', ':'))} frames in nve.traj; neighbours were looked for "
      f"{atoms.calc.potential.neighbor_searches} times in {2 * steps} steps")
