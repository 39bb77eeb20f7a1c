"""e3nn's mathematics with NumPy arrays, by the C library: irreps, rotations, harmonics, products of features.

    from apus import o3
    product = o3.FullyConnectedTensorProduct("32x0e+16x1o", "0e+1o+2e", "32x0e+16x1o")
    y = product(x, o3.spherical_harmonics(product.irreps_in2, vectors, normalize=True), weights)

Names, conventions and numbers are those of `e3nn.o3`. Everything is float64. Where a derivative is wanted there is a
method `gradients` in the place of automatic differentiation.
"""

from .grids import from_s2grid, s2_grid, to_s2grid
from .harmonics import spherical_harmonics, spherical_harmonics_gradient
from .irreps import Irrep, Irreps
from .products import (
    ElementwiseTensorProduct, FullTensorProduct, FullyConnectedTensorProduct, Linear, TensorProduct, TensorSquare)
from .reduced import ReducedTensorProducts
from .rotations import (
    angles_to_matrix, axis_angle_to_matrix, matrix_to_angles, matrix_to_axis_angle, matrix_to_quaternion,
    quaternion_to_matrix, rand_matrix, wigner_3j, wigner_D)

__all__ = [
    "ElementwiseTensorProduct", "FullTensorProduct", "FullyConnectedTensorProduct", "Irrep", "Irreps", "Linear",
    "ReducedTensorProducts", "TensorProduct", "TensorSquare", "angles_to_matrix", "axis_angle_to_matrix",
    "from_s2grid", "matrix_to_angles", "matrix_to_axis_angle", "matrix_to_quaternion", "quaternion_to_matrix",
    "rand_matrix", "s2_grid", "spherical_harmonics", "spherical_harmonics_gradient", "to_s2grid", "wigner_3j",
    "wigner_D",
]
