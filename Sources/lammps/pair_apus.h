// SPDX-License-Identifier: GPL-2.0-only

#ifndef LMP_PAIR_APUS_H
#define LMP_PAIR_APUS_H

#include "pair.h"

#include "local_neighbors.h"
#include "row_exchange.h"

#include <string>
#include <vector>

namespace LAMMPS_NS {

/// `pair_style apus`: energies, forces and virials of a NequIP potential that libapus computes.
///
///     pair_style apus [precision float32|float64] [threads N]
///     pair_coeff * * POTENTIAL ELEMENT…
///
/// Ghosts reach one cutoff far for any number of layers: between layers the features of atoms travel to processes that
/// have ghosts of them, and gradients back. One process alone has images of its own atoms only, and exchanges nothing.
class PairApus : public Pair {
 public:
  PairApus(class LAMMPS *);
  ~PairApus() override;

  void settings(int, char **) override;
  void coeff(int, char **) override;
  void init_style() override;
  void init_list(int, class NeighList *) override;
  double init_one(int, int) override;
  void compute(int, int) override;

  int pack_forward_comm(int, int *, double *, int, int *) override;
  void unpack_forward_comm(int, int, double *) override;

  void *extract(const char *, int &) override;
  void *extract_peratom(const char *, int &) override;
  double memory_usage() override;

 private:
  apus_precision precision = APUS_PRECISION_OF_FILE;
  /// -1 unless given.
  int threads = -1;

  std::string path;
  apus_potential *potential = nullptr;
  apus_description description = {};
  /// Made by init_style from potential and settings.
  apus_calculator *calculator = nullptr;
  /// [type, from 1]: atomic numbers; 0 for types that are left to other pair styles.
  std::vector<int> elements_of_types;
  /// [type][type]: whether LAMMPS has asked for the cutoff of the pair.
  std::vector<char> is_given;
  /// LAMMPS' unit of energy in one eV.
  double electronvolt = 1;

  LocalNeighbors neighbors;
  HiddenAtoms hidden;
  RowExchange exchange;
  /// [atom or ghost of LAMMPS]
  std::vector<Home> homes;
  /// Step of the neighbor list that `neighbors` was made of.
  bigint listed_step = -1;

  std::vector<double> energies, forces, virials, centroid_virials, deviations, member_energies;
  /// [atom of LAMMPS]: how far the members of a committee disagree about its force; all zero for a single potential.
  std::vector<double> force_deviations;
  /// Set to 1 by fix pair before steps that it reads; they are computed anyway.
  int deviation_flag = 0;

  /// Whether a pair closer than in the training data has been warned of.
  bool has_warned = false;
  bool has_warned_of_heat_flux = false;

  /// What a process is asked before its first exchange in a step, and after the step.
  struct Step {
    PairApus *pair;
    /// Whether the processes have agreed to begin.
    bool has_begun;
    /// Whether one of them could not.
    bool has_failed;
  };

  static int fill_ghosts(void *step, apus_rows rows);
  static int add_ghosts(void *step, apus_rows rows);
  void finish(const Step &step, apus_status status);
  void warn_of_close_pair();
  std::string text_of(int process, std::string text) const;
  void fail_if_any(bool failed_here) const;
  [[noreturn]] void fail(int process, const std::string &text) const;
  void check_same_file() const;
  void check_pairs_of_types() const;
  void check_heat_flux();
  std::vector<double> masses_of_types() const;
  void make_calculator();
  int default_threads() const;
  void check_masses() const;
  void check_special_bonds() const;
  void update_neighbors();
  void add(const apus_result &);
  void add_centroid_virials(const apus_neighbors &);
  void compare_members();
  std::string covered_elements() const;
};

}    // namespace LAMMPS_NS

#endif
