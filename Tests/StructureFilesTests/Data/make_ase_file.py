"""Writes ase.xyz with ASE 3.29: results of a calculator, momenta, constraints and every kind of information value."""

from pathlib import Path

import numpy as np
from ase import units
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms
from ase.io import write

copper = bulk("Cu", cubic=True)
copper.set_cell(copper.cell.array @ (np.eye(3) + [[0.02, 0.01, 0], [0, -0.01, 0], [0, 0.005, 0.03]]), True)
copper.rattle(0.1, seed=1)
copper.calc = EMT()
copper.get_potential_energy(), copper.get_forces(), copper.get_stress()

ethanol = molecule("CH3CH2OH")
ethanol.calc = SinglePointCalculator(
    ethanol, energy=-4209.5, forces=np.zeros((9, 3)), dipole=[1, 2, 3], charges=np.arange(9.0), magmoms=np.ones(9)
)

iron = bulk("Fe") * (2, 1, 1)
iron.set_cell(iron.cell.array[[1, 0, 2]])  # left-handed
iron.positions[1] += 0.05
iron.set_constraint(FixAtoms([1]))
iron.set_velocities([[0.01 / units.fs, 0, 0], [0, 0, 0]])
iron.arrays["flag"] = np.array([True, False])
iron.arrays["label"] = np.array(["Fe1", "Fe2"])
iron.arrays["tensor"] = np.arange(18.0).reshape(2, 9)
iron.info |= {
    "nested": {"a": [1, 2], "s": "x=y"}, "list": [1, 2], "text": 'she said "hi" {a} [b]', "true": True,
    "matrix": np.eye(2), "none": None, "empty": "", "nan": float("nan"), "tiny": 1e-20, "big": 10**30,
    "weird key": 1,
}

path = Path(__file__).with_name("ase.xyz")
path.unlink(missing_ok=True)
for atoms in (copper, ethanol, iron):
    write(path, atoms, append=True, format="extxyz")
