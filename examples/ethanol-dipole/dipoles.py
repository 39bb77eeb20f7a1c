"""Dipoles and energies of ethanol by PySCF, for a potential that predicts dipoles.

    pip install pyscf ase
    python dipoles.py ethanol.xyz data.xyz --count 300

Reads geometries from an extended XYZ file (the first `--count`, evenly over the file) and writes them with energy, forces,
the dipole (e·Å) and Mulliken charges: Hartree–Fock in a small basis, some seconds a frame, to show the way. Take the level
of theory that you trust. Goes on where it stopped.
"""

import argparse
import pathlib

import ase.io
import numpy
from ase import units
from ase.calculators.singlepoint import SinglePointCalculator
from pyscf import gto, scf

BOHR = units.Bohr
# An atomic unit of dipole in Debye; 1 D = 0.2081943 e·Å.
DEBYE = units.Debye


def label(atoms):
    molecule = gto.M(
        atom=[(atom.symbol, atom.position) for atom in atoms], basis="6-31g", unit="Angstrom", verbose=0)
    field = scf.RHF(molecule)
    field.conv_tol = 1e-10
    energy = field.kernel()
    if not field.converged:
        return None
    forces = -field.nuc_grad_method().kernel() * units.Hartree / BOHR
    dipole = field.dip_moment(unit="Debye", verbose=0) * DEBYE
    charges = field.mulliken_meta(verbose=0)[1]
    labelled = atoms.copy()
    labelled.info = {"config_type": "ethanol"}
    labelled.arrays = {name: labelled.arrays[name] for name in ("numbers", "positions")}
    labelled.calc = SinglePointCalculator(
        labelled, energy=energy * units.Hartree, forces=forces, dipole=numpy.array(dipole), charges=numpy.array(charges))
    return labelled


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("geometries", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=300)
    arguments = parser.parse_args()
    frames = ase.io.read(arguments.geometries, ":")
    chosen = [frames[index] for index in numpy.linspace(0, len(frames) - 1, arguments.count).astype(int)]
    done = len(ase.io.read(arguments.output, ":")) if arguments.output.exists() else 0
    for index, atoms in enumerate(chosen[done:], done + 1):
        labelled = label(atoms)
        if labelled is None:
            raise SystemExit(f"frame {index}: the density has not converged; give other geometries")
        ase.io.write(arguments.output, labelled, append=True)
        print(f"{index} of {arguments.count}", flush=True)


if __name__ == "__main__":
    main()
