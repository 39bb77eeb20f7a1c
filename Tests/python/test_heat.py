"""Heat fluxes in `apus md`, and thermal conductivities from them."""

import json
import subprocess

import numpy
import pytest
from ase.build import bulk

from conftest import PROGRAM, SHIPPED, SILICON, write_exactly

SETTINGS = """
potential: {potential}
structure: start.xyz
timestep: 1 fs
steps: {steps}
ensemble: {{name: nve}}
velocities: {{temperature: 600 K}}
seed: 3
report_every: 10
heat_flux: {{every: {every}, file: heat.csv}}
"""


def table(path):
    with open(path) as file:
        names = file.readline().strip().split(",")
        return dict(zip(names, numpy.atleast_2d(numpy.genfromtxt(file, delimiter=",")).T))


def fluxes(path):
    columns = table(path)
    return numpy.stack([columns[f"heat_flux_{axis}/(eV*A/fs)"] for axis in "xyz"], axis=1)


@pytest.fixture
def crystal(apus):
    def write(repeat):
        atoms = bulk("Si", cubic=True, a=5.47).repeat(repeat)
        write_exactly(apus.folder / "start.xyz", atoms)

    def run(steps, every, *options, potential=SHIPPED):
        text = SETTINGS.format(potential=potential, steps=steps, every=every)
        (apus.folder / "md.yaml").write_text(text)
        return apus("md", "md.yaml", *options)

    write((1, 1, 1))
    apus.run = run
    return apus


def test_a_table_of_heat_fluxes(crystal):
    result = crystal.run(20, 5)
    assert result.returncode == 0, result.stderr
    columns = table(crystal.folder / "heat.csv")
    assert list(columns["step"]) == [0, 5, 10, 15, 20]
    assert columns["volume/A^3"] == pytest.approx(5.47**3)
    assert abs(fluxes(crystal.folder / "heat.csv")).max() > 1e-4
    # It goes on where it has ended, to the bit.
    whole = (crystal.folder / "heat.csv").read_text()
    (crystal.folder / "heat.csv").unlink()
    assert crystal.run(10, 5, "--overwrite").returncode == 0
    result = crystal.run(20, 5, "--resume")
    assert result.returncode == 0, result.stderr
    assert (crystal.folder / "heat.csv").read_text() == whole


def test_the_integral_of_the_flux_is_what_the_energies_have_moved(apus):
    """In an open cluster J is the change of Σ r_i e_i, so its integral over a run is the difference of the ends."""
    import ase
    from ase import units

    import apus as package

    atoms = bulk("Si", cubic=True, a=5.5)
    generator = numpy.random.default_rng(2)
    atoms = ase.Atoms("Si8", atoms.positions + 0.1 * generator.normal(size=(8, 3)))
    write_exactly(apus.folder / "start.xyz", atoms)
    text = SETTINGS.format(potential=SHIPPED, steps=40, every=1).replace("1 fs", "0.25 fs")
    text += "precision: float64\ntrajectory: {every: 40, file: run.xyz, velocities: true}\nguards: {minimum_distance: false}\n"
    (apus.folder / "md.yaml").write_text(text)
    result = apus("md", "md.yaml")
    assert result.returncode == 0, result.stderr
    columns = table(apus.folder / "heat.csv")
    flux = numpy.stack([columns[f"heat_flux_{axis}/(eV*A/fs)"] for axis in "xyz"], axis=1)
    # Simpson's rule.
    weights = numpy.array([1] + [4, 2] * 19 + [4, 1]) * 0.25 / 3
    integral = weights @ flux
    calculator = package.Calculator(SHIPPED, precision="float64")

    def moment(frame):
        frame.calc = calculator
        velocities = frame.arrays.get("velocities")
        velocities = frame.get_velocities() * units.fs if velocities is None else velocities
        # eV: amu (Å/fs)² are 103.6427 of them.
        kinetic = 0.5 * frame.get_masses() * (velocities**2).sum(axis=1) / 9.648533212331e-3
        return (frame.get_potential_energies() + kinetic) @ frame.positions

    first, last = ase.io.read(apus.folder / "run.xyz", ":")
    moved = moment(last) - moment(first)
    assert abs(moved).max() > 1e-3
    assert integral == pytest.approx(moved, abs=2e-3 * abs(moved).max())


def test_a_conductivity_with_its_error(crystal):
    """Stillinger and Weber's silicon, a short run: the number is rough, and says so."""
    potential = "{stillinger-weber: {}}"
    write_exactly(crystal.folder / "start.xyz", bulk("Si", cubic=True, a=5.431).repeat(2))
    result = crystal.run(6000, 4, potential=potential)
    assert result.returncode == 0, result.stderr
    result = crystal("analyze", "heat.csv", "--green-kubo", "-o", "out", "--first", 200, "--json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report == json.loads((crystal.folder / "out" / "green_kubo.json").read_text())
    assert report["interval_fs"] == pytest.approx(4) and 200 < report["temperature_kelvin"] < 400
    assert report["conductivity_w_per_m_k"] > 0 and report["error_w_per_m_k"] > 0
    integral = table(crystal.folder / "out" / "conductivity.csv")
    # The integral by another way: correlations of the table itself.
    flux = fluxes(crystal.folder / "heat.csv")[199:]
    n, lags = len(flux), len(integral["time/ps"]) - 1
    blocks = max(1, min(20, n // (4 * lags)))
    pieces = [flux[k * n // blocks : (k + 1) * n // blocks] for k in range(blocks)]
    correlation = numpy.mean([
        [(piece[: len(piece) - lag] * piece[lag:]).sum(axis=1).mean() / 3 for lag in range(lags + 1)] for piece in pieces],
        axis=0)
    assert integral["correlation/(eV^2*A^2/fs^2)"] == pytest.approx(correlation, rel=1e-6, abs=1e-9 * correlation[0])
    kelvin, volume = report["temperature_kelvin"], report["volume_a3"]
    factor = 1.602176634e6 / (volume * 8.617333262e-5 * kelvin**2)
    kappa = factor * 4 * numpy.concatenate([[0], numpy.cumsum(0.5 * (correlation[1:] + correlation[:-1]))])
    assert integral["conductivity/(W/m/K)"] == pytest.approx(kappa, rel=1e-6, abs=1e-6)
    assert "expected a table of heat fluxes" in crystal.fails("analyze", "md.yaml", "--green-kubo", "-o", "other")
    assert "others need a trajectory" in crystal.fails("analyze", "heat.csv", "--green-kubo", "--rdf", "-o", "other")


def test_driven_heat_flows_along_the_field(crystal):
    """Stillinger and Weber's silicon at 1000 K, driven from states in equilibrium.

    The flux of a run scatters by ten times of what a field adds to it within half a picosecond. Two runs from one state
    under opposite fields have the same scatter until they part, so that half their difference is the response alone,
    <J(t)> = (E/kT) ∫₀ᵗ <J(0) J(s)> ds (Green and Kubo), and half their sum is a run without a field.
    """
    atoms = bulk("Si", cubic=True, a=5.431).repeat(2)
    write_exactly(crystal.folder / "start.xyz", atoms)
    warm = SETTINGS[:SETTINGS.index("heat_flux")].format(potential="{stillinger-weber: {}}", steps=600).replace(
        "{name: nve}", "{name: langevin, temperature: 1000 K, friction: 10 / ps}").replace("600 K", "2000 K")
    warm += "trajectory: {every: 600, file: warm.xyz, velocities: true}\ncheckpoint: false\n"
    driven = SETTINGS.format(potential="{stillinger-weber: {}}", steps=400, every=4).replace(
        "{name: nve}", "{name: nose-hoover, temperature: 1000 K, time: 100 fs}").replace(
        "start.xyz", "warm.xyz\nframe: -1").replace("velocities: {temperature: 600 K}\n", "")

    def flux(field):
        text = f"{driven}checkpoint: false\nheat_driving: [0, 0, {field}]\n"
        (crystal.folder / "driven.yaml").write_text(text)
        crystal.succeeds("md", "driven.yaml", "--overwrite")
        return fluxes(crystal.folder / "heat.csv")

    responses, runs = [], []
    for seed in 1, 2, 3, 4:
        (crystal.folder / "warm.yaml").write_text(warm.replace("seed: 3", f"seed: {seed}"))
        crystal.succeeds("md", "warm.yaml", "--overwrite")
        ahead, back = flux(1e-2), flux(-1e-2)
        responses.append((ahead - back) / 2e-2)
        runs.append((ahead + back) / 2)
    responses, runs = numpy.array(responses), numpy.array(runs)

    # Along the field, and not across it.
    mean = responses.mean(axis=(0, 1))
    error = responses.mean(axis=1).std(axis=0, ddof=1) / 2
    assert mean[2] > 10 * error[2] and mean[2] > 5 * abs(mean[:2]).max()
    # As much as the fluctuations say, up to 40 fs, where four runs know them to a fifth.
    points = runs.shape[1]
    correlations = numpy.array([
        [(run[: points - lag] * run[lag:]).sum(axis=1).mean() / 3 for lag in range(11)] for run in runs])
    areas = 4 * numpy.cumsum(0.5 * (correlations[:, 1:] + correlations[:, :-1]), axis=1) / (8.617333262e-5 * 1000)
    for lag in 2, 5, 10:
        found, expected = responses[:, lag, 2], areas[:, lag - 1]
        error = numpy.hypot(found.std(ddof=1), expected.std(ddof=1)) / 2
        assert error < 0.3 * expected.mean() and abs(found.mean() - expected.mean()) < 4 * error, lag
    # In proportion to the field: what is left are its third powers.
    weak = (flux(1e-3) - flux(-1e-3)) / 2e-3
    assert weak == pytest.approx(responses[-1], abs=0.02 * abs(responses[-1]).max())

    # The last run as `apus analyze` has it.
    report = json.loads(crystal.succeeds("analyze", "heat.csv", "--driven", "0 0 -1e-3", "--json"))
    columns = {name: values.mean() for name, values in table(crystal.folder / "heat.csv").items()}
    kappa = 1.602176634e6 * columns["heat_flux_z/(eV*A/fs)"] / (
        columns["temperature/K"] * columns["volume/A^3"] * -1e-3)
    assert report["conductivity_w_per_m_k"] == pytest.approx(kappa, rel=1e-9) and report["error_w_per_m_k"] > 0


def test_a_potential_that_does_not_know_how_energy_flows_is_told(crystal):
    write_exactly(crystal.folder / "start.xyz", bulk("NaCl", "rocksalt", a=5.64, cubic=True))
    result = crystal.run(10, 5, potential="{coulomb: {charges: {Na: 1, Cl: -1}, cutoff: 6 Å}}")
    assert result.returncode != 0
    assert "heat_flux: expected a potential that knows how energy flows" in result.stderr


def test_the_example_runs(tmp_path):
    result = subprocess.run(
        [SILICON / "conductivity.sh", PROGRAM, "1000", tmp_path], capture_output=True, text=True, timeout=300,
        stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("thermal conductivity") == 3
    assert (tmp_path / "green-kubo" / "conductivity.csv").exists()
