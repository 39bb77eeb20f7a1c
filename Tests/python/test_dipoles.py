"""Dipoles and charges from training to ASE, and what a potential without energies is refused by."""

import json
import math

import numpy
import pytest

from conftest import Program, run_module

apus = pytest.importorskip("apus")
ase = pytest.importorskip("ase")
import ase.io  # noqa: E402
from ase.calculators.calculator import PropertyNotImplementedError  # noqa: E402
from ase.calculators.singlepoint import SinglePointCalculator  # noqa: E402


def molecule(index, charge=0, **labels):
    """Bent H₂C with charges ± 0.4 exp(−r / Å) on both ends of each bond, shaken; its dipole is Σ q r."""
    random = numpy.random.default_rng(index)
    positions = numpy.array([[0, 0, 0], [0.9, 0.6, 0], [-0.9, 0.6, 0]]) + 0.12 * random.normal(size=(3, 3))
    charges = numpy.zeros(3)
    for hydrogen in (1, 2):
        share = 0.4 * math.exp(-numpy.linalg.norm(positions[hydrogen] - positions[0]))
        charges[hydrogen] += share
        charges[0] -= share
    charges += charge / 3
    atoms = ase.Atoms("CH2", positions)
    dipole = charges @ (positions - positions.mean(axis=0))
    if charge:
        atoms.info["charge"] = charge
        atoms.info["dipole_origin"] = positions.mean(axis=0)
    # As the calculators of ASE leave them.
    atoms.calc = SinglePointCalculator(atoms, dipole=dipole, charges=charges, **labels)
    return atoms


TRAINING = """
data: {train: data.xyz, validation: 12, keys: {charges: charge}}   # as ASE calls that column
model: {r_max: 4.0, num_layers: 2, l_max: 1, num_features: 8}
training:
  max_epochs: 40
  loss: {energy: 0, forces: 0, dipole: 1, charges: 1}
  optimizer: {learning_rate: 0.02}
  ema_decay: 0.98
output: run
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a potential of dipoles and charges alone."""
    folder = tmp_path_factory.mktemp("dipole")
    ase.io.write(folder / "data.xyz", [molecule(index, int(index % 4 == 0)) for index in range(60)])
    (folder / "train.yaml").write_text(TRAINING)
    text = Program(folder).succeeds("train", "train.yaml")
    assert "dipole" in text and "charges" in text
    return folder


def test_errors_are_those_of_the_predictions(trained):
    report = json.loads(Program(trained).succeeds(
        "evaluate", "run/potential.safetensors", "data.xyz", "--predictions", "predictions.xyz", "--overwrite", "--json"))
    errors = report["errors"]["dipole"]
    assert errors["unit"] == "e·Å" and errors["count"] == 3 * 60
    assert report["energy_mae_mev_per_atom"] is None
    frames = ase.io.read(trained / "predictions.xyz", ":")
    labels = [molecule(index, int(index % 4 == 0)) for index in range(60)]
    found = numpy.array([frame.get_dipole_moment() for frame in frames])
    difference = found - numpy.array([label.get_dipole_moment() for label in labels])
    assert errors["rmse"] == pytest.approx(math.sqrt((difference**2).mean()), rel=1e-5)
    assert errors["mae"] == pytest.approx(abs(difference).mean(), rel=1e-5)
    assert errors["rmse"] < 0.25 * numpy.std([label.get_dipole_moment() for label in labels])
    assert report["dipole_rmse_e_angstrom"] == errors["rmse"]
    # The labels stand beside.
    assert numpy.allclose(frames[3].info["REF_dipole"], labels[3].get_dipole_moment(), atol=1e-7)


def test_ase_has_the_predictions_of_the_command(trained):
    frames = ase.io.read(trained / "predictions.xyz", ":")
    for index in (0, 1):
        atoms = molecule(index, int(index % 4 == 0))
        atoms.calc = apus.Calculator(trained / "run" / "potential.safetensors")
        dipole, charges = atoms.get_dipole_moment(), atoms.get_charges()
        assert dipole == pytest.approx(frames[index].get_dipole_moment(), abs=1e-5)
        assert charges.sum() == pytest.approx(1 if index % 4 == 0 else 0, abs=1e-6)
        # About the centroid: the charges say the same and the rest is of atomic dipoles.
        with pytest.raises(PropertyNotImplementedError):
            atoms.get_potential_energy()
    with pytest.raises(PropertyNotImplementedError, match="polarisation"):
        atoms.set_cell([9, 9, 9])
        atoms.pbc = True
        atoms.get_dipole_moment()
    assert atoms.get_charges().shape == (3,)


def test_the_python_module_gives_properties_by_name(trained):
    potential = apus.load(trained / "run" / "potential.safetensors")
    assert potential.properties == ("dipole", "charges")
    atoms = molecule(3)
    result = potential.compute(atoms.numbers, atoms.positions, properties=["dipole", "charges"])
    assert result.energy is None and result.properties["dipole"].shape == (3,)
    assert result.properties["charges"].shape == (3,)
    turned = atoms.copy()
    turned.rotate(50, (1, 2, 3))
    again = potential.compute(turned.numbers, turned.positions, properties="dipole")
    other = ase.Atoms("X", [result.properties["dipole"]])
    other.rotate(50, (1, 2, 3))
    assert again.properties["dipole"] == pytest.approx(other.positions[0], abs=1e-5)
    for wrong in ("dipol", "energy"):
        with pytest.raises(apus.ArgumentError, match="expected properties among dipole, charges"):
            potential.compute(atoms.numbers, atoms.positions, properties=[wrong])
    with pytest.raises(apus.ArgumentError, match="no energies or forces"):
        potential.compute(atoms.numbers, atoms.positions)
    with pytest.raises(apus.StructureError, match="expected a molecule for dipole"):
        potential.compute(atoms.numbers, atoms.positions, 9 * numpy.eye(3), properties=["dipole"])


def test_a_potential_without_energies_is_refused_by_name(trained):
    apus_ = Program(trained)
    (trained / "md.yaml").write_text(
        "potential: run/potential.safetensors\nstructure: data.xyz\nensemble: {name: nve, temperature: 300 K}\n"
        "timestep: 1 fs\nsteps: 5\n")
    for arguments in (["md", "md.yaml"], ["serve", "run/potential.safetensors", "data.xyz", "--socket", "unix:nobody"],
                      ["benchmark", "run/potential.safetensors", "data.xyz"]):
        result = apus_(*arguments)
        assert result.returncode == 1, arguments
        assert "predicts dipole, charges, and no energies or forces" in result.stderr, result.stderr
        assert "run/potential.safetensors" in result.stderr


def test_lammps_refuses_it_too(trained, lammps):
    message = lammps.fails(f"""
units metal
boundary p p p
region box block 0 9 0 9 0 9
create_box 2 box
create_atoms 1 single 1 1 1
mass * 12
pair_style apus
pair_coeff * * {trained}/run/potential.safetensors C H
run 0
""")
    assert "predicts dipole, charges, and no energies or forces, which pair_style apus needs" in message


def test_a_dipole_beside_energies_resumes_and_runs(trained, tmp_path):
    """Energies go their way: molecular dynamics runs, and a resumed training has the bits of an unbroken one."""
    frames = []
    for index in range(30):
        frames.append(molecule(index, energy=-10 + 0.1 * index))
    ase.io.write(tmp_path / "data.xyz", frames)
    text = TRAINING.replace("energy: 0, forces: 0, dipole: 1, charges: 1", "energy: 1, forces: 0, dipole: 1")
    text = text.replace("num_features: 8", "num_features: 8, per_type_energy_shifts: {C: -8, H: -1}")
    (tmp_path / "train.yaml").write_text(text.replace("max_epochs: 40", "max_epochs: 6"))
    apus_ = Program(tmp_path)
    apus_.succeeds("train", "train.yaml", "--set", "training.max_epochs=3", "--set", "output=part")
    apus_.succeeds("train", "train.yaml", "--set", "output=part", "--resume")
    apus_.succeeds("train", "train.yaml")
    rows = [(tmp_path / run / "metrics.csv").read_text().splitlines()[-1].split(",") for run in ("run", "part")]
    assert rows[0][3:] == rows[1][3:]
    header = (tmp_path / "run" / "metrics.csv").read_text().splitlines()[0]
    assert "dipole_mae_e_angstrom,dipole_rmse_e_angstrom" in header
    (tmp_path / "md.yaml").write_text(
        "potential: run/potential.safetensors\nstructure: data.xyz\nensemble: {name: nve, temperature: 10 K}\n"
        "timestep: 0.1 fs\nsteps: 3\n")
    apus_.succeeds("md", "md.yaml")
    information = json.loads(apus_.succeeds("info", "run/potential.safetensors", "--json"))
    assert information["predicts"] == ["energy", "forces", "stress", "dipole"]


def test_a_report_shows_the_training(trained):
    result = run_module(trained, "report", "run")
    assert result.returncode == 0, result.stderr


def test_a_committee_predicts_the_mean(trained, tmp_path):
    (tmp_path / "data.xyz").write_text((trained / "data.xyz").read_text())
    (tmp_path / "train.yaml").write_text(TRAINING.replace(": 40", ": 3") + "committee: {members: 2}\n")
    Program(tmp_path).succeeds("train", "train.yaml")
    atoms, found = molecule(2), []
    for name in ("run", "run/member-1", "run/member-2"):
        potential = apus.load(tmp_path / name / "potential.safetensors", precision="float64")
        found.append(potential.compute(atoms.numbers, atoms.positions, properties="dipole").properties["dipole"])
    assert found[0] == pytest.approx((found[1] + found[2]) / 2, abs=1e-12)
    assert abs(found[1] - found[2]).max() > 1e-6


def test_errors_without_an_origin_are_not_told(trained, tmp_path):
    frames = [molecule(index, charge=index % 2) for index in range(4)]
    for atoms in frames:
        atoms.info.pop("dipole_origin", None)
    ase.io.write(tmp_path / "data.xyz", frames)
    result = Program(tmp_path)("evaluate", trained / "run" / "potential.safetensors", "data.xyz", "--json")
    assert json.loads(result.stdout)["errors"]["dipole"]["count"] == 3 * 2
    assert "2 dipoles not compared" in result.stderr and "dipole_origin" in result.stderr


def test_check_data_knows_dipoles_without_meaning(tmp_path):
    frames = [molecule(index, charge=1) for index in range(8)]
    for atoms in frames:
        del atoms.info["dipole_origin"]
    frames[5].calc.results["charges"] = numpy.array([0.5, 0.5, 0.5])
    ase.io.write(tmp_path / "data.xyz", frames)
    report = json.loads(Program(tmp_path)("check-data", "data.xyz", "--key", "charges=charge", "--json").stdout)
    messages = {finding["check"]: finding["message"] for finding in report["findings"]}
    assert "dipole_origin" in messages["dipole"]
    assert "do not add up" in messages["charges"]
    assert report["files"][0]["labels"]["dipole"] == 8


def test_keys_are_named(trained, tmp_path):
    text = (trained / "data.xyz").read_text().replace("dipole=", "mu=").replace(":charge:", ":q:")
    (tmp_path / "data.xyz").write_text(text)
    (tmp_path / "train.yaml").write_text(
        TRAINING.replace("{charges: charge}", "{dipole: mu, charges: q}").replace(": 40", ": 1"))
    apus_ = Program(tmp_path)
    apus_.succeeds("train", "train.yaml")
    # As the training called them.
    assert json.loads(apus_.succeeds("evaluate", "run/potential.safetensors", "data.xyz", "--json"))["errors"]["dipole"]
    found = json.loads(apus_.succeeds("info", "data.xyz", "--key", "dipole=mu", "--json"))
    assert found["labels"]["dipole"] == 60
    result = apus_("info", "data.xyz", "--key", "dipol=mu")
    assert result.returncode != 0 and "PROPERTY=NAME" in result.stderr
    (tmp_path / "plain.yaml").write_text(TRAINING)
    result = apus_("train", "plain.yaml", "--overwrite")
    assert result.returncode == 1 and "expected dipole in at least one" in result.stderr


def spring(index):
    """A molecule as above whose bonds are springs of 20 eV/Å² about 1.1 Å, and 5 about 1.8 Å between the ends."""
    atoms = molecule(index)
    energy, forces = 0.0, numpy.zeros((3, 3))
    for a, b, length, constant in ((0, 1, 1.1, 20), (0, 2, 1.1, 20), (1, 2, 1.8, 5)):
        d = atoms.positions[a] - atoms.positions[b]
        r = numpy.linalg.norm(d)
        energy += 0.5 * constant * (r - length) ** 2
        forces[a] -= constant * (r - length) * d / r
        forces[b] += constant * (r - length) * d / r
    atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces, **atoms.calc.results)
    return atoms


def test_dipoles_along_a_trajectory(tmp_path):
    """Frames have the predictions at their positions, others have none; the spectrum is made of them."""
    ase.io.write(tmp_path / "data.xyz", [spring(index) for index in range(60)])
    (tmp_path / "train.yaml").write_text(TRAINING.replace("energy: 0, forces: 0", "energy: 1, forces: 1").replace(
        "num_features: 8", "num_features: 8, per_type_energy_shifts: {C: 0, H: 0}"))
    program = Program(tmp_path)
    program.succeeds("train", "train.yaml")
    (tmp_path / "md.yaml").write_text("""
potential: run/potential.safetensors
structure: data.xyz
ensemble: {name: nve}
velocities: {temperature: 50 K}
timestep: 0.5 fs
steps: 160
thermo: {every: 1, file: thermo.csv}
trajectory: {every: 2, file: run.nc, precision: double, properties: true}
""")
    program.succeeds("md", "md.yaml")
    netCDF4 = pytest.importorskip("netCDF4")
    with netCDF4.Dataset(tmp_path / "run.nc") as file:
        assert file["dipole"].units == "e*angstrom" and file["dipole"].shape == (81, 3)
        dipoles, charges = (numpy.array(file[name][:]) for name in ("dipole", "charges"))
        positions = numpy.array(file["coordinates"][:])
    calculator = apus.Calculator(tmp_path / "run" / "potential.safetensors")
    for k in (0, 1, 40, 80):
        atoms = ase.Atoms("CH2", positions[k], calculator=calculator)
        assert dipoles[k] == pytest.approx(atoms.get_dipole_moment(), abs=1e-9)
        assert charges[k] == pytest.approx(atoms.get_charges(), abs=1e-9)
    # Without properties nothing else changes, nor where frames are text.
    program.succeeds(
        "md", "md.yaml", "--set", "trajectory={every: 4, file: text.xyz, properties: dipole}", "--set",
        "thermo.file=again.csv")
    assert (tmp_path / "again.csv").read_text() == (tmp_path / "thermo.csv").read_text()
    frames = ase.io.read(tmp_path / "text.xyz", ":")
    assert [len(frames), "charges" in frames[0].arrays] == [41, False]
    assert frames[20].get_dipole_moment() == pytest.approx(dipoles[40], abs=1e-6)
    # The spectrum, once more by NumPy: of all three components, from one piece of the whole run.
    report = json.loads(program.succeeds("analyze", "run.nc", "--ir", "--max-lag", "0.08", "-o", "ir", "--json"))
    rates = numpy.diff(dipoles, axis=0)
    size = 80
    window = 0.5 - 0.5 * numpy.cos(2 * numpy.pi * (numpy.arange(size) + 0.5) / size)
    power = (abs(numpy.fft.rfft(rates[:size] * window[:, None], axis=0)) ** 2).sum(axis=1)
    lost = numpy.sinc(numpy.arange(size // 2 + 1) / size)
    power[1:-1] *= 2
    wavenumbers = numpy.arange(size // 2 + 1) / (size * 1e-15 * 2.99792458e10)
    temperature = report["averages"]["temperature_kelvin"]["mean"]
    expected = 101039 * power / lost**2 / (window @ window * size * wavenumbers[1] * 8.617333e-5 * temperature)
    found = numpy.loadtxt(tmp_path / "ir" / "infrared.csv", delimiter=",", skiprows=1, usecols=(0, 1))
    assert report["infrared"]["pieces"] == 1
    assert found[:, 0] == pytest.approx(wavenumbers, rel=1e-6)
    assert found[:, 1] == pytest.approx(expected, rel=2e-4, abs=1e-6 * expected.max())
    # What cannot be.
    assert "no atomic_dipoles" in program.fails(
        "md", "md.yaml", "--overwrite", "--set", "trajectory.properties=[atomic_dipoles]")
    assert "dcd holds no properties" in program.fails(
        "md", "md.yaml", "--overwrite", "--set", "trajectory.file=run.dcd", "--set", "trajectory.precision=")
    boxed = ase.io.read(tmp_path / "data.xyz", 0)
    boxed.set_cell([9, 9, 9])
    boxed.pbc = True
    boxed.calc = None
    ase.io.write(tmp_path / "box.xyz", boxed)
    assert "a crystal has no dipole" in program.fails(
        "md", "md.yaml", "--overwrite", "--set", "structure=box.xyz", "--set", "trajectory.properties=dipole")
