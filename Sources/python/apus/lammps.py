"""What LAMMPS finds by itself: the entry point `lammps.plugins`."""

import os


def plugins():
    """The folder in which LAMMPS looks for plugins of this package; there is none in it where it was not built."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib", "lammps")
