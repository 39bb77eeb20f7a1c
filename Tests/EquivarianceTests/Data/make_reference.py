"""Writes e3nn_higher_degrees.json with e3nn, and nequip_paths.json from descriptions of NequIP models.

    pip install e3nn==0.6.0 && python make_reference.py [NEQUIP_MODEL.json ...]
"""
import json
import sys

import torch
from e3nn import o3

torch.set_default_dtype(torch.float64)

vectors = torch.tensor(json.load(open("e3nn_spherical_harmonics.json"))["vectors"])
triples = [(1, 5, 6), (2, 6, 5), (5, 3, 4), (4, 6, 3), (5, 5, 5), (6, 6, 1), (6, 6, 6)]
generator = torch.Generator().manual_seed(7)
angles = [[float(a) for a in row] for row in torch.rand(5, 3, generator=generator) * 3]

symbols = {}
for triple in triples:
    tensor = o3.wigner_3j(*triple)
    symbols["_".join(map(str, triple))] = [
        [*map(int, index), float(tensor[tuple(index)])] for index in torch.nonzero(tensor.abs() > 1e-12)
    ]
rotations = []
for alpha, beta, gamma in angles:
    turn = [torch.tensor(a) for a in (alpha, beta, gamma)]
    rotations.append({
        "angles": [alpha, beta, gamma],
        "matrix": o3.angles_to_matrix(*turn).flatten().tolist(),
        "wigner_d": {str(l): o3.wigner_D(l, *turn).flatten().tolist() for l in (1, 2, 4, 6)},
    })
harmonics = {
    f"sh_l{l}": o3.spherical_harmonics(l, vectors, normalize=True, normalization="component").tolist() for l in (5, 6)
}
with open("e3nn_higher_degrees.json", "w") as file:
    json.dump({"vectors": vectors.tolist(), **harmonics, "wigner_3j": symbols, "rotations": rotations}, file)

layers = []
for path in sys.argv[1:]:
    for layer in json.load(open(path))["model"]["structure"]["layers"]:
        product = layer["tp"]
        output = product["irreps_out"].split("+")
        layers.append({
            "input": product["irreps_in1"],
            "harmonics": product["irreps_in2"],
            "wanted": layer["gate"]["irreps_in"] if layer.get("gate") else layer["linear_2"]["irreps_out"],
            "paths": [[i["i_in1"], i["i_in2"], output[i["i_out"]]] for i in product["instructions"]],
            "merged": layer["linear_2"]["irreps_in"],
        })
if layers:
    with open("nequip_paths.json", "w") as file:
        json.dump(layers, file, indent=1)
