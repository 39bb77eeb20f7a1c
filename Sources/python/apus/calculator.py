"""Potentials as calculators of ASE."""

import os

import numpy

from .errors import ArgumentError
from .potential import Potential

try:
    from ase.calculators.calculator import Calculator as Base
    from ase.calculators.calculator import PropertyNotImplementedError, all_changes
except ModuleNotFoundError as error:
    if error.name.partition(".")[0] != "ase":
        raise
    raise ImportError("apus.Calculator is a calculator of ASE, which is not installed; pip install ase") from None

# xx, yy, zz, yz, xz, xy of nine numbers.
VOIGT = [0, 4, 8, 5, 2, 1]


class Calculator(Base):
    """A potential as a calculator of ASE.

        atoms.calc = apus.Calculator("silicon.safetensors")

    Energies of atoms and the stress come with every calculation; `stresses` are computed when they are asked for. As with
    ASE's own potentials, stresses are there if the cell has a volume, whatever its periodicity, and those of the atoms add
    up to that of the cell.

    A committee also gives `energy_deviation`, `force_deviations` and `member_energies`, in `results` and by
    `get_property`.

    Settings are those of `Potential`; `set` changes them.
    """

    default_parameters = {"precision": None, "threads": None, "skin": 0.5}
    implemented_properties = ["energy", "free_energy", "energies", "forces", "stress", "stresses"]

    def __init__(self, potential, precision=None, threads=None, skin=0.5, **options):
        self.potential = None
        super().__init__(potential=potential, precision=precision, threads=threads, skin=skin, **options)

    def _get_name(self):
        return "apus"

    def set(self, **settings):
        """Changes settings; results that depend on them are forgotten."""
        for name in settings:
            if name not in ("potential", *self.default_parameters):
                raise TypeError(f"expected potential, precision, threads or skin, found {name!r}")
        if "potential" in settings:
            # In full, for copies in other places.
            settings["potential"] = os.path.abspath(os.fspath(settings["potential"]))
        wanted = {**self.parameters, **settings}
        if self.potential is None or wanted != self.parameters:
            self.potential = Potential(wanted["potential"], wanted["precision"], wanted["threads"], wanted["skin"])
            if self.potential.members > 1:
                self.implemented_properties = [
                    *type(self).implemented_properties, "energy_deviation", "force_deviations", "member_energies"]
            else:
                self.implemented_properties = type(self).implemented_properties
            self.reset()
        return super().set(**settings)

    def check_state(self, atoms, tol=0):
        """What has changed since the last calculation, however little; charges and magnetic moments do not matter.

        ASE asks three times a step. Its own comparison, which allows for 10⁻¹⁵, takes eight times as long.
        """
        if self.atoms is None:
            return list(all_changes)
        pairs = {
            "positions": (self.atoms.positions, atoms.positions), "cell": (self.atoms.cell.array, atoms.cell.array),
            "numbers": (self.atoms.numbers, atoms.numbers), "pbc": (self.atoms.pbc, atoms.pbc)}
        return [name for name, (before, now) in pairs.items() if not numpy.array_equal(before, now)]

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        """Fills `results`; everything unless properties are named."""
        if atoms is None and self.atoms is None:
            raise ArgumentError("expected atoms, found None, and there are none of an earlier calculation")
        super().calculate(atoms, properties, system_changes)
        atoms, self.results = self.atoms, {}
        wants_stresses = properties is None or "stresses" in properties
        is_committee = self.potential.members > 1
        found = self.potential.compute(
            atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc, virials=wants_stresses, deviations=is_committee)
        results = self.results
        results["energy"] = results["free_energy"] = found.energy
        results["energies"], results["forces"] = found.energies, found.forces
        if is_committee:
            results["energy_deviation"] = found.energy_deviation
            results["force_deviations"] = found.force_deviations
            results["member_energies"] = found.member_energies
        volume = atoms.cell.volume
        if volume > 0:
            results["stress"] = found.virial.ravel()[VOIGT] / -volume
            if wants_stresses:
                results["stresses"] = found.virials.reshape(-1, 9)[:, VOIGT] / -volume
        elif properties is not None and not {"stress", "stresses"}.isdisjoint(properties):
            raise PropertyNotImplementedError("expected a cell with a volume for a stress; set three cell vectors")
