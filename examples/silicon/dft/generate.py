#!/usr/bin/env python3
"""Generate the DFT data set of the silicon example.

Four steps, each a subcommand; run them from any folder:

    generate.py structures    build the configurations       -> dft/structures.xyz
    generate.py label         run Quantum ESPRESSO on them   -> WORK/*.out   (can be stopped and repeated)
    generate.py collect       gather what is finished        -> silicon.xyz, dft/run.log, dft/example.in
    generate.py convergence   cutoff, k-point, smearing and folding tests -> dft/convergence.csv

`structures` samples with molecular dynamics in LAMMPS (Tersoff's 1988 potential, Si(C) set), so that the
geometries cost nothing; energy, forces and stress come from DFT alone. It is the only step that needs
LAMMPS, and structures.xyz is kept, so the labels can be repeated without it.
`label` and `convergence` need pw.x and the pseudopotential Si.pbe-rrkj.UPF (Debian: quantum-espresso,
quantum-espresso-data).

Units: eV, Angstrom; stress in eV/Angstrom^3, tension positive (ASE's sign).
"""
import argparse
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read, write

HERE = Path(__file__).resolve().parent
A0 = 5.47                                   # PBE lattice constant, rounded
TEMPERATURES = (300, 600, 900, 1200, 1500)  # K
PSEUDO = "Si.pbe-rrkj.UPF"
GPA = 160.21766                             # 1 eV/A^3 in GPa

# cells in units of the cubic 8-atom cell, and the k-point grids that fold onto one another
SUPERCELLS = {8: (1, 1, 1), 16: (2, 1, 1), 32: (2, 2, 1), 64: (2, 2, 2)}
KPOINTS = {8: (4, 4, 4), 16: (2, 4, 4), 32: (2, 2, 4), 64: (2, 2, 2)}


# ---------------------------------------------------------------------------------------------- structures

TERSOFF = """Si Si Si 3.0 1.0 1.7322 1.0039e5 16.218 -0.59826 0.78734 1.0999e-6 1.7322 471.18 2.85 0.15 2.4799 1830.8
"""   # Tersoff, Phys. Rev. B 38, 9902 (1988), in LAMMPS' format

LAMMPS_INPUT = """units metal
atom_style atomic
atom_modify map yes
box tilt large
read_data start.data
mass 1 28.0855
pair_style tersoff
pair_coeff * * Si.tersoff Si
neighbor 1.0 bin
velocity all create {t2} {seed} mom yes dist gaussian
timestep 0.001
fix 1 all nve
fix 2 all langevin {t} {t} 0.2 {seed} zero yes
run {steps}
write_dump all custom end.dump id xu yu zu modify sort id format float %.10f
"""


def supercell(size):
    return bulk("Si", "diamond", a=A0, cubic=True).repeat(SUPERCELLS[size])


def apply_strain(atoms, deformation):
    """Deform cell and atoms by the 3x3 matrix I + deformation."""
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + deformation), scale_atoms=True)
    return atoms


def random_strain(rng, largest, triangular=False):
    """Random strain, entries up to `largest`; lower triangular for LAMMPS, else symmetric."""
    e = rng.uniform(-largest, largest, (3, 3))
    e = np.tril(e)
    return e if triangular else (e + np.tril(e, -1).T)


def rattle(atoms, sigma, rng, shortest):
    """Gaussian displacements (sigma per Cartesian component), no distance below `shortest`."""
    while True:
        trial = atoms.copy()
        d = rng.normal(0.0, sigma, (len(atoms), 3))
        trial.positions += d - d.mean(axis=0)
        if shortest_distance(trial) > shortest:
            return trial


def shortest_distance(atoms):
    from ase.neighborlist import neighbor_list
    d = neighbor_list("d", atoms, 3.5)
    return d.min() if len(d) else 3.5


def molecular_dynamics(atoms, temperature, seed, lammps, steps=3000):
    """The last frame of a fresh 3 ps Langevin trajectory (1 fs steps); the cell is lower triangular."""
    c = atoms.cell.array
    assert np.allclose(np.triu(c, 1), 0)
    with tempfile.TemporaryDirectory() as tmp:
        tmp = Path(tmp)
        lines = ["silicon", "", f"{len(atoms)} atoms", "1 atom types", "", f"0 {c[0, 0]:.12f} xlo xhi",
                 f"0 {c[1, 1]:.12f} ylo yhi", f"0 {c[2, 2]:.12f} zlo zhi",
                 f"{c[1, 0]:.12f} {c[2, 0]:.12f} {c[2, 1]:.12f} xy xz yz", "", "Atoms", ""]
        lines += [f"{i + 1} 1 {x:.10f} {y:.10f} {z:.10f}" for i, (x, y, z) in enumerate(atoms.positions)]
        (tmp / "start.data").write_text("\n".join(lines) + "\n")
        (tmp / "Si.tersoff").write_text(TERSOFF)
        (tmp / "in.md").write_text(LAMMPS_INPUT.format(t=temperature, t2=2 * temperature, seed=seed, steps=steps))
        done = subprocess.run([lammps, "-in", "in.md", "-log", "none"], cwd=tmp, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"LAMMPS failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        data = np.loadtxt(tmp / "end.dump", skiprows=9)
    snapshot = atoms.copy()
    snapshot.positions = data[:, 1:4]
    return snapshot


def build(rng, lammps):
    """All configurations: a list of Atoms with info config_type, temperature (K; 0 if not sampled by MD)."""
    groups = {}

    def add(group, atoms, kind, temperature=0):
        atoms.info = {"config_type": kind, "temperature": temperature}
        groups.setdefault(group, []).append(atoms)

    def add_md(group, size, kind, temperature, scale, shear, vacancy=False):
        atoms = apply_strain(supercell(size), (scale - 1) * np.eye(3))
        if shear:
            apply_strain(atoms, random_strain(rng, shear, triangular=True))
        if vacancy:
            del atoms[int(rng.integers(len(atoms)))]
        add(group, molecular_dynamics(atoms, temperature, int(rng.integers(1, 900000)), lammps), kind, temperature)

    # pure strains of the perfect crystal (8 atoms); linear strain
    add("perfect", supercell(8), "perfect")
    for e in (-0.02, 0.02, -0.04, 0.04, -0.06, 0.06):
        add("hydrostatic", apply_strain(supercell(8), e * np.eye(3)), "hydrostatic")
    for e in (-0.02, 0.02, -0.04, 0.04):
        add("uniaxial", apply_strain(supercell(8), np.diag([0, 0, e])), "uniaxial")
    for e in (0.01, 0.02, 0.03):
        add("shear", apply_strain(supercell(8), e * np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])), "shear")
    add("shear", apply_strain(supercell(8), 0.03 * np.diag([1, -1, 0])), "shear")
    # molecular dynamics, 8 atoms: 13 lattice scales at each temperature, every second cell sheared as well
    for i, scale in enumerate(np.linspace(0.97, 1.03, 13)):
        for j, t in enumerate(TEMPERATURES):
            add_md("md8", 8, "md", t, scale, 0.015 if (i + j) % 2 else 0)
    # random strain with small displacements, 8 atoms
    for sigma in np.linspace(0.02, 0.12, 35):
        cell = apply_strain(supercell(8), random_strain(rng, 0.03))
        add("strain8", rattle(cell, sigma, rng, 1.8), "strain_rattle")
    # large displacements, 8 atoms: short distances
    for sigma in np.linspace(0.15, 0.25, 10):
        cell = apply_strain(supercell(8), random_strain(rng, 0.02))
        add("large8", rattle(cell, sigma, rng, 1.7), "large_rattle")
    # 16 atoms: MD, strained, and one vacancy
    scales = np.linspace(0.975, 1.025, 16)
    rng.shuffle(scales)
    for i, scale in enumerate(scales):
        add_md("md16", 16, "md", TEMPERATURES[i % 5], scale, 0.015 if i % 2 else 0)
    for sigma in np.linspace(0.03, 0.12, 6):
        cell = apply_strain(supercell(16), random_strain(rng, 0.025))
        add("strain16", rattle(cell, sigma, rng, 1.8), "strain_rattle")
    for i, t in enumerate((300, 900, 1500)):
        add_md("vacancy15", 16, "vacancy", t, (1.0, 0.985, 1.015)[i], 0.01, vacancy=True)
        cell = apply_strain(supercell(16), random_strain(rng, 0.015))
        del cell[int(rng.integers(16))]
        add("vacancy15", rattle(cell, (0.05, 0.08, 0.11)[i], rng, 1.8), "vacancy")
    # 32 atoms
    for i, t in enumerate(TEMPERATURES):
        add_md("md32", 32, "md", t, (1.0, 1.02, 0.985, 1.01, 0.98)[i], 0.01 if i % 2 else 0)
    for i, t in enumerate((600, 1200)):
        add_md("vacancy31", 32, "vacancy", t, (1.0, 1.01)[i], 0.01, vacancy=True)
    cell = supercell(32)
    del cell[int(rng.integers(32))]
    add("vacancy31", rattle(cell, 0.06, rng, 1.8), "vacancy")
    # 64 atoms
    for i, t in enumerate((600, 1200)):
        add_md("md64", 64, "md", t, (1.0, 1.01)[i], 0.01 if i else 0)
    for i, t in enumerate((900, 300, 1500)):
        add_md("vacancy63", 64, "vacancy", t, (1.0, 1.0, 0.99)[i], 0, vacancy=True)

    # labelling order: every group is spread evenly over the list, so that any first part is a balanced set
    ordered = []
    for members in groups.values():
        keep = len(members) <= 6
        picks = range(len(members)) if keep else rng.permutation(len(members))
        ordered += [((k + rng.uniform()) / len(members), members[m]) for k, m in enumerate(picks)]
    ordered = [groups["perfect"][0]] + [a for _, a in sorted(ordered, key=lambda x: x[0])
                                        if a is not groups["perfect"][0]]
    for n, atoms in enumerate(ordered):
        atoms.info = {"config_id": f"si{n:03d}", **atoms.info}
    return ordered


def cmd_structures(args):
    lammps = args.lammps or shutil.which("lmp") or str(Path(sys.executable).parent / "lmp")
    configurations = build(np.random.default_rng(args.seed), lammps)
    write_atomically(args.structures, lambda p: write(p, configurations, format="extxyz"))
    shortest = min(shortest_distance(a) for a in configurations)
    print(f"{len(configurations)} configurations, {sum(map(len, configurations))} atoms, "
          f"shortest distance {shortest:.2f} A -> {args.structures}")


# --------------------------------------------------------------------------------------------------- label

def cell_size(atoms):
    """8, 16, 32 or 64: the supercell a configuration (perhaps with one vacancy) belongs to."""
    return min(s for s in KPOINTS if s >= len(atoms))


def pw_input(atoms, pseudo_dir, kpoints=None, shift=1, cutoff=24, degauss=0.01, outdir="./tmp", mixing=0.7):
    """Input of pw.x. All configurations: Gaussian smearing, no symmetry, shifted grids that fold consistently."""
    n = len(atoms)
    kpoints = kpoints or KPOINTS[cell_size(atoms)]
    occupations = (f" occupations='smearing', smearing='gaussian', degauss={degauss}, nbnd={2 * n + max(4, n // 4)}\n"
                   if degauss else "")
    lines = [
        "&control", " calculation='scf', prefix='si', tprnfor=.true., tstress=.true., disk_io='none'",
        f" outdir='{outdir}', pseudo_dir='{pseudo_dir}'", "/",
        "&system", f" ibrav=0, nat={n}, ntyp=1, ecutwfc={cutoff}, ecutrho={4 * cutoff}, nosym=.true.",
        occupations + "/",
        "&electrons", f" conv_thr={n / 8 * 1e-9:.3e}, mixing_beta={mixing}, electron_maxstep=150", "/",
        "ATOMIC_SPECIES", f" Si 28.0855 {PSEUDO}", "CELL_PARAMETERS angstrom"]
    lines += ["  " + " ".join(f"{x:.10f}" for x in row) for row in atoms.cell.array]
    lines += ["ATOMIC_POSITIONS angstrom"]
    lines += [" Si " + " ".join(f"{x:.10f}" for x in p) for p in atoms.positions]
    lines += ["K_POINTS automatic", " " + " ".join(map(str, kpoints)) + f" {shift} {shift} {shift}"]
    return "\n".join(lines) + "\n"


def run_pw(name, atoms, args, **settings):
    """Run pw.x once; WORK/name.out exists only if the run ended well and its SCF converged."""
    out = args.work / f"{name}.out"
    if out.exists():
        return False
    env = dict(os.environ, OMP_NUM_THREADS="1")
    for mixing in (0.7, 0.3):               # a second try with slower mixing
        with tempfile.TemporaryDirectory(dir=args.work) as tmp:
            tmp = Path(tmp)
            (tmp / "pw.in").write_text(pw_input(atoms, args.pseudo_dir, mixing=mixing, **settings))
            with open(tmp / "pw.out", "w") as stream:
                subprocess.run([*args.pw.split(), "-in", "pw.in"], cwd=tmp, stdout=stream,
                               stderr=subprocess.STDOUT, env=env)
            text = (tmp / "pw.out").read_text(errors="replace")
            if "convergence has been achieved" in text and "JOB DONE" in text:
                os.replace(tmp / "pw.out", out)
                (args.work / f"{name}.failed").unlink(missing_ok=True)
                return True
            (args.work / f"{name}.failed").write_text(text)
    return False


def run_all(jobs, args):
    """jobs: (name, atoms, settings). Runs args.jobs of them side by side, in order."""
    args.work.mkdir(parents=True, exist_ok=True)
    todo = [j for j in jobs if not (args.work / f"{j[0]}.out").exists()]
    print(f"{len(jobs) - len(todo)} finished before, {len(todo)} to do", flush=True)
    start = time.time()
    with ThreadPoolExecutor(args.jobs) as pool:
        running = {pool.submit(run_pw, name, atoms, args, **settings): (name, atoms)
                   for name, atoms, settings in todo}
        for n, future in enumerate(as_completed(running), 1):
            name, atoms = running[future]
            ok = future.result()
            print(f"{n}/{len(todo)} {name} {len(atoms)} atoms {'ok' if ok else 'FAILED'} "
                  f"{time.time() - start:.0f} s", flush=True)


def cmd_label(args):
    run_all([(a.info["config_id"], a, {}) for a in read(args.structures, ":")], args)


# ------------------------------------------------------------------------------------------------- collect

def seconds(text):
    """CPU seconds from QE's last timing line, like 'PWSCF : 2m11.12s CPU'."""
    match = re.findall(r"PWSCF\s+:\s+(.+?)\s*CPU", text)[-1]
    units = {"d": 86400, "h": 3600, "m": 60, "s": 1}
    return sum(float(v) * units[u] for v, u in re.findall(r"([\d.]+)\s*([dhms])", match))


def result(path):
    """Energy, forces, stress, SCF iterations, CPU seconds and version of one finished pw.x run.

    With smearing, the energy that QE marks with '!' is the free energy F = E - TS, the one whose
    derivatives are the forces and the stress.
    """
    text = path.read_text()
    calculated = read(path, format="espresso-out")
    energy = float(re.findall(r"^!\s+total energy\s+=\s+(\S+)", text, re.M)[-1])
    assert abs(energy * 13.605693 - calculated.get_potential_energy()) < 1e-2
    return {"energy": calculated.get_potential_energy(), "forces": calculated.get_forces(),
            "stress": calculated.get_stress(),
            "iterations": int(re.findall(r"convergence has been achieved in\s+(\d+)", text)[-1]),
            "cpu": seconds(text), "version": re.search(r"Program PWSCF (v\.\S+)", text).group(1)}


def cmd_collect(args):
    frames, lines, cpu, net, version = [], [], 0.0, 0.0, "?"
    for atoms in read(args.structures, ":"):
        path = args.work / f"{atoms.info['config_id']}.out"
        if not path.exists():
            continue
        r = result(path)
        n, f, s = len(atoms), r["forces"], r["stress"]
        if not all(np.isfinite(x).all() for x in (r["energy"], f, s)):
            raise ValueError(f"{path}: not a number")
        if not -109 < r["energy"] / n < -103:
            raise ValueError(f"{path}: implausible energy {r['energy'] / n} eV/atom")
        atoms.calc = SinglePointCalculator(atoms, energy=r["energy"], forces=f, stress=s)
        frames.append(atoms)
        cpu += r["cpu"]
        net = max(net, np.abs(f.sum(axis=0)).max())
        version = r["version"]
        lines.append(f"{atoms.info['config_id']} {atoms.info['config_type']:14s} T={atoms.info['temperature']:4d} "
                     f"atoms={n:2d} V/atom={atoms.get_volume() / n:6.3f} E/atom={r['energy'] / n:.6f} "
                     f"Fmax={np.linalg.norm(f, axis=1).max():7.4f} P_GPa={-s[:3].mean() * GPA:8.3f} "
                     f"scf={r['iterations']:2d} cpu_s={r['cpu']:.1f}")
    if not frames:
        sys.exit("nothing is labelled yet")
    head = [f"# Quantum ESPRESSO pw.x {version}, {len(frames)} configurations, {cpu / 60:.1f} min CPU in all, "
            f"largest net force component {net:.1e} eV/A",
            "# id, type, MD temperature (K), atoms, A^3, eV/atom, eV/A, pressure (compression positive), "
            "SCF iterations, CPU seconds"]
    write_atomically(args.output, lambda p: write(p, frames, format="extxyz"))
    write_atomically(HERE / "run.log", lambda p: p.write_text("\n".join(head + lines) + "\n"))
    write_atomically(HERE / "example.in", lambda p: p.write_text(pw_input(frames[1], "PSEUDO_DIR")))
    print(head[0][2:])
    print("| config_type | atoms | count | E (eV/atom) | max force (eV/A) | V (A^3/atom) |\n| --- | --- | --- | --- | --- | --- |")
    table = {}
    for a in frames:
        table.setdefault((a.info["config_type"], len(a)), []).append(a)
    for (kind, n), members in sorted(table.items(), key=lambda x: (x[0][1], x[0][0])) + [(("all", ""), frames)]:
        e = [a.get_potential_energy() / len(a) for a in members]
        f = [np.linalg.norm(a.get_forces(), axis=1).max() for a in members]
        v = [a.get_volume() / len(a) for a in members]
        print(f"| {kind} | {n} | {len(members)} | {min(e):.3f} to {max(e):.3f} | {min(f):.2f} to {max(f):.2f} | "
              f"{min(v):.2f} to {max(v):.2f} |")


def write_atomically(path, writer):
    """Write a file beside the target, then rename it, so that the target is always whole."""
    path = Path(path)
    part = path.with_name(path.name + ".part")
    writer(part)
    os.replace(part, path)


# --------------------------------------------------------------------------------------------- convergence

def cmd_convergence(args):
    """One distorted Si8: errors against 40 Ry (cutoff) and 6x6x6 shifted (k-points); smearing; folding;
    and force and stress against finite differences of the energy."""
    rng = np.random.default_rng(7)
    si8 = rattle(apply_strain(supercell(8), random_strain(rng, 0.02)), 0.1, rng, 1.9)
    tests = [("cutoff", f"{c} Ry", "c40", f"c{c}", si8, {"cutoff": c}) for c in (20, 24, 30, 40)]
    for k, shift in ((2, 1), (3, 0), (3, 1), (4, 0), (4, 1), (6, 1)):
        label = "shifted" if shift else "unshifted"
        name = "c24" if (k, shift) == (4, 1) else f"k{k}{shift}"
        tests.append(("k-points", f"{k}x{k}x{k} {label}", "k61", name, si8, {"kpoints": (k, k, k), "shift": shift}))
    for g in (0, 0.005, 0.01, 0.02):
        name = "c24" if g == 0.01 else f"g{g}"
        tests.append(("smearing", f"{g} Ry" if g else "none (fixed)", "c24", name, si8, {"degauss": g}))
    for size in (8, 16, 32):
        name = "c24" if size == 8 else f"fold{size}"
        tests.append(("folding", f"Si{size} {' '.join(map(str, KPOINTS[size]))} shifted", "c24", name,
                      si8.repeat(SUPERCELLS[size]), {}))
    moves = {"x+": (0.02, 0), "x-": (-0.02, 0), "e+": (0, 0.004), "e-": (0, -0.004)}   # A, strain along z
    for name, (dx, strain) in moves.items():
        moved = apply_strain(si8.copy(), np.diag([0, 0, strain]))
        moved.positions[0, 0] += dx
        tests.append(("difference", "", "c24", name, moved, {}))
    unique = {f"convergence-{t[3]}": (f"convergence-{t[3]}", t[4], t[5]) for t in tests}
    run_all(list(unique.values()), args)
    got = {name: result(args.work / f"{name}.out") for name in unique if (args.work / f"{name}.out").exists()}
    rows = [("test", "setting", "reference", "energy_eV_per_atom", "energy_error_meV_per_atom",
             "rms_force_error_meV_per_A", "max_stress_error_GPa", "cpu_s")]
    settings = {t[3]: t[1] for t in tests if t[0] != "folding"}
    settings["c24"] = "24 Ry, 4x4x4 shifted, 0.01 Ry"
    for kind, setting, reference, name, atoms, _ in tests:
        r, ref = got.get(f"convergence-{name}"), got.get(f"convergence-{reference}")
        if r is None or ref is None or kind == "difference":
            continue
        n = len(atoms)
        e = r["energy"] / n - ref["energy"] / 8
        f = r["forces"] - np.tile(ref["forces"], (n // 8, 1))
        s = np.abs(r["stress"] - ref["stress"]).max() * GPA
        rows.append((kind, setting, settings[reference], f"{r['energy'] / n:.6f}", f"{round(1000 * e, 3) + 0:.3f}",
                     f"{1000 * np.sqrt((f ** 2).mean()):.2f}", f"{s:.4f}", f"{r['cpu']:.1f}"))
    if all(f"convergence-{name}" in got for name in ("c24", *moves)):
        e, ref = {name: got[f"convergence-{name}"]["energy"] for name in moves}, got["convergence-c24"]
        force, stress = (e["x-"] - e["x+"]) / 0.04, (e["e+"] - e["e-"]) / 0.008 / si8.get_volume()
        cpu = {k: sum(got[f"convergence-{k}{s}"]["cpu"] for s in "+-") for k in "xe"}
        rows.append(("finite difference", "force component; +-0.02 A", settings["c24"], "", "",
                     f"{1000 * abs(force - ref['forces'][0, 0]):.2f}", "", f"{cpu['x']:.1f}"))
        rows.append(("finite difference", "stress zz; strain +-0.004", settings["c24"], "", "", "",
                     f"{abs(stress - ref['stress'][2]) * GPA:.4f}", f"{cpu['e']:.1f}"))
        print(f"# force {force:.5f} by difference, {ref['forces'][0, 0]:.5f} by pw.x (eV/A); stress "
              f"{stress * GPA:.4f} by difference, {ref['stress'][2] * GPA:.4f} by pw.x (GPa)")

    def save(path):
        with open(path, "w", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows)
    write_atomically(HERE / "convergence.csv", save)
    for row in rows:
        print(",".join(row))
    print(f"# {sum(r['cpu'] for r in got.values()) / 60:.1f} min CPU")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name, function, text):
        p = commands.add_parser(name, help=text, description=text)
        p.set_defaults(function=function)
        p.add_argument("--structures", type=Path, default=HERE / "structures.xyz", help="default: %(default)s")
        p.add_argument("--work", type=Path, default=Path("work"), help="folder of the pw.x outputs (default: ./work)")
        return p

    p = command("structures", cmd_structures, "build the configurations (needs LAMMPS)")
    p.add_argument("--seed", type=int, default=20, help="random seed (default: %(default)s)")
    p.add_argument("--lammps", help="LAMMPS executable (default: lmp on the PATH or beside this Python)")
    for name, function, text in (("label", cmd_label, "run pw.x on all configurations that have no result yet"),
                                 ("convergence", cmd_convergence, "convergence and folding tests")):
        p = command(name, function, text)
        p.add_argument("--pw", default="pw.x", help="command of pw.x, e.g. 'nice -n 19 pw.x' (default: %(default)s)")
        p.add_argument("--pseudo-dir", default="/usr/share/espresso/pseudo", help="default: %(default)s")
        p.add_argument("--jobs", type=int, default=2, help="pw.x runs side by side (default: %(default)s)")
    p = command("collect", cmd_collect, "gather the finished labels into silicon.xyz")
    p.add_argument("--output", type=Path, default=HERE.parent / "silicon.xyz", help="default: %(default)s")
    args = parser.parse_args()
    args.work = args.work.resolve()
    args.function(args)


if __name__ == "__main__":
    main()
