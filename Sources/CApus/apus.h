/* The C interface of Apus: energies, forces and virials of NequIP potentials for other programs.
 *
 *     apus_potential *potential;
 *     apus_calculator *calculator;
 *     if (apus_potential_load("silicon.safetensors", &potential) != APUS_OK) die(apus_last_error());
 *     if (apus_calculator_create(potential, APUS_PRECISION_OF_FILE, 0, &calculator) != APUS_OK) die(apus_last_error());
 *     double forces[2][3];
 *     apus_result result = {.forces = &forces[0][0]};
 *     if (apus_compute(calculator, 2, numbers, positions, cell, NULL, &result) != APUS_OK) die(apus_last_error());
 *     apus_calculator_free(calculator);
 *     apus_potential_free(potential);
 *
 * Units: Å, eV, eV/Å. Positions are Cartesian, [atom][3]. Tensors have nine numbers, row by row. A virial is −dE/dε, so
 * the stress (positive in tension) is −virial / volume. Elements are atomic numbers.
 *
 * Every function that can fail returns an apus_status, and apus_last_error() then says what was found, what was
 * expected and what to do; atoms in it count from 1. After a failure the values of a result are not to be used; nothing
 * else has changed.
 *
 * Potentials never change and may be shared by threads. A calculator holds neighbours and memory between calls; calls
 * of one calculator wait for each other, calls of different ones run at the same time. Results are the same bits for
 * any number of threads. No function keeps a pointer that it is given.
 *
 * MIT licence.
 */
#ifndef APUS_H
#define APUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when a program must be compiled anew. The library's name ends in it: libapus.so.1. */
#define APUS_ABI_VERSION 1

typedef enum apus_status {
    APUS_OK = 0,
    /* A file cannot be read, or is no potential. */
    APUS_ERROR_FILE = 1,
    /* An element that the potential does not cover. */
    APUS_ERROR_ELEMENT = 2,
    /* An argument that makes no sense: a null pointer, a negative count, an index out of range. */
    APUS_ERROR_ARGUMENT = 3,
    /* A structure that makes no sense: a coordinate that is not finite, a cell without volume, too many edges. */
    APUS_ERROR_STRUCTURE = 4,
    /* The energy or a force is not finite: atoms are on top of each other. */
    APUS_ERROR_NOT_FINITE = 5,
    /* A function of the host's (apus_exchange) returned something else than 0. */
    APUS_ERROR_HOST = 6,
    /* Something that is none of these. */
    APUS_ERROR_OTHER = 7
} apus_status;

/* In what precision the network is evaluated. Energies add up, and everything is passed, in double. */
typedef enum apus_precision {
    /* The one that the potential was written for. */
    APUS_PRECISION_OF_FILE = 0,
    APUS_FLOAT32 = 4,
    APUS_FLOAT64 = 8
} apus_precision;

typedef struct apus_potential apus_potential;
typedef struct apus_calculator apus_calculator;

/* "0.1.0"; lives as long as the program. */
const char *apus_version(void);

/* The APUS_ABI_VERSION that the library was built with. */
int apus_abi_version(void);

/* The message of the last failure in this thread; empty if there was none. Valid until the next one. */
const char *apus_last_error(void);

/* ---- Elements ------------------------------------------------------------------------------------------------ */

/* "Si" for 14, NULL for what is no element. Lives as long as the program. */
const char *apus_element_symbol(int element);

/* 14 for "Si", in any letter case; 0 for what is no element. */
int apus_element_number(const char *symbol);

/* Standard atomic weight in amu (IUPAC 2013; of elements without one the mass of the isotope that lives longest); 0 for what
 * is no element. */
double apus_element_mass(int element);

/* ---- Potentials ---------------------------------------------------------------------------------------------- */

/* Reads a potential file, and computes the structures in it again: a file whose energies or forces come out otherwise is
 * refused. */
apus_status apus_potential_load(const char *path, apus_potential **potential);

/* Calculators made from it may live on. NULL is allowed. */
void apus_potential_free(apus_potential *potential);

typedef struct apus_description {
    /* The elements that it covers, in the order of its types. Lives as long as the potential. */
    int element_count;
    const int *elements;
    /* Å; no edge that is longer contributes. */
    double cutoff;
    /* Interaction layers: energies depend on atoms within layers × cutoff. */
    int layers;
    /* Of a committee; 1 for a single potential. */
    int members;
    /* APUS_FLOAT32 or APUS_FLOAT64. */
    apus_precision precision;
    /* Weights of each member. */
    int64_t weights;
} apus_description;

apus_status apus_potential_describe(const apus_potential *potential, apus_description *description);

/* The shortest distance (Å) of two elements in the training data; 0 where it is not known. Closer atoms are beyond what the
 * potential has learned. */
double apus_potential_shortest_distance(const apus_potential *potential, int element, int other);

/* The name of what the potential predicts, index 0, 1, …: "energy", "forces", "stress", "dipole", "charges" and so on; NULL
 * beyond the last. A potential without "energy" has no energies and no forces. Lives as long as the program. */
const char *apus_potential_property(const apus_potential *potential, int index);

/* How many numbers a structure of so many atoms has of a property; −1 for what is none. */
int64_t apus_property_size(const char *property, int atoms);

/* SHA-256 of what was read, as 64 hexadecimal digits: two files with the same are the same potential. Lives as long as the
 * potential. */
const char *apus_potential_sha256(const apus_potential *potential);

/* ---- Calculators --------------------------------------------------------------------------------------------- */

/* threads: 0 for all cores. */
apus_status apus_calculator_create(
    const apus_potential *potential, apus_precision precision, int threads, apus_calculator **calculator);

/* NULL is allowed. */
void apus_calculator_free(apus_calculator *calculator);

/* How far beyond the cutoff apus_compute looks for neighbours, in Å, 0.5 at first. They are found anew when an atom has moved
 * by half of it. Results do not depend on it. */
apus_status apus_calculator_set_skin(apus_calculator *calculator, double skin);

/* How often apus_compute has looked for neighbours. */
int64_t apus_calculator_neighbor_searches(const apus_calculator *calculator);

/* What the calculator would take for a structure of that size, in bytes, if each atom has `neighbors` within the cutoff:
 * neighbours, features and work space. */
apus_status apus_calculator_memory_estimate(
    const apus_calculator *calculator, int64_t atoms, double neighbors, double *bytes);

/* What is computed. Set a pointer to NULL where it is not wanted; start from a result that is all zero. */
typedef struct apus_result {
    /* eV, with the energies of isolated atoms. */
    double energy;
    /* −dE/dε, eV, [3][3], symmetric. */
    double virial[9];
    /* [atoms]; their sum is the energy. */
    double *atomic_energies;
    /* [atoms][3], eV/Å; for apus_compute_local [atoms + ghosts][3], where forces on ghosts belong to the atoms that they
     * are copies of. */
    double *forces;
    /* [atoms][9] or [atoms + ghosts][9], eV, symmetric: of every edge half for each of its ends; their sum is the virial. They
     * give no heat current: that of a message-passing potential is made of apus_compute_centroid_virials. */
    double *atomic_virials;
    /* How far a committee disagrees, standard deviations over its members; 0 for a single potential. In a distributed
     * host the energy's is that of the local atoms: use member_energies. */
    double energy_deviation;
    /* [atoms], eV/Å: of the force vectors, √(mean |F − mean F|²). */
    double *force_deviations;
    /* [members], eV. */
    double *member_energies;
} apus_result;

/* A whole structure: a molecule, or a cell with its images.
 *
 * elements [atoms]; positions [atoms][3], anywhere; cell [3][3], lattice vectors in rows, or NULL; periodic [3],
 * whether the structure repeats along each of them, or NULL for all of them. */
apus_status apus_compute(
    apus_calculator *calculator, int atoms, const int *elements, const double *positions, const double *cell,
    const int *periodic, apus_result *result);

/* Unrelated structures in one call, small ones at the speed of a large one.
 *
 * atoms [structures]; elements, positions of all atoms, structure after structure; cells [structures][3][3] or NULL,
 * periodic [structures][3] or NULL as for apus_compute (a molecule among crystals has three zeros there, and any cell);
 * results [structures]. A message about a structure counts from 1. After an error no result is there. */
apus_status apus_compute_many(
    apus_calculator *calculator, int structures, const int *atoms, const int *elements, const double *positions,
    const double *cells, const int *periodic, apus_result *results);

/* apus_compute, and properties beside energy, forces and virial.
 *
 * charge: of the structure, in e; predicted charges add up to it, and the dipole of an ion is about the centroid of the
 * positions. properties [count]: names; values [count]: where apus_property_size numbers of each go, in its unit (e·Å
 * for dipoles, e for charges), [component] or [atoms][component]. What means nothing is refused: the dipole of a
 * structure that repeats. result may be NULL, and must be for a potential without energies. */
apus_status apus_compute_properties(
    apus_calculator *calculator, int atoms, const int *elements, const double *positions, const double *cell,
    const int *periodic, double charge, apus_result *result, int count, const char *const *properties,
    double *const *values);

/* The Hessian d²E/dr² of a whole structure times directions, by the potential's own second derivatives: how forces change
 * along them, with the opposite sign.
 *
 * The structure as for apus_compute; directions and products [count][atoms][3], Å and eV/Å. With a direction that is 1
 * for one coordinate and 0 for all others, the product is that column of the Hessian in eV/Å². Several directions in
 * one call take less time than one by one. A calculator in double precision is meant; APUS_ERROR_OTHER where the
 * potential has no second derivatives. */
apus_status apus_compute_hessian_products(
    apus_calculator *calculator, int atoms, const int *elements, const double *positions, const double *cell,
    const int *periodic, int count, const double *directions, double *products);

/* Two atoms that are closer than any of their elements were in the training data. */
typedef struct apus_close_pair {
    /* From 0; of apus_compute_many counted through all structures, of apus_compute_local rows of atoms and ghosts, a
     * ghost's that of its owner. */
    int atoms[2];
    /* Å: how far they are apart, and the shortest distance that the potential has learned from. */
    double distance;
    double limit;
    /* 1 where the training data had no such pair within the cutoff: then half the sum of covalent radii is taken. */
    int is_assumed;
} apus_close_pair;

/* How many pairs of the last structure were closer than in the training data, where energies and forces mean nothing: a host
 * should say so, once. worst, which may be NULL, is the pair that is farthest below its limit; it is left alone where
 * there is none. Costs a look at each edge. */
int64_t apus_calculator_close_pairs(const apus_calculator *calculator, apus_close_pair *worst);

/* ---- Hosts with neighbours of their own, and distributed hosts ------------------------------------------------- */

/* Local atoms, numbered first, then ghosts: images of local atoms, or copies of atoms that other processes hold. */
typedef struct apus_neighbors {
    int atoms;
    int ghosts;
    /* [atoms + ghosts] */
    const int *elements;
    /* [atoms + ghosts][3], Å. */
    const double *positions;
    /* [atoms + 1]: neighbours of atom i are neighbors[first[i]] … neighbors[first[i + 1] − 1]. */
    const int64_t *first;
    /* Indices below atoms + ghosts. All pairs in both directions (a full list), each once; those beyond the cutoff are left
     * out. When its length has changed, a list is looked at for pairs that are given once or twice. */
    const int *neighbors;
    /* [atoms + ghosts], or NULL if every ghost stands for itself: for each of them the atom or ghost that stands for
     * it. A ghost that is an image of a local atom should point to that atom, which saves its messages; copies of one
     * atom elsewhere may point to the first of them. An atom stands for itself. */
    const int *owners;
} apus_neighbors;

/* Rows of features, or of their gradients: [atoms + ghosts][width] scalars of scalar_bytes (4 or 8). */
typedef struct apus_rows {
    void *data;
    int scalar_bytes;
    int width;
} apus_rows;

/* What a distributed host does between the layers. Every process must call apus_compute_local at the same time, also with
 * no atoms: then all exchanges happen in the same order everywhere. Return 0, or something else to end the computation
 * with APUS_ERROR_HOST (in all processes, or they wait for each other). */
typedef struct apus_exchange {
    void *host;
    /* Copies the rows of atoms that other processes hold to the rows of their ghosts here. */
    int (*fill_ghosts)(void *host, apus_rows rows);
    /* Adds the rows of ghosts to the rows of their atoms, wherever these are. */
    int (*add_ghosts)(void *host, apus_rows rows);
} apus_exchange;

/* Local atoms and ghosts with the host's neighbours. Energies, the virial and deviations are those of the local atoms, for
 * the host to add up.
 *
 * exchange may be NULL where every neighbour is, or points to, a local atom, and for a potential of one layer. */
apus_status apus_compute_local(
    apus_calculator *calculator, const apus_neighbors *neighbors, const apus_exchange *exchange, apus_result *result);

/* W_j = Σ_i (r_i − r_j) ⊗ dE_i/dr_j, [atoms][9] in eV, row by row and not symmetric, of a host that holds all atoms: every
 * neighbour is, or points to, a local atom. The flow of potential energy is J = Σ_j W_j v_j, which with Σ_j v_j e_j is
 * the heat flux times the volume. It takes some four times as long as forces. */
apus_status apus_compute_centroid_virials(
    apus_calculator *calculator, const apus_neighbors *neighbors, double *virials);

/* The longest row that is exchanged, in bytes. */
int apus_calculator_exchange_bytes(const apus_calculator *calculator);

/* ---- Irreps, rotations, products: e3nn's mathematics ------------------------------------------------------------ */

/* Conventions are e3nn's: irreps by text, "32x0e+16x1o"; features block by block and channel by channel, index channel
 * (2l + 1) + component; the polar axis is y, components of degree 1 are x, y, z. Arrays are row by row. */

/* What becomes of irreps, as a text of at most room bytes with its final zero. operation: "parsed" (written the usual way),
 * "sorted", "simplified" (neighbouring blocks joined), "regrouped" (both), "product" (of all pairs of channels with
 * those of other, which may be NULL for the rest). */
apus_status apus_irreps(const char *operation, const char *irreps, const char *other, char *result, int64_t room);

/* [blocks]: the block that stands at each place when they are sorted. */
apus_status apus_irreps_order(const char *irreps, int *order);

/* [2 l1 + 1][2 l2 + 1][2 l3 + 1], with squares that add up to 1. */
apus_status apus_wigner_3j(int l1, int l2, int l3, double *values);

/* [dimension][dimension]: how irreps turn with space. rotation [3][3], which may hold an inversion. */
apus_status apus_wigner_d(const char *irreps, const double *rotation, double *matrix);

/* [3][3] of "angles" α, β, γ (R = R_y(α) R_x(β) R_y(γ)), of an "axis" x, y, z and an angle, or of a "quaternion" w, x, y,
 * z; and back. Of a rotation with an inversion the numbers are those of its proper part. */
apus_status apus_rotation(const char *description, const double *numbers, double *matrix);
apus_status apus_rotation_as(const char *description, const double *matrix, double *numbers);

/* Real spherical harmonics of degrees 0 … l_max. normalization: "component", "norm" or "integral". of_directions: 1 for
 * those of x/|x|, 0 for polynomials r^l Y(x/r). vectors [count][3]; values [count][(l_max + 1)²] and gradients
 * [count][(l_max + 1)²][3] may be NULL. */
apus_status apus_spherical_harmonics(
    int l_max, const char *normalization, int of_directions, int64_t count, const double *vectors, double *values,
    double *gradients);

/* Signals on the sphere: coefficients [rows][(l_max + 1)²] to values [rows][betas][alphas] where to_values is 1, values to
 * coefficients where it is 0. Points at β = π (i + ½)/betas and α = 2π j/alphas. */
apus_status apus_sphere_grid(
    int l_max, int betas, int alphas, const char *normalization, int to_values, int64_t rows, const double *input,
    double *output);

/* A product of two features, e3nn's TensorProduct. */
typedef struct apus_product apus_product;

/* Start from a description that is all zero. */
typedef struct apus_product_description {
    /* "fully_connected", "full", "elementwise", "square" (of left alone; with weights if there is an output), "linear", or
     * "instructions". */
    const char *kind;
    const char *left;
    const char *right;
    const char *output;
    /* Irreps that are wanted in the output of full, elementwise and square, such as "0e+1o"; NULL for all. */
    const char *keep;
    /* "component", "norm" or "none"; NULL for the first. */
    const char *irrep_normalization;
    /* "element", "path" or "none"; NULL for the first. */
    const char *path_normalization;
    /* For "instructions": blocks [count][3] of left, right and output; modes [count], "uvw", "uvu", "uvv", "uuw", "uuu",
     * "uvuv", "uvu<v" or "u<vw"; has_weights [count] or NULL for yes; shares [count], e3nn's path_weight, or NULL for
     * 1; variances [blocks] or NULL for 1. */
    int instruction_count;
    const int *blocks;
    const char *const *modes;
    const int *has_weights;
    const double *shares;
    const double *left_variances;
    const double *right_variances;
    const double *output_variances;
} apus_product_description;

apus_status apus_product_create(const apus_product_description *description, apus_product **product);

/* NULL is allowed. */
void apus_product_free(apus_product *product);

/* Of the left (0), the right (1) and the output (2). Lives as long as the product. */
const char *apus_product_irreps(const apus_product *product, int which);

/* How many weights it has. */
int64_t apus_product_weights(const apus_product *product);

typedef struct apus_product_path {
    /* Of left, right and output. */
    int blocks[3];
    /* Lives as long as the program. */
    const char *mode;
    /* All normalisation. */
    double coefficient;
    int64_t first_weight;
    /* 0 without weights. */
    int weight_dimensions;
    int weight_shape[3];
} apus_product_path;

/* Index 0, 1, …; fails beyond the last. */
apus_status apus_product_path_at(const apus_product *product, int index, apus_product_path *path);

/* output [rows][dimension] of left and right. weights [weight_rows][weights], of all rows (1) or of each (rows); NULL where
 * there are none. */
apus_status apus_product_values(
    const apus_product *product, int64_t rows, const double *left, const double *right, const double *weights,
    int64_t weight_rows, double *output);

/* The derivatives of Σ output · cotangent, as wide as what they are by; NULL where one is not wanted. */
apus_status apus_product_gradients(
    const apus_product *product, int64_t rows, const double *left, const double *right, const double *weights,
    int64_t weight_rows, const double *cotangent, double *by_left, double *by_right, double *by_weights);

/* Tensors with an index symmetry in irreps, e3nn's ReducedTensorProducts. */
typedef struct apus_reduced_product apus_reduced_product;

/* formula: "ij=ji", "ijkl=jikl=ijlk=klij". irreps [count] of the indices whose letters are in indices; those that are not
 * given are those of indices that they are exchanged with. keep: irreps that are wanted, or NULL; through: irreps that
 * products of the first indices may have, or NULL for all. */
apus_status apus_reduced_product_create(
    const char *formula, int count, const char *indices, const char *const *irreps, const char *keep,
    const char *through, apus_reduced_product **product);

/* NULL is allowed. */
void apus_reduced_product_free(apus_reduced_product *product);

/* Of index 0, 1, …, or of the result for −1; NULL beyond the last. Lives as long as the product. */
const char *apus_reduced_product_irreps(const apus_reduced_product *product, int index);

/* [dimension of the result][components of a tensor], orthonormal rows. */
apus_status apus_reduced_product_basis(const apus_reduced_product *product, double *basis);

#ifdef __cplusplus
}
#endif

#endif
