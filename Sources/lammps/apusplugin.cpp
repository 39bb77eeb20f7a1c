// SPDX-License-Identifier: GPL-2.0-only

// What LAMMPS looks for in a plugin: the function that names its styles.

#include "pair_apus.h"

// The LAMMPS whose headers this was compiled with: LAMMPS warns if it is another one.
#ifndef APUS_LAMMPS_VERSION
#define APUS_LAMMPS_VERSION "22 Jul 2025"
#endif

namespace {

// The binary interface of LAMMPS' plugins, as its manual describes it.
struct Style {
  const char *version;
  const char *style;
  const char *name;
  const char *info;
  const char *author;
  void *creator;
  void *handle;
};

using Register = void (*)(Style *, void *lammps, void *);

LAMMPS_NS::Pair *create(LAMMPS_NS::LAMMPS *lammps) { return new LAMMPS_NS::PairApus(lammps); }

}    // namespace

extern "C" void lammpsplugin_init(void *lammps, void *handle, void *registration)
{
  Style style = {};
  style.version = APUS_LAMMPS_VERSION;
  style.style = "pair";
  style.name = "apus";
  style.info = "NequIP potentials of Apus";
  style.author = "the Apus developers";
  style.creator = reinterpret_cast<void *>(&create);
  style.handle = handle;
  reinterpret_cast<Register>(registration)(&style, lammps, nullptr);
}
