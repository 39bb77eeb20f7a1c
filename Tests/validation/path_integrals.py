"""Path integrals of `apus md` beside those of i-PI with one `apus serve`: averages, and what a step costs.

`path_integrals.py POTENTIAL STRUCTURE [BEADS] [STEPS] [STEPS_OF_I_PI]` with a potential for a molecule. Needs i-PI beside
the Python that runs this.
"""

import csv
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy

# Steps of the run that is taken off, so that neither start counts.
SHORT = 80
APUS = os.environ.get("APUS", "apus")
# Of both; i-PI asks for one bead at a time, so that more would help here alone.
THREADS = ["--threads", "1"]
CONFIGURATION = """
potential: {potential}
structure: {structure}
ensemble: {{name: langevin, temperature: 300 K, friction: 10 / ps, fix_centre_of_mass: false}}
path_integral: {{beads: {beads}}}
timestep: 0.25 fs
steps: {steps}
seed: 1
thermo: {{every: 4, file: thermo.csv}}
# Beads come nearer to each other than classical nuclei of a training did; i-PI does not look.
guards: {{minimum_distance: false}}
"""
SERVER = """<simulation verbosity='quiet'>
  <output prefix='ipi'>
    <properties filename='out' stride='4'>
      [ step, potential{{electronvolt}}, kinetic_cv{{electronvolt}}, kinetic_td{{electronvolt}}, temperature{{kelvin}} ]
    </properties>
  </output>
  <total_steps>{steps}</total_steps>
  <prng><seed>1</seed></prng>
  <ffsocket name='apus' mode='unix' pbc='False'> <address>{address}</address> <latency>1e-5</latency> </ffsocket>
  <system>
    <initialize nbeads='{beads}'>
      <file mode='xyz' units='angstrom'> start.xyz </file>
      <velocities mode='thermal' units='kelvin'> 300 </velocities>
    </initialize>
    <forces> <force forcefield='apus'/> </forces>
    <ensemble> <temperature units='kelvin'> 300 </temperature> </ensemble>
    <motion mode='dynamics'>
      <fixcom> False </fixcom>
      <dynamics mode='nvt'>
        <timestep units='femtosecond'> 0.25 </timestep>
        <thermostat mode='pile_l'> <tau units='femtosecond'> 100 </tau> </thermostat>
      </dynamics>
    </motion>
  </system>
</simulation>
"""


def average(values):
    """Of the later four fifths, with the error of 10 blocks."""
    values = numpy.asarray(values)[len(values) // 5:]
    blocks = [block.mean() for block in numpy.array_split(values, 10)]
    return values.mean(), numpy.std(blocks, ddof=1) / 10 ** 0.5


def own(folder, potential, structure, beads, steps):
    """Averages, and the seconds that it took."""
    (folder / "md.yaml").write_text(
        CONFIGURATION.format(potential=potential, structure=structure, beads=beads, steps=steps))
    start = time.monotonic()
    subprocess.run([APUS, "md", "md.yaml", "--overwrite", *THREADS], cwd=folder, check=True, capture_output=True)
    wall = time.monotonic() - start
    with open(folder / "thermo.csv") as file:
        rows = list(csv.DictReader(file))
    names = ["potential_energy/eV", "kinetic_energy/eV", "primitive_kinetic_energy/eV", "temperature/K"]
    return [average([float(row[name]) for row in rows]) for name in names], wall


def of_ipi(folder, potential, structure, beads, steps):
    import ase.io

    atoms = ase.io.read(structure)
    lines = [str(len(atoms)), "# CELL(abcABC): 100 100 100 90 90 90 positions{angstrom} cell{angstrom}"]
    lines += [f"{s} {x!r} {y!r} {z!r}" for s, (x, y, z) in zip(atoms.symbols, atoms.positions.tolist())]
    (folder / "start.xyz").write_text("\n".join(lines) + "\n")
    address = f"apus-{os.getpid()}"
    (folder / "ipi.xml").write_text(SERVER.format(address=address, beads=beads, steps=steps))
    program = pathlib.Path(sys.executable).parent / "i-pi"
    start = time.monotonic()
    server = subprocess.Popen([program, "ipi.xml"], cwd=folder, stdout=subprocess.DEVNULL)
    subprocess.run([APUS, "serve", potential, structure, "--socket", f"unix:{address}", *THREADS], cwd=folder,
                   check=True, capture_output=True)
    server.wait()
    wall = time.monotonic() - start
    rows = numpy.loadtxt(folder / "ipi.out")
    return [average(rows[:, column]) for column in (1, 2, 3, 4)], wall


def main():
    potential, structure = (pathlib.Path(name).resolve() for name in sys.argv[1:3])
    beads, steps, theirs = (int(text) for text in (sys.argv[3:6] + ["16", "20000", "2000"])[:3]) if len(
        sys.argv) >= 6 else (16, 20000, 2000)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        mine, _ = own(folder, potential, structure, beads, steps)
        other, _ = of_ipi(folder, potential, structure, beads, theirs)
        # In turns, since other work of the machine comes and goes; the best of each.
        pairs = []
        for _ in range(3):
            pairs.append([
                (run(folder, potential, structure, beads, SHORT + more)[1]
                 - run(folder, potential, structure, beads, SHORT)[1]) / more
                for run, more in ((own, 1000), (of_ipi, 200))])
        own_time, their_time = (min(times) for times in zip(*pairs))
    print(f"{beads} beads, 300 K, {steps} steps of 0.25 fs here, {theirs} with i-PI and one apus serve, one thread")
    for name, a, b in zip(["potential, eV", "kinetic, centroid virial, eV", "kinetic, primitive, eV", "temperature, K"],
                          mine, other):
        error = (a[1] ** 2 + b[1] ** 2) ** 0.5
        print(f"{name}: {a[0]:.5f} ± {a[1]:.5f} here, {b[0]:.5f} ± {b[1]:.5f} i-PI, {abs(a[0] - b[0]) / error:.1f} σ")
    ratios = ", ".join(f"{b / a:.1f}" for a, b in pairs)
    print(f"{1e3 * own_time:.2f} ms a step here, {1e3 * their_time:.2f} with i-PI: {their_time / own_time:.1f} times "
          f"(side by side: {ratios})")


if __name__ == "__main__":
    main()
