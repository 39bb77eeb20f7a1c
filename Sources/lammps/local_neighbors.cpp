// SPDX-License-Identifier: GPL-2.0-only

#include "local_neighbors.h"

#include "atom.h"
#include "neigh_list.h"
#include "neighbor.h"

#include <algorithm>
#include <set>
#include <tuple>

using namespace LAMMPS_NS;

namespace {

/// What exclusions ask about an atom: its type, and those of its groups that they name.
struct Kind {
  int type;
  int groups;

  bool operator<(const Kind &other) const { return std::tie(type, groups) < std::tie(other.type, other.groups); }
};

/// As LAMMPS decides when it builds lists (NPair::exclusion).
bool are_hidden(const Neighbor &neighbor, Kind a, Kind b)
{
  if (neighbor.nex_type && neighbor.ex_type[a.type][b.type]) return true;
  for (int k = 0; k < neighbor.nex_group; k++) {
    const int first = neighbor.ex1_bit[k], second = neighbor.ex2_bit[k];
    if ((a.groups & first && b.groups & second) || (a.groups & second && b.groups & first)) return true;
  }
  return false;
}

/// The kinds of all processes' atoms.
std::set<Kind> everywhere(const std::set<Kind> &here, MPI_Comm world)
{
  int processes = 1;
  MPI_Comm_size(world, &processes);
  std::vector<int> sent, counts(processes), starts(processes, 0);
  for (const Kind kind : here) sent.insert(sent.end(), {kind.type, kind.groups});
  const int count = static_cast<int>(sent.size());
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, world);
  for (int k = 1; k < processes; k++) starts[k] = starts[k - 1] + counts[k - 1];
  std::vector<int> received(starts.back() + counts.back());
  MPI_Allgatherv(sent.data(), count, MPI_INT, received.data(), counts.data(), starts.data(), MPI_INT, world);
  std::set<Kind> kinds;
  for (size_t k = 0; k < received.size(); k += 2) kinds.insert({received[k], received[k + 1]});
  return kinds;
}

}    // namespace

void HiddenAtoms::find(const Neighbor &neighbor, const Atom &atom, MPI_Comm world)
{
  hidden.clear();
  if (!neighbor.nex_type && !neighbor.nex_group) return;
  int named = 0;
  for (int k = 0; k < neighbor.nex_group; k++) named |= neighbor.ex1_bit[k] | neighbor.ex2_bit[k];
  // fix gcmc takes an atom that it tries to delete out of the group all (bit 1), in which every atom is.
  const auto kind = [&](int i) { return Kind{atom.type[i], (atom.mask[i] | 1) & named}; };

  std::set<Kind> here, hidden_kinds;
  for (int i = 0; i < atom.nlocal; i++) here.insert(kind(i));
  const std::set<Kind> all = everywhere(here, world);
  for (const Kind a : here)
    if (std::all_of(all.begin(), all.end(), [&](Kind b) { return are_hidden(neighbor, a, b); })) hidden_kinds.insert(a);
  if (hidden_kinds.empty()) return;
  hidden.resize(atom.nlocal);
  for (int i = 0; i < atom.nlocal; i++) hidden[i] = hidden_kinds.count(kind(i)) > 0;
}

void LocalNeighbors::number_atoms(
    const Atom &atom, const std::vector<int> &elements_of_types, const HiddenAtoms &hidden)
{
  row_of_index.assign(atom.nlocal + atom.nghost, -1);
  index_of_row.clear();
  owners.clear();
  for (int i = 0; i < atom.nlocal; i++)
    if (elements_of_types[atom.type[i]] != 0 && !hidden.is_hidden(i)) add_row(i, row_count());
  atoms = row_count();
}

void LocalNeighbors::update(
    const NeighList &list, const Atom &atom, const std::vector<int> &elements_of_types, int process,
    const std::vector<Home> &homes)
{
  // Copies of an atom of another process come one after the other, and the first stands for all.
  std::vector<int> ghosts = listed_ghosts(list, atom, homes);
  const auto key = [&](int i) { return std::make_tuple(homes[i].process, homes[i].row, i); };
  std::sort(ghosts.begin(), ghosts.end(), [&](int i, int j) { return key(i) < key(j); });
  const auto is_copy = [&](size_t k) {
    return k > 0 && homes[ghosts[k - 1]].process == homes[ghosts[k]].process && homes[ghosts[k - 1]].row == homes[ghosts[k]].row;
  };

  remotes.clear();
  for (size_t k = 0; k < ghosts.size(); k++) {
    const Home home = homes[ghosts[k]];
    if (home.process == process || is_copy(k)) continue;
    add_row(ghosts[k], row_count());
    remotes.push_back(home);
  }
  int stands_for_it = -1;
  for (size_t k = 0; k < ghosts.size(); k++) {
    const Home home = homes[ghosts[k]];
    if (home.process == process)
      add_row(ghosts[k], home.row);
    else if (is_copy(k))
      add_row(ghosts[k], stands_for_it);
    else
      stands_for_it = row_of_index[ghosts[k]];
  }

  elements.resize(index_of_row.size());
  for (int row = 0; row < row_count(); row++) elements[row] = elements_of_types[atom.type[index_of_row[row]]];
  flatten(list);
}

void LocalNeighbors::move(const double *const *x)
{
  positions.resize(3 * index_of_row.size());
  for (size_t row = 0; row < index_of_row.size(); row++)
    for (int k = 0; k < 3; k++) positions[3 * row + k] = x[index_of_row[row]][k];
}

apus_neighbors LocalNeighbors::view() const
{
  apus_neighbors view = {};
  view.atoms = atoms;
  view.ghosts = row_count() - atoms;
  view.elements = elements.data();
  view.positions = positions.data();
  view.first = first.data();
  view.neighbors = neighbors.data();
  view.owners = owners.data();
  return view;
}

double LocalNeighbors::memory_usage() const
{
  return sizeof(int) *
      (row_of_index.capacity() + index_of_row.capacity() + elements.capacity() + owners.capacity() + neighbors.capacity()) +
      sizeof(double) * positions.capacity() + sizeof(int64_t) * first.capacity() + sizeof(Home) * remotes.capacity();
}

void LocalNeighbors::add_row(int index, int owner)
{
  row_of_index[index] = row_count();
  index_of_row.push_back(index);
  owners.push_back(owner);
}

/// Ghosts that are neighbors of an atom with a row, and that the potential covers.
std::vector<int> LocalNeighbors::listed_ghosts(
    const NeighList &list, const Atom &atom, const std::vector<Home> &homes) const
{
  std::vector<char> is_listed(atom.nlocal + atom.nghost, 0);
  for (int k = 0; k < list.inum; k++) {
    const int i = list.ilist[k];
    if (row_of_index[i] < 0) continue;
    for (int n = 0; n < list.numneigh[i]; n++) is_listed[list.firstneigh[i][n] & NEIGHMASK] = 1;
  }
  std::vector<int> ghosts;
  for (int i = atom.nlocal; i < atom.nlocal + atom.nghost; i++)
    if (is_listed[i] && homes[i].row >= 0) ghosts.push_back(i);
  return ghosts;
}

/// Sets `first` and `neighbors`.
void LocalNeighbors::flatten(const NeighList &list)
{
  first.assign(atoms + 1, 0);
  for (int k = 0; k < list.inum; k++) {
    const int i = list.ilist[k];
    if (row_of_index[i] < 0) continue;
    int64_t &count = first[row_of_index[i] + 1];
    for (int n = 0; n < list.numneigh[i]; n++)
      if (row_of_index[list.firstneigh[i][n] & NEIGHMASK] >= 0) count++;
  }
  for (int row = 0; row < atoms; row++) first[row + 1] += first[row];

  neighbors.resize(first[atoms]);
  for (int k = 0; k < list.inum; k++) {
    const int i = list.ilist[k];
    if (row_of_index[i] < 0) continue;
    int64_t next = first[row_of_index[i]];
    for (int n = 0; n < list.numneigh[i]; n++) {
      const int row = row_of_index[list.firstneigh[i][n] & NEIGHMASK];
      if (row >= 0) neighbors[next++] = row;
    }
  }
}
