"""NumPy arrays as the C library takes them."""

import numpy

from ..errors import ArgumentError


def doubles(values, name, width=None):
    """A contiguous array of float64, of `width` numbers along its last axis; complex numbers are refused."""
    found = numpy.asarray(values)
    if found.dtype.kind not in "fiub":
        raise ArgumentError(f"expected numbers for {name}, found an array of {found.dtype}")
    found = numpy.asarray(found, dtype=numpy.float64, order="C")
    if width is not None and (found.ndim == 0 or found.shape[-1] != width):
        raise ArgumentError(f"expected {width} numbers along the last axis of {name}, found the shape {found.shape}")
    return found


def address(array):
    """Where an array's numbers are; NULL for none."""
    return None if array is None or array.size == 0 else array.ctypes.data
