"""Rotations as matrices, angles, axes and quaternions; how irreps turn, and what three of them leave unchanged."""

import numpy

from ..errors import ArgumentError
from ..library import check, library
from .arrays import address, doubles


def each(function, name, values, width, shape):
    """`function(numbers, result)` of the library for each row of values."""
    values = doubles(values, "the rotation", None)
    if values.shape[-len(width):] != width:
        raise ArgumentError(f"expected the shape {width} for the rotation, found {values.shape}")
    rows = values.reshape(-1, *width)
    result = numpy.empty((len(rows), *shape))
    for row, found in zip(rows, result):
        row = numpy.ascontiguousarray(row)
        check(function(name, row.ctypes.data, found.ctypes.data))
    return result.reshape(*values.shape[: values.ndim - len(width)], *shape)


def angles_to_matrix(alpha, beta, gamma):
    """R = R_y(α) R_x(β) R_y(γ)."""
    angles = numpy.stack(numpy.broadcast_arrays(alpha, beta, gamma), axis=-1)
    return each(library().apus_rotation, b"angles", angles, (3,), (3, 3))


def axis_angle_to_matrix(axis, angle):
    axis, angle = doubles(axis, "the axis", 3), doubles(angle, "the angle")
    shape = numpy.broadcast_shapes(axis.shape[:-1], angle.shape)
    numbers = numpy.concatenate(
        [numpy.broadcast_to(axis, (*shape, 3)), numpy.broadcast_to(angle, shape)[..., None]], axis=-1)
    return each(library().apus_rotation, b"axis", numbers, (4,), (3, 3))


def quaternion_to_matrix(q):
    """Of (w, x, y, z)."""
    return each(library().apus_rotation, b"quaternion", q, (4,), (3, 3))


def matrix_to_angles(R):
    """α, β, γ."""
    found = each(library().apus_rotation_as, b"angles", R, (3, 3), (3,))
    return found[..., 0], found[..., 1], found[..., 2]


def matrix_to_axis_angle(R):
    found = each(library().apus_rotation_as, b"axis", R, (3, 3), (4,))
    return found[..., :3], found[..., 3]


def matrix_to_quaternion(R):
    """(w, x, y, z) with w ≥ 0."""
    return each(library().apus_rotation_as, b"quaternion", R, (3, 3), (4,))


def rand_matrix(*shape, seed=None):
    """Rotations, each as likely as the others."""
    return quaternion_to_matrix(numpy.random.default_rng(seed).standard_normal((*shape, 4)))


def wigner_3j(l1, l2, l3):
    """[2 l1 + 1, 2 l2 + 1, 2 l3 + 1]"""
    if min(l1, l2, l3) < 0:
        raise ArgumentError(f"expected degrees of at least 0, found {l1}, {l2}, {l3}")
    result = numpy.empty((2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1))
    check(library().apus_wigner_3j(l1, l2, l3, address(result)))
    return result


def wigner_D(l, alpha, beta, gamma):
    """[…, 2 l + 1, 2 l + 1] of a rotation without inversion."""
    from .irreps import Irrep, Irreps

    irreps = Irreps([(1, Irrep(l, 1))])
    matrices = angles_to_matrix(alpha, beta, gamma)
    found = [irreps.D_from_matrix(matrix) for matrix in matrices.reshape(-1, 3, 3)]
    return numpy.array(found).reshape(*matrices.shape[:-2], 2 * l + 1, 2 * l + 1)
