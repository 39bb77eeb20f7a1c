"""The Python package as it is installed: what it loads and when, where it finds the library, its wheel, its examples."""

import ctypes
import os
import pathlib
import re
import shutil
import subprocess
import sys
import venv
import zipfile

import pytest

import apus.library
from conftest import PACKAGE, PROGRAM, REPOSITORY, SHIPPED

EXAMPLES = REPOSITORY / "examples" / "ase"


def run(*command, folder, timeout=300, **changes):
    """What a program says; variables that are None are taken from its environment."""
    environment = {**os.environ, **changes}
    environment = {name: str(value) for name, value in environment.items() if value is not None}
    return subprocess.run(
        list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout,
        stdin=subprocess.DEVNULL)


def python(text, folder, program=sys.executable, **changes):
    """What a few lines of Python print; they must succeed without a warning."""
    result = run(program, "-W", "error", "-c", text, folder=folder, **{"PYTHONPATH": PACKAGE, **changes})
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


# --- What is loaded when


def test_importing_is_light(tmp_path):
    text = """
import sys, apus
heavy = {name.partition(".")[0] for name in sys.modules} & {"matplotlib", "ase", "scipy"}
assert not heavy, heavy
assert apus.library.library.cache_info().currsize == 0
assert "Calculator" in dir(apus) and not hasattr(apus, "nothing")
"""
    python(text, tmp_path, APUS_LIBRARY="/nowhere/libapus.so.1")


def test_without_ase_there_are_potentials_and_a_message(tmp_path):
    text = f"""
import sys
sys.modules["ase"] = None
import apus
print(apus.load({str(SHIPPED)!r}).compute([14], [[0, 0, 0]]).energy)
try:
    apus.Calculator
except ImportError as error:
    print(error)
"""
    energy, message = python(text, tmp_path).splitlines()
    assert float(energy) < 0 and "pip install ase" in message


# --- Where the library is found


def test_a_library_that_is_named_but_absent_is_an_error(monkeypatch):
    monkeypatch.setenv("APUS_LIBRARY", "/nowhere/libapus.so.1")
    with pytest.raises(apus.LibraryError) as caught:
        apus.library.library.__wrapped__()
    for words in ("/nowhere/libapus.so.1", "make library", "APUS_LIBRARY"):
        assert words in str(caught.value)
    assert isinstance(caught.value, ImportError)


def test_all_places_are_named_where_there_is_no_library(tmp_path):
    package = tmp_path / "site" / "apus"
    shutil.copytree(PACKAGE / "apus", package, ignore=shutil.ignore_patterns("lib", "__pycache__"))
    text = f"""
import apus.library
apus.library.NAME = "libapus.so.0"  # the system may have one of this version
try:
    apus.load({str(SHIPPED)!r})
except apus.LibraryError as error:
    print(error)
"""
    message = python(text, tmp_path, PYTHONPATH=tmp_path / "site", APUS_LIBRARY=None)
    for words in (str(package / "lib" / "libapus.so.0"), "the system's libraries", "make library", "APUS_LIBRARY"):
        assert words in message


def test_a_file_that_is_no_library_of_apus_is_an_error(monkeypatch, tmp_path):
    (tmp_path / "libapus.so.1").write_text("not a library")
    for path, words in ((tmp_path / "libapus.so.1", "cannot be loaded"), ("libc.so.6", "is no library of Apus")):
        monkeypatch.setenv("APUS_LIBRARY", str(path))
        with pytest.raises(apus.LibraryError) as caught:
            apus.library.library.__wrapped__()
        assert str(path) in str(caught.value) and words in str(caught.value)


def test_another_version_of_the_interface_is_an_error(monkeypatch):
    place = apus.library.library()._name
    monkeypatch.setattr(apus.library, "ABI_VERSION", 7)
    with pytest.raises(apus.LibraryError, match="expected version 7.*found 1"):
        apus.library.declared(ctypes.CDLL(place), place)


def test_the_declarations_are_those_of_the_header():
    """Names, numbers of arguments and fields."""
    header = (REPOSITORY / "Sources" / "CApus" / "apus.h").read_text()
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    assert f"#define APUS_ABI_VERSION {apus.library.ABI_VERSION}\n" in text
    functions = dict(re.findall(r"(?m)^[\w ]+?\*?(apus_\w+)\(([^)]*)\);", text))
    assert set(functions) - set(apus.library.FUNCTIONS) == {
        "apus_compute_local", "apus_compute_centroid_virials", "apus_calculator_exchange_bytes"}
    for name, (_, arguments) in apus.library.FUNCTIONS.items():
        assert len([word for word in functions[name].split(",") if word.strip() != "void"]) == len(arguments), name
    structures = {
        "apus_description": apus.library.Description, "apus_result": apus.library.ResultPointers,
        "apus_close_pair": apus.library.ClosePair, "apus_product_description": apus.library.ProductDescription,
        "apus_product_path": apus.library.ProductPath}
    for name, structure in structures.items():
        body = re.search(rf"typedef struct {name} {{(.*?)}} {name};", text, re.DOTALL)[1]
        assert re.findall(r"(\w+)(?:\[\d+\])?;", body) == [field for field, _ in structure._fields_]


# --- The wheel


def build_wheel(folder, source=PACKAGE, **changes):
    """The wheel that pip builds, without a network: setuptools is there (requirements.txt)."""
    result = run(
        sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index",
        "--no-build-isolation", "--wheel-dir", folder, source, folder=folder, **changes)
    assert result.returncode == 0, result.stdout + result.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def library():
    """The path of the library under test."""
    path = pathlib.Path(apus.library.library()._name)
    assert path.is_file(), f"expected APUS_LIBRARY to name the library, found {path}; make library"
    return path


def environment(folder, *wheels):
    """A fresh environment with the packages of this one and a wheel; the path of its Python."""
    venv.create(folder, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    result = run(
        sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet", "--no-index", "--no-deps",
        "--disable-pip-version-check", *wheels, folder=folder)
    assert result.returncode == 0, result.stdout + result.stderr
    # NumPy and ASE, which would come from a network.
    import numpy

    (site / "others.pth").write_text(str(pathlib.Path(numpy.__file__).parents[1]) + "\n")
    return folder / "bin" / "python"


def test_an_installed_package_computes_in_an_empty_folder(tmp_path, library):
    (tmp_path / "lib" / "lammps").mkdir(parents=True)
    (tmp_path / "lib" / "libapus.so.1").symlink_to(library)
    (tmp_path / "lib" / "lammps" / "apusplugin.so").write_text("a plugin")
    (tmp_path / "wheels").mkdir()
    wheel = build_wheel(tmp_path / "wheels", APUS_LIBRARY=tmp_path / "lib" / "libapus.so.1")
    assert re.fullmatch(r"apus-[\d.]+-py3-none-linux_\w+\.whl", wheel.name)
    version = re.search('"(.*)"', (REPOSITORY / "Sources" / "Potentials" / "ProgramVersion.swift").read_text())[1]
    assert wheel.name.split("-")[1] == version
    program = environment(tmp_path / "environment", wheel)
    (tmp_path / "empty").mkdir()
    text = f"""
import importlib.metadata, os, apus, apus.library
from ase.build import bulk
atoms = bulk("Si", cubic=True, a=5.475)
atoms.calc = apus.Calculator({str(SHIPPED)!r})
print(atoms.get_potential_energy() / len(atoms), apus.__version__, sep="\\n")
print(apus.library.library()._name)
(entry,) = importlib.metadata.entry_points(group="lammps.plugins", name="apus")
print(*sorted(os.listdir(entry.load()())))
"""
    lines = python(text, tmp_path / "empty", program, PYTHONPATH=None, APUS_LIBRARY=None).splitlines()
    assert float(lines[0]) == pytest.approx(-107.0872, abs=1e-3)
    assert lines[1] == version
    assert lines[2].startswith(str(tmp_path / "environment")) and lines[2].endswith("/apus/lib/libapus.so.1")
    assert lines[3] == "LICENSE apusplugin.so"


def test_a_package_without_library_is_installed_and_says_what_is_missing(tmp_path):
    """A copy of the repository in which nothing was built."""
    for name in ("Sources/python", "Sources/Potentials/ProgramVersion.swift"):
        target = tmp_path / "repository" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy)(REPOSITORY / name, target)
    (tmp_path / "wheels").mkdir()
    wheel = build_wheel(tmp_path / "wheels", tmp_path / "repository" / "Sources" / "python", APUS_LIBRARY=None)
    assert wheel.name.endswith("-py3-none-any.whl")
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if ".so" in name]
    program = environment(tmp_path / "environment", wheel)
    text = """
import apus, apus.lammps
apus.library.NAME = "libapus.so.0"
try:
    apus.load("a.safetensors")
except apus.LibraryError as error:
    print(error)
print(apus.lammps.plugins())  # LAMMPS joins what it gets, and passes over a folder that is not there
"""
    message, folder = python(text, tmp_path, program, PYTHONPATH=None, APUS_LIBRARY=None).splitlines()
    assert "make library" in message and folder.endswith("/apus/lib/lammps")
    assert run(program, "-m", "apus", "report", "--help", folder=tmp_path, PYTHONPATH=None).returncode == 0


def test_a_library_named_for_the_wheel_must_be_there(tmp_path):
    result = run(
        sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", tmp_path,
        PACKAGE, folder=tmp_path, APUS_LIBRARY="/nowhere/libapus.so.1")
    assert result.returncode != 0 and "/nowhere/libapus.so.1" in result.stdout + result.stderr
    assert not list(tmp_path.glob("*.whl"))


# --- Examples and documentation


@pytest.mark.parametrize("script, arguments, words", [
    ("relax.py", [], ["after:", "lattice constants 5.47"]),
    ("dynamics.py", [SHIPPED, 40], ["constant energy", "5 frames in nve.traj"]),
    ("equation_of_state.py", [], ["lattice constant 5.47", "C44"]),
    ("speed.py", [PROGRAM, "--cells", 2, "--steps", 5, "--repeats", 1], ["64 atoms", "| ASE, `apus.Calculator` |"]),
])
def test_examples_run(tmp_path, script, arguments, words):
    result = run(sys.executable, EXAMPLES / script, *arguments, folder=tmp_path, PYTHONPATH=PACKAGE)
    assert (result.returncode, result.stderr) == (0, "")
    for word in words:
        assert word in result.stdout
    assert script in (EXAMPLES / "README.md").read_text()


def python_of(page):
    """The blocks of Python on a page, as one program."""
    return "\n".join(re.findall("```python\n(.*?)```", page.read_text(), re.DOTALL))


def test_the_documentation_runs(tmp_path, committee):
    shutil.copy(SHIPPED, tmp_path / "silicon.safetensors")
    shutil.copy(committee, tmp_path / "committee.safetensors")
    result = run(sys.executable, "-c", python_of(REPOSITORY / "Documentation" / "python.md"), folder=tmp_path, PYTHONPATH=PACKAGE)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_readme_runs(tmp_path):
    (tmp_path / "potentials").mkdir()
    shutil.copy(SHIPPED, tmp_path / "potentials")
    result = run(sys.executable, "-c", python_of(REPOSITORY / "README.md"), folder=tmp_path, PYTHONPATH=PACKAGE)
    assert (result.returncode, result.stderr) == (0, "")
