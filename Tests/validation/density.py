"""The volume of solid argon at constant pressure by the barostats of `apus md`, and by LAMMPS' fix npt.

A cell that shears is compared with LAMMPS' own that does: 108 atoms in it take 0.15 % more room than in a cube. Its five
further strains have moduli that fall with the volume, which is a pressure of some tens of kT / V.
"""

import csv
import os
import pathlib
import subprocess
import sys
import tempfile

import ase.build
import ase.io
import numpy

APUS = os.environ.get("APUS", "apus")
TEMPERATURE, PRESSURE, STEPS, STEP = 50, 0.05, 60_000, 5  # K, GPa, and fs
ENSEMBLES = {
    "npt-mtk": f"{{name: npt-mtk, temperature: {TEMPERATURE}, pressure: {PRESSURE}, time: 200, pressure_time: 1000, cell: isotropic}}",
    "npt-mtk, triclinic": f"{{name: npt-mtk, temperature: {TEMPERATURE}, pressure: {PRESSURE}, time: 200, pressure_time: 1000, cell: triclinic}}",
    "npt-c-rescale": f"{{name: npt-c-rescale, temperature: {TEMPERATURE}, pressure: {PRESSURE}, time: 200, pressure_time: 500}}",
    "npt-langevin": f"{{name: npt-langevin, temperature: {TEMPERATURE}, pressure: {PRESSURE}, friction: 2 / ps, pressure_time: 1000}}",
}
POTENTIAL = "{lennard-jones: {cutoff: 7, tail: force-shift, elements: {Ar: {epsilon: 10.3 meV, sigma: 3.405}}}}"


def mean(series):
    """Mean and standard error from twenty blocks."""
    blocks = numpy.array_split(numpy.asarray(series), 20)
    means = [block.mean() for block in blocks]
    return numpy.mean(means), numpy.std(means, ddof=1) / len(means) ** 0.5


def apus(folder, atoms, ensemble):
    ase.io.write(folder / "start.xyz", atoms, format="extxyz")
    (folder / "md.yaml").write_text(
        f"potential: {POTENTIAL}\nstructure: start.xyz\nensemble: {ensemble}\ntimestep: {STEP}\nsteps: {STEPS}\n"
        "seed: 3\nskin: 1\nthermo: {every: 20, file: thermo.csv}\ncheckpoint: false\n")
    subprocess.run([APUS, "md", "md.yaml", "--overwrite"], cwd=folder, check=True, capture_output=True)
    with open(folder / "thermo.csv") as file:
        volumes = [float(row["volume/A^3"]) for row in csv.DictReader(file)]
    return numpy.array(volumes[len(volumes) // 10:]) / len(atoms)


def lammps(folder, atoms, cell):
    ase.io.write(folder / "start.data", atoms, format="lammps-data", masses=True)
    (folder / "in.npt").write_text(f"""
units metal
read_data start.data
{"change_box all triclinic" if cell == "tri" else ""}
mass 1 39.948
pair_style lj/smooth/linear 7
pair_coeff 1 1 0.0103 3.405
velocity all create {TEMPERATURE} 7
timestep {STEP * 1e-3}
fix 1 all npt temp {TEMPERATURE} {TEMPERATURE} 0.2 {cell} {PRESSURE * 1e4} {PRESSURE * 1e4} 1.0
variable v equal vol
fix 2 all print 20 "$v" file volumes.txt screen no
run {STEPS}
""")
    programs = os.path.dirname(sys.executable)
    subprocess.run(
        [f"{programs}/mpirun", "-np", "1", f"{programs}/lmp", "-in", "in.npt", "-log", "none"], cwd=folder, check=True,
        capture_output=True, env=dict(os.environ, OMP_NUM_THREADS="1"))
    volumes = numpy.loadtxt(folder / "volumes.txt", skiprows=1)
    return volumes[len(volumes) // 10:] / len(atoms)


def main():
    atoms = ase.build.bulk("Ar", "fcc", 5.4, cubic=True) * (3, 3, 3)
    print(f"{len(atoms)} atoms of argon, {TEMPERATURE} K, {PRESSURE} GPa, {STEPS * STEP * 1e-3:g} ps")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        expected = {cell: mean(lammps(folder, atoms, cell)) for cell in ("iso", "tri")}
        for cell, (volume, sigma) in expected.items():
            print(f"LAMMPS fix npt {cell}: {volume:.4f} ± {sigma:.4f} Å³/atom", flush=True)
        failed = False
        for name, ensemble in ENSEMBLES.items():
            cell = "tri" if "triclinic" in name else "iso"
            volume, own_sigma = expected[cell]
            value, sigma = mean(apus(folder, atoms, ensemble))
            sigmas = (value - volume) / (sigma ** 2 + own_sigma ** 2) ** 0.5
            print(f"{name}: {value:.4f} ± {sigma:.4f} Å³/atom ({100 * sigma / value:.3f} %), {sigmas:+.1f} σ from LAMMPS {cell}", flush=True)
            failed |= abs(sigmas) > 3
    sys.exit(failed)


if __name__ == "__main__":
    main()
