/* Stands in for PLUMED's kernel: writes every call to plumed_calls.txt and biases the first atom with a spring to the
   origin along x, ½ k x², in the units that it was told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *file;
static double length_unit, energy_unit, time_unit, bias;
static int atoms, real, step;
static double *positions, *forces, *virial, *box, *energy;
static const double *masses, *charges;

void *plumedmain_create(void) {
    file = fopen("plumed_calls.txt", "a");
    fprintf(file, "create\n");
    return &file;
}

void plumedmain_cmd(void *object, const char *key, const void *value) {
    if (object != &file) abort();
    if (!strcmp(key, "setRealPrecision")) fprintf(file, "%s %d\n", key, real = *(const int *)value);
    else if (!strcmp(key, "setMDEnergyUnits")) fprintf(file, "%s %.10g\n", key, energy_unit = *(const double *)value);
    else if (!strcmp(key, "setMDLengthUnits")) fprintf(file, "%s %.10g\n", key, length_unit = *(const double *)value);
    else if (!strcmp(key, "setMDTimeUnits")) fprintf(file, "%s %.10g\n", key, time_unit = *(const double *)value);
    else if (!strcmp(key, "setTimestep") || !strcmp(key, "setKbT")) fprintf(file, "%s %.10g\n", key, *(const double *)value);
    else if (!strcmp(key, "setPlumedDat") || !strcmp(key, "setMDEngine") || !strcmp(key, "setLogFile"))
        fprintf(file, "%s %s\n", key, (const char *)value);
    else if (!strcmp(key, "setNatoms")) fprintf(file, "%s %d\n", key, atoms = *(const int *)value);
    else if (!strcmp(key, "setRestart")) fprintf(file, "%s %d\n", key, *(const int *)value);
    else if (!strcmp(key, "init")) fprintf(file, "init\n");
    else if (!strcmp(key, "setStep")) step = *(const int *)value;
    else if (!strcmp(key, "setPositions")) positions = (double *)value;
    else if (!strcmp(key, "setForces")) forces = (double *)value;
    else if (!strcmp(key, "setVirial")) virial = (double *)value;
    else if (!strcmp(key, "setBox")) box = (double *)value;
    else if (!strcmp(key, "setMasses")) masses = value;
    else if (!strcmp(key, "setCharges")) charges = value;
    else if (!strcmp(key, "setEnergy")) energy = (double *)value;
    else if (!strcmp(key, "calc")) {
        /* 300 kJ/mol/nm² in the units of the program. */
        double k = 300 * length_unit * length_unit / energy_unit, x = positions[0], f = 0;
        for (int i = 0; i < 3 * atoms; i++) f += forces[i] * forces[i];
        fprintf(file, "calc %d %.17g %.17g %.17g %.17g %.17g %.17g %.17g\n", step, x, f, *energy, box[0], virial[0],
                masses[0], charges ? charges[0] : -99);
        forces[0] -= k * x;
        virial[0] += k * x * x;
        bias = 0.5 * k * x * x;
        positions = forces = virial = box = energy = NULL;
    } else if (!strcmp(key, "getBias")) *(double *)value = bias;
    else { fprintf(file, "unknown %s\n", key); }
    fflush(file);
}

void plumedmain_finalize(void *object) {
    if (object != &file) abort();
    fprintf(file, "finalize\n");
    fclose(file);
}
