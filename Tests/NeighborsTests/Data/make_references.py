"""Writes references.json: neighbour lists of a few structures as ASE and matscipy find them.

Run with `python make_references.py` where ase and matscipy are installed (ASE 3.29, matscipy 1.3). Both must agree.
"""

import json
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.neighborlist import primitive_neighbor_list
from matscipy.neighbours import neighbour_list

rng = np.random.default_rng(20240611)


def rattled(atoms, width):
    atoms.positions += rng.normal(0, width, atoms.positions.shape)
    return atoms


silicon = rattled(bulk("Si", "diamond", 5.43, cubic=True), 0.1)
copper = bulk("Cu", "fcc", 3.6)
iron = bulk("Fe", "bcc", 2.87)
iron.set_cell(iron.cell.array[[1, 0, 2]])  # left-handed
triclinic = Atoms(
    "BaTiO3",
    scaled_positions=rng.uniform(-2, 3, (5, 3)),
    cell=[[4.1, 0.3, -0.2], [-1.9, 4.4, 0.5], [2.2, -1.4, 5.3]],
    pbc=True,
)
slab = rattled(fcc111("Al", (2, 2, 3), vacuum=6.0), 0.05)
slab.positions += [7.3, -11.9, 40.0]
water = rattled(molecule("CH3CH2OH"), 0.02)
wire = Atoms("Au2", positions=[[0, 0, 0.1], [0.4, 0.2, 1.6]], cell=[15, 15, 2.9], pbc=[False, False, True])

cases = []
for name, atoms, cutoff in [
    ("silicon", silicon, 5.0),
    ("copper primitive", copper, 6.0),
    ("iron left-handed", iron, 5.5),
    ("triclinic", triclinic, 5.2),
    ("aluminium slab", slab, 4.5),
    ("ethanol", water, 3.0),
    ("gold wire", wire, 7.0),
]:
    cell = atoms.cell.array if atoms.pbc.any() else None
    i, j, d, s = primitive_neighbor_list(
        "ijDS", atoms.pbc, atoms.cell.array, atoms.positions, cutoff, self_interaction=False
    )
    order = np.lexsort((s[:, 2], s[:, 1], s[:, 0], j, i))
    i, j, d, s = i[order], j[order], d[order], s[order]
    m = neighbour_list("ijDS", atoms, cutoff=cutoff) if cell is not None else None
    if m is not None:
        mi, mj, md, ms = m
        o = np.lexsort((ms[:, 2], ms[:, 1], ms[:, 0], mj, mi))
        assert (mi[o] == i).all() and (mj[o] == j).all() and (ms[o] == s).all(), name
        assert np.abs(md[o] - d).max() < 1e-10, name
    cases.append(
        dict(
            name=name,
            cutoff=cutoff,
            cell=None if cell is None else cell.tolist(),
            pbc=[bool(p) for p in atoms.pbc],
            positions=atoms.positions.tolist(),
            receivers=i.tolist(),
            sources=j.tolist(),
            vectors=np.round(d, 10).tolist(),
        )
    )
    print(name, len(atoms), len(i))

Path(__file__).with_name("references.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
