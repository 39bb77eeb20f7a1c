"""Puts the C library into the package: $APUS_LIBRARY, or what `make library` has made; without either, there is none."""

import os
import pathlib
import re
import shutil

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
VERSION = REPOSITORY / "Sources" / "Potentials" / "ProgramVersion.swift"
# The ABI version is in the name.
NAME = "libapus.so.1"


def version():
    if not VERSION.is_file():
        raise SystemExit(f"{VERSION} is missing: the package is built in the repository of Apus")
    return re.search('number = "(.*)"', VERSION.read_text())[1]


def library():
    """The library's path, or None where none has been built."""
    named = os.environ.get("APUS_LIBRARY")
    path = pathlib.Path(named) if named else REPOSITORY / ".build" / "stage" / "lib" / NAME
    if path.is_file():
        return path
    if named:
        raise SystemExit(f"APUS_LIBRARY: found no file {named}; name the library, or unset the variable")
    return None


LIBRARY = library()


class BuildWithLibrary(build_py):
    """Copies the library, and the plugin for LAMMPS beside it, into the package."""

    def run(self):
        if not self.editable_mode:
            # Nothing of an earlier build.
            shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        if LIBRARY and not self.editable_mode:
            folder = pathlib.Path(self.build_lib) / "apus" / "lib"
            self.mkpath(str(folder))
            self.copy_file(str(LIBRARY), str(folder / NAME))
            plugin = LIBRARY.parent / "lammps" / "apusplugin.so"
            if plugin.is_file():
                self.mkpath(str(folder / "lammps"))
                self.copy_file(str(plugin), str(folder / "lammps" / plugin.name))
                # The plugin alone is under LAMMPS' licence.
                self.copy_file(str(REPOSITORY / "Sources" / "lammps" / "LICENSE"), str(folder / "lammps" / "LICENSE"))


class WheelOfPlatform(bdist_wheel):
    """For any Python of this platform: the library is loaded at run time, nothing is compiled against Python."""

    def get_tag(self):
        python, abi, platform = super().get_tag()
        return ("py3", "none", platform) if LIBRARY else (python, abi, platform)


class DistributionWithLibrary(Distribution):
    def has_ext_modules(self):
        return LIBRARY is not None


# What is built lies with the other builds.
BUILD = REPOSITORY / ".build" / "python"
BUILD.mkdir(parents=True, exist_ok=True)

setup(
    version=version(),
    distclass=DistributionWithLibrary,
    cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": WheelOfPlatform},
    options={"build": {"build_base": str(BUILD)}, "egg_info": {"egg_base": str(BUILD)}},
)
