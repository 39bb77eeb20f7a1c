"""Classical interactions of `apus md` against LAMMPS: energies, forces and stress of one structure, and a run.

LAMMPS' metal units are those of CODATA 1986 in some places: its mvv2e and qqr2e are taken into account exactly, by
masses and charges that make both programs solve the same equations.
"""

import ase.build
import ase.io
import numpy
import pytest

from conftest import Program, write_exactly
from lammps_runs import stock

# (eV/Å)/amu in Å/fs², the program's and LAMMPS' (1/mvv2e in ps).
ACCELERATION = 9.648533212331e-3
LAMMPS_ACCELERATION = 1e-6 / 1.0364269e-4
# e²/4πε₀ in eV Å.
COULOMB = 14.3996454784936
LAMMPS_COULOMB = 14.399645
BAR = 1.6021765e6

SILICON = "Si Si Si 2.1683 2.0951 1.80 21.0 1.20 -0.333333333333333333 7.049556277 0.6022245584 4.0 0.0 0.0\n"


def argon():
    return ase.build.bulk("Ar", "fcc", 5.4, cubic=True) * (4, 4, 4)


def triclinic(atoms):
    atoms.set_cell(atoms.cell.array @ numpy.array([[1.02, 0, 0], [0.05, 0.97, 0], [-0.04, 0.06, 1.01]]), scale_atoms=True)
    return atoms


CASES = {
    "lennard-jones cut": (
        argon, "{lennard-jones: {cutoff: 8.5, tail: cut, elements: {Ar: {epsilon: 10.3 meV, sigma: 3.405}}}}",
        "pair_style lj/cut 8.5\npair_coeff 1 1 0.0103 3.405"),
    "lennard-jones shift": (
        argon, "{lennard-jones: {cutoff: 8.5, tail: shift, elements: {Ar: {epsilon: 10.3 meV, sigma: 3.405}}}}",
        "pair_style lj/cut 8.5\npair_coeff 1 1 0.0103 3.405\npair_modify shift yes"),
    "lennard-jones force-shift": (
        argon, "{lennard-jones: {cutoff: 8.5, tail: force-shift, elements: {Ar: {epsilon: 10.3 meV, sigma: 3.405}}}}",
        "pair_style lj/smooth/linear 8.5\npair_coeff 1 1 0.0103 3.405"),
    "stillinger-weber": (
        lambda: ase.build.bulk("Si", "diamond", 5.431, cubic=True) * (3, 3, 3), "{stillinger-weber: {element: Si}}",
        "pair_style sw\npair_coeff * * Si.sw Si"),
    "coulomb": (
        lambda: ase.build.bulk("NaCl", "rocksalt", 5.64, cubic=True) * (2, 2, 2),
        "{coulomb: {cutoff: 9, accuracy: 1e-12, charges: {Na: 1, Cl: -1}},"
        " lennard-jones: {cutoff: 9, tail: cut, elements: {Na: {epsilon: 0.005, sigma: 2.4}, Cl: {epsilon: 0.005, sigma: 3.9}}}}",
        "pair_style lj/cut/coul/long 9\npair_coeff 1 1 0.005 2.4\npair_coeff 2 2 0.005 3.9\npair_modify mix arithmetic table 0\n"
        # Its erfc is a polynomial right to 1e-7, which does not count where the sum in space is small.
        "kspace_style ewald 1e-12\nkspace_modify gewald 1.6"),
}


def lammps(folder, atoms, pair, commands):
    """Runs LAMMPS on these atoms; their velocities are in Å/fs."""
    (folder / "Si.sw").write_text(SILICON)
    symbols = list(dict.fromkeys(atoms.get_chemical_symbols()))
    charge = {"Na": 1.0, "Cl": -1.0}
    cell = atoms.cell.array
    assert abs(cell[0, 1]) + abs(cell[0, 2]) + abs(cell[1, 2]) == 0
    scale = (COULOMB / LAMMPS_COULOMB) ** 0.5
    lines = [
        "", "", f"{len(atoms)} atoms", f"{len(symbols)} atom types", f"0 {float(cell[0, 0])!r} xlo xhi",
        f"0 {float(cell[1, 1])!r} ylo yhi", f"0 {float(cell[2, 2])!r} zlo zhi",
        f"{float(cell[1, 0])!r} {float(cell[2, 0])!r} {float(cell[2, 1])!r} xy xz yz", "", "Atoms", ""]
    for i, (symbol, x) in enumerate(zip(atoms.symbols, atoms.positions)):
        q = charge.get(symbol, 0.0) * scale
        lines.append(f"{i + 1} {symbols.index(symbol) + 1} {q!r} " + " ".join(repr(float(v)) for v in x))
    if "velocities" in atoms.arrays:
        lines += ["", "Velocities", ""]
        lines += [
            f"{i + 1} " + " ".join(repr(float(c) * 1e3) for c in v) for i, v in enumerate(atoms.arrays["velocities"])]
    (folder / "start.data").write_text("\n".join(lines) + "\n")
    masses = {s: float(atoms.get_masses()[list(atoms.symbols).index(s)]) for s in symbols}
    script = "\n".join(
        ["units metal", "atom_style charge", "atom_modify map array sort 0 0", "box tilt large", "read_data start.data"]
        + [f"mass {symbols.index(s) + 1} {m * LAMMPS_ACCELERATION / ACCELERATION!r}" for s, m in masses.items()]
        + [pair, "neighbor 1.0 bin", "neigh_modify every 1 delay 0 check yes", commands])
    return stock(folder).succeeds(script)


def masses_of_elements(atoms):
    """The program's own, which differ in their last digits from ASE's."""
    own = {"Ar": 39.948, "Si": 28.085, "Na": 22.98976928, "Cl": 35.45}
    atoms.set_masses([own[s] for s in atoms.symbols])


@pytest.mark.parametrize("case", CASES)
def test_energy_forces_and_stress_are_those_of_lammps(tmp_path, case):
    make, potential, pair = CASES[case]
    atoms = triclinic(make())
    masses_of_elements(atoms)
    atoms.rattle(0.1, seed=1)
    write_exactly(tmp_path / "start.xyz", atoms)
    (tmp_path / "md.yaml").write_text(
        f"potential: {potential}\nstructure: start.xyz\nensemble: {{name: nve}}\ntimestep: 1\nsteps: 0\n"
        "velocities: {from: zero}\ntrajectory: {every: 1, file: own.xyz, forces: true}\n")
    Program(tmp_path).succeeds("md", "md.yaml")
    own = ase.io.read(tmp_path / "own.xyz")
    output = lammps(
        tmp_path, atoms, pair,
        "dump 1 all custom 1 forces.txt id fx fy fz\ndump_modify 1 sort id format float %.17g\n"
        "variable pe equal pe\nvariable v equal vol\n"
        + "".join(f"variable {k} equal {k}\n" for k in ["pxx", "pyy", "pzz", "pyz", "pxz", "pxy"])
        + "thermo_style custom step pe pxx pyy pzz pyz pxz pxy vol\nrun 0\n"
        'print "NUMBERS $(pe:%.17g) $(pxx:%.17g) $(pyy:%.17g) $(pzz:%.17g) $(pyz:%.17g) $(pxz:%.17g) $(pxy:%.17g)"\n')
    line = next(l for l in output.splitlines() if l.startswith("NUMBERS"))
    energy, *pressure = map(float, line.split()[1:])
    forces = numpy.loadtxt(tmp_path / "forces.txt", skiprows=9)[:, 1:]
    assert own.get_potential_energy() == pytest.approx(energy, rel=1e-8)
    assert numpy.abs(own.get_forces() - forces).max() < 1e-8 * numpy.abs(forces).max()
    stress = -numpy.array(pressure) / BAR
    assert numpy.abs(own.get_stress() - stress).max() < 1e-8 * numpy.abs(stress).max()


@pytest.mark.parametrize("case", ["lennard-jones force-shift", "stillinger-weber", "coulomb"])
def test_a_run_is_that_of_lammps(tmp_path, case):
    make, potential, pair = CASES[case]
    steps = 1000 if case != "coulomb" else 200
    atoms = make()
    masses_of_elements(atoms)
    generator = numpy.random.default_rng(2)
    kelvin = {"lennard-jones force-shift": 30, "stillinger-weber": 300, "coulomb": 300}[case]
    width = numpy.sqrt(8.617333262e-5 * kelvin * ACCELERATION / atoms.get_masses())
    velocities = generator.normal(size=(len(atoms), 3)) * width[:, None]
    velocities -= (atoms.get_masses()[:, None] * velocities).sum(0) / atoms.get_masses().sum()
    atoms.arrays["velocities"] = velocities
    cell = " ".join(repr(float(x)) for x in atoms.cell.array.ravel())
    (tmp_path / "start.xyz").write_text(
        f'{len(atoms)}\nLattice="{cell}" pbc="T T T" Properties=species:S:1:pos:R:3:velocities:R:3\n'
        + "".join(
            f"{s} " + " ".join(repr(float(c)) for c in [*x, *v]) + "\n"
            for s, x, v in zip(atoms.symbols, atoms.positions, velocities)))
    (tmp_path / "md.yaml").write_text(
        f"potential: {potential}\nstructure: start.xyz\nensemble: {{name: nve}}\ntimestep: 1\nsteps: {steps}\n"
        f"trajectory: {{every: {steps}, file: own.xyz}}\n")
    Program(tmp_path).succeeds("md", "md.yaml")
    own = ase.io.read(tmp_path / "own.xyz", index=-1)
    lammps(
        # Fewer waves: the run is compared to 1e-6 Å.
        tmp_path, atoms, pair.replace("gewald 1.6", "gewald 0.8"),
        f"timestep 0.001\nfix 1 all nve\ndump 1 all custom {steps} end.txt id xu yu zu\n"
        f"dump_modify 1 sort id format float %.17g\nrun {steps}\n")
    end = numpy.loadtxt((tmp_path / "end.txt").read_text().split("ITEM: TIMESTEP")[-1].splitlines()[9:])[:, 1:]
    moved = numpy.abs(end - atoms.positions).max()
    assert moved > 0.1
    assert numpy.abs(own.positions - end).max() < 1e-6
