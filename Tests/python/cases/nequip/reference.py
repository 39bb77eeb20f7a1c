"""Writes what NequIP itself gives for structures that its training saw: tiny.xyz beside this script.

Needs the package nequip 0.19.1 and torch; the tests do not. The checkpoint tiny.ckpt was made by

    nequip-train -cp $PWD -cn train hydra.run.dir=/tmp/tiny && mv last.ckpt tiny.ckpt

and the values by `python reference.py`.
"""

import pathlib

import ase.io
from nequip.integrations.ase import NequIPCalculator

HERE = pathlib.Path(__file__).parent


def main():
    calculator = NequIPCalculator._from_saved_model(str(HERE / "tiny.ckpt"), device="cpu")
    lines = []
    for atoms in ase.io.read(HERE / "data.xyz", index=":4"):
        atoms.calc = calculator
        lattice = " ".join(repr(float(x)) for x in atoms.cell.array.ravel())
        stress = atoms.get_stress(voigt=False).ravel()
        lines += [
            str(len(atoms)),
            f'Lattice="{lattice}" pbc="T T T" Properties=species:S:1:pos:R:3:forces:R:3 '
            f'energy={atoms.get_potential_energy():.9f} stress="{" ".join(f"{x:.10f}" for x in stress)}"',
        ]
        for symbol, position, force in zip(atoms.symbols, atoms.positions, atoms.get_forces()):
            lines.append(" ".join([symbol, *(repr(float(x)) for x in position), *(f"{x:.8f}" for x in force)]))
    (HERE / "tiny.xyz").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
