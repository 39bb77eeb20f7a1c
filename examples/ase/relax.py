#!/usr/bin/env python3
"""Relaxes a strained silicon crystal, atoms and cell, and prints what it became. relax.py [POTENTIAL]"""

import pathlib
import sys

import ase.io
import numpy
from ase.build import bulk
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS

import apus

SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "potentials" / "silicon-pbe.safetensors"
GIGAPASCAL = 160.2176634  # eV/Å³ in GPa

atoms = bulk("Si", cubic=True, a=5.6)
atoms.set_cell(atoms.cell @ (numpy.eye(3) + 0.02 * numpy.array([[0, 1, 0], [1, 0, 0], [0, 0, -1]])), scale_atoms=True)
atoms.rattle(0.05, seed=1)
# Optimisers compare small differences of energies: double precision costs little for so few atoms.
atoms.calc = apus.Calculator(sys.argv[1] if len(sys.argv) > 1 else SHIPPED, precision="float64")

print(f"before: {atoms.get_potential_energy() / len(atoms):.4f} eV/atom, stress {GIGAPASCAL * atoms.get_stress()} GPa")
BFGS(FrechetCellFilter(atoms), logfile=None).run(fmax=0.001, steps=200)
print(f"after:  {atoms.get_potential_energy() / len(atoms):.4f} eV/atom, largest force "
      f"{numpy.linalg.norm(atoms.get_forces(), axis=1).max():.1e} eV/Å")
print("lattice constants", *(f"{length:.4f}" for length in atoms.cell.lengths()), "Å, angles",
      *(f"{angle:.2f}" for angle in atoms.cell.angles()))
ase.io.write("relaxed.xyz", atoms)
