#!/usr/bin/env python3
"""How many structures `apus select` saves a training: errors after choice beside errors after drawing at random.

    python3 Tests/validation/select_saves.py APUS NAME FILE… [--by farthest] [--sizes 60,120,240] [--steps 3000]

The structures of the files are divided by a seed into a pool and 200 to test with. Potentials of the same settings and
the same number of steps are trained on so many structures of the pool: drawn at random, and 70 % of that chosen by
`apus select`, whose further options follow behind `--`. Prints a row of a table for each seed and size: errors of forces
(RMSE over all components, meV/Å) and of energies (RMSE, meV/atom), and the chosen structures as a share of those that,
drawn at random, would have their force error, by the straight line through the logarithms of errors and sizes. The goal
is a share of at most 0.70. One thread; deterministic.
"""

import argparse
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile

SETTINGS = """
data: {{train: {train}, validation: test.xyz}}
model: {{r_max: 5 Å, num_layers: 2, l_max: 1, parity: false, num_features: 16}}
training:
  batch_size: 5
  loss: {{energy: 4, forces: 1}}
  optimizer: {{name: muon, learning_rate: 0.05}}
  lr_scheduler: {{name: cosine}}
  keep: last
  seed: {seed}
  max_epochs: {epochs}
output: {output}
"""


def frames_of(path):
    """The frames of an extended XYZ file as text."""
    lines = pathlib.Path(path).read_text().splitlines(keepends=True)
    frames, at = [], 0
    while at < len(lines) and lines[at].strip():
        count = int(lines[at]) + 2
        frames.append("".join(lines[at:at + count]))
        at += count
    return frames


def run(arguments, folder):
    result = subprocess.run([str(a) for a in arguments], cwd=folder, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(map(str, arguments))}: {result.stderr.strip()}")
    return result.stdout


def errors(apus, folder, train, count, seed, steps):
    """Force and energy errors of a training on a file with so many structures."""
    epochs = max(1, round(steps * 5 / count))
    output = f"run-{train.removesuffix('.xyz')}"
    (folder / "train.yaml").write_text(SETTINGS.format(train=train, seed=seed, epochs=epochs, output=output))
    run([apus, "train", "train.yaml", "--threads", 1, "--overwrite"], folder)
    text = run([apus, "evaluate", f"{output}/potential.safetensors", "test.xyz", "--threads", 1, "--json"], folder)
    found = json.loads(text)
    return found["forces_rmse_mev_per_angstrom"], found["energy_rmse_mev_per_atom"]


def line(sizes, values):
    """Slope and intercept of the logarithms."""
    x, y = [math.log(n) for n in sizes], [math.log(e) for e in values]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    slope = sum((a - mx) * (b - my) for a, b in zip(x, y)) / sum((a - mx) ** 2 for a in x)
    return slope, my - slope * mx


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("apus", type=pathlib.Path)
    parser.add_argument("name")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--by", default="farthest")
    parser.add_argument("--sizes", default="60,120,240")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=3)
    arguments, further = sys.argv[1:], []
    if "--" in arguments:
        place = arguments.index("--")
        arguments, further = arguments[:place], arguments[place + 1:]
    options = parser.parse_args(arguments)
    apus = options.apus.resolve()
    sizes = [int(n) for n in options.sizes.split(",")]
    everything = [frame for file in options.files for frame in frames_of(file)]
    shares = []
    for seed in range(1, options.seeds + 1):
        order = list(range(len(everything)))
        random.Random(seed).shuffle(order)
        test, pool = order[:200], order[200:]
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "test.xyz").write_text("".join(everything[k] for k in test))
            (folder / "pool.xyz").write_text("".join(everything[k] for k in pool))
            drawn = []
            for size in sizes:
                (folder / f"drawn{size}.xyz").write_text("".join(everything[k] for k in pool[:size]))
                drawn.append(errors(apus, folder, f"drawn{size}.xyz", size, seed, options.steps))
            slope, offset = line(sizes, [forces for forces, _ in drawn])
            for size, (forces, energy) in zip(sizes, drawn):
                count = round(0.7 * size)
                run([apus, "select", "pool.xyz", "-n", count, "-o", f"chosen{count}.xyz", "--by", options.by,
                     "--threads", 1, *further], folder)
                chosen, chosen_energy = errors(apus, folder, f"chosen{count}.xyz", count, seed, options.steps)
                alike = math.exp((math.log(chosen) - offset) / slope)
                shares.append(count / alike)
                print(f"| {options.name} | {options.by} | {seed} | {size} | {forces:.1f}, {energy:.2f} | {count} | "
                      f"{chosen:.1f}, {chosen_energy:.2f} | {count / alike:.2f} |", flush=True)
    mean = math.exp(sum(map(math.log, shares)) / len(shares))
    print(f"{options.name}, {options.by}: share of structures for the same force error {mean:.2f} (geometric mean)")


if __name__ == "__main__":
    main()
