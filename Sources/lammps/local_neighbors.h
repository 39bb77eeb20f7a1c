// SPDX-License-Identifier: GPL-2.0-only

#ifndef APUS_LOCAL_NEIGHBORS_H
#define APUS_LOCAL_NEIGHBORS_H

#include <apus.h>
#include <mpi.h>

#include <vector>

namespace LAMMPS_NS {

class Atom;
class NeighList;
class Neighbor;

/// Where an atom is at home: a process, and the row that it has there; row -1 if the potential does not cover it.
struct Home {
  int process;
  int row;
};

/// Atoms that `neigh_modify exclude` hides from all atoms that there are, themselves included: they are not there. That
/// is how `fix gcmc` tries the deletion of an atom.
///
/// Whether two atoms are hidden from each other depends on their kinds only, that is on type and groups.
class HiddenAtoms {
 public:
  /// Reads the exclusions; all processes must call it together.
  void find(const Neighbor &neighbor, const Atom &atom, MPI_Comm world);

  bool is_hidden(int index) const { return !hidden.empty() && hidden[index]; }

 private:
  /// [atom]; empty where there are none.
  std::vector<char> hidden;
};

/// The atoms and ghosts of this process that the potential covers, and their neighbors, as `apus_compute_local` takes
/// them.
///
/// They are numbered by rows: local atoms; then ghosts that stand for atoms of other processes, one for each, in the
/// order of processes and of rows there; then further copies, and images of local atoms. Left out are atoms that are
/// hidden from everything, atoms of types without an element, and ghosts that nobody lists.
///
/// After LAMMPS has built its list: `number_atoms`, then `update` with the homes of all ghosts. Every step: `move`.
class LocalNeighbors {
 public:
  /// `elements`: of each type the atomic number, 0 for types that are left out.
  void number_atoms(const Atom &atom, const std::vector<int> &elements_of_types, const HiddenAtoms &hidden);

  /// Reads a full list. `homes`: [atom or ghost of LAMMPS].
  void update(
      const NeighList &list, const Atom &atom, const std::vector<int> &elements_of_types, int process,
      const std::vector<Home> &homes);

  /// Copies positions in Å.
  void move(const double *const *x);

  /// Valid until the next `update`.
  apus_neighbors view() const;

  int atom_count() const { return atoms; }
  int row_count() const { return static_cast<int>(index_of_row.size()); }
  /// -1 for those that are left out.
  int row(int index) const { return row_of_index[index]; }
  int index(int row) const { return index_of_row[row]; }

  /// Homes of the ghosts that stand for atoms of other processes, whose rows begin at `atom_count()`.
  const std::vector<Home> &remote_homes() const { return remotes; }

  double memory_usage() const;

 private:
  int atoms = 0;
  std::vector<int> row_of_index;
  std::vector<int> index_of_row;
  std::vector<Home> remotes;
  /// [row]
  std::vector<int> elements;
  std::vector<double> positions;
  std::vector<int> owners;
  std::vector<int64_t> first;
  std::vector<int> neighbors;

  std::vector<int> listed_ghosts(const NeighList &list, const Atom &atom, const std::vector<Home> &homes) const;
  void add_row(int index, int owner);
  void flatten(const NeighList &list);
};

}    // namespace LAMMPS_NS

#endif
