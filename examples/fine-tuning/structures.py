"""Writes small crystals of every element that SevenNet-0 knows, and of pairs of them, shaken and strained.

Labelled by the foundation itself they are replayed while it is tuned, so that none of its own data are needed:

    python structures.py COUNT OUTPUT.xyz
    python structures.py --sane LABELLED.xyz OUTPUT.xyz

The second takes out what no foundation was trained on: cells that it gives forces above 20 eV/Å, stresses
above 80 GPa, or energies that no bonds have.
"""

import sys

import ase
import ase.build
import ase.io
import numpy
from ase.data import atomic_numbers, chemical_symbols, covalent_radii
from ase.neighborlist import neighbor_list

# Radioactive beyond use, or gases whose crystals a cutoff of 5 Å hardly sees.
LEFT_OUT = {"He", "Ne", "Ar", "Kr", "Xe", "Po", "At", "Rn", "Fr", "Ra"}
ELEMENTS = [symbol for symbol in chemical_symbols[1:95] if symbol not in LEFT_OUT]
# Distance of neighbours over the cell's edge.
ALONE = {"fcc": 2**-0.5, "bcc": 3**0.5 / 2, "diamond": 3**0.5 / 4, "sc": 1.0}
PAIRS = {"rocksalt": 0.5, "zincblende": 3**0.5 / 4, "cesiumchloride": 3**0.5 / 2}
ANIONS = ["O", "O", "O", "F", "N", "S", "Cl", "C", "H", "Si"]


def crystal(random):
    first = random.choice(ELEMENTS)
    kind = random.integers(5)
    if kind == 0:
        lattice = random.choice(list(ALONE))
        a = 2 * covalent_radii[atomic_numbers[first]] / ALONE[lattice]
        return ase.build.bulk(first, lattice, a=a, cubic=True)
    if kind == 1:
        # An alloy: a metal's lattice with two elements on it.
        second = random.choice(ELEMENTS)
        radius = (covalent_radii[atomic_numbers[first]] + covalent_radii[atomic_numbers[second]]) / 2
        lattice = random.choice(["fcc", "bcc"])
        atoms = ase.build.bulk(first, lattice, a=2 * radius / ALONE[lattice], cubic=True)
        atoms *= (2, 1, 1)
        atoms.symbols = random.choice([first, second], len(atoms))
        return atoms
    second = random.choice(ANIONS)
    if kind == 2:
        return framework(first, random.choice(ANIONS[:6]))
    if kind == 3:
        # Networks of corners that are shared, as in glasses and minerals.
        return framework(random.choice(["Si", "Al", "P", "B", "Ge", "Ti", "Zn", "Be"]), "O")
    lattice = random.choice(list(PAIRS))
    length = covalent_radii[atomic_numbers[first]] + covalent_radii[atomic_numbers[second]]
    return ase.build.bulk(first + second, lattice, a=length / PAIRS[lattice], cubic=True)


def framework(cation, anion):
    """Cristobalite: cations on the places of diamond, an anion between any two."""
    length = covalent_radii[atomic_numbers[cation]] + covalent_radii[atomic_numbers[anion]]
    diamond = ase.build.bulk(cation, "diamond", a=4 * 2 * length / 3**0.5)
    middles = numpy.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) * length / 3**0.5
    return diamond + ase.Atoms([anion] * 4, middles)


def is_dense(atoms):
    """Whether two atoms are nearer than three quarters of their bond: no one asks what a foundation says of these."""
    i, j, d = neighbor_list("ijd", atoms, 3.5)
    radii = covalent_radii[atoms.numbers]
    return bool((d < 0.75 * (radii[i] + radii[j])).any())


def main(count, output):
    random = numpy.random.default_rng(1)
    frames = []
    while len(frames) < count:
        atoms = crystal(random)
        strain = numpy.eye(3) * random.uniform(0.95, 1.15) + 0.05 * random.uniform(-1, 1, (3, 3))
        atoms.set_cell(atoms.cell.array @ strain, scale_atoms=True)
        atoms.positions += random.normal(0, random.choice([0.05, 0.15, 0.25]), atoms.positions.shape)
        if not is_dense(atoms):
            frames.append(ase.Atoms(atoms.symbols, atoms.positions, cell=atoms.cell, pbc=True))
    ase.io.write(output, frames)


def sane(labelled, output):
    ase.io.write(output, [
        a for a in ase.io.read(labelled, ":")
        if numpy.abs(a.get_forces()).max() < 20 and numpy.abs(a.get_stress()).max() < 0.5
        and -15 < a.get_potential_energy() / len(a) < 5])


if __name__ == "__main__":
    if sys.argv[1] == "--sane":
        sane(*sys.argv[2:])
    else:
        main(int(sys.argv[1]), sys.argv[2])
