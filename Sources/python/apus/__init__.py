"""Apus in Python: energies, forces and stresses of its potentials, a calculator for ASE, and reports on trainings.

    import apus
    potential = apus.load("silicon.safetensors")
    result = potential.compute(numbers, positions, cell)
    atoms.calc = apus.Calculator("silicon.safetensors")

`python -m apus report RUN` writes a report on a training. Units: Å, eV.
"""

from .errors import (
    ArgumentError, ElementError, Error, FileError, LibraryError, NotFiniteError, StructureError, TooCloseWarning)
from .potential import Potential, Result, load

__all__ = [
    "ArgumentError", "Calculator", "ElementError", "Error", "FileError", "LibraryError", "NotFiniteError", "Potential",
    "Result", "StructureError", "TooCloseWarning", "load",
]


def __getattr__(name):
    """The calculator when it is first asked for: ASE takes long to load, and need not be there."""
    if name == "Calculator":
        from .calculator import Calculator

        return Calculator
    if name == "__version__":
        import importlib.metadata

        return importlib.metadata.version("apus")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
