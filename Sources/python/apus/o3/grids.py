"""Signals on the sphere: coefficients of harmonics, and values on a grid."""

import numpy

from ..errors import ArgumentError
from ..library import check, library
from .arrays import doubles


def s2_grid(res_beta, res_alpha):
    """The angles β and α of the grid; its points are (sin β sin α, cos β, sin β cos α)."""
    return numpy.pi * (numpy.arange(res_beta) + 0.5) / res_beta, 2 * numpy.pi * numpy.arange(res_alpha) / res_alpha


def to_s2grid(coefficients, res=None, normalization="component"):
    """[…, β, α]: the values of signals with coefficients […, (lmax + 1)²].

    res: the numbers of β (even) and α, or of β alone with one less of α; by default the smallest.
    """
    coefficients = doubles(coefficients, "coefficients")
    width = coefficients.shape[-1] if coefficients.ndim else 0
    lmax = round(width**0.5) - 1
    if lmax < 0 or (lmax + 1) ** 2 != width:
        raise ArgumentError(f"expected (lmax + 1)² coefficients along the last axis, found the shape {coefficients.shape}")
    res = 2 * (lmax + 1) if res is None else res
    betas, alphas = (res, max(res - 1, 1)) if numpy.isscalar(res) else res
    values = numpy.empty((*coefficients.shape[:-1], betas, alphas))
    check(library().apus_sphere_grid(
        lmax, betas, alphas, normalization.encode(), 1, coefficients.size // width, coefficients.ctypes.data,
        values.ctypes.data))
    return values


def from_s2grid(values, lmax, normalization="component"):
    """[…, (lmax + 1)²]: the coefficients of values […, β, α] on a grid."""
    values = doubles(values, "values")
    if values.ndim < 2:
        raise ArgumentError(f"expected values […, β, α], found the shape {values.shape}")
    betas, alphas = values.shape[-2:]
    coefficients = numpy.empty((*values.shape[:-2], (lmax + 1) ** 2))
    check(library().apus_sphere_grid(
        lmax, betas, alphas, normalization.encode(), 0, int(numpy.prod(values.shape[:-2])), values.ctypes.data,
        coefficients.ctypes.data))
    return coefficients
