#!/usr/bin/env python3
"""How outputs of DFT codes are read: `apus convert` beside what a folder of expected values says.

    python3 Tests/validation/dft_files.py APUS FOLDER [PATTERN]

FOLDER holds files, and beside each one FILE.expected.json: `verdict` (accept, accept_with_warning, reject), `n_frames`, and
`frames` with symbols, cell, positions, energy, forces, stress in eV, Å. Prints a line for each file that is read otherwise,
and how many are right. Energies must agree to 1e-9 relative, forces and stresses to 1e-8 of their size or the digits of the
file, positions to 1e-6 Å up to lattice vectors. Values that another reader took (`program: read by ASE`) have its
constants, or those of the program: energies to 2e-7. Where an expected value contradicts its file, `CORRECTIONS` says so, and how
the file is judged; such files are named at the end.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import ase.io
import numpy


#: Expected values that contradict their files: what is wrong, and how it is judged instead. `drop`: labels that are not
#: compared (all frames, or some, counted from 1); `like`: another file with the right values; `keep`: the file says
#that : its electrons have not converged: it must be refused, and give the expected values with --keep-unconverged.
CORRECTIONS = {
    "abinit/02_si_10.abo": {
        "why": "says \"nstep= 1 was not enough SCF cycles to converge\"; its cell is in bohr as ASE took it",
        "keep": True, "drop": {"cell": None}},
    "abinit/03_si_78.out": {"why": "its cell is rprim alone, without acell", "drop": {"cell": None}},
    "abinit/04_mgb2_711.abo": {"why": "its cell is in bohr", "drop": {"cell": None}},
    "aims/06_three_digit_exponents.aims.out": {
        "why": "forces of 100 eV/Å, where 0.1…-100 is 1e-101", "like": "aims/03_si_relax_cell.aims.out"},
    "castep/03_si8_npt.castep": {
        "why": "the stress of the last step has the sign of a second table, unlike all others and the energies",
        "drop": {"stress": [11]}},
}


def frames_of(path):
    return ase.io.read(path, ":", format="extxyz")


def runs(text):
    """Symbols of `C2 H6`."""
    for word in text.split():
        name = word.rstrip("0123456789")
        yield from [name] * int(word[len(name):] or 1)


def differences(expected, atoms, drop=()):
    """What is wrong with a frame, in words."""
    expected = {name: None if name in drop and name != "cell" else value for name, value in expected.items()}
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

    read_by_another = str(expected.get("program", "")).startswith("read by ASE")
    compare("energy", results.get("energy"), 2e-7 if read_by_another else 1e-9)
    compare("forces", results.get("forces"), 1e-8)
    if expected.get("stress") is not None and "stress" not in drop:
        stress = atoms.get_stress(voigt=False) if "stress" in results else None
        compare("stress", stress, 1e-8)
    if expected.get("cell") is not None and "cell" not in drop:
        # pw.x prints its unit of length with four decimals first, and with eight later.
        compare("cell", atoms.cell.array, 1e-6)
    if expected.get("positions") is not None:
        reference = numpy.array(expected["positions"])
        shift = atoms.positions - reference
        if expected.get("cell") is not None and "cell" not in drop:
            fraction = numpy.linalg.solve(numpy.array(expected["cell"]).T, shift.T).T
            shift = (fraction - numpy.round(fraction)) @ numpy.array(expected["cell"])
        if abs(shift).max() > 1e-5:
            wrong.append(f"positions differ by {abs(shift).max():.3g}")
    return wrong


def judge(apus, path, expected, folder, correction=None, options=()):
    """Nothing where the file is read as it should be, else what is wrong."""
    correction = correction or {}
    output = folder / "out.xyz"
    output.unlink(missing_ok=True)
    result = subprocess.run(
        [apus, "convert", str(path), str(output), "--json", *options], capture_output=True, text=True, timeout=300)
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
                drop = {name for name, frames in correction.get("drop", {}).items() if frames is None or index in frames}
                wrong += [f"frame {index}: {words}" for words in differences({**expected, **one}, atoms, drop)]
    return wrong[:4]


def main():
    apus, root = sys.argv[1], pathlib.Path(sys.argv[2])
    pattern = sys.argv[3] if len(sys.argv) > 3 else "**/*"
    right = total = 0
    corrected = []
    with tempfile.TemporaryDirectory() as name:
        for described in sorted(root.glob(f"{pattern}.expected.json")):
            path = described.with_name(described.name.removesuffix(".expected.json"))
            expected = json.loads(described.read_text())
            place = str(path.relative_to(root))
            correction = CORRECTIONS.get(place, {})
            if correction:
                corrected.append(f"{place}: {correction['why']}")
            if "like" in correction:
                other = json.loads((root / (correction["like"] + ".expected.json")).read_text())
                expected = {**expected, "frames": other["frames"]}
            if correction.get("keep"):
                wrong = judge(apus, path, {**expected, "verdict": "reject"}, pathlib.Path(name))
                options = ["--keep-unconverged"]
                wrong = wrong or judge(apus, path, expected, pathlib.Path(name), correction, options)
            else:
                wrong = judge(apus, path, expected, pathlib.Path(name), correction)
            total += 1
            right += not wrong
            for words in wrong:
                print(f"{path.relative_to(root)}: {words}", flush=True)
    for words in corrected:
        print(f"judged by the file against its expected.json: {words}")
    print(f"{right} of {total}")
    return 0 if right == total else 1


if __name__ == "__main__":
    sys.exit(main())
