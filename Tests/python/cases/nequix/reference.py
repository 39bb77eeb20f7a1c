"""Writes small models of Nequix with random weights, and what Nequix itself gives for cells of their elements.

Needs the package nequix 0.4.5 (with jax); the tests do not. Everything is computed in double precision from weights in
single precision. With names of models behind it, the same is written for these, for a comparison by hand:

    python reference.py [MODEL.nqx …]
"""

import json
import os
import pathlib
import sys

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"

import ase
import e3nn_jax
import equinox
import jax
import jax.numpy as jnp
import numpy
from ase.data import covalent_radii
from ase.neighborlist import neighbor_list
from e3nn_jax._src import activation

import nequix.model
from nequix.model import Nequix, load_model, save_model

HERE = pathlib.Path(__file__).parent
# What 1/√⟨f²⟩ is in single precision, in which the models were trained.
CONSTANTS = {jax.nn.silu: 0.5964577198028564, jnp.tanh: 0.6279281973838806}


def normalized(function):
    constant = CONSTANTS[function]
    return lambda x: function(x) / constant


activation.normalize_function = normalized

SETTINGS = dict(
    hidden_irreps="16x0e + 8x1o + 4x2e + 4x3o", lmax=3, cutoff=5.0, n_layers=3, radial_basis_size=8,
    radial_mlp_size=16, radial_mlp_layers=2, radial_polynomial_p=6.0, mlp_init_scale=4.0, layer_norm=True,
    index_weights=False, shift=0.1, scale=0.8, avg_n_neighbors=50.0, atomic_numbers=[1, 8, 14, 29])
MODELS = {
    "linear": SETTINGS,
    "indexed": SETTINGS | dict(
        hidden_irreps="8x0e + 8x1o + 4x2e", lmax=2, index_weights=True, layer_norm=False, n_layers=2),
}


def made(settings):
    """A model with random weights, also where training begins with ones."""
    numbers = settings["atomic_numbers"]
    model = Nequix(
        jax.random.key(3), n_species=len(numbers), atom_energies=[-1.0 - k for k in range(len(numbers))],
        **{k: v for k, v in settings.items() if k != "atomic_numbers"})
    leaves, tree = jax.tree.flatten(equinox.filter(model, equinox.is_array))
    random = numpy.random.default_rng(1)
    leaves = [
        jnp.asarray(leaf * (1 + 0.2 * random.normal(size=leaf.shape)), jnp.float32) for leaf in leaves]
    return equinox.combine(jax.tree.unflatten(tree, leaves), model)


def cell(number, partner, random):
    """Rock salt of two elements, its vectors skewed and its atoms moved, to four digits."""
    a = 1.05 * 2 * (covalent_radii[number] + covalent_radii[partner])
    places = numpy.array([
        [0, 0, 0], [0, .5, .5], [.5, 0, .5], [.5, .5, 0], [.5, .5, .5], [.5, 0, 0], [0, .5, 0], [0, 0, .5]])
    vectors = (a * (numpy.eye(3) + 0.06 * random.uniform(-1, 1, (3, 3)))).round(4)
    positions = (places @ vectors + random.normal(0, 0.15, (8, 3))).round(4)
    return ase.Atoms([number] * 4 + [partner] * 3 + [number], positions, cell=vectors, pbc=True)


def evaluate(model, config, atoms):
    """Energy, forces and stress by its network, and derivatives of positions and strain taken here."""
    species = jnp.asarray([config["atomic_numbers"].index(n) for n in atoms.numbers])
    i, j, shift = neighbor_list("ijS", atoms, config["cutoff"])
    lattice = jnp.asarray(atoms.cell.array)

    def energy(positions, strain):
        deformation = jnp.eye(3) + (strain + strain.T) / 2
        vectors = (positions[j] - positions[i] + shift @ lattice) @ deformation
        return model.node_energies(vectors, species, jnp.asarray(j), jnp.asarray(i)).sum()

    value, (gradient, virial) = jax.value_and_grad(energy, (0, 1))(jnp.asarray(atoms.positions), jnp.zeros((3, 3)))
    return float(value), -numpy.asarray(gradient), numpy.asarray(virial).ravel() / atoms.get_volume()


def write(path, model, config, pairs):
    model = jax.tree.map(lambda leaf: leaf.astype(jnp.float64) if equinox.is_array(leaf) else leaf, model)
    random = numpy.random.default_rng(1)
    lines = []
    for number, partner in pairs:
        atoms = cell(number, partner, random)
        energy, forces, stress = evaluate(model, config, atoms)
        lattice = " ".join(f"{x:g}" for x in atoms.cell.array.ravel())
        lines += [
            str(len(atoms)),
            f'Lattice="{lattice}" pbc="T T T" Properties=species:S:1:pos:R:3:forces:R:3 energy={energy:.9f} '
            f'stress="{" ".join(f"{x:.10f}" for x in stress)}"',
        ]
        for symbol, position, force in zip(atoms.symbols, atoms.positions, forces):
            numbers = [f"{x:g}" for x in position] + [f"{x:.8f}" for x in force]
            lines.append(" ".join([symbol, *numbers]))
    path.write_text("\n".join(lines) + "\n")


def main(files):
    for name, settings in MODELS.items():
        model = made(settings)
        save_model(HERE / f"{name}.nqx", model, settings)
        numbers = settings["atomic_numbers"]
        write(HERE / f"{name}.xyz", model, settings, zip(numbers, numbers[1:] + numbers[:1]))
    for file in files:
        model, config = load_model(file)
        numbers = config["atomic_numbers"]
        write(pathlib.Path(file).with_suffix(".xyz"), model, config, zip(numbers[::9], numbers[5::9]))


if __name__ == "__main__":
    main(sys.argv[1:])
