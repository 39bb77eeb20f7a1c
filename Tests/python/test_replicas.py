"""Several replicas in one `apus md`, exchanges between them, path integrals, and forces of two timesteps."""

import csv
import pathlib
import shutil
import subprocess
import sys

import ase.io
import numpy
import pytest

from conftest import PROGRAM, SHIPPED, write_exactly

BASE = """
potential: potential.safetensors
structure: start.xyz
ensemble: {name: langevin, temperature: 300 K, friction: 5 / ps}
timestep: 1 fs
steps: 40
seed: 7
thermo: {every: 10, file: thermo.csv}
trajectory: {every: 20, file: trajectory.xyz, forces: true}
checkpoint: {every: 20, file: run.checkpoint}
"""


def configure(apus, name, text):
    (apus.folder / name).write_text(text)


def rows(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def contents(apus, *names):
    return [(apus.folder / name).read_bytes() for name in names]


def test_each_replica_is_the_run_that_it_would_be_alone(apus):
    configure(apus, "all.yaml", BASE.replace("300 K", "null") + "replicas: {temperatures: [200 K, 300 K, 900 K]}\n")
    output = apus.succeeds("md", "all.yaml")
    assert "3 replicas" in output and "evaluated together" in output
    for index, kelvin in enumerate([200, 300, 900], 1):
        apus.succeeds("md", "all.yaml", "--set", "replicas=", "--set", f"ensemble.temperature={kelvin}", "--set",
                      f"seed={6 + index}", "--set", "thermo.file=alone.csv", "--set", "trajectory.file=alone.xyz", "--set",
                      "checkpoint=false", "--overwrite", "--threads", "1")
        # To the bit: single precision, and evaluated beside others.
        own = contents(apus, f"thermo-{index}.csv", f"trajectory-{index}.xyz")
        assert own == contents(apus, "alone.csv", "alone.xyz")


@pytest.mark.parametrize("threads", ["1", "2"])
def test_tempering_goes_on_to_the_bit(apus, threads):
    configure(apus, "md.yaml", BASE.replace("temperature: 300 K, ", "") + (
        "tempering: {temperatures: [300 K, 330 K, 370 K, 400 K], every: 4, file: exchanges.csv}\n"))
    names = [f"thermo-{index}.csv" for index in range(1, 5)] + ["exchanges.csv"]
    output = apus.succeeds("md", "md.yaml", "--threads", threads)
    assert "accepted exchanges: 300–330 K" in output
    whole = contents(apus, *names)
    table = rows(apus.folder / "exchanges.csv")
    assert [int(row["step"]) for row in table] == list(range(4, 40, 4))
    for row in table:
        assert sorted(int(row[f"walker_{index}"]) for index in range(1, 5)) == [1, 2, 3, 4]
    assert any(row["accepted_1_2"] == "1" for row in table)
    for name in names + [f"trajectory-{index}.xyz" for index in range(1, 5)]:
        (apus.folder / name).unlink()
    (apus.folder / "run.checkpoint").unlink()
    apus.succeeds("md", "md.yaml", "--set", "steps=20", "--threads", "2")
    apus.succeeds("md", "md.yaml", "--resume")
    assert contents(apus, *names) == whole


def test_what_replicas_cannot_have_is_refused(apus):
    for keys, words in [
        ("replicas: {temperatures: [300 K, 400 K]}", "found both"),
        ("tempering: {temperatures: [300 K, 400 K], every: 5}", "found both"),
        ("replicas: 0", "1…4096"),
        ("replicas: {seeds: [1, 1]}", "found one twice"),
        ("replicas: {sedes: [1, 2]}", "expected a number of replicas"),
        ("replicas: 2\npath_integral: {beads: 4}", "found several replicas"),
    ]:
        configure(apus, "md.yaml", BASE + keys + "\n")
        assert words in apus.fails("md", "md.yaml"), keys
    tempered = BASE.replace("name: langevin, temperature: 300 K, friction: 5 / ps", "name: nve")
    configure(apus, "md.yaml", tempered + "tempering: {temperatures: [300 K, 400 K], every: 5}\n")
    assert "constant temperature" in apus.fails("md", "md.yaml")
    configure(apus, "md.yaml", BASE + "replicas: 2\n")
    apus.succeeds("md", "md.yaml")
    configure(apus, "md.yaml", BASE + "replicas: 3\n")
    assert "holds 2 replicas, expected 3" in apus.fails("md", "md.yaml", "--resume", "--set", "steps=60")


PATH = """
potential: {potential}
structure: start.xyz
ensemble: {{name: langevin, temperature: 100 K, friction: 5 / ps}}
timestep: 0.5 fs
steps: 40
seed: 3
path_integral: {{beads: 4}}
precision: float64
thermo: {{every: 1, file: thermo.csv}}
trajectory: {{every: 20, file: centroid.xyz}}
checkpoint: {{every: 20, file: run.checkpoint}}
"""


@pytest.mark.parametrize("trajectory", ["centroid", "beads"])
def test_a_path_integral_goes_on_to_the_bit(apus, trajectory):
    configure(apus, "md.yaml", PATH.format(potential="potential.safetensors"))
    options = ["--set", f"path_integral.trajectory={trajectory}"]
    names = ["thermo.csv"] + (
        ["centroid.xyz"] if trajectory == "centroid" else [f"centroid-{bead}.xyz" for bead in range(1, 5)])
    output = apus.succeeds("md", "md.yaml", *options, "--threads", "1")
    assert "4 beads at 100 K, PILE-L" in output and "centroid virial" in output
    table = rows(apus.folder / "thermo.csv")
    assert len(table) == 41
    assert all(float(row["primitive_kinetic_energy/eV"]) > 0 for row in table)
    whole = contents(apus, *names)
    for name in [*names, "run.checkpoint"]:
        (apus.folder / name).unlink()
    apus.succeeds("md", "md.yaml", *options, "--set", "steps=20")
    apus.succeeds("md", "md.yaml", *options, "--resume")
    assert contents(apus, *names) == whole
    configure(apus, "md.yaml", PATH.format(potential="potential.safetensors").replace("beads: 4", "beads: 8"))
    assert "path_integral.beads" in apus.fails("md", "md.yaml", *options, "--resume", "--set", "steps=80")


IPI = """<simulation verbosity='quiet'>
  <output prefix='ipi'>
    <properties filename='out' stride='1'>
      [ step, potential{{electronvolt}}, kinetic_cv{{electronvolt}}, kinetic_td{{electronvolt}} ]
    </properties>
    <trajectory filename='pos' stride='20' format='xyz'> positions{{angstrom}} </trajectory>
  </output>
  <total_steps>20</total_steps>
  <ffsocket name='apus' mode='unix'> <address>{address}</address> <latency>1e-4</latency> </ffsocket>
  <system>
    <initialize nbeads='4'>
{beads}
      <cell mode='abc' units='angstrom'> [{side}, {side}, {side}] </cell>
    </initialize>
    <forces> <force forcefield='apus'/> </forces>
    <ensemble> <temperature units='kelvin'> 100 </temperature> </ensemble>
    <motion mode='dynamics'>
      <fixcom> False </fixcom>
      <dynamics mode='nve'> <timestep units='femtosecond'> 0.5 </timestep> </dynamics>
    </motion>
  </system>
</simulation>
"""


def test_rings_move_as_those_of_ipi(apus):
    """Ring-polymer dynamics from the same beads: positions and both estimators of the kinetic energy."""
    program = pathlib.Path(sys.executable).parent / "i-pi"
    configure(apus, "md.yaml", PATH.format(potential=SHIPPED).replace("langevin", "nve").replace(
        "friction: 5 / ps", "fix_centre_of_mass: false"))
    apus.succeeds("md", "md.yaml", "--set", "steps=20", "--set", "path_integral.trajectory=beads", "--set",
                  "trajectory.forces=true")
    folder = apus.folder
    lines = []
    for bead in range(4):
        atoms = ase.io.read(folder / f"centroid-{bead + 1}.xyz", index="0")
        # i-PI's plain format; Å, and Å/fs in atomic units. Velocities of one bead are multiplied by √P when i-PI reads
        # them (its initializer.py, Initializer.init_stage1), which is meant for one structure's velocities in P beads.
        velocities = atoms.arrays["velocities"] / 0.529177210903 * 0.02418884326586 / 4**0.5
        for kind, values in [("x", atoms.positions), ("v", velocities)]:
            text = [str(len(atoms)), "# CELL(abcABC): 5.47 5.47 5.47 90 90 90"]
            text += [f"{s} {x!r} {y!r} {z!r}" for s, (x, y, z) in zip(atoms.symbols, values.tolist())]
            (folder / f"{kind}{bead}.xyz").write_text("\n".join(text) + "\n")
        if bead == 0:
            lines.append("      <file mode='xyz' units='angstrom'> x0.xyz </file>")
            # i-PI's own table has 28.0855 amu, which is 2e-5 more.
            masses = ", ".join(["28.085"] * len(atoms))
            lines.append(f"      <masses mode='manual' units='dalton'> [{masses}] </masses>")
        lines.append(f"      <positions mode='xyz' units='angstrom' bead='{bead}'> x{bead}.xyz </positions>")
        lines.append(f"      <velocities mode='xyz' bead='{bead}'> v{bead}.xyz </velocities>")
    address = f"apus-rings-{folder.name}-{id(apus)}"
    (folder / "ipi.xml").write_text(IPI.format(address=address, beads="\n".join(lines), side=5.47))
    server = subprocess.Popen([program, "ipi.xml"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        driver = subprocess.run(
            [PROGRAM, "serve", SHIPPED, "start.xyz", "--socket", f"unix:{address}", "--precision", "float64"],
            cwd=folder, capture_output=True, text=True, timeout=100)
        assert driver.returncode == 0, driver.stderr
        assert server.wait(timeout=20) == 0, server.stderr.read().decode()
    finally:
        server.kill()
    theirs = numpy.loadtxt(folder / "ipi.out")
    own = rows(folder / "thermo.csv")
    for column, name in [(1, "potential_energy/eV"), (2, "kinetic_energy/eV"), (3, "primitive_kinetic_energy/eV")]:
        values = numpy.array([float(row[name]) for row in own])
        # i-PI's Kelvin has 1.1e-6 more Hartree than CODATA's (in its utils/units.py), its electronvolt 1e-7 more.
        scale = numpy.abs(values).max() if column == 1 else 0.4
        assert theirs[:, column] == pytest.approx(values, abs=2e-6 * scale), name
    for bead in range(4):
        final = ase.io.read(folder / f"centroid-{bead + 1}.xyz", index="-1")
        last = (folder / f"ipi.pos_{bead}.xyz").read_text().strip().splitlines()[-8:]
        positions = numpy.array([[float(x) for x in line.split()[1:4]] for line in last])
        assert positions == pytest.approx(final.positions, abs=1e-5)


TWO = """
potential:
  inner: {stillinger-weber: {element: Si}}
  outer: OUTER
  every: 4
structure: start.xyz
supercell: 2
ensemble: {name: nve}
velocities: {temperature: 600 K}
timestep: 1 fs
steps: 200
seed: 1
thermo: {every: 4, file: thermo.csv}
"""


def test_forces_of_two_timesteps(apus):
    configure(apus, "md.yaml", TWO.replace("OUTER", str(SHIPPED)))
    output = apus.succeeds("md", "md.yaml")
    assert "r-RESPA" in output and "Stillinger–Weber" in output
    energies = [float(row["conserved_energy/eV"]) for row in rows(apus.folder / "thermo.csv")]
    assert len(energies) == 51
    # What is conserved is H + h²/12 (v·ΔK v − F·ΔF/m) + O(h⁴) with the long timestep h and the difference ΔK between
    # the second derivatives of both potentials (Strang's splitting into ΔV and the rest). The run begins in the perfect
    # crystal, where all of 2 E_kin is in the first term, and none of it when v and x have met: H changes by at most
    # h²/12 Δω² · 2 E_kin, for the optical vibrations of 18 THz (Stillinger and Weber) and 15 THz: 0.06 eV of 64 atoms.
    start = float(rows(apus.folder / "thermo.csv")[0]["kinetic_energy/eV"])
    difference = (2 * numpy.pi) ** 2 * (0.018**2 - 0.015**2)
    assert numpy.ptp(energies) < 4**2 / 12 * difference * 2 * start
    # So it falls with the square of the timestep.
    apus.succeeds("md", "md.yaml", "--overwrite", "--set", "timestep=0.5 fs", "--set", "steps=400")
    shorter = [float(row["conserved_energy/eV"]) for row in rows(apus.folder / "thermo.csv")]
    assert numpy.ptp(energies) / numpy.ptp(shorter) == pytest.approx(4, abs=0.5)
    apus.succeeds("md", "md.yaml", "--overwrite")
    configure(apus, "plain.yaml", TWO[TWO.index("structure"):].replace("thermo.csv", "plain.csv") + f"potential: {SHIPPED}\n")
    apus.succeeds("md", "plain.yaml")
    plain = rows(apus.folder / "plain.csv")
    both = rows(apus.folder / "thermo.csv")
    for name in ["potential_energy/eV", "temperature/K"]:
        a, b = ([float(row[name]) for row in table] for table in (plain, both))
        assert a[0] == b[0] and a[:10] == pytest.approx(b[:10], rel=2e-3)
    (apus.folder / "thermo.csv").unlink()
    for setting, words in [("steps=201", "multiple of potential.every"), ("thermo.every=10", "multiple of potential.every"),
                           ("ensemble={name: nph, pressure: 0 GPa, pressure_time: 1 ps}", "cell that stays")]:
        assert words in apus.fails("md", "md.yaml", "--overwrite", "--set", setting)
