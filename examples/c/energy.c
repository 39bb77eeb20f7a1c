/* Energy, forces, stress and per-atom values of a silicon crystal:  energy POTENTIAL.safetensors */
#include <apus.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ATOMS = 8 };

static void check(apus_status status) {
    if (status == APUS_OK) return;
    fprintf(stderr, "energy: %s\n", apus_last_error());
    exit(1);
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: energy POTENTIAL.safetensors\n");
        return 1;
    }
    apus_potential *potential;
    check(apus_potential_load(arguments[1], &potential));
    apus_description description;
    check(apus_potential_describe(potential, &description));
    printf("Apus %s; elements", apus_version());
    for (int k = 0; k < description.element_count; k++) printf(" %s", apus_element_symbol(description.elements[k]));
    printf(", cutoff %g Å, %d layers, %d member%s\n", description.cutoff, description.layers, description.members,
           description.members == 1 ? "" : "s");

    /* Double precision, all cores. The potential may go once the calculator is there. */
    apus_calculator *calculator;
    check(apus_calculator_create(potential, APUS_FLOAT64, 0, &calculator));
    apus_potential_free(potential);

    /* Diamond, a little distorted. */
    const double a = 5.47;
    const double sites[ATOMS][3] = {{0, 0, 0},          {0, 0.5, 0.5},      {0.5, 0, 0.5},      {0.5, 0.5, 0},
                                    {0.25, 0.25, 0.25}, {0.25, 0.75, 0.75}, {0.75, 0.25, 0.75}, {0.75, 0.75, 0.25}};
    const double cell[9] = {a, 0, 0, 0, a, 0, 0, 0, a};
    int elements[ATOMS];
    double positions[ATOMS][3];
    for (int i = 0; i < ATOMS; i++) {
        elements[i] = apus_element_number("Si");
        for (int k = 0; k < 3; k++) positions[i][k] = a * sites[i][k] + 0.1 * sin(1 + 5 * i + 2 * k);
    }

    double forces[ATOMS][3], energies[ATOMS];
    apus_result result = {.forces = &forces[0][0], .atomic_energies = energies};
    check(apus_compute(calculator, ATOMS, elements, &positions[0][0], cell, NULL, &result));
    printf("energy %.6f eV\n", result.energy);
    for (int i = 0; i < ATOMS; i++) {
        printf("atom %d: energy %.6f eV, force %9.6f %9.6f %9.6f eV/Å\n", i, energies[i], forces[i][0], forces[i][1],
               forces[i][2]);
    }
    /* The stress, positive in tension: −virial / volume. 1 eV/Å³ = 160.21766 GPa. */
    printf("pressure %.4f GPa\n", (result.virial[0] + result.virial[4] + result.virial[8]) / (3 * a * a * a) * 160.2176634);

    /* Forces are exact derivatives: a force beside the slope of the energy. */
    const double h = 1e-4, force = forces[3][1];
    double energy[2];
    for (int side = 0; side < 2; side++) {
        positions[3][1] += side == 0 ? h : -2 * h;
        check(apus_compute(calculator, ATOMS, elements, &positions[0][0], cell, NULL, &result));
        energy[side] = result.energy;
    }
    const double slope = (energy[0] - energy[1]) / (2 * h);
    printf("force %.8f eV/Å, −dE/dy %.8f eV/Å\n", force, -slope);
    apus_calculator_free(calculator);
    return fabs(force + slope) < 1e-6 ? 0 : 1;
}
