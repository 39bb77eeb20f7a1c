"""Spherical harmonics of vectors, and their derivatives."""

import numbers

import numpy

from ..errors import ArgumentError
from ..library import check, library
from .arrays import address, doubles
from .irreps import Irreps


def spherical_harmonics(l, x, normalize, normalization="integral"):
    """[…, components] of vectors […, 3]. l: a degree, several, or irreps such as "0e+1o+2e".

    normalize: whether vectors are brought to length 1; otherwise the harmonics are polynomials. normalization:
    "integral", "component" or "norm".
    """
    return evaluate(l, x, normalize, normalization, wants_gradient=False)


def spherical_harmonics_gradient(l, x, normalize, normalization="integral"):
    """[…, components, 3], the derivatives by the vectors."""
    return evaluate(l, x, normalize, normalization, wants_gradient=True)


def degrees(l):
    """The degrees that are asked for, in their order."""
    if isinstance(l, numbers.Integral):
        return [int(l)]
    if isinstance(l, (list, tuple)) and not isinstance(l, Irreps) and all(isinstance(n, numbers.Integral) for n in l):
        return [int(n) for n in l]
    irreps = Irreps(l)
    odd = {block.ir.p for block in irreps if block.ir.l % 2 == 1 and block.mul}
    even = {block.ir.p for block in irreps if block.ir.l % 2 == 0 and block.mul}
    if -1 in even or len(odd) > 1:
        raise ArgumentError(f"expected irreps of harmonics such as 0e+1o+2e, found {irreps}")
    return irreps.ls


def evaluate(l, x, normalize, normalization, wants_gradient):
    wanted = degrees(l)
    if min(wanted, default=0) < 0:
        raise ArgumentError(f"expected degrees of at least 0, found {wanted}")
    x = doubles(x, "vectors", 3)
    largest = max(wanted, default=0)
    shape = (*x.shape[:-1], (largest + 1) ** 2, *((3,) if wants_gradient else ()))
    found = numpy.empty(shape)
    places = (None, address(found)) if wants_gradient else (address(found), None)
    check(library().apus_spherical_harmonics(
        largest, normalization.encode(), bool(normalize), x.size // 3, address(x), *places))
    components = [m for n in wanted for m in range(n * n, (n + 1) ** 2)]
    return numpy.take(found, components, axis=x.ndim - 1)
