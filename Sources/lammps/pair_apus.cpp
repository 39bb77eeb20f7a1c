// SPDX-License-Identifier: GPL-2.0-only

#include "pair_apus.h"

#include "atom.h"
#include "comm.h"
#include "error.h"
#include "force.h"
#include "memory.h"
#include "modify.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sched.h>

using namespace LAMMPS_NS;

PairApus::PairApus(LAMMPS *lmp) : Pair(lmp), force_deviations(1, 0)
{
  single_enable = 0;
  restartinfo = 0;
  one_coeff = 1;
  manybody_flag = 1;
  // Messages that pass through atoms make forces that are no sum over pairs. The virial is computed with them.
  no_virial_fdotr_compute = 1;
  centroidstressflag = CENTROID_AVAIL;
  // The home of an atom: its process and row.
  comm_forward = 2;
  // For compute pair: how far a committee disagrees about the energy, and the most that it does about a force.
  nextra = 2;
  pvector = new double[nextra]();
}

PairApus::~PairApus()
{
  apus_calculator_free(calculator);
  apus_potential_free(potential);
  delete[] pvector;
  if (allocated) {
    memory->destroy(setflag);
    memory->destroy(cutsq);
  }
}

// ---- Input -------------------------------------------------------------------------------------------------------------

void PairApus::settings(int narg, char **arg)
{
  precision = APUS_PRECISION_OF_FILE;
  threads = -1;
  for (int i = 0; i < narg; i += 2) {
    const std::string key = arg[i];
    if (key != "precision" && key != "threads")
      error->all(FLERR, "pair_style apus: expected precision or threads, found {}", key);
    if (i + 1 == narg) error->all(FLERR, "pair_style apus: expected a value after {}", key);
    const std::string value = arg[i + 1];
    if (key == "threads") {
      threads = utils::inumeric(FLERR, value, false, lmp);
      if (threads < 1 || threads > 1024)
        error->all(FLERR, "pair_style apus: expected 1 to 1024 threads for each process, found {}", value);
    } else if (value == "float32") {
      precision = APUS_FLOAT32;
    } else if (value == "float64") {
      precision = APUS_FLOAT64;
    } else {
      error->all(FLERR, "pair_style apus: expected precision float32 or float64, found {}", value);
    }
  }
  apus_calculator_free(calculator);
  calculator = nullptr;
}

void PairApus::coeff(int narg, char **arg)
{
  const int types = atom->ntypes;
  if (narg < 3 || strcmp(arg[0], "*") != 0 || strcmp(arg[1], "*") != 0)
    error->all(FLERR, "pair_coeff: expected '* * POTENTIAL ELEMENT ...' for pair_style apus");
  if (narg - 3 != types)
    error->all(
        FLERR, "pair_coeff: expected an element for each of the {} atom types after {}, found {}", types, arg[2], narg - 3);

  apus_calculator_free(calculator);
  calculator = nullptr;
  apus_potential_free(potential);
  potential = nullptr;
  has_warned = false;
  path = utils::get_potential_file_path(arg[2]);
  if (path.empty()) path = arg[2];
  const bool loaded = apus_potential_load(path.c_str(), &potential) == APUS_OK &&
      apus_potential_describe(potential, &description) == APUS_OK;
  fail_if_any(!loaded);
  check_same_file();
  bool has_energies = false;
  std::string predicted;
  for (int index = 0; const char *name = apus_potential_property(potential, index); index++) {
    has_energies |= std::string(name) == "energy";
    predicted += (index > 0 ? ", " : "") + std::string(name);
  }
  if (!has_energies)
    error->all(FLERR, "{} predicts {}, and no energies or forces, which pair_style apus needs", path, predicted);

  elements_of_types.assign(types + 1, 0);
  for (int type = 1; type <= types; type++) {
    const std::string symbol = arg[2 + type];
    if (symbol == "NULL") {
      if (force->pair == this) error->all(FLERR, "pair_coeff: NULL (type {}) is for pair_style hybrid", type);
      continue;
    }
    const int number = apus_element_number(symbol.c_str());
    if (number == 0) error->all(FLERR, "pair_coeff: expected an element or NULL for type {}, found {}", type, symbol);
    const int *end = description.elements + description.element_count;
    if (std::find(description.elements, end, number) == end)
      error->all(FLERR, "pair_coeff: {} covers {}, not {} (type {})", path, covered_elements(), symbol, type);
    elements_of_types[type] = number;
  }

  if (!allocated) {
    memory->create(setflag, types + 1, types + 1, "pair:setflag");
    memory->create(cutsq, types + 1, types + 1, "pair:cutsq");
    allocated = 1;
  }
  for (int i = 1; i <= types; i++)
    for (int j = 1; j <= types; j++) {
      setflag[i][j] = j >= i && elements_of_types[i] != 0 && elements_of_types[j] != 0;
      cutsq[i][j] = 0;
    }
}

/// Processes on machines with disks of their own may find different files under one name.
void PairApus::check_same_file() const
{
  const std::string here = apus_potential_sha256(potential);
  const std::string first = text_of(0, here);
  const int process = here == first ? comm->nprocs : comm->me;
  int other = comm->nprocs;
  MPI_Allreduce(&process, &other, 1, MPI_INT, MPI_MIN, world);
  if (other == comm->nprocs) return;
  fail(
      other, fmt::format(
                 "process {} has read another potential from {} (SHA-256 {}…) than process 0 ({}…): copy the file to all machines",
                 other, path, here.substr(0, 12), first.substr(0, 12)));
}

std::string PairApus::covered_elements() const
{
  std::string list;
  for (int k = 0; k < description.element_count; k++)
    list += (k == 0 ? "" : " ") + std::string(apus_element_symbol(description.elements[k]));
  return list;
}

// ---- Before a run ------------------------------------------------------------------------------------------------------

void PairApus::init_style()
{
  const std::string units = update->unit_style;
  if (units == "metal")
    electronvolt = 1;
  else if (units == "real")
    electronvolt = utils::get_conversion_factor(utils::ENERGY, utils::METAL2REAL);
  else
    error->all(FLERR, "pair_style apus needs units metal or real, found {}", units);
  if (!force->newton_pair)
    error->all(FLERR, "pair_style apus returns forces on ghosts: put 'newton on' before the box is made");
  check_masses();
  check_special_bonds();
  check_heat_flux();

  neighbor->add_request(this, NeighConst::REQ_FULL);
  listed_step = -1;
  is_given.assign((atom->ntypes + 1) * (atom->ntypes + 1), 0);
  if (!calculator) make_calculator();
}

void PairApus::make_calculator()
{
  const int count = threads < 0 ? default_threads() : threads;
  fail_if_any(apus_calculator_create(potential, precision, count, &calculator) != APUS_OK);
  member_energies.assign(description.members, 0);
  if (comm->me > 0) return;
  const apus_precision used = precision == APUS_PRECISION_OF_FILE ? description.precision : precision;
  utils::logmesg(
      lmp, "Apus {}: {} for {}, cutoff {} Angstrom, {} layers, {}{}, {}\n", apus_version(), path,
      covered_elements(), description.cutoff, description.layers, used == APUS_FLOAT32 ? "float32" : "float64",
      description.members > 1 ? fmt::format(", committee of {}", description.members) : "",
      count == 0 ? "all cores" : fmt::format("{} thread{} per process", count, count == 1 ? "" : "s"));
}

/// LAMMPS' number of threads if it was told one, otherwise the cores of this machine shared among its processes; 0 for
/// all.
int PairApus::default_threads() const
{
  if (comm->nthreads > 1 || getenv("OMP_NUM_THREADS")) return comm->nthreads;
  MPI_Comm machine;
  MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, comm->me, MPI_INFO_NULL, &machine);
  int processes = 1;
  MPI_Comm_size(machine, &processes);
  // Launchers may give each process cores of its own, or let all use any.
  cpu_set_t own, all;
  CPU_ZERO(&own);
  sched_getaffinity(0, sizeof(own), &own);
  MPI_Allreduce(&own, &all, sizeof(own), MPI_BYTE, MPI_BOR, machine);
  MPI_Comm_free(&machine);
  return processes == 1 ? 0 : std::max(1, CPU_COUNT(&all) / processes);
}

/// [type, from 1]: its mass, the mean where atoms have masses of their own; 0 where there is none.
std::vector<double> PairApus::masses_of_types() const
{
  const int types = atom->ntypes;
  std::vector<double> masses(types + 1, 0);
  if (!atom->rmass_flag) {
    for (int type = 1; type <= types; type++)
      if (atom->mass && atom->mass_setflag[type]) masses[type] = atom->mass[type];
    return masses;
  }
  // Of each type the sum, then of each type the number of atoms.
  std::vector<double> here(2 * (types + 1), 0), sums(here.size());
  for (int i = 0; i < atom->nlocal; i++) {
    here[atom->type[i]] += atom->rmass[i];
    here[types + 1 + atom->type[i]]++;
  }
  MPI_Allreduce(here.data(), sums.data(), static_cast<int>(here.size()), MPI_DOUBLE, MPI_SUM, world);
  for (int type = 1; type <= types; type++)
    if (sums[types + 1 + type] > 0) masses[type] = sums[type] / sums[types + 1 + type];
  return masses;
}

/// Elements in another order than the types are what users get wrong unnoticed: masses tell.
void PairApus::check_masses() const
{
  const std::vector<double> masses = masses_of_types();
  for (int type = 1; type <= atom->ntypes; type++) {
    const int element = elements_of_types[type];
    const double mass = masses[type];
    if (element == 0 || mass == 0) continue;
    const double difference = std::fabs(mass - apus_element_mass(element));
    // A tenth of a percent is more than tables of masses differ by.
    if (difference < 1e-3 * apus_element_mass(element)) continue;
    for (const int other : elements_of_types)
      if (other != 0 && other != element && std::fabs(mass - apus_element_mass(other)) < 0.1 * difference)
        error->all(
            FLERR, "pair_coeff makes type {} {} ({} amu), but its mass is {:.9g}, that of {}: check the order of elements", type,
            apus_element_symbol(element), apus_element_mass(element), mass, apus_element_symbol(other));
    if (difference > 0.05 * apus_element_mass(element) && comm->me == 0)
      error->warning(
          FLERR, "pair_coeff makes type {} {} ({} amu), but its mass is {:.9g}", type, apus_element_symbol(element),
          apus_element_mass(element), mass);
  }
}

/// LAMMPS multiplies virials of atoms with velocities: of compute stress/atom, a heat current for pair potentials only.
void PairApus::check_heat_flux()
{
  if (has_warned_of_heat_flux || modify->get_compute_by_style("heat/flux").empty()) return;
  if (modify->get_compute_by_style("^stress/atom").empty()) return;
  has_warned_of_heat_flux = true;
  if (comm->me == 0)
    error->warning(
        FLERR, "compute heat/flux with compute stress/atom is wrong with pair_style apus: take compute centroid/stress/atom, "
        "whose virials give the heat current of a message-passing potential");
}

/// LAMMPS leaves pairs with factors 0 out of neighbor lists; the potential must see bonded atoms.
void PairApus::check_special_bonds() const
{
  if (atom->molecular == Atom::ATOMIC || !atom->nspecial || force->kspace) return;
  tagint hidden_here = 0, hidden_anywhere = 0;
  for (int k = 1; k <= 3; k++) {
    if (force->special_lj[k] != 0 || force->special_coul[k] != 0) continue;
    for (int i = 0; i < atom->nlocal; i++) {
      const int before = k == 1 ? 0 : atom->nspecial[i][k - 2];
      if (elements_of_types[atom->type[i]] != 0 && atom->nspecial[i][k - 1] > before)
        hidden_here = std::max(hidden_here, atom->tag[i]);
    }
  }
  MPI_Allreduce(&hidden_here, &hidden_anywhere, 1, MPI_LMP_TAGINT, MPI_MAX, world);
  if (hidden_anywhere > 0)
    error->all(
        FLERR, "special_bonds hides bonded atoms from pair_style apus (atom {}): add 'special_bonds lj/coul 1 1 1'",
        hidden_anywhere);
}

void PairApus::init_list(int id, NeighList *ptr)
{
  Pair::init_list(id, ptr);
  // LAMMPS decides about exclusions after init_style.
  if (neighbor->exclude_setting() && comm->me == 0)
    error->warning(FLERR, "neigh_modify exclude hides atoms from each other also inside of pair_style apus");
}

double PairApus::init_one(int i, int j)
{
  if (setflag[std::min(i, j)][std::max(i, j)] == 0) error->all(FLERR, "All pair coeffs are not set");
  is_given[i * (atom->ntypes + 1) + j] = is_given[j * (atom->ntypes + 1) + i] = 1;
  return description.cutoff;
}

/// Hybrid styles ask for the cutoffs of those pairs of types only that pair_coeff has left to this style.
void PairApus::check_pairs_of_types() const
{
  for (int i = 1; i <= atom->ntypes; i++)
    for (int j = i; j <= atom->ntypes; j++)
      if (elements_of_types[i] != 0 && elements_of_types[j] != 0 && !is_given[i * (atom->ntypes + 1) + j])
        error->all(
            FLERR, "pair_coeff leaves types {} ({}) and {} ({}) to another style: pair_style apus needs all pairs of the "
            "types that it covers", i, apus_element_symbol(elements_of_types[i]), j,
            apus_element_symbol(elements_of_types[j]));
}

// ---- A step ------------------------------------------------------------------------------------------------------------

void PairApus::compute(int eflag, int vflag)
{
  ev_init(eflag, vflag);
  if (neighbor->ago == 0 || listed_step != neighbor->lastcall) update_neighbors();
  neighbors.move(atom->x);

  const size_t atoms = neighbors.atom_count(), all = neighbors.row_count();
  const bool committee = description.members > 1;
  apus_result result = {};
  forces.resize(3 * all);
  result.forces = forces.data();
  if (eflag_atom) {
    energies.resize(atoms);
    result.atomic_energies = energies.data();
  }
  if (vflag_atom) {
    virials.resize(9 * all);
    result.atomic_virials = virials.data();
  }
  if (committee) {
    deviations.resize(atoms);
    result.force_deviations = deviations.data();
    result.member_energies = member_energies.data();
  }

  Step step = {this, false, false};
  apus_exchange functions = {};
  functions.host = &step;
  functions.fill_ghosts = &fill_ghosts;
  functions.add_ghosts = &add_ghosts;
  const apus_neighbors view = neighbors.view();
  // All processes exchange, or none.
  finish(step, apus_compute_local(calculator, &view, comm->nprocs > 1 ? &functions : nullptr, &result));

  add(result);
  if (cvflag_atom) add_centroid_virials(view);
  if (committee) compare_members();
}

int PairApus::fill_ghosts(void *host, apus_rows rows)
{
  Step &step = *static_cast<Step *>(host);
  if (!step.has_begun) {
    // A process whose neighbors or elements are wrong sends nothing, and the others must not wait for it.
    step.has_begun = true;
    step.has_failed = step.pair->exchange.largest(0) > 0;
    if (step.has_failed) return 1;
  }
  step.pair->exchange.fill(rows);
  return 0;
}

int PairApus::add_ghosts(void *host, apus_rows rows)
{
  static_cast<Step *>(host)->pair->exchange.add(rows);
  return 0;
}

/// Agrees with all processes on what has become of a step: done, to be warned of, or failed.
void PairApus::finish(const Step &step, apus_status status)
{
  const bool failed = status != APUS_OK;
  enum { DONE, CLOSE, FAILED };
  int outcome = failed ? FAILED : DONE;
  if (!failed && !has_warned && apus_calculator_close_pairs(calculator, nullptr) > 0) outcome = CLOSE;
  if (comm->nprocs > 1 && !step.has_failed) {
    const int anywhere = exchange.largest(outcome);
    // Others that wait to begin end here too: this process was the one that could not.
    outcome = anywhere;
  }
  if (outcome == FAILED) fail_if_any(failed && !step.has_failed);
  if (outcome == CLOSE) warn_of_close_pair();
}

/// Says once that atoms are closer than the potential has ever seen. Whether to stop is LAMMPS' matter.
void PairApus::warn_of_close_pair()
{
  has_warned = true;
  apus_close_pair pair = {};
  const int here = apus_calculator_close_pairs(calculator, &pair) > 0 ? comm->me : comm->nprocs;
  int process = here;
  MPI_Allreduce(&here, &process, 1, MPI_INT, MPI_MIN, world);
  std::string text;
  if (process == comm->me) {
    const auto name = [&](int row) {
      const int index = neighbors.index(row);
      return fmt::format(
          "{} ({})", atom->tag_enable ? std::to_string(atom->tag[index]) : "without a number",
          apus_element_symbol(elements_of_types[atom->type[index]]));
    };
    text = fmt::format(
        "atoms {} and {} are {:.3f} Angstrom apart, closer than any pair of these elements {} ({:.3f} Angstrom); "
        "the potential knows nothing there", name(pair.atoms[0]), name(pair.atoms[1]), pair.distance,
        pair.is_assumed ? "is in any substance, of which the training data had none" : "ever was in the training data",
        pair.limit);
  }
  text = text_of(process, text);
  if (comm->me == 0) error->warning(FLERR, "pair_style apus: in step {} {}", update->ntimestep, text);
}

void PairApus::update_neighbors()
{
  if (listed_step < 0) check_pairs_of_types();
  hidden.find(*neighbor, *atom, world);
  neighbors.number_atoms(*atom, elements_of_types, hidden);
  homes.resize(atom->nlocal + atom->nghost);
  for (int i = 0; i < atom->nlocal; i++) homes[i] = {comm->me, neighbors.row(i)};
  comm->forward_comm(this);
  neighbors.update(*list, *atom, elements_of_types, comm->me, homes);
  if (comm->nprocs > 1) exchange.plan(neighbors, apus_calculator_exchange_bytes(calculator), world);
  listed_step = neighbor->lastcall;
}

int PairApus::pack_forward_comm(int n, int *list, double *buffer, int, int *)
{
  for (int k = 0; k < n; k++) {
    buffer[2 * k] = homes[list[k]].process;
    buffer[2 * k + 1] = homes[list[k]].row;
  }
  return 2 * n;
}

void PairApus::unpack_forward_comm(int n, int first, double *buffer)
{
  for (int k = 0; k < n; k++) homes[first + k] = {static_cast<int>(buffer[2 * k]), static_cast<int>(buffer[2 * k + 1])};
}

/// Adds what was computed to what LAMMPS sums up.
void PairApus::add(const apus_result &result)
{
  // xx yy zz xy xz yz of a tensor in rows.
  constexpr int COMPONENTS[6] = {0, 4, 8, 1, 2, 5};
  const int atoms = neighbors.atom_count(), all = neighbors.row_count();
  for (int row = 0; row < all; row++) {
    double *f = atom->f[neighbors.index(row)];
    for (int k = 0; k < 3; k++) f[k] += electronvolt * forces[3 * row + k];
  }
  if (eflag_global) eng_vdwl += electronvolt * result.energy;
  if (vflag_global)
    for (int k = 0; k < 6; k++) virial[k] += electronvolt * result.virial[COMPONENTS[k]];
  if (eflag_atom)
    for (int row = 0; row < atoms; row++) eatom[neighbors.index(row)] += electronvolt * energies[row];
  if (vflag_atom)
    for (int row = 0; row < all; row++)
      for (int k = 0; k < 6; k++)
        vatom[neighbors.index(row)][k] += electronvolt * virials[9 * static_cast<size_t>(row) + COMPONENTS[k]];
}

/// Virials that make the heat current with the velocities of atoms.
void PairApus::add_centroid_virials(const apus_neighbors &view)
{
  if (comm->nprocs > 1)
    error->all(
        FLERR, "compute centroid/stress/atom with pair_style apus needs one process, which can have many threads "
        "(pair_style apus threads {})", comm->nprocs);
  centroid_virials.resize(9 * neighbors.atom_count());
  fail_if_any(apus_compute_centroid_virials(calculator, &view, centroid_virials.data()) != APUS_OK);
  // xx yy zz xy xz yz yx zx zy of a tensor in rows.
  constexpr int COMPONENTS[9] = {0, 4, 8, 1, 2, 5, 3, 6, 7};
  for (int row = 0; row < static_cast<int>(neighbors.atom_count()); row++)
    for (int k = 0; k < 9; k++)
      cvatom[neighbors.index(row)][k] += electronvolt * centroid_virials[9 * static_cast<size_t>(row) + COMPONENTS[k]];
}

/// How far the members of a committee disagree: standard deviations over them, of the energy of all processes and of
/// forces.
void PairApus::compare_members()
{
  force_deviations.assign(std::max(atom->nlocal, 1), 0);
  double largest = 0;
  for (int row = 0; row < neighbors.atom_count(); row++) {
    force_deviations[neighbors.index(row)] = electronvolt * deviations[row];
    largest = std::max(largest, electronvolt * deviations[row]);
  }
  if (!eflag_global) return;
  std::vector<double> sums(member_energies.size());
  MPI_Allreduce(member_energies.data(), sums.data(), static_cast<int>(sums.size()), MPI_DOUBLE, MPI_SUM, world);
  double mean = 0, squares = 0;
  for (const double energy : sums) mean += energy / sums.size();
  for (const double energy : sums) squares += (energy - mean) * (energy - mean) / sums.size();
  double largest_anywhere = 0;
  MPI_Allreduce(&largest, &largest_anywhere, 1, MPI_DOUBLE, MPI_MAX, world);
  // compute pair adds up the numbers of all processes.
  pvector[0] = comm->me == 0 ? electronvolt * std::sqrt(squares) : 0;
  pvector[1] = comm->me == 0 ? largest_anywhere : 0;
}

// ---- Failures ----------------------------------------------------------------------------------------------------------

/// The text of one process, in all of them.
std::string PairApus::text_of(int process, std::string text) const
{
  int length = static_cast<int>(text.size());
  MPI_Bcast(&length, 1, MPI_INT, process, world);
  text.resize(length);
  MPI_Bcast(&text[0], length, MPI_CHAR, process, world);
  return text;
}

/// Ends all processes with the message of the first that failed, if one has; all must ask.
void PairApus::fail_if_any(bool failed_here) const
{
  const int here = failed_here ? comm->me : comm->nprocs;
  int process = here;
  MPI_Allreduce(&here, &process, 1, MPI_INT, MPI_MIN, world);
  if (process < comm->nprocs) fail(process, apus_last_error());
}

/// Ends all processes with the message of one. LAMMPS' error->one would end the others before its text is out.
void PairApus::fail(int process, const std::string &text) const
{
  error->all(FLERR, "pair_style apus: {}", text_of(process, text));
}

// ---- What other commands read ------------------------------------------------------------------------------------------

/// "deviation": [atom], in units of force, of a committee; for fix pair.
void *PairApus::extract_peratom(const char *name, int &columns)
{
  if (strcmp(name, "deviation") != 0) return nullptr;
  columns = 0;
  if (force_deviations.size() < static_cast<size_t>(atom->nlocal)) force_deviations.resize(atom->nlocal, 0);
  return force_deviations.data();
}

void *PairApus::extract(const char *name, int &dimensions)
{
  if (strcmp(name, "deviation_flag") != 0) return nullptr;
  dimensions = 0;
  return &deviation_flag;
}

double PairApus::memory_usage()
{
  const size_t doubles = energies.capacity() + forces.capacity() + virials.capacity() + centroid_virials.capacity() +
      deviations.capacity() +
      force_deviations.capacity();
  return Pair::memory_usage() + neighbors.memory_usage() + exchange.memory_usage() +
      static_cast<double>(sizeof(Home) * homes.capacity() + sizeof(double) * doubles);
}
