// A crystal cut into domains that threads of their own evaluate, exchanging ghosts between the layers of the model as
// the ranks of an MPI program do: domains POTENTIAL.safetensors
#include <apus.h>

#include <array>
#include <barrier>
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

void check(apus_status status) {
    if (status != APUS_OK) throw std::runtime_error(apus_last_error());
}

struct Free {
    void operator()(apus_potential *potential) const { apus_potential_free(potential); }
    void operator()(apus_calculator *calculator) const { apus_calculator_free(calculator); }
};
using Potential = std::unique_ptr<apus_potential, Free>;
using Calculator = std::unique_ptr<apus_calculator, Free>;
using Vector = std::array<double, 3>;

Potential load(const char *path) {
    apus_potential *potential;
    check(apus_potential_load(path, &potential));
    return Potential(potential);
}

Calculator calculator(const Potential &potential) {
    apus_calculator *calculator;
    check(apus_calculator_create(potential.get(), APUS_FLOAT64, 1, &calculator));
    return Calculator(calculator);
}

// 2 × 2 × 2 cells of diamond, a little distorted, in a cubic box.
struct Crystal {
    double box = 10.94;
    std::vector<Vector> positions;

    Crystal() {
        const double a = box / 2;
        const Vector corners[4] = {{0, 0, 0}, {0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}};
        for (int cell = 0; cell < 8; cell++) {
            for (int site = 0; site < 8; site++) {
                Vector x;
                for (int k = 0; k < 3; k++) {
                    x[k] = a * ((cell >> k & 1) + corners[site % 4][k] + 0.25 * (site / 4))
                         + 0.08 * std::sin(3.0 * positions.size() + 2 * k);
                }
                positions.push_back(x);
            }
        }
    }
};

struct World;

// The atoms of one domain and, for every pair with an atom elsewhere or an image, a ghost.
struct Domain {
    World *world;
    std::vector<int> atoms;   // in the crystal
    std::vector<int> ghosts;  // the atoms that they are copies of, in the crystal
    std::vector<double> positions;
    std::vector<std::int64_t> first{0};
    std::vector<int> neighbors, owners;
    std::vector<double> forces;
    apus_result result{};
    apus_rows rows{};  // what it exchanges now
};

struct World {
    Crystal crystal;
    std::vector<Domain> domains;
    std::vector<std::pair<int, int>> places;  // of each atom: its domain and index there
    std::barrier<> barrier;

    World(int count, double cutoff) : domains(count), barrier(count) {
        for (int atom = 0; atom < (int)crystal.positions.size(); atom++) {
            int d = std::min(count - 1, (int)(crystal.positions[atom][0] / crystal.box * count));
            places.emplace_back(d, domains[d].atoms.size());
            domains[d].atoms.push_back(atom);
        }
        for (auto &domain : domains) listNeighbors(domain, cutoff);
    }

    void listNeighbors(Domain &domain, double cutoff) {
        domain.world = this;
        const int own = domain.atoms.size();
        std::vector<int> representatives(places.size(), -1);
        for (int i = 0; i < own; i++) {
            const Vector &x = crystal.positions[domain.atoms[i]];
            domain.positions.insert(domain.positions.end(), x.begin(), x.end());
            domain.owners.push_back(i);
        }
        for (int i = 0; i < own; i++) {
            for (int j = 0; j < (int)places.size(); j++) {
                for (int image = 0; image < 27; image++) {
                    const int steps[3] = {image / 9 - 1, image / 3 % 3 - 1, image % 3 - 1};
                    Vector x;
                    double square = 0;
                    for (int k = 0; k < 3; k++) {
                        x[k] = crystal.positions[j][k] + steps[k] * crystal.box;
                        square += std::pow(x[k] - crystal.positions[domain.atoms[i]][k], 2);
                    }
                    if (square >= cutoff * cutoff || square == 0) continue;
                    const int ghost = own + domain.ghosts.size();
                    domain.neighbors.push_back(ghost);
                    domain.ghosts.push_back(j);
                    domain.positions.insert(domain.positions.end(), x.begin(), x.end());
                    // An image of an own atom stands for that atom, a copy of another one for the first such copy.
                    const bool isOwn = &domains[places[j].first] == &domain;
                    if (representatives[j] < 0) representatives[j] = isOwn ? places[j].second : ghost;
                    domain.owners.push_back(representatives[j]);
                }
            }
            domain.first.push_back(domain.neighbors.size());
        }
        domain.forces.resize(3 * (own + domain.ghosts.size()));
    }

    double *row(const Domain &domain, int index) {
        return static_cast<double *>(domain.rows.data) + (std::size_t)index * domain.rows.width;
    }
};

// Rows of ghosts from the atoms they are copies of. With MPI this is where messages would be sent.
int fill(void *host, apus_rows rows) {
    auto &domain = *static_cast<Domain *>(host);
    auto &world = *domain.world;
    domain.rows = rows;
    world.barrier.arrive_and_wait();
    for (std::size_t k = 0; k < domain.ghosts.size(); k++) {
        auto [d, index] = world.places[domain.ghosts[k]];
        const double *from = world.row(world.domains[d], index);
        std::copy(from, from + rows.width, world.row(domain, domain.atoms.size() + k));
    }
    world.barrier.arrive_and_wait();
    return 0;
}

// Rows of ghosts to the atoms they are copies of.
int add(void *host, apus_rows rows) {
    auto &domain = *static_cast<Domain *>(host);
    auto &world = *domain.world;
    domain.rows = rows;
    world.barrier.arrive_and_wait();
    for (auto &other : world.domains) {
        for (std::size_t k = 0; k < other.ghosts.size(); k++) {
            auto [d, index] = world.places[other.ghosts[k]];
            if (&world.domains[d] != &domain) continue;
            const double *from = world.row(other, other.atoms.size() + k);
            double *to = world.row(domain, index);
            for (int c = 0; c < rows.width; c++) to[c] += from[c];
        }
    }
    world.barrier.arrive_and_wait();
    return 0;
}

void compute(const Potential &potential, Domain &domain) {
    auto own = calculator(potential);
    std::vector<int> elements(domain.atoms.size() + domain.ghosts.size(), 14);
    apus_neighbors neighbors{};
    neighbors.atoms = domain.atoms.size();
    neighbors.ghosts = domain.ghosts.size();
    neighbors.elements = elements.data();
    neighbors.positions = domain.positions.data();
    neighbors.first = domain.first.data();
    neighbors.neighbors = domain.neighbors.data();
    neighbors.owners = domain.owners.data();
    apus_exchange exchange{&domain, fill, add};
    domain.result.forces = domain.forces.data();
    check(apus_compute_local(own.get(), &neighbors, &exchange, &domain.result));
}

int run(const char *path) {
    auto potential = load(path);
    apus_description description;
    check(apus_potential_describe(potential.get(), &description));
    World world(3, description.cutoff);
    std::vector<std::thread> threads;
    for (auto &domain : world.domains) threads.emplace_back([&] { compute(potential, domain); });
    for (auto &thread : threads) thread.join();

    // Energies add up; forces on ghosts go home.
    double energy = 0;
    std::vector<Vector> forces(world.places.size());
    for (auto &domain : world.domains) {
        std::printf("%zu atoms, %zu ghosts: %.6f eV\n", domain.atoms.size(), domain.ghosts.size(), domain.result.energy);
        energy += domain.result.energy;
        for (std::size_t i = 0; i < domain.atoms.size() + domain.ghosts.size(); i++) {
            const bool isOwn = i < domain.atoms.size();
            auto &force = forces[isOwn ? domain.atoms[i] : domain.ghosts[i - domain.atoms.size()]];
            for (int k = 0; k < 3; k++) force[k] += domain.forces[3 * i + k];
        }
    }

    auto whole = calculator(potential);
    std::vector<int> elements(world.places.size(), 14);
    std::vector<Vector> expected(world.places.size());
    const double box = world.crystal.box, cell[9] = {box, 0, 0, 0, box, 0, 0, 0, box};
    apus_result result{};
    result.forces = expected[0].data();
    check(apus_compute(whole.get(), elements.size(), elements.data(), world.crystal.positions[0].data(), cell, nullptr, &result));
    double difference = 0;
    for (std::size_t i = 0; i < forces.size(); i++) {
        for (int k = 0; k < 3; k++) difference = std::max(difference, std::abs(forces[i][k] - expected[i][k]));
    }
    std::printf("together %.6f eV, the whole %.6f eV; forces differ by at most %.1e eV/Å\n", energy, result.energy, difference);
    return std::abs(energy - result.energy) < 1e-9 && difference < 1e-10 ? 0 : 1;
}

}  // namespace

int main(int count, char **arguments) try {
    if (count != 2) throw std::runtime_error("usage: domains POTENTIAL.safetensors");
    return run(arguments[1]);
} catch (const std::exception &error) {
    std::fprintf(stderr, "domains: %s\n", error.what());
    return 1;
}
