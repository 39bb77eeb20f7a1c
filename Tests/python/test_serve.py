"""`apus serve` with the servers that people have: i-PI and ASE; and with some that nobody should have."""

import contextlib
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

import ase
import ase.build
import ase.io
import ase.units
import numpy
import pytest
from ase.calculators.socketio import SocketIOCalculator
from ipi.utils.units import unit_to_user

from conftest import PROGRAM, REPOSITORY, SHIPPED, Program, write_exactly

EXAMPLE = REPOSITORY / "examples" / "ipi"
# CODATA 2018, as the program has them.
BOHR, HARTREE = 0.529177210903, 27.211386245988
HARTREE_OF_I_PI = unit_to_user("energy", "electronvolt", 1.0)  # seven digits agree
numbers = itertools.count()


def unique():
    """A name for a socket file that no other test has at this time."""
    return f"apus-test-{os.getpid()}-{next(numbers)}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def i_pi():
    program = pathlib.Path(sys.executable).parent / "i-pi"
    assert program.exists(), f"{program}: i-PI is missing; pip install -r Tests/python/requirements.txt"
    return program


@pytest.fixture
def silicon():
    """A triclinic cell of silicon far from equilibrium, so that no force or stress component vanishes."""
    random = numpy.random.default_rng(1)
    atoms = ase.build.bulk("Si", cubic=True)
    atoms.set_cell(atoms.cell.array @ (numpy.eye(3) + random.normal(0, 0.03, (3, 3))), scale_atoms=True)
    atoms.positions += random.normal(0, 0.05, atoms.positions.shape)
    return atoms


class Driver:
    """`apus serve` in the background; `end` waits for it."""

    def __init__(self, apus, structure, address, *arguments, potential="potential.safetensors"):
        self.process = subprocess.Popen(
            [PROGRAM, "serve", str(potential), str(structure), "--socket", address, *map(str, arguments)],
            cwd=apus.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)

    def end(self, code=0):
        """What it printed; where it fails, the one line of its error."""
        try:
            output, errors = self.process.communicate(timeout=60)
        finally:
            self.process.kill()
        assert self.process.returncode == code, output + errors
        if code != 1:
            assert errors == ""
            return output
        assert errors.startswith("apus: error: ") and errors.count("\n") == 1, errors
        return errors


class Server:
    """A server of a few lines, which keeps to the protocol only when it is told to."""

    def __init__(self, family=socket.AF_UNIX):
        self.listener = socket.socket(family)
        self.listener.settimeout(60)
        if family == socket.AF_UNIX:
            self.name = unique()
            self.path = f"/tmp/ipi_{self.name}"
            self.listener.bind(self.path)
            self.address = f"unix:{self.name}"
        else:
            self.listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
            host, port = self.listener.getsockname()[:2]
            self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.listener.listen()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        if hasattr(self, "path"):
            os.unlink(self.path)
        if hasattr(self, "stream"):
            self.stream.close()

    def accept(self):
        self.stream, _ = self.listener.accept()
        self.stream.settimeout(60)

    def send(self, header, *parts):
        self.stream.sendall(header.ljust(12).encode() + b"".join(parts))

    def receive(self, count):
        data = b""
        while len(data) < count:
            part = self.stream.recv(count - len(data))
            assert part, "the driver has closed the connection"
            data += part
        return data

    def positions(self, atoms, count=None):
        h = atoms.cell.array.T / BOHR
        inverse = numpy.linalg.pinv(h)
        self.send("POSDATA", h.tobytes(), inverse.tobytes(), struct.pack("i", count or len(atoms)),
                  (atoms.positions / BOHR).tobytes())

    def forces(self):
        """Energy, forces, virial in eV and Å, and the text."""
        self.send("GETFORCE")
        assert self.receive(12) == b"FORCEREADY  "
        energy, count = struct.unpack("=di", self.receive(12))
        forces = numpy.frombuffer(self.receive(24 * count)).reshape(count, 3)
        virial = numpy.frombuffer(self.receive(72)).reshape(3, 3)
        (length,) = struct.unpack("i", self.receive(4))
        assert length >= 1
        return energy * HARTREE, forces * HARTREE / BOHR, virial.T * HARTREE, self.receive(length).decode()


def predictions(apus, atoms, potential="potential.safetensors"):
    """What `apus evaluate` says of a structure, in double precision and every digit."""
    name = f"{unique()}.xyz"
    write_exactly(apus.folder / name, atoms)
    apus.succeeds("evaluate", potential, name, "--precision", "float64", "--predictions", "out-" + name)
    return ase.io.read(apus.folder / f"out-{name}")


@contextlib.contextmanager
def running_i_pi(folder, name):
    log = open(folder / f"{name}.log", "w")
    process = subprocess.Popen(
        [i_pi(), f"{name}.xml"], cwd=folder, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        yield process
        assert process.wait(timeout=60) == 0, (folder / f"{name}.log").read_text()
    finally:
        process.kill()
        log.close()


def table(path):
    return numpy.loadtxt(path, ndmin=2)


# i-PI


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The output of examples/ipi/run.sh, with sockets of its own, and the folder that it wrote."""
    root = tmp_path_factory.mktemp("example")
    shutil.copytree(EXAMPLE, root / "examples" / "ipi", ignore=shutil.ignore_patterns("run"))
    (root / "potentials").mkdir()
    shutil.copy(SHIPPED, root / "potentials")
    name, port = unique(), str(free_port())
    for path in (root / "examples" / "ipi").iterdir():
        text = path.read_text()
        path.write_text(text.replace("apus-nve", name).replace("31415", port))
    environment = os.environ | {"PATH": f"{i_pi().parent}:{os.environ['PATH']}"}
    result = subprocess.run(
        [root / "examples" / "ipi" / "run.sh", PROGRAM], env=environment, capture_output=True, text=True, timeout=240,
        stdin=subprocess.DEVNULL)
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    return result.stdout, root / "examples" / "ipi" / "run"


def test_the_example_says_what_it_does(example):
    output, folder = example
    for words in ["Si64, 64 atoms, periodic", "connected to /tmp/ipi_", "the server said EXIT after 501 calls",
                  "ms per call", "waiting for the server"]:
        assert words in output
    # Every bead is computed once for the start and once for each step, by one driver or the other.
    calls = [int(re.search(r"EXIT after (\d+) calls", text)[1])
             for text in [output.split("connected to localhost")[1], (folder / "driver.log").read_text()]]
    assert sum(calls) == 4 * 101 and min(calls) > 0


def test_i_pi_conserves_energy(example):
    step, time, conserved = table(example[1] / "nve.out")[:, :3].T
    assert list(step) == list(range(0, 510, 10))
    # 64 atoms at 300 K, 1 fs: the energy of velocity Verlet scatters with the timestep squared and does not drift.
    late = slice(5, None)
    drift = numpy.polyfit(time[late] * 1e-3, conserved[late], 1)[0] / 64
    assert abs(drift) < 3e-5, f"{drift} eV/atom/ps"
    assert numpy.ptp(conserved[late]) / 64 < 1e-4


def test_i_pi_writes_the_energies_of_the_atoms(example):
    lines = [line for line in (example[1] / "nve.energies_0").read_text().splitlines() if line and "#" not in line]
    energies = numpy.array([list(map(float, line.split())) for line in lines])
    potential = table(example[1] / "nve.out")[::10, 4]
    assert energies.shape == (6, 64)
    # i-PI writes nine digits.
    assert numpy.allclose(energies.sum(axis=1) * HARTREE_OF_I_PI, potential, rtol=2e-8)


def test_a_path_integral_conserves_energy_and_spreads(example):
    step, time, conserved, temperature, potential, kinetic = table(example[1] / "pimd.out")[:, :6].T
    assert len(step) == 11
    # The thermostat's heat is counted.
    assert numpy.ptp(conserved) / 64 < 1e-3
    beads = [ase.io.read(example[1] / f"pimd.pos_{bead}.extxyz", -1).positions for bead in range(4)]
    spread = numpy.linalg.norm(beads[0] - beads[2], axis=1)
    assert 1e-3 < spread.mean() < 0.3


def test_i_pi_has_the_potential_energy_of_the_positions(example, apus):
    atoms = ase.io.read(example[1] / "nve.pos_0.extxyz", -1)
    expected = predictions(apus, atoms, SHIPPED).get_potential_energy()
    # Positions are written with eight decimals; float32 against float64.
    found = table(example[1] / "nve.out")[-1, 4] / HARTREE_OF_I_PI * HARTREE
    assert found == pytest.approx(expected, abs=64 * 1e-5)


# ASE


def structures(silicon):
    slab = ase.build.diamond100("Si", (2, 2, 4), vacuum=4)
    slab.info, slab.pbc = {}, (True, True, False)
    slab.rattle(0.05, seed=2)
    molecule = ase.Atoms("Si4", [(0, 0, 0), (2.3, 0.1, 0), (0.2, 2.4, 0.3), (1.5, 1.4, 1.9)])
    large = silicon.repeat((2, 2, 1))
    large.positions += large.cell.array.sum(axis=0) * 3.3  # far outside of the cell
    return {"triclinic": silicon, "many cells away": large, "slab": slab, "molecule": molecule}


@pytest.mark.parametrize("name", ["triclinic", "many cells away", "slab", "molecule"])
@pytest.mark.parametrize("transport", ["unix", "tcp"])
def test_ase_gets_the_numbers_of_evaluate(apus, silicon, name, transport):
    atoms = structures(silicon)[name]
    ase.io.write(apus.folder / "ase.xyz", atoms, format="extxyz")
    if transport == "unix":
        server, address = {"unixsocket": unique()}, None
        address = "unix:" + server["unixsocket"]
    else:
        server = {"port": free_port()}
        address = f"localhost:{server['port']}"
    driver = Driver(apus, "ase.xyz", address, "--precision", "float64", potential=SHIPPED)
    try:
        with SocketIOCalculator(**server, timeout=60) as calculator:
            for step in range(3):
                moved = atoms.copy()
                moved.rattle(0.03 * step, seed=step)
                # ASE has the constants of CODATA 2014 and we those of 2018.
                seen = moved.copy()
                seen.set_cell(moved.cell.array / ase.units.Bohr * BOHR)
                seen.positions = moved.positions / ase.units.Bohr * BOHR
                expected = predictions(apus, seen, SHIPPED)
                moved.calc = calculator
                energy = moved.get_potential_energy() / ase.units.Ha * HARTREE
                forces = moved.get_forces() / (ase.units.Ha / ase.units.Bohr) * (HARTREE / BOHR)
                # Digits of the energy are lost where it is a sum of large ones.
                assert energy == pytest.approx(expected.get_potential_energy(), rel=1e-13)
                assert numpy.allclose(forces, expected.get_forces(), rtol=0, atol=1e-9)
                if all(atoms.pbc):
                    stress = moved.get_stress() / ase.units.Ha * ase.units.Bohr**3 * (HARTREE / BOHR**3)
                    assert numpy.abs(expected.get_stress()).min() > 1e-5
                    assert numpy.allclose(stress, expected.get_stress(), rtol=0, atol=1e-11)
        output = driver.end()
    finally:
        driver.process.kill()
    assert "the server closed the connection after 3 calls" in output


def test_the_virial_is_the_derivative_by_strain(apus, silicon):
    ase.io.write(apus.folder / "s.xyz", silicon, format="extxyz")
    with Server() as server:
        driver = Driver(apus, "s.xyz", server.address, "--precision", "float64")
        server.accept()

        def strained(i, j, size):
            atoms, strain = silicon.copy(), numpy.eye(3)
            strain[i, j] += size
            atoms.set_cell(silicon.cell.array @ strain, scale_atoms=True)
            server.positions(atoms)
            return server.forces()[0]

        server.positions(silicon)
        virial = server.forces()[2]
        for i, j in itertools.product(range(3), repeat=2):
            slope = (strained(i, j, 1e-4) - strained(i, j, -1e-4)) / 2e-4
            assert virial[i, j] == pytest.approx(-slope, abs=1e-5)
        server.send("EXIT")
        driver.end()


def test_the_documented_ways_work(apus, monkeypatch, capsys):
    page = (REPOSITORY / "Documentation" / "i-pi.md").read_text()
    inputs = (EXAMPLE / "nve.xml").read_text().split()
    for block in re.findall(r"```xml\n(.*?)```", page, re.DOTALL):
        assert " ".join(block.split()) in " ".join(inputs)
    (apus.folder / "bin").mkdir()
    (apus.folder / "bin" / "apus").symlink_to(PROGRAM)
    monkeypatch.setenv("PATH", f"{apus.folder / 'bin'}:{os.environ['PATH']}")
    monkeypatch.chdir(apus.folder)
    names = {}
    name = unique()
    text = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    assert text.count('"unix:ase"') == text.count('unixsocket="ase"') == 1
    exec(text.replace("unix:ase", f"unix:{name}").replace('="ase"', f'="{name}", timeout=60'), names)
    assert names["driver"].returncode == 0
    assert numpy.isfinite(names["atoms"].get_potential_energy())


# What comes besides


def test_extras_are_json_for_each_atom(apus, silicon):
    ase.io.write(apus.folder / "s.xyz", silicon, format="extxyz")
    with Server() as server:
        driver = Driver(apus, "s.xyz", server.address, "--precision", "float64")
        server.accept()
        server.positions(silicon)
        energy, _, _, text = server.forces()
        server.send("EXIT")
        driver.end()
    extras = json.loads(text)
    assert set(extras) == {"atomic_energies"}
    assert len(extras["atomic_energies"]) == len(silicon)
    assert sum(extras["atomic_energies"]) * HARTREE == pytest.approx(energy, rel=1e-14)


def test_a_committee_says_how_far_it_disagrees(apus, silicon):
    (apus.folder / "committee.yaml").write_text(f"""
data: {{train: {REPOSITORY / "examples" / "silicon" / "silicon.xyz"}, validation: 16}}
model: {{r_max: 4.0, num_layers: 2, l_max: 1, parity: false, num_features: 8}}
training: {{max_epochs: 0}}
committee: {{members: 3}}
output: committee
""")
    apus.succeeds("train", "committee.yaml")
    potential = "committee/potential.safetensors"
    ase.io.write(apus.folder / "s.xyz", silicon, format="extxyz")
    with Server() as server:
        driver = Driver(apus, "s.xyz", server.address, "--precision", "float64", potential=potential)
        server.accept()
        server.positions(silicon)
        extras = json.loads(server.forces()[3])
        server.send("EXIT")
        assert "ΔF max" in driver.end()
    expected = predictions(apus, silicon, potential)
    assert extras["energy_deviation"] * HARTREE == pytest.approx(expected.info["energy_deviation"], rel=1e-9)
    deviation = numpy.array(extras["forces_deviation"]) * HARTREE / BOHR
    assert numpy.allclose(deviation, expected.arrays["forces_deviation"], rtol=1e-9)
    assert deviation.min() > 0


# What goes wrong


def test_a_connection_lost_in_the_middle_of_a_message_is_an_error(apus, silicon):
    for part in [b"STAT", b"POSDATA     " + bytes(100)]:
        with Server() as server:
            driver = Driver(apus, "start.xyz", server.address)
            server.accept()
            server.stream.sendall(part)
            server.stream.close()
            message = driver.end(code=1)
        assert server.address.removeprefix("unix:") in message
        assert "closed in the middle of a message" in message and "after 0 calls" in message


def test_another_number_of_atoms_is_refused(apus, silicon):
    atoms = silicon.repeat((2, 1, 1))
    for count in [None, 2**31 - 1]:
        with Server() as server:
            driver = Driver(apus, "start.xyz", server.address)
            server.accept()
            server.positions(atoms, count=count)
            message = driver.end(code=1)
        assert "start.xyz: expected positions of 8 atoms" in message and f"found {count or 16}" in message


def test_atoms_on_top_of_each_other_never_give_numbers_that_are_none(apus, silicon):
    silicon.positions[1] = silicon.positions[0]
    with Server() as server:
        driver = Driver(apus, "start.xyz", server.address)
        server.accept()
        server.positions(silicon)
        _, errors = driver.process.communicate(timeout=60)
        assert driver.process.returncode == 1
        assert server.stream.recv(100) == b""
    assert errors.splitlines()[-1].startswith("apus: error: ") and "not a finite number" in errors
    assert "apus: warning: in call 1 atoms 1 (Si) and 2 (Si) are 0.000 Å apart" in errors


@pytest.mark.parametrize("message, words", [
    (b"FROBNICATE  ", "found \"FROBNICATE\""), (b"GETFORCE    ", "before it sent positions"),
    (b"INIT        " + struct.pack("ii", 0, 2**31 - 1), "found 2147483647"),
    (b"INIT        " + struct.pack("ii", 0, 12) + b"batch_size:2", "leave out batch_size"),
    (b"POSDATA     " + numpy.full(18, numpy.nan).tobytes() + struct.pack("i", 8) + bytes(24 * 8), "cell with a volume"),
    (b"POSDATA     " + bytes(144) + struct.pack("i", 8) + bytes(24 * 8), "cell with a volume"),
])
def test_wrong_messages_are_errors(apus, message, words):
    with Server() as server:
        driver = Driver(apus, "start.xyz", server.address)
        server.accept()
        server.stream.sendall(message)
        assert words in driver.end(code=1)


def test_a_server_that_is_not_there_is_named(apus):
    for address, place in [(f"unix:{unique()}", "/tmp/ipi_apus-test"), (f"localhost:{free_port()}", "localhost:")]:
        message = apus.fails("serve", "potential.safetensors", "start.xyz", "--socket", address, "--wait", "0.3")
        assert f"{place}" in message and "no server within" in message and "--wait" in message


def test_a_server_may_come_late(apus, silicon, tmp_path):
    path = f"/tmp/{unique()}"
    driver = Driver(apus, "start.xyz", f"unix:{path}")
    time.sleep(1)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(60)
        listener.bind(path)
        listener.listen()
        stream, _ = listener.accept()
        stream.close()
    os.unlink(path)
    output = driver.end()
    assert f"waiting up to 60 s for a server at {path}" in output and "after 0 calls" in output


def test_the_prefix_of_socket_files_can_be_chosen(apus, tmp_path):
    name = unique()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(60)
        listener.bind(f"/tmp/prefix_{name}")
        listener.listen()
        driver = Driver(apus, "start.xyz", f"unix:{name}", "--sockets-prefix", "/tmp/prefix_")
        listener.accept()[0].close()
    os.unlink(f"/tmp/prefix_{name}")
    driver.end()


def test_ipv6(apus, silicon):
    try:
        server = Server(socket.AF_INET6)
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    with server:
        driver = Driver(apus, "start.xyz", server.address)
        server.accept()
        server.positions(silicon)
        assert numpy.isfinite(server.forces()[0])
        server.send("EXIT")
        assert server.address in driver.end()


@pytest.mark.parametrize("moment", ["before", "idle"])
def test_ctrl_c_ends_at_once(apus, silicon, moment):
    with Server() as server:
        address = server.address if moment == "idle" else f"unix:{unique()}"
        driver = Driver(apus, "start.xyz", address)
        if moment == "idle":
            server.accept()
            server.positions(silicon)
            server.forces()
        else:
            while "waiting" not in driver.process.stdout.readline():
                assert driver.process.poll() is None
        driver.process.send_signal(signal.SIGINT)
        assert "Interrupted" in driver.end(code=130)


def test_mistakes_are_one_line(apus):
    (apus.folder / "oxygen.xyz").write_text("1\nProperties=species:S:1:pos:R:3\nO 0 0 0\n")
    good = ["serve", "potential.safetensors", "start.xyz", "--socket", "unix:x"]
    for change, words in [
        ({4: "x"}, ["unix:NAME or host:port"]), ({4: "localhost:http"}, ["1…65535", "'http'"]),
        ({1: "nowhere"}, ["nowhere", "No such file"]), ({2: "nowhere.xyz"}, ["nowhere.xyz", "No such file"]),
        ({2: "oxygen.xyz"}, ["oxygen.xyz", "does not know O", "covers Si"]),
        ({5: "--frame", 6: "3"}, ["start.xyz", "1…1", "found 3"]), ({5: "--wait", 6: "-1"}, ["--wait"]),
        ({5: "--precision", 6: "half"}, ["--precision", "half"]), ({4: "nosuchhost.invalid:5"}, ["nosuchhost.invalid"]),
    ]:
        arguments = dict(enumerate(good)) | change
        message = apus.fails(*[arguments[key] for key in sorted(arguments)])
        for word in words:
            assert word in message
