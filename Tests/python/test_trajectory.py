"""Trajectories written by Apus, opened with the programs that people use.

`trajectories` in the folder APUS_SAMPLES holds, for every kind of cell, NAME-single.nc, NAME-double.nc, NAME.xyz, NAME.pdb
and NAME.json (the program's own numbers in Å, Å/fs, eV/Å and fs), written by the Swift test PythonSamples.
"""

import json
import os
import pathlib

import numpy
import pytest

FOLDER = pathlib.Path(os.environ.get("APUS_SAMPLES", ".")) / "trajectories"
CELLS = ["cubic", "triclinic", "left-handed", "slab", "open"]
PRECISIONS = {"single": 2.0**-22, "double": 2.0**-48}
KILOCALORIE = 23.060547830619  # eV in kcal/mol

pytestmark = pytest.mark.usefixtures("samples")
cases = pytest.mark.parametrize("precision", PRECISIONS)
cells = pytest.mark.parametrize("name", CELLS)


class Reference:
    """One frame of the JSON, in the orientation that the file must have."""

    def __init__(self, frame):
        self.numbers = numpy.array(frame["numbers"])
        self.time = frame["time"] * 1e-3
        self.energy = frame["potentialEnergy"]
        self.temperature = frame["temperature"]
        rotation = numpy.eye(3)
        self.cell = None
        if frame["cell"]:
            cell = numpy.array(frame["cell"])
            if numpy.linalg.det(cell) < 0:
                cell[2] *= -1
            # cell = L Qᵀ with L lower triangular and positive on its diagonal.
            q, r = numpy.linalg.qr(cell.T)
            signs = numpy.diag(numpy.sign(numpy.diag(r)))
            rotation = q @ signs
            self.cell = cell @ rotation
            assert numpy.isclose(numpy.linalg.det(rotation), 1)
        self.positions = numpy.array(frame["positions"]) @ rotation
        self.velocities = numpy.array(frame["velocities"]) @ rotation * 1e3
        self.forces = numpy.array(frame["forces"]) @ rotation


def references(name):
    return [Reference(frame) for frame in json.loads((FOLDER / f"{name}.json").read_text())]


def close(found, expected, epsilon):
    expected = numpy.asarray(expected)
    size = numpy.abs(expected).max() if expected.size else 1
    assert numpy.abs(numpy.asarray(found) - expected).max() <= 4 * epsilon * size


@cells
@cases
def test_mdanalysis(name, precision):
    import MDAnalysis

    single = PRECISIONS["single"]  # MDAnalysis itself computes in single precision
    universe = MDAnalysis.Universe(str(FOLDER / f"{name}.pdb"), str(FOLDER / f"{name}-{precision}.nc"))
    expected = references(name)
    assert len(universe.trajectory) == len(expected)
    for step, frame in zip(universe.trajectory, expected):
        close(step.time, frame.time, single)
        close(step.positions, frame.positions, single)
        close(step.velocities, frame.velocities, single)
        close(step.forces, frame.forces * KILOCALORIE * 4.184, single)
        if frame.cell is None:
            assert step.dimensions is None
        else:
            close(step.triclinic_dimensions, frame.cell, 10 * single)
    symbols = [symbol.capitalize() for symbol in universe.atoms.elements]
    assert symbols == [{6: "C", 8: "O", 1: "H"}[z] for z in expected[0].numbers]


@cells
@cases
def test_mdtraj(name, precision):
    import mdtraj

    single = PRECISIONS["single"]
    trajectory = mdtraj.load(str(FOLDER / f"{name}-{precision}.nc"), top=str(FOLDER / f"{name}.pdb"))
    expected = references(name)
    assert trajectory.n_frames == len(expected)
    assert [atom.element.atomic_number for atom in trajectory.topology.atoms] == list(expected[0].numbers)
    for index, frame in enumerate(expected):
        close(trajectory.time[index], frame.time, single)
        close(trajectory.xyz[index] * 10, frame.positions, 2 * single)  # nanometres
        if frame.cell is not None:
            close(trajectory.unitcell_vectors[index] * 10, frame.cell, 10 * single)


# ASE reads no system without a cell from netCDF.
@pytest.mark.parametrize("name", [name for name in CELLS if name != "open"])
@cases
def test_ase(name, precision):
    from ase.io.netcdftrajectory import NetCDFTrajectory

    epsilon = PRECISIONS[precision]
    with NetCDFTrajectory(str(FOLDER / f"{name}-{precision}.nc"), "r") as trajectory:
        expected = references(name)
        assert len(trajectory) == len(expected)
        for index, frame in enumerate(expected):
            atoms = trajectory[index]
            assert list(atoms.numbers) == list(frame.numbers)
            close(atoms.positions, frame.positions, epsilon)
            # ASE takes the numbers as they stand, in Å/ps, for its own unit of velocity.
            close(atoms.get_velocities(), frame.velocities, epsilon)
            assert atoms.pbc.all()
            close(atoms.cell.array, frame.cell, 1e-14)


@cells
@cases
def test_chemfiles(name, precision):
    import chemfiles

    chemfiles.set_warnings_callback(lambda message: None)
    single = PRECISIONS["single"]
    with chemfiles.Trajectory(str(FOLDER / f"{name}-{precision}.nc"), format="Amber NetCDF") as trajectory:
        expected = references(name)
        assert trajectory.nsteps == len(expected)
        for frame in expected:
            found = trajectory.read()
            close(found.positions, frame.positions, single)
            close(found.velocities, frame.velocities, single)
            if frame.cell is None:
                assert found.cell.volume == 0
            else:
                close(found.cell.matrix.T, frame.cell, 10 * single)


@cells
@cases
def test_netcdf4(name, precision):
    import netCDF4

    epsilon = PRECISIONS[precision]
    with netCDF4.Dataset(FOLDER / f"{name}-{precision}.nc") as data:
        assert data.file_format == "NETCDF3_64BIT_OFFSET"
        assert (data.Conventions, data.ConventionVersion, data.program) == ("AMBER", "1.0", "apus")
        units = {
            "time": "picosecond",
            "coordinates": "angstrom",
            "velocities": "angstrom/picosecond",
            "forces": "kilocalorie/mole/angstrom",
            "potential_energy": "electronvolt",
        }
        if name != "open":
            units |= {"cell_lengths": "angstrom", "cell_angles": "degree"}
        for variable, unit in units.items():
            assert data[variable].units == unit
        assert not any("scale_factor" in variable.ncattrs() for variable in data.variables.values())
        for index, frame in enumerate(references(name)):
            close(data["forces"][index], frame.forces * KILOCALORIE, epsilon)
            assert data["potential_energy"][index] == frame.energy
            assert data["temperature"][index] == frame.temperature
            assert data["step"][index] == 10 * index


@cells
def test_ase_extended_xyz(name):
    import ase.io

    frames = json.loads((FOLDER / f"{name}.json").read_text())
    images = ase.io.read(FOLDER / f"{name}.xyz", index=":")
    assert len(images) == len(frames)
    for atoms, frame in zip(images, frames):
        assert list(atoms.numbers) == frame["numbers"]
        assert (atoms.positions == numpy.array(frame["positions"])).all()
        assert (atoms.get_forces() == numpy.array(frame["forces"])).all()
        assert atoms.get_potential_energy() == frame["potentialEnergy"]
        assert atoms.info["temperature"] == frame["temperature"]
        assert atoms.info["time"] == frame["time"]
        if frame["cell"]:
            assert (atoms.cell.array == numpy.array(frame["cell"])).all()
            assert list(atoms.pbc) == [True, True, name != "slab"]
        else:
            assert not atoms.pbc.any()
