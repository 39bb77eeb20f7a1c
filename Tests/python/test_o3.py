"""e3nn's mathematics through the C library, held to values that e3nn 0.6.0 computed (Tests/EquivarianceTests/Data/e3nn).

Tolerances are those of double precision: 1e-12 of the largest number.
"""

import functools
import json
import os
import re
import subprocess
import sys

import numpy
import pytest
from conftest import PACKAGE, REPOSITORY

import apus
from apus import o3

REFERENCE = REPOSITORY / "Tests" / "EquivarianceTests" / "Data" / "e3nn"


def reference(name):
    return json.loads((REFERENCE / f"{name}.json").read_text())


def assert_equal(found, expected, tolerance=1e-12):
    expected = numpy.asarray(expected, dtype=float)
    assert numpy.shape(found) == expected.shape
    assert numpy.abs(found - expected).max(initial=0) <= tolerance * max(1, numpy.abs(expected).max(initial=0))


def test_irreps():
    for case in reference("irreps")["cases"]:
        irreps = o3.Irreps(case["text"])
        assert (irreps.dim, irreps.num_irreps, irreps.lmax, irreps.ls) == (
            case["dim"], case["num_irreps"], case["lmax"], case["ls"])
        assert str(irreps.simplify()) == case["simplified"]
        ordered = irreps.sort()
        assert (str(ordered.irreps), list(ordered.p), list(ordered.inv)) == (
            case["sorted"], case["permutation"], case["inverse"])
        assert str(irreps.regroup()) == case["regrouped"]
        assert str(irreps.remove_zero_multiplicities()) == case["without_zeros"]
        assert [[s.start, s.stop] for s in irreps.slices()] == case["slices"]
        assert {ir: irreps.count(ir) for ir in case["count"]} == case["count"]
        assert str(irreps * o3.Irreps(case["other"])) == case["product"]
        assert o3.Irreps(list(irreps)) == irreps == case["text"] and hash(irreps) == hash(o3.Irreps(str(irreps)))
    for text, products in reference("irreps")["products"].items():
        a, b = text.split("*")
        assert [str(ir) for ir in o3.Irrep(a) * b] == products
    assert str(o3.Irreps("1o") + "2x0e") == "1x1o+2x0e" and str(2 * o3.Irreps("1o")) == "1x1o+1x1o"
    assert "1o" in o3.Irreps("2x1o") and "0e" not in o3.Irreps("2x1o+0x0e")
    assert o3.Irreps("2x0e+1o").randn(4, -1, seed=1).shape == (4, 5)
    assert o3.Irreps("").dim == 0 and str(o3.Irreps.spherical_harmonics(2)) == "1x0e+1x1o+1x2e"


def test_rotations():
    content = reference("rotations")
    for case in content["cases"]:
        angles = [case[name] for name in ("alpha", "beta", "gamma")]
        matrix = o3.angles_to_matrix(*angles)
        for l, expected in enumerate(case["D"]):
            assert_equal(o3.wigner_D(l, *angles), expected)
        if "matrix" not in case:
            continue
        assert_equal(matrix, case["matrix"])
        assert_equal(o3.quaternion_to_matrix(case["quaternion"]), case["matrix"])
        assert_equal(o3.axis_angle_to_matrix(case["axis"], case["angle"]), case["matrix"])
        assert_equal(o3.angles_to_matrix(*o3.matrix_to_angles(matrix)), case["matrix"])
        assert_equal(o3.axis_angle_to_matrix(*o3.matrix_to_axis_angle(matrix)), case["matrix"])
        assert_equal(o3.quaternion_to_matrix(o3.matrix_to_quaternion(matrix)), case["matrix"])
        irreps = o3.Irreps(case["irreps"])
        assert_equal(irreps.D_from_matrix(matrix), case["D_proper"])
        assert_equal(irreps.D_from_matrix(-matrix), case["D_improper"])
        assert_equal(irreps.D_from_angles(*angles), case["D_proper"])
    several = o3.rand_matrix(5, seed=2)
    assert_equal(several @ several.transpose(0, 2, 1), numpy.broadcast_to(numpy.eye(3), (5, 3, 3)))
    assert_equal(o3.wigner_D(1, *o3.matrix_to_angles(several)), several)


def test_three_irreps_have_one_invariant():
    C = o3.wigner_3j(1, 2, 3)
    D = [o3.Irreps(f"{l}e").D_from_matrix(o3.rand_matrix(seed=3)) for l in (1, 2, 3)]
    assert_equal(numpy.einsum("ia,jb,kc,abc", *D, C), C)
    assert abs((C**2).sum() - 1) < 1e-14
    levi_civita = numpy.cross(numpy.eye(3)[:, None], numpy.eye(3)[None]) / 6**0.5
    assert_equal(o3.wigner_3j(1, 1, 1), levi_civita)


def test_spherical_harmonics():
    for case in reference("spherical_harmonics")["cases"]:
        arguments = (case["normalize"], case["normalization"])
        vectors = numpy.array(case["vectors"])
        ls = list(range(case["lmax"] + 1))
        assert_equal(o3.spherical_harmonics(ls, vectors, *arguments), case["values"])
        slopes = o3.spherical_harmonics_gradient(ls, vectors, *arguments)
        assert_equal(numpy.einsum("am,amx->ax", case["cotangent"], slopes), case["gradient"])
        some = o3.spherical_harmonics("2e+0e", vectors, *arguments)
        assert_equal(some, numpy.array(case["values"])[:, [4, 5, 6, 7, 8, 0]])
    assert o3.spherical_harmonics(2, numpy.zeros((4, 0, 3)), True).shape == (4, 0, 5)


def product(case):
    normalization = {name: case[name] for name in ("irrep_normalization", "path_normalization") if name in case}
    kept = case.get("filter_ir_out")
    kept = [word for word in kept.strip("[]").replace("'", "").split(", ")] if isinstance(kept, str) else kept
    one = case.get("irreps_in1")
    match case["kind"]:
        case "FullyConnected":
            return o3.FullyConnectedTensorProduct(
                one, case["irreps_in2"], case["irreps_out"], shared_weights=case["shared_weights"], **normalization)
        case "Full":
            return o3.FullTensorProduct(one, case["irreps_in2"], kept, **normalization)
        case "Elementwise":
            return o3.ElementwiseTensorProduct(one, case["irreps_in2"], kept, **normalization)
        case "TensorSquareFull":
            return o3.TensorSquare(one, filter_ir_out=kept, **normalization)
        case "TensorSquareFullyConnected":
            return o3.TensorSquare(one, case["irreps_out"], **normalization)
    instructions = [
        (i["in1"], i["in2"], i["out"], i["mode"], i["has_weight"], i["given"]) for i in case["instructions"]]
    variances = {name: case[name] for name in ("in1_var", "in2_var", "out_var") if name in case}
    return o3.TensorProduct(
        one, case["irreps_in2"], case["irreps_out"], instructions, shared_weights=case["shared_weights"],
        **variances, **normalization)


def test_products_with_gradients():
    cases = reference("tensor_products")["cases"]
    assert len(cases) == 21
    for case in cases:
        made = product(case)
        assert made.weight_numel == case["weight_numel"]
        for found, expected in zip(made.instructions, case["instructions"], strict=True):
            assert (found.mode, found.has_weight) == (expected["mode"], expected["has_weight"])
            assert list(found.path_shape) == expected["weight_shape"]
            assert abs(found.path_coefficient - expected["coefficient"]) < 1e-14
        inputs = [numpy.array(value) for value in case["inputs"].values()]
        assert_equal(made(*inputs), case["output"])
        found = made.gradients(*inputs, cotangent=case["cotangent"])
        for gradient, expected in zip(found, case["gradients"].values()):
            assert_equal(gradient, expected)


def test_linear_is_a_product_with_one():
    case = reference("linear")["cases"][0]
    linear = o3.Linear(case["irreps_in"], case["irreps_out"])
    x, weight = (numpy.array(case["inputs"][name]) for name in ("x", "weight"))
    assert_equal(linear(x, weight), case["output"])
    found = linear.gradients(x, weight, case["cotangent"])
    assert_equal(found.x, case["gradients"]["x"])
    assert_equal(found.weight, case["gradients"]["weight"])


def test_leading_axes_broadcast():
    made = o3.FullyConnectedTensorProduct("2x0e+1o", "1o", "0e+1o")
    rng = numpy.random.default_rng(4)
    x, y, w = rng.standard_normal((3, 1, 5)), rng.standard_normal((4, 3)), rng.standard_normal(made.weight_numel)
    found = made(x, y, w)
    assert found.shape == (3, 4, 4)
    assert_equal(found[2, 1], made(x[2, 0], y[1], w))
    g = rng.standard_normal(found.shape)
    by = made.gradients(x, y, w, g)
    assert [value.shape for value in by] == [x.shape, y.shape, w.shape]
    for value, given in zip(by, (x, y, w)):
        # The product is linear in each.
        assert abs((value * given).sum() - (found * g).sum()) < 1e-12


def test_reduced_products():
    for case in reference("reduced_tensor_products")["cases"]:
        made = o3.ReducedTensorProducts(
            case["formula"], filter_ir_out=case["filter_ir_out"], filter_ir_mid=case["filter_ir_mid"],
            **case["irreps"])
        assert made.irreps_out == case["irreps_out"] and [str(i) for i in made.irreps_in] == case["irreps_in"]
        rows = made.change_of_basis.reshape(made.irreps_out.dim, -1)
        assert_equal(rows @ rows.T, numpy.eye(made.irreps_out.dim))
        features = made.irreps(case["tensors"])
        for text, parts in case["parts"].items():
            part = numpy.zeros_like(features)
            for block, where in zip(made.irreps_out, made.irreps_out.slices()):
                if block.ir == o3.Irrep(text):
                    part[:, where] = features[:, where]
            assert_equal(made.tensor(part), parts)
        result = made(*case["vectors"])
        assert_equal(result, made.irreps(functools.reduce(numpy.multiply.outer, map(numpy.array, case["vectors"]))))
        for block, where in zip(made.irreps_out, made.irreps_out.slices()):
            square = case["output_square_by_irrep"][str(block.ir)]
            assert abs((result[where] ** 2).sum() - square) < 1e-11 * max(1, square)
    several = o3.ReducedTensorProducts("ij=ji", i="1o")
    x = numpy.random.default_rng(5).standard_normal((4, 3))
    assert_equal(several(x, x)[2], several(x[2], x[2]))


def test_sphere_grids():
    for case in reference("s2_grid")["cases"]:
        grid = (case["res_beta"], case["res_alpha"])
        assert_equal(o3.s2_grid(*grid)[0], case["betas"])
        assert_equal(o3.s2_grid(*grid)[1], case["alphas"])
        values = o3.to_s2grid(case["coefficients"], grid, case["normalization"])
        assert_equal(values, case["grid"])
        assert_equal(o3.from_s2grid(values, case["lmax"], case["normalization"]), case["coefficients"])
        assert_equal(o3.from_s2grid(case["samples"], case["lmax"], case["normalization"]), case["projected"])


@pytest.mark.parametrize("body, words", [
    (lambda: o3.Irreps("2x1"), "'2x1' in irreps"),
    (lambda: o3.Irrep("2"), "expected an irrep"),
    (lambda: o3.wigner_3j(1, 1, 3), r"\|l1 − l2\| ≤ l3"),
    (lambda: o3.Irreps("1o").D_from_matrix(2 * numpy.eye(3)), "orthogonal"),
    (lambda: o3.quaternion_to_matrix([0, 0, 0, 0]), "not zero"),
    (lambda: o3.axis_angle_to_matrix([0, 0, 0], 1), "a direction"),
    (lambda: o3.spherical_harmonics(2, [1, 2], True), "3 numbers along the last axis"),
    (lambda: o3.spherical_harmonics("1o+1e", [1, 2, 3], True), "irreps of harmonics"),
    (lambda: o3.spherical_harmonics(65, [1, 2, 3], True), "0 to 64, found 65"),
    (lambda: o3.spherical_harmonics(1, [1, 2, 3], True, "schmidt"), "'schmidt'"),
    (lambda: o3.TensorProduct("1o", "1o", "2x0e", [(0, 0, 0, "uvu", False)]), "instruction 1: expected 1 output"),
    (lambda: o3.TensorProduct("1o", "1o", "0o", [(0, 0, 0, "uvw", True)]), "expected an irrep of 1o × 1o"),
    (lambda: o3.TensorProduct("1o", "1o", "0e", [(0, 1, 0, "uvw", True)]), "expected blocks below 1"),
    (lambda: o3.TensorProduct("1o", "1o", "0e", [(0, 0, 0, "uw", True)]), "'uw'"),
    (lambda: o3.TensorProduct("1o", "1o", "0e", [(0, 0, 0, "uvw", False)]), "expected weights"),
    (lambda: o3.ElementwiseTensorProduct("1o", "2x1o"), "equally many channels"),
    (lambda: o3.FullyConnectedTensorProduct("1o", "0e", "1o")([1, 2, 3], [1]), "1 weights, found none"),
    (lambda: o3.FullTensorProduct("1o", "0e")([[1, 2, 3]] * 2, [[1]] * 3), "leading axes"),
    (lambda: o3.FullTensorProduct("100000x1o", "100000x1o"), "pairs of channels"),
    (lambda: o3.ReducedTensorProducts("ij=jk", i="1o"), "'jk'"),
    (lambda: o3.ReducedTensorProducts("ij=ji", i="1o", j="2e"), "the same irreps"),
    (lambda: o3.ReducedTensorProducts("ij=ji", i="200x1o"), "of at most 4096"),
    (lambda: o3.to_s2grid(numpy.zeros(5)), "(lmax"),
    (lambda: o3.to_s2grid(numpy.zeros(9), 5), "even number"),
    (lambda: o3.to_s2grid(numpy.zeros(9, complex)), "complex"),
])
def test_mistakes_are_named(body, words):
    with pytest.raises(apus.ArgumentError, match=words.replace("(lmax", r"\(lmax")):
        body()


def test_the_page_does_what_it_says():
    page = (REPOSITORY / "Documentation" / "equivariant.md").read_text()
    code, expected = (
        re.search(rf"^```{name}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[1] for name in ("python", "text"))
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
        env=os.environ | {"PYTHONPATH": str(PACKAGE)})
    assert result.returncode == 0, result.stderr
    assert result.stdout == expected


def test_importing_it_loads_no_library():
    code = "import apus.o3, apus.library; assert apus.library.library.cache_info().currsize == 0"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(PACKAGE)}, timeout=60)
