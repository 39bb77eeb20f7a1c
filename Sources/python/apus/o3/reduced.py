"""Products with index symmetries, and tensors that have them."""

import ctypes

import numpy

from ..errors import ArgumentError
from ..library import check, library
from .arrays import address, doubles
from .irreps import Irreps


class ReducedTensorProducts:
    """The product of one feature for each index, reduced to the part with an index symmetry.

        elastic = ReducedTensorProducts("ijkl=jikl=ijlk=klij", i="1o")    # 2x0e+2x2e+1x4e
        parts = elastic.irreps(tensor)

    `change_of_basis` is [irreps_out.dim, dim of i, dim of j, …], with orthonormal rows. Within an irrep that occurs more than
    once the basis is not e3nn's, which is free to be turned.
    """

    def __init__(self, formula, filter_ir_out=None, filter_ir_mid=None, **irreps):
        if any(len(index) != 1 for index in irreps):
            raise ArgumentError(f"expected irreps of indices of one letter, found {', '.join(irreps)}")
        texts = (ctypes.c_char_p * max(len(irreps), 1))(*[str(Irreps(given)).encode() for given in irreps.values()])
        wanted = [None if given is None else str(Irreps(given)).encode() for given in (filter_ir_out, filter_ir_mid)]
        handle, loaded = ctypes.c_void_p(), library()
        check(loaded.apus_reduced_product_create(
            formula.encode(), len(irreps), "".join(irreps).encode(), texts, *wanted, ctypes.byref(handle)))
        try:
            self.irreps_out = Irreps(loaded.apus_reduced_product_irreps(handle, -1).decode())
            names = []
            while (name := loaded.apus_reduced_product_irreps(handle, len(names))) is not None:
                names.append(name.decode())
            self.irreps_in = [Irreps(name) for name in names]
            self.change_of_basis = numpy.empty((self.irreps_out.dim, *[given.dim for given in self.irreps_in]))
            check(loaded.apus_reduced_product_basis(handle, self.change_of_basis.ctypes.data))
        finally:
            loaded.apus_reduced_product_free(handle)

    def __call__(self, *features):
        """[…, irreps_out.dim]"""
        if len(features) != len(self.irreps_in):
            raise ArgumentError(f"expected {len(self.irreps_in)} features, found {len(features)}")
        given = [doubles(x, "a feature", irreps.dim) for x, irreps in zip(features, self.irreps_in)]
        # From the last index to the first, so that every product is one with a single feature.
        leading = max(x.ndim for x in given) - 1
        found = self.change_of_basis.reshape(*[1] * leading, *self.change_of_basis.shape)
        for x in reversed(given):
            axes = found.ndim - leading - 1
            found = (found * x.reshape(*x.shape[:-1], *[1] * axes, x.shape[-1])).sum(axis=-1)
        return found

    def irreps(self, tensor):
        """The part of Cartesian or other tensors with the symmetry, in irreps."""
        rank = len(self.irreps_in)
        return numpy.tensordot(
            doubles(tensor, "the tensor"), self.change_of_basis, (range(-rank, 0), range(1, rank + 1)))

    def tensor(self, features):
        """The tensors of features [..., irreps_out.dim]."""
        return numpy.tensordot(doubles(features, "features", self.irreps_out.dim), self.change_of_basis, 1)
