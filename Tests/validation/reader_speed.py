#!/usr/bin/env python3
"""How fast files are read, beside ASE's readers: processor seconds of `apus info FILE` and of `ase.io.read(FILE, ":")`.

    python3 Tests/validation/reader_speed.py APUS FOLDER [WORD…]

Files of 30 MB are made: by ASE of random structures, or, for outputs of programs, by repeating the steps (or the whole)
of a file of FOLDER (outputs by the names of their programs, as in dft_files.py). Where both find different numbers of
structures, both numbers are printed, and how many times as fast is for a structure. Each is timed by the processor time
it takes, the best of three runs of `apus info` (with its start) and of two of ASE's (without its imports). Prints a row
of a table for each format, or only for those whose name has a WORD in it.
"""

import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

import ase.db
import ase.io
import numpy
from ase.calculators.singlepoint import SinglePointCalculator

SIZE = 30_000_000


def random_frames(count, atoms, labels=True):
    random = numpy.random.default_rng(1)
    frames = []
    for _ in range(count):
        frame = ase.Atoms(
            random.choice(["Si", "O", "H", "Cu"], atoms), cell=numpy.diag([30.0, 31, 32]), pbc=True,
            positions=random.random((atoms, 3)) * [30, 31, 32])
        if labels:
            frame.calc = SinglePointCalculator(
                frame, energy=random.normal(), forces=random.normal(size=(atoms, 3)), stress=random.normal(size=6))
        frames.append(frame)
    return frames


def lattice(atoms):
    """One structure of many atoms, none of which is near another."""
    random = numpy.random.default_rng(2)
    side = round(atoms ** (1 / 3)) + 1
    places = numpy.stack(numpy.meshgrid(*[numpy.arange(side)] * 3), axis=-1).reshape(-1, 3)[:atoms]
    return [ase.Atoms(
        f"Cu{atoms}", places * 2.5 + random.random((atoms, 3)), cell=numpy.diag([2.5 * side] * 3), pbc=True)]


def repeated(text, first, last):
    """The part between two patterns as often as the size asks for, what is before it once, and what is behind it once."""
    start = re.search(first, text, re.MULTILINE).start()
    ends = [m.start() for m in re.finditer(last, text, re.MULTILINE) if m.start() > start]
    end = ends[-1] if ends else len(text)
    part = text[start:end]
    return text[:start] + part * (SIZE // len(part) + 1) + text[end:]


def whole(text):
    return text * (SIZE // len(text) + 1)


def dump(frames):
    lines = []
    for step, frame in enumerate(frames):
        lines += ["ITEM: TIMESTEP", str(step), "ITEM: NUMBER OF ATOMS", str(len(frame)), "ITEM: BOX BOUNDS pp pp pp"]
        lines += [f"0.0 {length}" for length in frame.cell.lengths()]
        lines.append("ITEM: ATOMS id type element x y z fx fy fz")
        for k, (atom, force) in enumerate(zip(frame, frame.get_forces()), 1):
            numbers = " ".join(f"{x:.8f}" for x in [*atom.position, *force])
            lines.append(f"{k} 1 {atom.symbol} {numbers}")
    return "\n".join(lines) + "\n"


def made(folder):
    """Name, file, ASE's name of the format, whether it is binary."""
    small = random_frames(500, 200) * 3
    for name, frames, file, form, binary in [
            ("extended XYZ", small, "a.xyz", "extxyz", False),
            ("PDB", random_frames(1900, 200, False), "a.pdb", "proteindatabank", False),
            ("XDATCAR", [small[0]] * 2300, "XDATCAR", "vasp-xdatcar", False),
            ("POSCAR", lattice(450_000), "POSCAR", "vasp", False),
            ("ASE trajectory", small * 2, "a.traj", "traj", True)]:
        ase.io.write(folder / file, frames, format=form)
        yield name, folder / file, form, binary
    with ase.db.connect(folder / "a.db") as database:
        for frame in small:
            database.write(frame)
    yield "ASE database", folder / "a.db", "db", True
    (folder / "a.lammpstrj").write_text(dump(small * 2))
    yield "LAMMPS dump", folder / "a.lammpstrj", "lammps-dump-text", False


#: Name, folder and pattern of the file, ASE's format, and how it is made long.
OUTPUTS = [
    ("OUTCAR", "vasp", "*OUTCAR*", "vasp-out", lambda t: repeated(
        t, r"^-+ Iteration +1\( +1\)", r"^ *General timing|\Z")),
    ("vasprun.xml", "vasp", "*vasprun*.xml", "vasp-xml", lambda t: repeated(
        t, r"^ *<calculation>", r"^ *<structure name=\"finalpos\"")),
    ("pw.x", "qe", "*out*", "espresso-out", whole),
    ("FHI-aims", "aims", "03*.out", "aims-output", lambda t: repeated(
        t, r"^ *Begin self-consistency loop: Re-init", r"^ *Begin self-consistency loop: Re-init")),
    ("CASTEP", "castep", "03*.castep", "castep-castep", lambda t: repeated(
        t, r"^ *Starting MD iteration +2 ", r"^ *Starting MD iteration")),
    ("ORCA", "orca", "*", "orca-output", whole),
    ("Gaussian", "gaussian", "01*", "gaussian-out", lambda t: repeated(
        t, r"^ *Input orientation:", r"^ *Input orientation:")),
    ("NWChem", "nwchem", "*", "nwchem-out", whole),
    ("GPAW text", "ase", "*gpaw_text*.txt", "gpaw-out", whole),
    ("CIF", "cif", "*.cif", "cif", whole),
]


def outputs(root, folder):
    for name, code, pattern, form, lengthened in OUTPUTS:
        for path in sorted((root / code).glob(pattern), key=lambda p: -p.stat().st_size):
            if path.name.endswith((".json", ".gz", ".xz", ".zst", ".md")):
                continue
            try:
                found = ase.io.read(path, ":", format=form)
                target = folder / path.name
                target.write_text(lengthened(path.read_text()))
            except Exception:  # What ASE cannot read, or has no such part, is no measure.
                continue
            if found:
                yield name, target, form, False
                break
        else:
            print(f"| {name} | no file of {root / code} that ASE reads |", flush=True)


def seconds_of_apus(apus, path):
    best = float("inf")
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = subprocess.run([apus, "info", str(path), "--json"], capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if result.returncode:
            return None, result.stderr.strip().splitlines()[0][:150]
        best = min(best, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return best, int(re.search(r'"structures" : (\d+)', result.stdout)[1])


def seconds_of_ase(path, form):
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        try:
            count = len(ase.io.read(path, ":", format=form))
        except Exception as error:
            return None, f"{type(error).__name__}: {str(error)[:60]}"
        best = min(best, time.process_time() - start)
    return best, count


def main():
    apus, root, words = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    print("| format | MB | structures | apus, s | MB/s | ASE, s | times as fast |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for which in (made(folder), outputs(root, folder)):
            for format_name, path, form, _ in which:
                if words and not any(word.lower() in format_name.lower() for word in words):
                    path.unlink()
                    continue
                size = path.stat().st_size / 1e6
                ours, count = seconds_of_apus(apus, path)
                theirs, others = seconds_of_ase(path, form)
                path.unlink()
                if ours is None or theirs is None:
                    print(f"| {format_name} | {size:.1f} | {count if ours is None else others} |", flush=True)
                    continue
                counts, times = f"{count}", theirs / ours
                if count != others:
                    counts, times = f"{count} (ASE: {others})", times * count / others
                print(
                    f"| {format_name} | {size:.1f} | {counts} | {ours:.3f} | {size / ours:.0f} | {theirs:.2f} | "
                    f"{times:.1f} |", flush=True)


if __name__ == "__main__":
    main()
