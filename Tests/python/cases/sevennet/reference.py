"""Writes what SevenNet itself gives for a cell of every element: the files *.xyz beside this script.

Needs the packages sevenn 0.13.0 and torch (any processor); the tests need neither. All is computed in double precision
from the checkpoints' single-precision weights:

    python reference.py FOLDER      # the folder sevenn/pretrained_potentials of the wheel
"""

import pathlib
import sys

import ase
import numpy
import torch
from ase.data import covalent_radii
from e3nn import o3

torch.set_default_dtype(torch.float64)

import sevenn._keys as KEY
from sevenn.atom_graph_data import AtomGraphData
from sevenn.checkpoint import SevenNetCheckpoint
from sevenn.nn.node_embedding import OnehotEmbedding
from sevenn.train.dataload import unlabeled_atoms_to_graph

HERE = pathlib.Path(__file__).parent
# Name of the file, checkpoint, modality, every how many elements.
MODELS = [
    ("sevennet-0", "SevenNet_0__11Jul2024/checkpoint_sevennet_0.pth", None, 1),
    ("sevennet-0-22may2024", "SevenNet_0__22May2024/checkpoint_sevennet_0.pth", None, 9),
    ("sevennet-l3i5", "SevenNet_l3i5/checkpoint_l3i5.pth", None, 9),
    ("sevennet-mf-0-pbe", "SevenNet_MF_0/checkpoint_sevennet_mf_0.pth", "PBE", 9),
    ("sevennet-mf-0-r2scan", "SevenNet_MF_0/checkpoint_sevennet_mf_0.pth", "R2SCAN", 9),
]


def one_hot(self, data):
    """As in the original, which rounds to single precision."""
    types = data[self.key_x]
    embedding = torch.nn.functional.one_hot(types, self.num_classes).to(torch.float64)
    data[self.key_output] = embedding
    if self.key_additional_output is not None:
        data[self.key_additional_output] = embedding
    if self.key_save is not None:
        data[self.key_save] = types
    return data


OnehotEmbedding.forward = one_hot


class Model:
    def __init__(self, path, modal):
        checkpoint = SevenNetCheckpoint(path)
        for key, value in checkpoint.model_state_dict.items():
            checkpoint._model_state_dict[key] = value.to(torch.float64)
        self.model = checkpoint.build_model().to(torch.float64).eval()
        self.model.set_is_batch_data(False)
        self.cutoff, self.types, self.modal = checkpoint.config["cutoff"], checkpoint.config[KEY.TYPE_MAP], modal
        # Stored in single precision, and with their present signs.
        for name, buffer in self.model.named_buffers():
            if "_w3j_" in name:
                degrees = map(int, name.rsplit("_w3j_", 1)[1].split("_"))
                symbol = o3.wigner_3j(*degrees, dtype=torch.float64)
                assert torch.allclose(buffer, symbol, atol=1e-6), name
                buffer.copy_(symbol)

    def __call__(self, atoms):
        graph = unlabeled_atoms_to_graph(atoms, self.cutoff)
        graph.pop(KEY.INFO)
        data = AtomGraphData(**{k: torch.as_tensor(v) for k, v in graph.items()})
        if self.modal:
            data[KEY.DATA_MODALITY] = self.modal
        result = self.model(data)
        assert result[KEY.PRED_TOTAL_ENERGY].dtype == torch.float64
        stress = -result[KEY.PRED_STRESS].detach().numpy()
        xx, yy, zz, xy, yz, zx = stress
        return (
            result[KEY.PRED_TOTAL_ENERGY].item(), result[KEY.PRED_FORCE].detach().numpy(),
            [xx, xy, zx, xy, yy, yz, zx, yz, zz],
        )


def cell(number, partner, random):
    """Rock salt of two elements, its vectors skewed and its atoms moved, to four digits."""
    a = 1.05 * 2 * (covalent_radii[number] + covalent_radii[partner])
    places = numpy.array([
        [0, 0, 0], [0, .5, .5], [.5, 0, .5], [.5, .5, 0], [.5, .5, .5], [.5, 0, 0], [0, .5, 0], [0, 0, .5]])
    vectors = (a * (numpy.eye(3) + 0.06 * random.uniform(-1, 1, (3, 3)))).round(4)
    positions = (places @ vectors + random.normal(0, 0.15, (8, 3))).round(4)
    # One atom of the partner's sites is of the first element, so that it has neighbours of its own.
    numbers = [number] * 4 + [partner] * 3 + [number]
    return ase.Atoms(numbers, positions, cell=vectors, pbc=True)


def main(folder):
    for name, file, modal, every in MODELS:
        model = Model(f"{folder}/{file}", modal)
        elements = sorted(model.types)
        random = numpy.random.default_rng(1)
        lines = []
        for index, number in enumerate(elements):
            atoms = cell(number, elements[(index + 17) % len(elements)], random)
            if index % every:
                continue
            energy, forces, stress = model(atoms)
            lattice = " ".join(f"{x:g}" for x in atoms.cell.array.ravel())
            lines += [
                str(len(atoms)),
                f'Lattice="{lattice}" pbc="T T T" Properties=species:S:1:pos:R:3:forces:R:3 energy={energy:.9f} '
                f'stress="{" ".join(f"{x:.10f}" for x in stress)}"',
            ]
            for symbol, position, force in zip(atoms.symbols, atoms.positions, forces):
                numbers = [f"{x:g}" for x in position] + [f"{x:.8f}" for x in force]
                lines.append(" ".join([symbol, *numbers]))
        (HERE / f"{name}.xyz").write_text("\n".join(lines) + "\n")
        print(name, len(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
