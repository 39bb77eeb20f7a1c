#!/usr/bin/env python3
"""Memory of commands that read many frames: peak resident size beside the number of frames of an extended XYZ file.

    python3 Tests/validation/many_frames.py APUS FOLDER FRAMES… [--commands convert,check-data,select]

Writes a file of so many frames of 110 atoms (8 kB each) to FOLDER, frames that differ in one atom and their energies,
runs each command on it with one thread, and removes what was written. A million frames are 8 GB, and as much for what
is converted. Prints a row of a table for each command and size.
"""

import argparse
import os
import pathlib
import subprocess

import numpy


def write(path, count):
    random = numpy.random.default_rng(3)
    rows = []
    for k in range(110):
        place = numpy.array([k % 5, k // 5 % 5, k // 25]) * 2.6 + random.random(3) * 0.3
        rows.append("Si " + " ".join(f"{x:.8f}" for x in [*place, *random.normal(size=3)]))
    tail = "\n".join(rows[1:]) + "\n"
    head = '110\nLattice="13 0 0 0 13 0 0 0 13" Properties=species:S:1:pos:R:3:forces:R:3 pbc="T T T" energy='
    shifts = random.random((count, 2)) * 0.4
    with open(path, "w") as file:
        for x, y in shifts:
            first = f"Si {x:.8f} {y:.8f} 0.12345678 0.10000000 0.20000000 {x:.8f}"
            file.write(f"{head}{-500 + x:.8f}\n{first}\n{tail}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("apus")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("frames", type=int, nargs="+")
    parser.add_argument("--commands", default="convert,check-data,select")
    options = parser.parse_args()
    print("| command | frames | GB | processor s | MB/s | peak MB |\n|---|---|---|---|---|---|", flush=True)
    for count in options.frames:
        path, output = options.folder / f"{count}-frames.xyz", options.folder / f"{count}-out.xyz"
        try:
            write(path, count)
            size = path.stat().st_size
            arguments = {
                "convert": ["convert", path, output], "check-data": ["check-data", path, "--threads", "1"],
                "select": ["select", path, "-n", "20", "-o", output, "--threads", "1"],
            }
            for command in options.commands.split(","):
                process = subprocess.Popen(
                    [options.apus, *map(str, arguments[command])], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                message = process.stderr.read().decode()
                _, status, usage = os.wait4(process.pid, 0)
                output.unlink(missing_ok=True)
                if status not in (0, 1 << 8 if command == "check-data" else 0):
                    print(f"| {command} | {count} | failed: {message.strip()[:200]} |", flush=True)
                    continue
                seconds = usage.ru_utime + usage.ru_stime
                print(f"| {command} | {count} | {size / 1e9:.2f} | {seconds:.1f} | {size / 1e6 / seconds:.0f} | "
                      f"{usage.ru_maxrss / 1e3:.0f} |", flush=True)
        finally:
            path.unlink(missing_ok=True)
            output.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
