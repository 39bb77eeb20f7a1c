"""The command under test, potentials for it, the Python package, and the files that the Swift tests wrote.

The environment variable APUS names the program, APUS_LIBRARY the C library, APUS_SAMPLES the folder of those files;
`make test` sets all.
"""

import hashlib
import json
import os
import pathlib
import signal
import struct
import subprocess
import sys

import pytest

# A script that starts the tests in the background has switched Ctrl-C off, and programs leave it so.
signal.signal(signal.SIGINT, signal.default_int_handler)
for number in (signal.SIGHUP, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)

pytest_plugins = ["lammps_runs"]

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "Sources" / "python"
sys.path.insert(0, str(PACKAGE))
SILICON = REPOSITORY / "examples" / "silicon"
# The potential that ships, and the folder that `make library` and `make lammps-plugin` fill.
SHIPPED = REPOSITORY / "potentials" / "silicon-pbe.safetensors"
STAGE = pathlib.Path(os.environ.get("APUS_STAGE", REPOSITORY / ".build" / "stage"))
PROGRAM = os.environ.get("APUS", str(REPOSITORY / ".build" / "release" / "apus"))

START = """8
Lattice="5.47 0 0 0 5.47 0 0 0 5.47" Properties=species:S:1:pos:R:3 pbc="T T T"
Si 0 0 0
Si 0 2.735 2.735
Si 2.735 0 2.735
Si 2.735 2.735 0
Si 1.3675 1.3675 1.3675
Si 1.3675 4.1025 4.1025
Si 4.1025 1.3675 4.1025
Si 4.1025 4.1025 1.3675
"""

# The configuration of the documentation, short.
MD = """
potential: potential.safetensors
structure: start.xyz
supercell: [2, 2, 2]
ensemble: {name: langevin, temperature: 300 K, friction: 1 / ps}   # or nve
timestep: 1 fs
steps: 50
seed: 1
thermo: {every: 10, file: thermo.csv}
trajectory: {every: 10, file: trajectory.nc, velocities: true, forces: true}
"""

# Random weights with small energies, and ZBL against overlaps.
TRAINING = f"""
data: {{train: {SILICON / "silicon.xyz"}, validation: 16}}
model:
  {{r_max: 4.0, num_layers: 2, l_max: 1, parity: false, num_features: 8, per_type_energy_scales: 0.05,
    pair_potential: ZBL}}
training: {{max_epochs: 0}}
output: run
"""


def write_exactly(path, atoms):
    """Extended XYZ with every digit; ASE writes eight decimals."""
    cell = " ".join(repr(float(x)) for x in atoms.cell.array.ravel())
    lattice = f'Lattice="{cell}" ' if atoms.cell.rank else ""
    pbc = " ".join("T" if periodic else "F" for periodic in atoms.pbc)
    lines = [str(len(atoms)), f'{lattice}pbc="{pbc}" Properties=species:S:1:pos:R:3']
    lines += [f"{s} {float(x)!r} {float(y)!r} {float(z)!r}" for s, (x, y, z) in zip(atoms.symbols, atoms.positions)]
    path.write_text("\n".join(lines) + "\n")


def altered(data, **model):
    """The bytes of a potential with other hyperparameters and the right hash, so that only its reference structures tell."""
    length = struct.unpack("<Q", data[:8])[0]
    header, body = json.loads(data[8:8 + length]), data[8 + length:]
    metadata = header["__metadata__"]
    metadata.pop("checksum", None)
    metadata["model"] = json.dumps(json.loads(metadata["model"]) | model)
    digest = hashlib.sha256(metadata["model"].encode())
    for name in sorted(header.keys() - {"__metadata__"}):
        digest.update(body[slice(*header[name]["data_offsets"])])
    metadata["sha256"] = digest.hexdigest()
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def run_module(folder, *arguments):
    """Runs `python -m apus` in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "apus", *map(str, arguments)], cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PACKAGE)}, capture_output=True, text=True, timeout=120)


def run_report(folder, *arguments):
    return run_module(folder, "report", *arguments)


class Program:
    """Runs `apus` in a folder."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, *arguments, timeout=120):
        return subprocess.run(
            [PROGRAM, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True, timeout=timeout,
            stdin=subprocess.DEVNULL)

    def succeeds(self, *arguments):
        """Runs and returns what it printed; nothing may be on stderr."""
        result = self(*arguments)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout

    def fails(self, *arguments):
        """Runs and returns the one line of its error; no file may have been left behind."""
        before = self.files()
        result = self(*arguments)
        assert result.returncode == 1
        assert result.stderr.startswith("apus: error: ")
        assert result.stderr.count("\n") == 1 and result.stderr.endswith("\n")
        assert self.files() == before
        return result.stderr

    def start(self, *arguments):
        return subprocess.Popen(
            [PROGRAM, *map(str, arguments)], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, stdin=subprocess.DEVNULL)

    def files(self):
        return sorted(path.relative_to(self.folder) for path in self.folder.rglob("*"))


@pytest.fixture(scope="session")
def samples():
    """The folder of files that the Swift tests wrote for programs in Python."""
    if "APUS_SAMPLES" not in os.environ:
        pytest.skip("APUS_SAMPLES names no folder of files; make test-python makes one")
    folder = pathlib.Path(os.environ["APUS_SAMPLES"])
    assert folder.is_dir(), f"{folder}: expected the files that the Swift tests write"
    return folder


@pytest.fixture(scope="session")
def potential(tmp_path_factory):
    folder = tmp_path_factory.mktemp("potential")
    (folder / "train.yaml").write_text(TRAINING)
    Program(folder).succeeds("train", "train.yaml")
    return folder / "run" / "potential.safetensors"


@pytest.fixture(scope="session")
def committee(tmp_path_factory):
    """Three members; each is in a folder beside it, `member-1` …"""
    folder = tmp_path_factory.mktemp("committee")
    (folder / "train.yaml").write_text(TRAINING + "committee: {members: 3}\n")
    Program(folder).succeeds("train", "train.yaml")
    return folder / "run" / "potential.safetensors"


@pytest.fixture
def apus(tmp_path, potential):
    """The program in a folder with a potential, a structure and a configuration."""
    (tmp_path / "potential.safetensors").write_bytes(potential.read_bytes())
    (tmp_path / "start.xyz").write_text(START)
    (tmp_path / "md.yaml").write_text(MD)
    return Program(tmp_path)
