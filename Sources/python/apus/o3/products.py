"""Products of features, by e3nn's names."""

import collections
import ctypes
import weakref

import numpy

from ..errors import ArgumentError
from ..library import ProductDescription, ProductPath, check, library
from .arrays import address, doubles
from .irreps import Irreps

Instruction = collections.namedtuple(
    "Instruction", ["i_in1", "i_in2", "i_out", "mode", "has_weight", "path_coefficient", "weight_slice", "path_shape"])
Gradients = collections.namedtuple("Gradients", ["x1", "x2", "weight"])


class TensorProduct:
    """A product of x1 and x2, linear in each and in the weights.

    instructions: (i_in1, i_in2, i_out, mode, has_weight[, path_weight]). Weights are one flat list in their order, the same
    for all rows; with `shared_weights=False` one list for each row.
    """

    def __init__(
        self, irreps_in1, irreps_in2, irreps_out, instructions, in1_var=None, in2_var=None, out_var=None,
        irrep_normalization="component", path_normalization="element", shared_weights=True,
    ):
        rows = [tuple(row) for row in instructions]
        if any(len(row) not in (5, 6) for row in rows):
            raise ArgumentError("expected instructions (i_in1, i_in2, i_out, mode, has_weight[, path_weight])")
        blocks = numpy.array([row[:3] for row in rows], dtype=numpy.intc).reshape(-1, 3)
        weighted = numpy.array([bool(row[4]) for row in rows], dtype=numpy.intc)
        shares = numpy.array([row[5] if len(row) == 6 else 1 for row in rows], dtype=numpy.float64)
        modes = (ctypes.c_char_p * max(len(rows), 1))(*[row[3].encode() for row in rows])
        variances = []
        for given, irreps, name in (
            (in1_var, irreps_in1, "in1_var"), (in2_var, irreps_in2, "in2_var"), (out_var, irreps_out, "out_var")
        ):
            variances.append(None if given is None else doubles(given, name, len(Irreps(irreps))))
        self._create(
            kind="instructions", left=irreps_in1, right=irreps_in2, output=irreps_out,
            irrep_normalization=irrep_normalization, path_normalization=path_normalization,
            shared_weights=shared_weights, instruction_count=len(rows), blocks=address(blocks), modes=modes,
            has_weights=address(weighted), shares=address(shares), left_variances=address(variances[0]),
            right_variances=address(variances[1]), output_variances=address(variances[2]))

    def _create(self, shared_weights=True, **given):
        description = ProductDescription()
        for name, value in given.items():
            if name in ("left", "right", "output") and value is not None:
                value = str(Irreps(value))
            setattr(description, name, value.encode() if isinstance(value, str) else value)
        handle = ctypes.c_void_p()
        loaded = library()
        check(loaded.apus_product_create(ctypes.byref(description), ctypes.byref(handle)))
        self._handle = handle
        weakref.finalize(self, loaded.apus_product_free, handle)
        names = [loaded.apus_product_irreps(handle, which).decode() for which in range(3)]
        self.irreps_in1, self.irreps_in2, self.irreps_out = map(Irreps, names)
        self.weight_numel = loaded.apus_product_weights(handle)
        self.shared_weights = shared_weights

    @property
    def instructions(self):
        found = []
        path = ProductPath()
        while library().apus_product_path_at(self._handle, len(found), ctypes.byref(path)) == 0:
            shape = tuple(path.weight_shape[: path.weight_dimensions])
            size = int(numpy.prod(shape)) if shape else 0
            found.append(
                Instruction(
                    *path.blocks, path.mode.decode(), bool(shape), path.coefficient,
                    slice(path.first_weight, path.first_weight + size), shape))
        return found

    def __call__(self, x1, x2, weight=None):
        """[…, irreps_out.dim]; leading axes of x1 and x2 broadcast."""
        shape, rows, x1, x2, weight, weight_rows = self._inputs(x1, x2, weight)
        output = numpy.empty((*shape, self.irreps_out.dim))
        check(library().apus_product_values(
            self._handle, rows, address(x1), address(x2), address(weight), weight_rows, address(output)))
        return output

    def gradients(self, x1, x2, weight=None, cotangent=None):
        """The derivatives of Σ output · cotangent by x1, x2 and weights; where axes broadcast, their sums."""
        shapes = [numpy.shape(x1), numpy.shape(x2), numpy.shape(weight) if weight is not None else (0,)]
        shape, rows, x1, x2, weight, weight_rows = self._inputs(x1, x2, weight)
        if cotangent is None:
            raise ArgumentError("expected a cotangent, of the shape of the output")
        cotangent = doubles(cotangent, "the cotangent", self.irreps_out.dim)
        if cotangent.shape[:-1] != shape:
            raise ArgumentError(f"expected {(*shape, self.irreps_out.dim)} for the cotangent, found {cotangent.shape}")
        by = [numpy.zeros_like(x1), numpy.zeros_like(x2), numpy.zeros_like(weight)]
        check(library().apus_product_gradients(
            self._handle, rows, address(x1), address(x2), address(weight), weight_rows, address(cotangent),
            *map(address, by)))
        return Gradients(*[summed(found, given) for found, given in zip(by, shapes)])

    def _inputs(self, x1, x2, weight):
        x1 = doubles(x1, "x1", self.irreps_in1.dim)
        x2 = doubles(x2, "x2", self.irreps_in2.dim)
        if weight is None:
            if self.weight_numel:
                raise ArgumentError(f"expected {self.weight_numel} weights, found none")
            weight = numpy.empty(0)
        weight = doubles(weight, "the weights", self.weight_numel)
        leading = [x1.shape[:-1], x2.shape[:-1]] + ([] if self.shared_weights else [weight.shape[:-1]])
        try:
            shape = numpy.broadcast_shapes(*leading)
        except ValueError:
            raise ArgumentError(f"expected leading axes that fit together, found {leading}") from None
        if self.shared_weights and weight.ndim != 1:
            raise ArgumentError(
                f"expected one list of weights, found the shape {weight.shape}; weights of each row need shared_weights=False")
        x1, x2 = (numpy.ascontiguousarray(numpy.broadcast_to(x, (*shape, x.shape[-1]))) for x in (x1, x2))
        rows = int(numpy.prod(shape))
        if self.shared_weights:
            return shape, rows, x1, x2, weight, 1
        weight = numpy.ascontiguousarray(numpy.broadcast_to(weight, (*shape, self.weight_numel)))
        return shape, rows, x1, x2, weight, rows

    def __repr__(self):
        return (
            f"{type(self).__name__}({self.irreps_in1} x {self.irreps_in2} -> {self.irreps_out} | "
            f"{self.weight_numel} weights)")


def summed(values, shape):
    """A gradient, over the axes that an input of this shape did not have or had once."""
    extra = values.ndim - len(shape)
    values = values.sum(axis=tuple(range(extra))) if extra > 0 else values
    axes = tuple(i for i, (found, wanted) in enumerate(zip(values.shape, shape)) if found != wanted)
    return values.sum(axis=axes, keepdims=True) if axes else values


def kept(irreps):
    """A list of irreps, as a text."""
    return None if irreps is None else str(Irreps(irreps))


class FullyConnectedTensorProduct(TensorProduct):
    """Every pair of channels to every channel of the wanted irreps."""

    def __init__(
        self, irreps_in1, irreps_in2, irreps_out, irrep_normalization="component", path_normalization="element",
        shared_weights=True,
    ):
        self._create(
            kind="fully_connected", left=irreps_in1, right=irreps_in2, output=irreps_out,
            irrep_normalization=irrep_normalization, path_normalization=path_normalization,
            shared_weights=shared_weights)


class FullTensorProduct(TensorProduct):
    """Every pair of channels, without weights."""

    def __init__(self, irreps_in1, irreps_in2, filter_ir_out=None, irrep_normalization="component"):
        self._create(
            kind="full", left=irreps_in1, right=irreps_in2, keep=kept(filter_ir_out),
            irrep_normalization=irrep_normalization)


class ElementwiseTensorProduct(TensorProduct):
    """Channel by channel, without weights."""

    def __init__(self, irreps_in1, irreps_in2, filter_ir_out=None, irrep_normalization="component"):
        self._create(
            kind="elementwise", left=irreps_in1, right=irreps_in2, keep=kept(filter_ir_out),
            irrep_normalization=irrep_normalization)


class TensorSquare(TensorProduct):
    """x ⊗ x: every pair of channels once; with `irreps_out`, every pair to every channel of these, with weights."""

    def __init__(self, irreps_in, irreps_out=None, filter_ir_out=None, irrep_normalization="component"):
        self._create(
            kind="square", left=irreps_in, output=irreps_out, keep=kept(filter_ir_out),
            irrep_normalization=irrep_normalization)
        self.irreps_in = self.irreps_in1

    def __call__(self, x, weight=None):
        return super().__call__(x, x, weight)

    def gradients(self, x, weight=None, cotangent=None):
        """By x and weights."""
        found = super().gradients(x, x, weight, cotangent)
        return collections.namedtuple("Gradients", ["x", "weight"])(found.x1 + found.x2, found.weight)


class Linear(TensorProduct):
    """Each output channel a weighted sum of the input channels of its irrep; without biases."""

    def __init__(self, irreps_in, irreps_out, path_normalization="element"):
        self._create(kind="linear", left=irreps_in, output=irreps_out, path_normalization=path_normalization)
        self.irreps_in = self.irreps_in1

    def __call__(self, x, weight):
        return super().__call__(x, [1.0], weight)

    def gradients(self, x, weight, cotangent):
        """By x and weights."""
        found = super().gradients(x, [1.0], weight, cotangent)
        return collections.namedtuple("Gradients", ["x", "weight"])(found.x1, found.weight)
