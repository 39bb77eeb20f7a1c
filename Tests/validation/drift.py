"""The drift of the conserved energy of silicon under the trained potential, in every ensemble, and what a step costs.

All begin from one state in equilibrium at 300 K and no pressure. From a crystal at rest the first picosecond changes the
energy of motion, and with it the part of the energy that a step of 1 fs does not see, by some 1e-5 eV per atom: no drift.

    APUS=.build/release/apus .venv/bin/python Tests/validation/drift.py [copies 2] [steps 10000] [float64] [md's options]
"""

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


SETTINGS = """
potential: {potential}
precision: {precision}
structure: {structure}
ensemble: {ensemble}
timestep: 1 fs
steps: {steps}
seed: 5
checkpoint: false
"""


def run(folder, text, options):
    (folder / "md.yaml").write_text(text)
    return subprocess.run(
        [APUS, "md", "md.yaml", "--overwrite", *options], cwd=folder, check=True, capture_output=True, text=True).stdout


def main():
    copies = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    precision = sys.argv[3] if len(sys.argv) > 3 else "float64"
    options = sys.argv[4:]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        atoms = ase.build.bulk("Si", "diamond", 5.47, cubic=True) * (copies, copies, copies)
        ase.io.write(folder / "start.xyz", atoms, format="extxyz")
        common = dict(potential=POTENTIAL, precision=precision)
        run(folder, SETTINGS.format(
            **common, structure="start.xyz", ensemble=ENSEMBLES["npt-langevin"], steps=5000)
            + "velocities: {temperature: 600 K}\ntrajectory: {every: 5000, file: warm.xyz, velocities: true}\n", options)
        ase.io.write(folder / "warm.xyz", ase.io.read(folder / "warm.xyz", index=-1), format="extxyz")
        print(f"{len(atoms)} atoms of silicon, 300 K, {steps} steps of 1 fs, {precision}", flush=True)
        for name, ensemble in ENSEMBLES.items():
            output = run(
                folder, SETTINGS.format(**common, structure="warm.xyz", ensemble=ensemble, steps=steps), options)
            conserved = re.search(r"^conserved +(.*)", output, re.MULTILINE)[1]
            speed = re.search(r"^speed +(.*)", output, re.MULTILINE)[1]
            print(f"{name}: {conserved}; {speed}", flush=True)


if __name__ == "__main__":
    main()
