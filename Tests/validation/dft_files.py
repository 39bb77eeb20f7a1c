#!/usr/bin/env python3
"""How outputs of DFT codes are read: `apus convert` beside what a folder of expected values says.

    python3 Tests/validation/dft_files.py APUS FOLDER [PATTERN]

FOLDER holds files, and beside each one FILE.expected.json: `verdict` (accept, accept_with_warning, reject), `n_frames`, and
`frames` with symbols, cell, positions, energy, forces, stress in eV, Å. Prints a line for each file that is read otherwise,
and how many are right. Energies must agree to 1e-9 relative, forces and stresses to 1e-8 of their size or the digits of the
file, positions to 1e-6 Å up to lattice vectors.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import ase.io
import numpy


def frames_of(path):
    return ase.io.read(path, ":", format="extxyz")


def runs(text):
    """Symbols of `C2 H6`."""
    for word in text.split():
        name = word.rstrip("0123456789")
        yield from [name] * int(word[len(name):] or 1)


def differences(expected, atoms):
    """What is wrong with a frame, in words."""
    symbols = expected.get("symbols") or expected.get("symbols_run")
    if symbols is not None and "".join(atoms.symbols) != "".join(runs(symbols)):
        return ["other elements"]
    wrong = []
    results = atoms.calc.results if atoms.calc else {}

    def compare(name, found, tolerance):
        if expected.get(name) is None:
            if found is not None and name in expected and name != "stress":
                wrong.append(f"{name} is there and should not be")
            return
        if found is None:
            if not (name == "stress" and expected.get("stress_may_be_absent")):
                wrong.append(f"no {name}")
            return
        reference = numpy.array(expected[name], dtype=float)
        found = numpy.array(found, dtype=float).reshape(reference.shape)
        error = abs(found - reference).max()
        if error > tolerance * max(1.0, abs(reference).max()):
            wrong.append(f"{name} differs by {error:.3g}")

    compare("energy", results.get("energy"), 1e-9)
    compare("forces", results.get("forces"), 1e-8)
    if expected.get("stress") is not None:
        stress = atoms.get_stress(voigt=False) if "stress" in results else None
        compare("stress", stress, 1e-8)
    if expected.get("cell") is not None:
        compare("cell", atoms.cell.array, 1e-7)
    if expected.get("positions") is not None:
        reference = numpy.array(expected["positions"])
        shift = atoms.positions - reference
        if expected.get("cell") is not None:
            fraction = numpy.linalg.solve(numpy.array(expected["cell"]).T, shift.T).T
            shift = (fraction - numpy.round(fraction)) @ numpy.array(expected["cell"])
        if abs(shift).max() > 1e-5:
            wrong.append(f"positions differ by {abs(shift).max():.3g}")
    return wrong


def judge(apus, path, expected, folder):
    """Nothing where the file is read as it should be, else what is wrong."""
    output = folder / "out.xyz"
    output.unlink(missing_ok=True)
    result = subprocess.run(
        [apus, "convert", str(path), str(output), "--json"], capture_output=True, text=True, timeout=300)
    verdict = expected["verdict"]
    if result.returncode:
        if verdict == "reject" or expected.get("refusing_is_right"):
            lines = result.stderr.strip().splitlines()
            return [] if len(lines) == 1 and not output.exists() else ["not one message, or something written"]
        return [f"refused: {result.stderr.strip()[:300]}"]
    if verdict == "reject" and not expected.get("accepting_is_right"):
        return ["read, and should be refused"]
    wrong = []
    if verdict == "accept_with_warning" and not result.stderr.strip():
        wrong.append("no warning")
    frames = frames_of(output)
    allowed = [expected["n_frames"], *expected.get("n_frames_also_right", [])]
    if len(frames) not in allowed:
        return [*wrong, f"{len(frames)} frames, expected {expected['n_frames']}"]
    if len(frames) == expected["n_frames"]:
        for index, (one, atoms) in enumerate(zip(expected["frames"], frames), 1):
            if "positions" in one or "energy" in one:
                wrong += [f"frame {index}: {words}" for words in differences({**expected, **one}, atoms)]
    return wrong[:4]


def main():
    apus, root = sys.argv[1], pathlib.Path(sys.argv[2])
    pattern = sys.argv[3] if len(sys.argv) > 3 else "**/*"
    right = total = 0
    with tempfile.TemporaryDirectory() as name:
        for described in sorted(root.glob(f"{pattern}.expected.json")):
            path = described.with_name(described.name.removesuffix(".expected.json"))
            wrong = judge(apus, path, json.loads(described.read_text()), pathlib.Path(name))
            total += 1
            right += not wrong
            for words in wrong:
                print(f"{path.relative_to(root)}: {words}", flush=True)
    print(f"{right} of {total}")
    return 0 if right == total else 1


if __name__ == "__main__":
    sys.exit(main())
