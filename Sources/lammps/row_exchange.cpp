// SPDX-License-Identifier: GPL-2.0-only

#include "row_exchange.h"

#include <algorithm>
#include <cstring>

using namespace LAMMPS_NS;

// LAMMPS marks its own messages with 0.
static constexpr int TAG = 1;

// Numbers in one message, whose count MPI takes as an int; longer ones are sent in pieces.
#ifndef APUS_LONGEST_MESSAGE
#define APUS_LONGEST_MESSAGE (1 << 30)
#endif

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

int RowExchange::largest(int here) const
{
  int anywhere = here;
  MPI_Allreduce(&here, &anywhere, 1, MPI_INT, MPI_MAX, world);
  return anywhere;
}

double RowExchange::memory_usage() const
{
  return sizeof(int) * atom_rows.capacity() + static_cast<double>(buffer.capacity());
}

/// Calls `body` with the offset and the length of each message that so many numbers take.
template <class Body> static void for_messages(const int count, const int width, Body body)
{
  const int64_t all = static_cast<int64_t>(count) * width;
  for (int64_t start = 0; start < all; start += APUS_LONGEST_MESSAGE)
    body(start, static_cast<int>(std::min<int64_t>(all - start, APUS_LONGEST_MESSAGE)));
}

void RowExchange::receive(const Part &part, void *data, int width, MPI_Datatype type)
{
  int bytes = 0;
  MPI_Type_size(type, &bytes);
  for_messages(part.count, width, [&](int64_t start, int count) {
    requests.emplace_back();
    MPI_Irecv(static_cast<char *>(data) + start * bytes, count, type, part.process, TAG, world, &requests.back());
  });
}

void RowExchange::send(const Part &part, const void *data, int width, MPI_Datatype type)
{
  int bytes = 0;
  MPI_Type_size(type, &bytes);
  for_messages(part.count, width, [&](int64_t start, int count) {
    requests.emplace_back();
    MPI_Isend(static_cast<const char *>(data) + start * bytes, count, type, part.process, TAG, world, &requests.back());
  });
}

void RowExchange::wait()
{
  MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
  requests.clear();
}
