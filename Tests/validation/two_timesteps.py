"""What forces of two timesteps gain: silicon under the potential that ships, with that of Stillinger and Weber between.

`two_timesteps.py [COPIES] [PS]`. For each run the cost of a ps, the drift, and the scatter of the conserved energy.
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
POTENTIAL = pathlib.Path(__file__).resolve().parents[2] / "potentials" / "silicon-pbe.safetensors"
# Timestep and steps between evaluations of the dear potential; 1 is plain velocity Verlet.
RUNS = [(1, 1), (2, 1), (3, 1), (4, 1), (6, 1), (8, 1), (2, 2), (2, 3), (2, 4), (2, 5), (2, 6), (1.5, 4), (1, 8)]


def main():
    copies = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    picoseconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        atoms = ase.build.bulk("Si", "diamond", 5.47, cubic=True) * (copies, copies, copies)
        ase.io.write(folder / "start.xyz", atoms, format="extxyz")
        base = "structure: {start}\nensemble: {{name: langevin, temperature: 600 K, friction: 10 / ps}}\ntimestep: 1 fs\n" \
               "steps: 1000\nseed: 1\npotential: {potential}\ntrajectory: {{every: 1000, file: warm.xyz}}\n"
        (folder / "warm.yaml").write_text(base.format(start="start.xyz", potential=POTENTIAL))
        subprocess.run([APUS, "md", "warm.yaml", "--threads", "1"], cwd=folder, check=True, capture_output=True)
        print(f"{len(atoms)} atoms of silicon, 600 K, {picoseconds} ps at constant energy from one state, float64")
        print("timestep/fs  every  scatter/(meV/atom)  drift/(eV/atom/ps)  s/ps")
        for timestep, every in RUNS:
            steps = int(picoseconds * 1000 / timestep / every) * every
            potential = f"{{inner: {{stillinger-weber: {{element: Si}}}}, outer: {POTENTIAL}, every: {every}}}" \
                if every > 1 else str(POTENTIAL)
            (folder / "md.yaml").write_text(
                f"potential: {potential}\nstructure: warm.xyz\nframe: -1\nensemble: {{name: nve}}\n"
                f"timestep: {timestep} fs\nsteps: {steps}\nprecision: float64\nthermo: {{every: {every}, file: thermo.csv}}\n"
                "checkpoint: false\n")
            result = subprocess.run(
                [APUS, "md", "md.yaml", "--overwrite", "--threads", "1"], cwd=folder, capture_output=True, text=True)
            if result.returncode:
                print(f"{timestep:11} {every:6}  {result.stderr.strip()}")
                continue
            with open(folder / "thermo.csv") as file:
                rows = list(csv.DictReader(file))
            energies = numpy.array([float(row["conserved_energy/eV"]) for row in rows]) / len(atoms)
            times = numpy.array([float(row["time/ps"]) for row in rows])
            drift, _ = slope = numpy.polyfit(times, energies, 1)
            scatter = numpy.std(energies - numpy.polyval(slope, times)) * 1e3
            speed = next(line for line in result.stdout.splitlines() if "µs/atom/step" in line and "ns/day" in line)
            micro = float(speed.split("speed")[1].split("µs")[0])
            print(f"{timestep:11} {every:6} {scatter:19.4f} {drift:19.1e} {micro * len(atoms) * 1e-3 / timestep:5.2f}")


if __name__ == "__main__":
    main()
