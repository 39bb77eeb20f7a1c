"""Potentials as calculators of ASE."""

import os

import numpy

from .errors import ArgumentError
from .potential import OF_ENERGY_SURFACE, Potential

try:
    from ase.calculators.calculator import Calculator as Base
    from ase.calculators.calculator import PropertyNotImplementedError, all_changes
except ModuleNotFoundError as error:
    if error.name.partition(".")[0] != "ase":
        raise
    raise ImportError("apus.Calculator is a calculator of ASE, which is not installed; pip install ase") from None

# xx, yy, zz, yz, xz, xy of nine numbers.
VOIGT = [0, 4, 8, 5, 2, 1]


def _charge(atoms):
    """The charge of the structure, e."""
    return atoms.info.get("charge", 0)


class Calculator(Base):
    """A potential as a calculator of ASE.

        atoms.calc = apus.Calculator("silicon.safetensors")

    Energies of atoms and the stress come with every calculation; `stresses` are computed when they are asked for. As with
    ASE's own potentials, stresses are there if the cell has a volume, whatever its periodicity, and those of the atoms add
    up to that of the cell.

    A committee also gives `energy_deviation`, `force_deviations` and `member_energies`, in `results` and by
    `get_property`.

    Other properties that the potential predicts are there too: `atoms.get_dipole_moment()` and `atoms.get_charges()`, all
    by `calc.get_property(name)`. Dipoles are in e·Å, of molecules alone: ASE's error for what is not there comes for a
    structure that repeats. `atoms.info["charge"]` is the charge of the structure; the dipole of an ion is about the mean of
    the positions.

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
            self.implemented_properties = [
                *(type(self).implemented_properties if self._has_energy else []), *self._others]
            if self.potential.members > 1 and self._has_energy:
                self.implemented_properties += ["energy_deviation", "force_deviations", "member_energies"]
            self.reset()
        return super().set(**settings)

    @property
    def _has_energy(self):
        return "energy" in self.potential.properties

    @property
    def _others(self):
        """What it predicts beside energies and their derivatives."""
        return [name for name in self.potential.properties if name not in OF_ENERGY_SURFACE]

    def get_hessian(self, atoms=None):
        """The second derivatives of the energy, [3 atoms][3 atoms] in eV/Å², by the potential's own derivatives.

        As `ase.vibrations.VibrationsData.from_2d` takes it. Use precision="float64".
        """
        atoms = self.atoms if atoms is None else atoms
        if atoms is None:
            raise ArgumentError("expected atoms, found None, and there are none of an earlier calculation")
        size = 3 * len(atoms)
        found = self.potential.hessian(atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc)
        return found.reshape(size, size)

    def check_state(self, atoms, tol=0):
        """What has changed since the last calculation, however little; charges and magnetic moments do not matter.

        ASE asks three times a step. Its own comparison, which allows for 10⁻¹⁵, takes eight times as long.
        """
        if self.atoms is None:
            return list(all_changes)
        pairs = {
            "positions": (self.atoms.positions, atoms.positions), "cell": (self.atoms.cell.array, atoms.cell.array),
            "numbers": (self.atoms.numbers, atoms.numbers), "pbc": (self.atoms.pbc, atoms.pbc)}
        changes = [name for name, (before, now) in pairs.items() if not numpy.array_equal(before, now)]
        if self._others and _charge(self.atoms) != _charge(atoms):
            changes.append("initial_charges")
        return changes

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        """Fills `results`; everything unless properties are named."""
        if atoms is None and self.atoms is None:
            raise ArgumentError("expected atoms, found None, and there are none of an earlier calculation")
        super().calculate(atoms, properties, system_changes)
        atoms, self.results = self.atoms, {}
        wants_stresses = properties is None or "stresses" in properties
        is_committee = self.potential.members > 1
        others = [name for name in self._others if not (name == "dipole" and atoms.pbc.any())]
        if properties is not None and "dipole" in properties and "dipole" in self._others and "dipole" not in others:
            raise PropertyNotImplementedError(
                "expected a molecule for a dipole: a structure that repeats has none, only a polarisation modulo e × "
                "lattice vectors; set atoms.pbc = False for a molecule in a box")
        found = self.potential.compute(
            atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc, virials=wants_stresses, deviations=is_committee,
            properties=others, charge=_charge(atoms) if others else 0) if self._has_energy or others else None
        results = self.results
        if found is not None:
            results.update(found.properties)
        if not self._has_energy:
            return
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
