"""`apus eos`, `apus elastic` and `apus phonons`, beside ASE, phonopy and finite differences with the same potential."""

import json
import subprocess

import numpy
import pytest
from ase import Atoms
from ase.build import bulk
from ase.eos import EquationOfState
from ase.io import read
from ase.optimize import BFGS

from conftest import PROGRAM, SHIPPED, SILICON, run_module, write_exactly

import apus as package

GIGAPASCAL = 160.2176634  # eV/Å³ in GPa


@pytest.fixture
def silicon(apus):
    write_exactly(apus.folder / "si.xyz", bulk("Si", a=5.47))
    return apus


@pytest.fixture(scope="session")
def calculator():
    return package.Calculator(SHIPPED, precision="float64")


def answer(apus, *arguments):
    return json.loads(apus.succeeds(*arguments, "--json"))


def test_the_equation_of_state_is_that_of_ase(silicon, calculator):
    report = answer(silicon, "eos", SHIPPED, "si.xyz")
    volumes = [point["volume_a3_per_atom"] for point in report["points"]]
    energies = []
    for volume in volumes:
        atoms = bulk("Si", a=(8 * volume) ** (1 / 3))
        atoms.calc = calculator
        energies.append(atoms.get_potential_energy() / 2)
    assert energies == pytest.approx([point["energy_ev_per_atom"] for point in report["points"]], abs=1e-9)
    fit = EquationOfState(volumes, energies, eos="birchmurnaghan")
    volume, energy, modulus = fit.fit()
    assert report["volume_a3_per_atom"] == pytest.approx(volume, rel=1e-5)
    assert report["energy_ev_per_atom"] == pytest.approx(energy, abs=1e-6)
    assert report["bulk_modulus_gpa"] == pytest.approx(GIGAPASCAL * modulus, rel=1e-3)
    assert report["bulk_modulus_derivative"] == pytest.approx(fit.eos_parameters[2], rel=1e-2)
    assert volumes[0] == pytest.approx(0.94 * report["volume_a3_per_atom"], rel=0.01)
    # Stresses know the same curve.
    slopes = -numpy.gradient(energies, volumes, edge_order=2) * GIGAPASCAL
    assert slopes[1:-1] == pytest.approx([point["pressure_gpa"] for point in report["points"]][1:-1], abs=0.1)


def test_the_minimum_is_found_from_afar(apus):
    write_exactly(apus.folder / "wide.xyz", bulk("Si", a=5.9))
    write_exactly(apus.folder / "si.xyz", bulk("Si", a=5.47))
    far, near = (answer(apus, "eos", SHIPPED, name) for name in ("wide.xyz", "si.xyz"))
    assert far["volume_a3_per_atom"] == pytest.approx(near["volume_a3_per_atom"], rel=1e-4)


def test_elastic_constants_are_those_of_finite_differences(silicon, calculator):
    report = answer(silicon, "elastic", SHIPPED, "si.xyz")
    relaxed, clamped = numpy.array(report["c_gpa"]), numpy.array(report["c_clamped_gpa"])
    assert report["stable"] is True and report["space_group"] == "Fd-3m (227)"
    assert relaxed == pytest.approx(relaxed.T, abs=1e-9)

    def stress(strain, relax):
        atoms = bulk("Si")
        atoms.set_cell(report["cell"])
        atoms.set_scaled_positions([[0, 0, 0], [0.25] * 3])
        atoms.set_cell(atoms.cell @ (numpy.eye(3) + strain), scale_atoms=True)
        atoms.calc = calculator
        if relax:
            BFGS(atoms, logfile=None).run(fmax=1e-5, steps=100)
        return GIGAPASCAL * atoms.get_stress()

    def derivative(row, column, relax, size=1e-3):
        strain = numpy.zeros((3, 3))
        strain[row, column] += size / 2
        strain[column, row] += size / 2
        return (stress(strain, relax) - stress(-strain, relax)) / (2 * size)

    for row, column, index in (0, 0, 0), (1, 2, 3):
        assert clamped[:, index] == pytest.approx(derivative(row, column, False), abs=0.05)
        assert relaxed[:, index] == pytest.approx(derivative(row, column, True), abs=0.05)
    assert clamped[3, 3] > relaxed[3, 3] + 10
    c11, c12 = relaxed[0, :2]
    assert report["moduli"]["bulk_hill_gpa"] == pytest.approx((c11 + 2 * c12) / 3)


@pytest.mark.parametrize("command", ["eos", "elastic"])
def test_what_is_no_crystal_is_refused(apus, command):
    (apus.folder / "open.xyz").write_text("2\n\nSi 0 0 0\nSi 0 0 2.3\n")
    assert "no cell" in apus.fails(command, SHIPPED, "open.xyz")
    (apus.folder / "other.xyz").write_text('1\nLattice="5 0 0 0 5 0 0 0 5" pbc="T T T"\nGe 0 0 0\n')
    assert "does not know Ge" in apus.fails(command, SHIPPED, "other.xyz")


def test_a_stress_is_warned_of(apus):
    write_exactly(apus.folder / "small.xyz", bulk("Si", a=5.3))
    result = apus("elastic", SHIPPED, "small.xyz", "--no-relax", "--json")
    assert result.returncode == 0 and "GPa, so these are coefficients" in result.stderr


def phonopy_of(folder, symmetrized=False):
    """phonopy with the displacements and forces of a folder, its force constants and frequencies."""
    phonopy = pytest.importorskip("phonopy")
    phonons = phonopy.load(folder / "phonopy_params.yaml", log_level=0, produce_fc=False)
    phonons.produce_force_constants()
    if symmetrized:
        phonons.symmetrize_force_constants(level=3)
    return phonons


def force_constants(path):
    """FORCE_CONSTANTS as [unit atom][supercell atom][3][3]."""
    lines = path.read_text().split("\n")
    rows, columns = map(int, lines[0].split())
    numbers = [[float(x) for x in line.split()] for line in lines[1:] if len(line.split()) == 3]
    return numpy.array(numbers).reshape(rows, columns, 3, 3)


def crystals():
    # Hexagonal diamond, whose axes are no Cartesian ones.
    hexagonal = Atoms(
        "Si4", cell=[3.86, 3.86, 6.32, 90, 90, 120], pbc=True,
        scaled_positions=[[1 / 3, 2 / 3, z] for z in (1 / 16, 7 / 16)] + [[2 / 3, 1 / 3, z] for z in (9 / 16, 15 / 16)])
    strained = bulk("Si", a=5.47)
    strained.set_cell(strained.cell @ (numpy.eye(3) + 0.01 * numpy.arange(9).reshape(3, 3)), scale_atoms=True)
    return {"diamond": (bulk("Si", a=5.47), [3]), "hexagonal": (hexagonal, [2, 2, 1]), "triclinic": (strained, [2])}


@pytest.mark.parametrize("hessian", ["analytic", "differences"])
@pytest.mark.parametrize("kind", ["diamond", "hexagonal", "triclinic"])
def test_force_constants_and_frequencies_are_those_of_phonopy(apus, kind, hessian):
    pytest.importorskip("phonopy")
    atoms, supercell = crystals()[kind]
    write_exactly(apus.folder / "crystal.xyz", atoms)
    q = "0 0 0, 0.5 0 0.5, 0.11 0.23 -0.37"
    result = apus(
        "phonons", SHIPPED, "crystal.xyz", "--supercell", *supercell, "--raw", "--q", q, "-o", "out", "--json",
        "--hessian", hessian)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["hessian"] == hessian
    phonons = phonopy_of(apus.folder / "out")
    ours = force_constants(apus.folder / "out" / "FORCE_CONSTANTS")
    theirs = phonons.force_constants
    if len(theirs) != len(ours):
        theirs = theirs[:: len(theirs) // len(ours)]
    assert abs(ours - theirs).max() < 1e-6
    for point, frequencies in zip(report["q_points"], report["frequencies_thz"]):
        # At Γ small numbers are roots of rounding.
        theirs = phonons.run_qpoints([point]).frequencies[0]
        assert frequencies == pytest.approx(theirs, rel=1e-6, abs=2e-3 if not any(point) else 1e-5)


def test_the_analytic_hessian_is_the_limit_of_differences(silicon, calculator):
    """Central differences of several sizes, extrapolated, by another program; irreducible columns only."""
    # A warning says that the supercell is small.
    text = silicon("phonons", SHIPPED, "si.xyz", "--supercell", 2, "--raw", "-o", "out", "--mesh", 2).stdout
    assert "analytic second derivatives along 1 displacement" in text
    ours = force_constants(silicon.folder / "out" / "FORCE_CONSTANTS")[0]
    unit = bulk("Si", a=5.47)
    atoms = unit.repeat((2, 2, 2))
    # phonopy's order: all copies of the first atom, the first vector fastest.
    places = [
        unit.positions[atom] + numpy.array([i, j, k]) @ unit.cell.array
        for atom in range(2) for k in range(2) for j in range(2) for i in range(2)]
    atoms.positions = places
    atoms.calc = calculator

    def slope(size):
        forces = []
        for sign in 1, -1:
            atoms.positions[0, 0] = places[0][0] + sign * size
            forces.append(atoms.get_forces())
        atoms.positions[0, 0] = places[0][0]
        return (forces[1] - forces[0]) / (2 * size)

    size = 2e-3
    extrapolated = (64 * slope(size / 4) - 20 * slope(size / 2) + slope(size)) / 45
    assert abs(ours[:, 0] - extrapolated).max() < 1e-6 * abs(ours).max()
    assert abs(ours.sum(axis=0)).max() < 1e-9


def test_quasi_harmonic_properties_are_those_of_phonopy(silicon):
    pytest.importorskip("phonopy")
    from phonopy import PhonopyQHA

    result = silicon(
        "qha", SHIPPED, "si.xyz", "--supercell", 2, "--mesh", 6, "--temperatures", "0:800:20", "--points", 7, "--json",
        "-o", "qha.csv")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    samples, temperatures = report["samples"], numpy.arange(0, 801, 20)
    qha = PhonopyQHA(
        volumes=[sample["volume_a3"] for sample in samples], eos="birch_murnaghan", temperatures=temperatures,
        electronic_energies=[sample["energy_ev"] for sample in samples],
        free_energy=numpy.array([sample["free_energies_kj_per_mol"] for sample in samples]).T,
        cv=numpy.array([sample["heat_capacities_v_j_per_k_mol"] for sample in samples]).T,
        entropy=numpy.array([sample["entropies_j_per_k_mol"] for sample in samples]).T, t_max=780)
    points = report["points"][: len(qha.thermal_expansion)]
    column = lambda name: numpy.array([point[name] for point in points])
    count = len(points)
    assert count > 30 and [point["temperature_kelvin"] for point in points] == list(temperatures[:count])
    assert 2 * column("volume_a3_per_atom") == pytest.approx(qha.volume_temperature[:count], rel=1e-6)
    assert 2 * column("gibbs_energy_ev_per_atom") == pytest.approx(qha.gibbs_temperature[:count], abs=1e-6)
    assert column("bulk_modulus_gpa") == pytest.approx(qha.bulk_modulus_temperature[:count], rel=1e-4)
    # Theirs are differences between temperatures 20 K apart.
    assert column("expansion_per_kelvin")[3:] == pytest.approx(qha.thermal_expansion[3:count], abs=3e-7)
    theirs = qha.heat_capacity_P_polyfit[3:count]
    assert column("heat_capacity_p_j_per_k_mol")[3 : 3 + len(theirs)] == pytest.approx(theirs, rel=2e-3, abs=0.05)
    capacities = column("heat_capacity_p_j_per_k_mol") - column("heat_capacity_v_j_per_k_mol")
    assert capacities.min() > -1e-9 and len((silicon.folder / "qha.csv").read_text().splitlines()) == 42


def test_vibrations_of_a_molecule_are_those_of_ase(apus, calculator):
    from ase.vibrations import VibrationsData

    atoms = Atoms("Si5", bulk("Si", cubic=True, a=5.5).positions[[0, 1, 2, 4, 5]])
    write_exactly(apus.folder / "cluster.xyz", atoms)
    report = json.loads(apus.succeeds("vibrations", SHIPPED, "cluster.xyz", "--relax", "--json"))
    assert report["rigid_motions"] == 6 and report["hessian"] == "analytic"
    text = apus.succeeds("relax", SHIPPED, "cluster.xyz", "relaxed.xyz", "--fmax", "1e-5", "--precision", "float64")
    relaxed = read(apus.folder / "relaxed.xyz")
    relaxed.calc = None
    found = json.loads(apus.succeeds("vibrations", SHIPPED, "relaxed.xyz", "--json"))
    assert found["wavenumbers_per_cm"] == pytest.approx(report["wavenumbers_per_cm"], abs=0.5), text
    relaxed.set_masses([28.085] * 5)
    data = VibrationsData.from_2d(relaxed, calculator.get_hessian(relaxed))
    theirs = data.get_frequencies()
    theirs = sorted(numpy.where(abs(theirs.imag) > abs(theirs.real), -theirs.imag, theirs.real), key=abs)[6:]
    assert sorted(found["wavenumbers_per_cm"]) == pytest.approx(sorted(theirs), rel=1e-5, abs=0.05)
    real = [w for w in found["wavenumbers_per_cm"] if w > 0]
    assert found["zero_point_energy_ev"] == pytest.approx(sum(real) * 1.239841984e-4 / 2, rel=1e-6)
    differences = json.loads(apus.succeeds("vibrations", SHIPPED, "relaxed.xyz", "--json", "--hessian", "differences"))
    assert differences["wavenumbers_per_cm"] == pytest.approx(found["wavenumbers_per_cm"], abs=0.01)
    # A linear one has five motions of its whole.
    write_exactly(apus.folder / "pair.xyz", Atoms("Si2", [[0, 0, 0], [1, 1.3, 1.5]]))
    pair = json.loads(apus("vibrations", SHIPPED, "pair.xyz", "--json").stdout)
    assert pair["rigid_motions"] == 5 and len(pair["wavenumbers_per_cm"]) == 1


def test_volumes_that_are_left_are_told(silicon):
    result = silicon(
        "qha", SHIPPED, "si.xyz", "--supercell", 1, "--mesh", 2, "--expand", "1", "--compress", "0.4", "--points", 5,
        "--temperatures", "0:100000:20000", "--json")
    assert result.returncode == 0 and "beyond those that were looked at" in result.stderr
    assert len(json.loads(result.stdout)["points"]) < 6


def test_sums_vanish_and_thermodynamics_are_those_of_phonopy(silicon):
    pytest.importorskip("phonopy")
    result = silicon("phonons", SHIPPED, "si.xyz", "--supercell", 3, "-o", "out", "--json", "--mesh", 8)
    report = json.loads(result.stdout)
    assert "the supercell is 9.5 Å wide" in result.stderr and "twice layers" in result.stderr
    assert max(map(abs, report["frequencies_thz"][0][:3])) < 1e-4
    assert report["displacements"] == 1
    constants = force_constants(silicon.folder / "out" / "FORCE_CONSTANTS")
    assert abs(constants.sum(axis=1)).max() < 1e-10
    phonons = phonopy_of(silicon.folder / "out", symmetrized=True)
    phonons.run_mesh([8, 8, 8])
    phonons.run_thermal_properties(t_min=0, t_max=1000, t_step=50)
    thermal = phonons.thermal_properties
    for name, key, tolerance in [
            ("free_energy", "free_energy_kj_per_mol", 2e-4), ("entropy", "entropy_j_per_k_mol", 2e-3),
            ("heat_capacity", "heat_capacity_j_per_k_mol", 2e-3)]:
        assert [row[key] for row in report["thermodynamics"]] == pytest.approx(getattr(thermal, name), abs=tolerance)
    density = numpy.loadtxt(silicon.folder / "out" / "dos.csv", delimiter=",", skiprows=1)
    assert numpy.trapezoid(density[:, 1], density[:, 0]) == pytest.approx(6, abs=1e-3)
    assert report["path"] == ["Γ–X–W–K–Γ–L–U–W–L–K", "U–X"]
    bands = (silicon.folder / "out" / "bands.csv").read_text().split("\n")
    assert sum("X" in line for line in bands) == 2


def test_a_cell_of_several_primitive_cells_has_the_same_vibrations(silicon):
    """X of the primitive cell is Γ of the cubic one."""
    write_exactly(silicon.folder / "cubic.xyz", bulk("Si", cubic=True, a=5.47))
    options = ["--json", "--mesh", "2"]
    cubic = json.loads(silicon("phonons", SHIPPED, "cubic.xyz", "--supercell", 2, *options).stdout)
    # The same supercell lattice: the primitive one of 2 × 2 × 2 cubic cells is 4 × 4 × 4 over itself.
    primitive = json.loads(silicon("phonons", SHIPPED, "si.xyz", "--supercell", 4, "--q", "0 0 0, 0.5 0 0.5", *options).stdout)
    assert "the cell holds 4 primitive ones" in cubic["notes"][0] and primitive["notes"] == []
    assert cubic["frequencies_thz"][0][-1] == pytest.approx(primitive["frequencies_thz"][0][-1], abs=0.05)
    assert min(abs(numpy.array(cubic["frequencies_thz"][0]) - primitive["frequencies_thz"][1][-1])) < 0.2


@pytest.mark.parametrize("options, words", [
    (["--q", "0 0"], "three numbers"), (["--supercell", "0"], "--supercell"), (["--supercell", "2", "2"], "or three"),
    (["--temperatures", "0:x:1"], "FROM:TO:STEP")])
def test_a_wrong_option_of_phonons_is_told(silicon, options, words):
    assert words in silicon.fails("phonons", SHIPPED, "si.xyz", *options)


def test_a_picture_of_bands_and_states(silicon):
    silicon("phonons", SHIPPED, "si.xyz", "--supercell", 2, "-o", "out", "--mesh", 4)
    assert run_module(silicon.folder, "phonons", "out").returncode == 0
    assert "<svg" in (silicon.folder / "out" / "phonons.svg").read_text()


def test_the_example_runs(tmp_path):
    script = SILICON / "properties.sh"
    result = subprocess.run(
        [script, PROGRAM, SHIPPED, tmp_path], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stderr
    assert "stable: all eigenvalues are positive" in result.stdout
    assert (tmp_path / "phonons" / "bands.csv").exists() and (tmp_path / "relaxed.xyz").exists()
