"""Structures written by Apus, read by ASE to the last bit.

`round-trip.xyz` in the folder APUS_SAMPLES is written by the Swift test `whatIsWrittenIsReadBackExactly`.
"""

import numpy
from ase.io import read


def test_ase_reads_what_is_written(samples):
    path = samples / "round-trip.xyz"
    frames = read(path, ":")
    lines = iter(path.read_text(encoding="utf8").split("\n"))
    assert len(frames) == 200
    for atoms in frames:
        count = int(next(lines))
        comment = next(lines)
        rows = [next(lines).split() for _ in range(count)]
        assert len(atoms) == count and atoms.get_chemical_symbols() == [row[0] for row in rows]
        numbers = numpy.array([row[1:] for row in rows], dtype=float)
        assert (atoms.positions == numbers[:, :3]).all()
        rest = numbers[:, 3:]
        results = atoms.calc.results if atoms.calc else {}
        if "forces:R:3" in comment:
            assert (results["forces"] == rest[:, :3]).all()
            rest = rest[:, 3:]
        if "velocities:R:3" in comment:
            assert (atoms.arrays["velocities"] == rest).all()
        assert (" energy=" in comment) == ("energy" in results)
        assert (" stress=" in comment) == ("stress" in results)
        assert atoms.info["config_type"] == "liquid" and atoms.info["näme"] == "水"
        assert atoms.info["json"] == {"k": [[1, 2]], "s": "x=y"}
