#!/usr/bin/env python3
"""The time of a step in LAMMPS beside that of `apus md`, and what more processes gain.

    python timing.py [--apus PROGRAM] [--lammps FOLDER_OF_lmp_AND_mpirun] [--repeat N] [--sizes CELLS ...] [--layouts 1x1 ...]

Silicon with constant energy. A layout is PROCESSESxTHREADS. Rows are measured in turns, and the fastest of each counts, so
that what else runs on the machine disturbs all alike. LAMMPS must find the plugin: Documentation/lammps.md.
"""

import argparse
import os
import pathlib
import re
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
POTENTIAL = REPOSITORY / "potentials" / "silicon-pbe.safetensors"


def output(command, **environment):
    result = subprocess.run(list(map(str, command)), cwd=HERE, capture_output=True, text=True, env={**os.environ, **environment})
    if result.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
    return result.stdout


def with_apus(program, cells, steps, threads):
    """µs per atom and step."""
    with tempfile.TemporaryDirectory() as folder:
        settings = pathlib.Path(folder) / "md.yaml"
        settings.write_text(f"""
potential: {POTENTIAL}
structure: {REPOSITORY / "examples" / "silicon" / "start.xyz"}
supercell: {cells}
ensemble: {{name: nve, temperature: 600 K}}
timestep: 1 fs
steps: {steps}
""")
        return float(re.search(r"speed +([\d.]+) µs/atom/step", output([program, "md", settings, "--threads", threads]))[1])


def with_lammps(programs, cells, steps, processes, threads):
    printed = output(
        [programs / "mpirun", "-np", processes, programs / "lmp", "-in", "in.silicon", "-log", "none", "-var", "cells", cells,
         "-var", "npt", 0, "-var", "nve", steps], OMP_NUM_THREADS=str(threads))
    seconds, _, steps, atoms = re.findall(r"Loop time of (\S+) on (\d+) procs for (\d+) steps with (\d+) atoms", printed)[-1]
    return float(seconds) / int(steps) / int(atoms) * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", type=pathlib.Path, default=REPOSITORY / ".build" / "release" / "apus")
    parser.add_argument("--lammps", type=pathlib.Path, default=REPOSITORY / ".venv" / "bin")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=[4, 11], help="cells of 8 atoms along each edge")
    parser.add_argument("--layouts", nargs="+", default=["1x1", "1x2", "2x1"])
    parser.add_argument("--atom-steps", type=float, default=1e5, help="atoms times steps of each run")
    options = parser.parse_args()

    print("   atoms  processes x threads  apus md  LAMMPS  LAMMPS / apus md  gain over 1x1   (µs/atom/step)")
    for cells in options.sizes:
        atoms = 8 * cells**3
        steps = max(10, round(options.atom_steps / atoms))
        layouts = [tuple(map(int, layout.split("x"))) for layout in options.layouts]
        best = {}
        for _ in range(options.repeat):
            for processes, threads in layouts:
                rows = {("LAMMPS", processes, threads): with_lammps(options.lammps, cells, steps, processes, threads)}
                if processes == 1:
                    rows["apus", 1, threads] = with_apus(options.apus, cells, steps, threads)
                for row, time in rows.items():
                    best[row] = min(time, best.get(row, time))
        for processes, threads in layouts:
            lammps, apus = best["LAMMPS", processes, threads], best.get(("apus", processes, threads))
            single = best.get(("LAMMPS", 1, 1))
            print(
                f"{atoms:8}  {f'{processes} x {threads}':>19}  {f'{apus:.1f}' if apus else '':>7}  {lammps:6.1f}  "
                f"{f'{lammps / apus:.2f}' if apus else '':>16}  {f'{single / lammps:.2f}' if single else '':>13}", flush=True)


if __name__ == "__main__":
    main()
