// SPDX-License-Identifier: GPL-2.0-only

#include "row_exchange.h"

#include <cstring>

using namespace LAMMPS_NS;

// LAMMPS marks its own messages with 0.
static constexpr int TAG = 1;

void RowExchange::plan(const LocalNeighbors &neighbors, int bytes, MPI_Comm communicator)
{
  world = communicator;
  int processes = 1;
  MPI_Comm_size(world, &processes);

  const std::vector<Home> &homes = neighbors.remote_homes();
  std::vector<int> wanted(processes, 0), given(processes, 0), wanted_rows;
  for (const Home &home : homes) {
    wanted[home.process]++;
    wanted_rows.push_back(home.row);
  }
  MPI_Alltoall(wanted.data(), 1, MPI_INT, given.data(), 1, MPI_INT, world);

  ghosts.clear();
  atoms.clear();
  int ghost = 0, atom = 0;
  for (int process = 0; process < processes; process++) {
    if (wanted[process] > 0) ghosts.push_back({process, neighbors.atom_count() + ghost, wanted[process]});
    if (given[process] > 0) atoms.push_back({process, atom, given[process]});
    ghost += wanted[process];
    atom += given[process];
  }
  atom_rows.resize(atom);
  buffer.resize(static_cast<size_t>(atom) * bytes);

  for (const Part &part : atoms) receive(part, &atom_rows[part.start], 1, MPI_INT);
  for (const Part &part : ghosts) send(part, &wanted_rows[part.start - neighbors.atom_count()], 1, MPI_INT);
  wait();
}

// Numbers, not bytes, are counted, so that 8 GB fit into a message.
static MPI_Datatype type(apus_rows rows) { return rows.scalar_bytes == sizeof(float) ? MPI_FLOAT : MPI_DOUBLE; }

static size_t row_bytes(apus_rows rows) { return static_cast<size_t>(rows.width) * rows.scalar_bytes; }

void RowExchange::fill(apus_rows rows)
{
  char *const data = static_cast<char *>(rows.data);
  const size_t bytes = row_bytes(rows);
  for (const Part &part : ghosts) receive(part, data + part.start * bytes, rows.width, type(rows));
  for (const Part &part : atoms) {
    for (int k = part.start; k < part.start + part.count; k++)
      memcpy(buffer.data() + k * bytes, data + atom_rows[k] * bytes, bytes);
    send(part, buffer.data() + part.start * bytes, rows.width, type(rows));
  }
  wait();
}

template <class Scalar> static void add_rows(const std::vector<int> &to, const char *from, apus_rows rows)
{
  const Scalar *term = reinterpret_cast<const Scalar *>(from);
  for (const int row : to) {
    Scalar *sum = static_cast<Scalar *>(rows.data) + static_cast<size_t>(row) * rows.width;
    for (int k = 0; k < rows.width; k++) sum[k] += term[k];
    term += rows.width;
  }
}

void RowExchange::add(apus_rows rows)
{
  const size_t bytes = row_bytes(rows);
  for (const Part &part : atoms) receive(part, buffer.data() + part.start * bytes, rows.width, type(rows));
  for (const Part &part : ghosts)
    send(part, static_cast<char *>(rows.data) + part.start * bytes, rows.width, type(rows));
  wait();
  if (rows.scalar_bytes == sizeof(float))
    add_rows<float>(atom_rows, buffer.data(), rows);
  else
    add_rows<double>(atom_rows, buffer.data(), rows);
}

double RowExchange::memory_usage() const
{
  return sizeof(int) * atom_rows.capacity() + static_cast<double>(buffer.capacity());
}

void RowExchange::receive(const Part &part, void *data, int width, MPI_Datatype type)
{
  requests.emplace_back();
  MPI_Irecv(data, part.count * width, type, part.process, TAG, world, &requests.back());
}

void RowExchange::send(const Part &part, const void *data, int width, MPI_Datatype type)
{
  requests.emplace_back();
  MPI_Isend(data, part.count * width, type, part.process, TAG, world, &requests.back());
}

void RowExchange::wait()
{
  MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
  requests.clear();
}
