"""The drift of the conserved energy of silicon under the trained potential, in every ensemble, and what a step costs."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import ase.build
import ase.io

APUS = os.environ.get("APUS", "apus")
POTENTIAL = pathlib.Path(__file__).resolve().parents[2] / "potentials" / "silicon-pbe.safetensors"
BATH = "temperature: 300 K"
PRESSURE = "pressure: 0 GPa, pressure_time: 1 ps"
ENSEMBLES = {
    "nve": "{name: nve}",
    "langevin": f"{{name: langevin, {BATH}, friction: 1 / ps}}",
    "nose-hoover": f"{{name: nose-hoover, {BATH}, time: 100 fs}}",
    "csvr": f"{{name: csvr, {BATH}, time: 100 fs}}",
    "npt-mtk": f"{{name: npt-mtk, {BATH}, time: 100 fs, {PRESSURE}, cell: triclinic}}",
    "npt-c-rescale": f"{{name: npt-c-rescale, {BATH}, time: 100 fs, {PRESSURE}, cell: isotropic}}",
    "npt-langevin": f"{{name: npt-langevin, {BATH}, friction: 1 / ps, {PRESSURE}}}",
    "nph": f"{{name: nph, {PRESSURE}, cell: isotropic}}",
}


def main():
    copies, steps, precision = int(sys.argv[1]) if len(sys.argv) > 1 else 2, 4000, "float64"
    if len(sys.argv) > 2:
        steps = int(sys.argv[2])
    if len(sys.argv) > 3:
        precision = sys.argv[3]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        atoms = ase.build.bulk("Si", "diamond", 5.47, cubic=True) * (copies, copies, copies)
        ase.io.write(folder / "start.xyz", atoms, format="extxyz")
        print(f"{len(atoms)} atoms of silicon, 300 K, {steps} steps of 1 fs, {precision}")
        for name, ensemble in ENSEMBLES.items():
            (folder / "md.yaml").write_text(
                f"potential: {POTENTIAL}\nprecision: {precision}\nstructure: start.xyz\nensemble: {ensemble}\n"
                f"timestep: 1 fs\nsteps: {steps}\nseed: 5\nvelocities: {{temperature: 300 K}}\n")
            output = subprocess.run(
                [APUS, "md", "md.yaml", *sys.argv[4:]], cwd=folder, check=True, capture_output=True, text=True).stdout
            conserved = re.search(r"^conserved +(.*)", output, re.MULTILINE)[1]
            speed = re.search(r"^speed +(.*)", output, re.MULTILINE)[1]
            print(f"{name}: {conserved}; {speed}", flush=True)


if __name__ == "__main__":
    main()
