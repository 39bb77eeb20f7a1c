"""Checks that ASE 3.29 reads what Apus writes, to the last bit.

    APUS_ROUND_TRIP_FILE=/tmp/a.xyz swift test -c release -Xswiftc -enable-testing --filter whatIsWrittenIsReadBack
    python Tests/StructureFilesTests/check_with_ase.py /tmp/a.xyz
"""

import sys

import numpy as np
from ase.io import read

frames = read(sys.argv[1], ":")
lines = iter(open(sys.argv[1], encoding="utf8").read().split("\n"))
for atoms in frames:
    count = int(next(lines))
    comment = next(lines)
    rows = [next(lines).split() for _ in range(count)]
    assert len(atoms) == count and atoms.get_chemical_symbols() == [row[0] for row in rows]
    numbers = np.array([row[1:] for row in rows], dtype=float)
    assert (atoms.positions == numbers[:, :3]).all()
    rest = numbers[:, 3:]
    if "forces:R:3" in comment:
        assert (atoms.calc.results["forces"] == rest[:, :3]).all()
        rest = rest[:, 3:]
    if "velocities:R:3" in comment:
        assert (atoms.arrays["velocities"] == rest).all()
    assert (" energy=" in comment) == (atoms.calc is not None and "energy" in atoms.calc.results)
    assert (" stress=" in comment) == (atoms.calc is not None and "stress" in atoms.calc.results)
    assert atoms.info["config_type"] == "liquid" and atoms.info["näme"] == "水"
    assert atoms.info["json"] == {"k": [[1, 2]], "s": "x=y"}
print(len(frames), "frames read alike")
