// SPDX-License-Identifier: GPL-2.0-only

#ifndef APUS_ROW_EXCHANGE_H
#define APUS_ROW_EXCHANGE_H

#include "local_neighbors.h"

#include <mpi.h>

#include <vector>

namespace LAMMPS_NS {

/// Messages between the processes that hold atoms and those that hold ghosts of them.
///
/// LAMMPS sends to all ghosts, by way of other ghosts. Here an atom goes to each process that lists it once, and
/// straight: in small domains, where most ghosts are images of atoms at hand, that is a small part of the bytes.
class RowExchange {
 public:
  /// Agrees with all processes on who sends what. `bytes`: of the longest row.
  void plan(const LocalNeighbors &neighbors, int bytes, MPI_Comm world);

  /// The largest of a number that each process has; all must ask.
  int largest(int here) const;

  /// Copies rows of atoms to the rows of their ghosts in other processes.
  void fill(apus_rows rows);

  /// Adds rows of ghosts to those of their atoms in other processes, in the order of processes.
  void add(apus_rows rows);

  double memory_usage() const;

 private:
  /// Consecutive rows of a message.
  struct Part {
    int process;
    int start;
    int count;
  };

  MPI_Comm world = MPI_COMM_NULL;
  /// Rows of ghosts here, by the process that their atoms are in.
  std::vector<Part> ghosts;
  /// Parts of `atom_rows`, by the process that has ghosts of them.
  std::vector<Part> atoms;
  /// Rows of atoms that have ghosts elsewhere.
  std::vector<int> atom_rows;
  /// The rows of `atom_rows`.
  std::vector<char> buffer;
  std::vector<MPI_Request> requests;

  void receive(const Part &part, void *data, int width, MPI_Datatype type);
  void send(const Part &part, const void *data, int width, MPI_Datatype type);
  void wait();
};

}    // namespace LAMMPS_NS

#endif
