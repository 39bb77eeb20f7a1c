#!/usr/bin/env python3
"""Lattice constant, bulk modulus and elastic constants of silicon. equation_of_state.py [POTENTIAL]"""

import pathlib
import sys

import numpy
from ase.build import bulk
from ase.eos import EquationOfState
from ase.optimize import BFGS

import apus

SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "potentials" / "silicon-pbe.safetensors"
GIGAPASCAL = 160.2176634  # eV/Å³ in GPa

calculator = apus.Calculator(sys.argv[1] if len(sys.argv) > 1 else SHIPPED, precision="float64")
volumes, energies = [], []
for scale in numpy.linspace(0.97, 1.03, 9):
    atoms = bulk("Si", cubic=True, a=5.475 * scale)
    atoms.calc = calculator
    volumes.append(atoms.get_volume())
    energies.append(atoms.get_potential_energy())
volume, _, modulus = EquationOfState(volumes, energies, eos="birchmurnaghan").fit()
lattice = volume ** (1 / 3)
print(f"lattice constant {lattice:.4f} Å, bulk modulus {GIGAPASCAL * modulus:.1f} GPa")


def stress(strain):
    """The stress (GPa, Voigt) of the crystal under a strain, with its atoms relaxed."""
    atoms = bulk("Si", cubic=True, a=lattice)
    atoms.set_cell(atoms.cell @ (numpy.eye(3) + strain), scale_atoms=True)
    atoms.calc = calculator
    BFGS(atoms, logfile=None).run(fmax=1e-4, steps=100)
    return GIGAPASCAL * atoms.get_stress()


def constants(row, column, size=0.002):
    """dσ/dε by central differences; ε is 2 e_xy for a shear, as Voigt has it."""
    strain = numpy.zeros((3, 3))
    strain[row, column] = strain[column, row] = size
    return (stress(strain) - stress(-strain)) / (2 * size * (1 if row == column else 2))


normal, shear = constants(0, 0), constants(0, 1)
print(f"C11 {normal[0]:.1f} GPa, C12 {normal[1]:.1f} GPa, C44 {shear[5]:.1f} GPa; (C11 + 2 C12) / 3 = "
      f"{(normal[0] + 2 * normal[1]) / 3:.1f} GPa")
