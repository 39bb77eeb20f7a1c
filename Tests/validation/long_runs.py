"""100,000 steps of 216 silicon atoms at constant energy, temperature and pressure, under the potential that ships or that of
Stillinger and Weber, which takes minutes instead of hours.

All begin from one state in equilibrium at 300 K and no pressure. A line for each: drift and scatter of the conserved energy,
averages with their errors, the statistical inefficiency as its unit of time; and a picture of all.

    APUS=.build/release/apus .venv/bin/python Tests/validation/long_runs.py FOLDER learned|classical [steps 100000] [md's options]
    .venv/bin/python Tests/validation/long_runs.py --draw FOLDER PICTURE.svg
"""

import csv
import os
import pathlib
import re
import subprocess
import sys

APUS = os.environ.get("APUS", "apus")
POTENTIALS = {
    "learned": pathlib.Path(__file__).resolve().parents[2] / "potentials" / "silicon-pbe.safetensors",
    "classical": "{stillinger-weber: {}}",
}
ENSEMBLES = {
    "nve": "{name: nve}",
    "nvt": "{name: csvr, temperature: 300 K, time: 100 fs}",
    "npt": "{name: npt-mtk, temperature: 300 K, time: 100 fs, pressure: 0 GPa, pressure_time: 1 ps, cell: triclinic}",
}
SETTINGS = """
potential: {potential}
structure: {structure}
ensemble: {ensemble}
timestep: 1 fs
steps: {steps}
seed: 5
report_every: {every}
"""


def run(folder, name, text, options):
    (folder / f"{name}.yaml").write_text(text)
    return subprocess.run(
        [APUS, "md", f"{name}.yaml", "--overwrite", *options], cwd=folder, check=True, capture_output=True, text=True).stdout


def main(folder, potential, steps, options):
    import ase.build
    import ase.io
    folder.mkdir(parents=True, exist_ok=True)
    atoms = ase.build.bulk("Si", "diamond", 5.47 if potential == "learned" else 5.431, cubic=True) * (3, 3, 3)
    ase.io.write(folder / "start.xyz", atoms, format="extxyz")
    run(folder, "warm", SETTINGS.format(
        potential=POTENTIALS[potential], structure="start.xyz",
        ensemble="{name: npt-langevin, temperature: 300 K, friction: 1 / ps, pressure: 0 GPa, pressure_time: 1 ps}",
        steps=5000, every=5000)
        + "velocities: {temperature: 600 K}\ntrajectory: {every: 5000, file: warm.xyz, velocities: true}\n", options)
    ase.io.write(folder / "equilibrium.xyz", ase.io.read(folder / "warm.xyz", index=-1), format="extxyz")
    print(f"{len(atoms)} atoms of silicon ({potential}), 300 K, {steps} steps of 1 fs", flush=True)
    for name, ensemble in ENSEMBLES.items():
        output = run(folder, name, SETTINGS.format(
            potential=POTENTIALS[potential], structure="equilibrium.xyz", ensemble=ensemble, steps=steps, every=steps // 20)
            + f"thermo: {{every: 20, file: {name}.csv}}\n"
            + f"trajectory: {{every: 50, file: {name}.nc, topology: false}}\n", options)
        (folder / f"{name}.txt").write_text(output)
        analysis = subprocess.run(
            [APUS, "analyze", f"{name}.nc", "--rdf", "--first", "101", "-o", name, "--overwrite"], cwd=folder, check=True,
            capture_output=True, text=True).stdout
        print(f"\n{name}: {ensemble}")
        for key in ("conserved", "speed"):
            print(f"{key}: " + re.search(rf"^{key} +(.*)", output, re.MULTILINE)[1])
        print(analysis[:analysis.index("written to")].strip(), flush=True)


def draw(folder, picture):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy

    def smooth(values, width=50):
        return numpy.convolve(values, numpy.ones(width) / width, mode="valid")

    figure, axes = plt.subplots(2, 2, figsize=(9, 5.6), constrained_layout=True)
    for name in ENSEMBLES:
        with open(folder / f"{name}.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        column = {key: numpy.array([float(row[key]) for row in rows]) for key in rows[0] if rows[1][key]}
        time, atoms = column["time/ps"], 216
        label = f"{name.upper()}"
        axes[0, 0].plot(
            smooth(time), 1e3 * smooth(column["conserved_energy/eV"] - column["conserved_energy/eV"][0]) / atoms, lw=0.8, label=label)
        axes[0, 1].plot(smooth(time), smooth(column["temperature/K"]), lw=0.6, label=label)
        axes[1, 0].plot(smooth(time), smooth(column["pressure/GPa"]), lw=0.6, label=label)
        if name == "npt":
            twin = axes[1, 0].twinx()
            twin.plot(smooth(time), smooth(column["volume/A^3"]) / atoms, lw=0.6, color="0.4")
            twin.set_ylabel("NPT: volume, Å³/atom (grey)")
        with open(folder / name / "rdf.csv", encoding="utf-8") as file:
            _, *table = csv.reader(file)
        table = numpy.array([[float(x) if x else numpy.nan for x in row] for row in table])
        axes[1, 1].plot(table[:, 0], table[:, 1], lw=0.8, label=label)
    for panel, (title, x, y) in zip(axes.flat, [
            ("Conserved energy", "t, ps", "meV/atom"), ("Temperature", "t, ps", "K"), ("Pressure", "t, ps", "GPa"),
            ("Radial distribution", "r, Å", "g(r)")]):
        panel.set(title=title, xlabel=x, ylabel=y)
    axes[0, 0].legend(frameon=False)
    figure.suptitle("216 silicon atoms, 100,000 steps of 1 fs; means over 1 ps", fontsize=10)
    figure.savefig(picture)


if __name__ == "__main__":
    if sys.argv[1] == "--draw":
        draw(pathlib.Path(sys.argv[2]), sys.argv[3])
    else:
        main(pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 100_000, sys.argv[4:])
