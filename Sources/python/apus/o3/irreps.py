"""Irreps and their sums, `32x0e+16x1o`."""

import collections
import re

import numpy

from ..errors import ArgumentError
from ..library import check, library
from .arrays import address

Sorted = collections.namedtuple("Sorted", ["irreps", "p", "inv"])


class Irrep(collections.namedtuple("Irrep", ["l", "p"])):
    """An irreducible representation, "1o": degree l and parity p, 1 or -1. `a * b` lists the irreps of a product."""

    def __new__(cls, l, p=None):
        if p is None:
            if isinstance(l, Irrep):
                return l
            found = re.fullmatch(r"\s*(\d+)([eo])\s*", l) if isinstance(l, str) else None
            if not found:
                raise ArgumentError(f"expected an irrep such as 1o, found {l!r}")
            l, p = int(found[1]), 1 if found[2] == "e" else -1
        if p not in (1, -1) or l < 0:
            raise ArgumentError(f"expected a degree of at least 0 and a parity of 1 or -1, found {l} and {p}")
        return super().__new__(cls, int(l), int(p))

    @property
    def dim(self):
        return 2 * self.l + 1

    def __str__(self):
        return f"{self.l}{'e' if self.p == 1 else 'o'}"

    __repr__ = __str__

    def __mul__(self, other):
        other = Irrep(other)
        return [Irrep(l, self.p * other.p) for l in range(abs(self.l - other.l), self.l + other.l + 1)]


class Block(collections.namedtuple("Block", ["mul", "ir"])):
    """`mul` channels of the irrep `ir`."""

    @property
    def dim(self):
        return self.mul * self.ir.dim

    def __str__(self):
        return f"{self.mul}x{self.ir}"

    __repr__ = __str__


class Irreps(tuple):
    """A sum of irreps with multiplicities: the layout of features. Made of a text, of a list of (mul, irrep), or of irreps."""

    def __new__(cls, irreps=""):
        if isinstance(irreps, Irreps):
            return irreps
        if isinstance(irreps, Irrep):
            irreps = str(irreps)
        if not isinstance(irreps, str):
            parts = [(1, part) if isinstance(part, (str, Irrep)) else tuple(part) for part in irreps]
            irreps = "+".join(f"{mul}x{Irrep(ir)}" for mul, ir in parts)
        return cls._of(transformed("parsed", irreps))

    @classmethod
    def _of(cls, text):
        """Of a text that the library wrote."""
        blocks = (block.split("x") for block in text.split("+")) if text else ()
        return super().__new__(cls, [Block(int(mul), Irrep(ir)) for mul, ir in blocks])

    @classmethod
    def spherical_harmonics(cls, lmax, p=-1):
        """Of degrees 0 … lmax of a vector with parity p."""
        return cls([(1, Irrep(l, p**l)) for l in range(lmax + 1)])

    @property
    def dim(self):
        return sum(block.dim for block in self)

    @property
    def num_irreps(self):
        return sum(block.mul for block in self)

    @property
    def ls(self):
        return [block.ir.l for block in self for _ in range(block.mul)]

    @property
    def lmax(self):
        if not self:
            raise ArgumentError("expected irreps for a largest degree, found none")
        return max(block.ir.l for block in self)

    def slices(self):
        """Where each block lies in features."""
        ends = numpy.cumsum([0] + [block.dim for block in self])
        return [slice(int(a), int(b)) for a, b in zip(ends, ends[1:])]

    def count(self, ir):
        """How many channels an irrep has."""
        return sum(block.mul for block in self if block.ir == Irrep(ir))

    def __contains__(self, ir):
        return self.count(ir) > 0

    def sort(self):
        """Sorted irreps, the place of each block in them (p), and the block at each place (inv)."""
        order = numpy.empty(len(self), dtype=numpy.intc)
        check(library().apus_irreps_order(str(self).encode(), order.ctypes.data))
        inverse = tuple(int(i) for i in order)
        return Sorted(Irreps._of(transformed("sorted", self)), tuple(inverse.index(i) for i in range(len(self))), inverse)

    def simplify(self):
        """Neighbouring blocks of the same irrep joined, empty ones left out."""
        return Irreps._of(transformed("simplified", self))

    def regroup(self):
        """Sorted and simplified."""
        return Irreps._of(transformed("regrouped", self))

    def remove_zero_multiplicities(self):
        return Irreps([block for block in self if block.mul > 0])

    def __add__(self, other):
        return Irreps._of("+".join(str(part) for part in (self, Irreps(other)) if part))

    def __mul__(self, other):
        """With a number, repeated; with irreps, those of the product of all pairs of channels."""
        if isinstance(other, int):
            return Irreps._of("+".join([str(self)] * other) if self else "")
        return Irreps._of(transformed("product", self, Irreps(other)))

    __rmul__ = __mul__

    def __str__(self):
        return "+".join(str(block) for block in self)

    __repr__ = __str__

    def __eq__(self, other):
        return tuple(self) == tuple(Irreps(other))

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(tuple(self))

    def __getitem__(self, index):
        found = tuple(self)[index]
        return Irreps(found) if isinstance(index, slice) else found

    def randn(self, *size, seed=None):
        """Normally distributed features; −1 in `size` stands for the axis of features."""
        shape = [self.dim if n == -1 else n for n in size] or [self.dim]
        return numpy.random.default_rng(seed).standard_normal(shape)

    def D_from_matrix(self, matrix):
        """How features turn under a 3 × 3 matrix, which may hold an inversion."""
        from .arrays import doubles

        matrix = doubles(matrix, "the rotation")
        if matrix.shape != (3, 3):
            raise ArgumentError(f"expected a 3 × 3 matrix, found the shape {matrix.shape}")
        result = numpy.empty((self.dim, self.dim))
        if self.dim:
            check(library().apus_wigner_d(str(self).encode(), address(matrix), address(result)))
        return result

    def D_from_angles(self, alpha, beta, gamma):
        from .rotations import angles_to_matrix

        return self.D_from_matrix(angles_to_matrix(alpha, beta, gamma))


def transformed(operation, irreps, other=None):
    """What the library makes of irreps, as a text."""
    import ctypes

    text, second = str(irreps).encode(), None if other is None else str(other).encode()
    # A block of a product is no longer than 16 letters, and a pair of blocks has at most 31 of them.
    blocks = text.count(b"+") + 1
    room = 64 + 32 * blocks + (0 if second is None else 1024 * blocks * (second.count(b"+") + 1))
    result = ctypes.create_string_buffer(room)
    check(library().apus_irreps(operation.encode(), text, second, result, room))
    return result.value.decode()
