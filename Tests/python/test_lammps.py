"""`pair_style apus` in stock LAMMPS, on 1 to 4 processes, against the C library's results for the whole structure."""

import os
import re
import subprocess
import sys

import ase.build
import numpy
import pytest

from conftest import PROGRAM, REPOSITORY, SHIPPED, Program
from lammps_runs import (
    BAR, KILOCALORIE, MASSES, OUTPUT, ROUNDING, STRUCTURES, compute, numbers, outcome, setup, voigt, write_data)


@pytest.mark.parametrize("name", STRUCTURES)
def test_lammps_and_the_library_agree(outcomes, references, name):
    if name not in outcomes:
        pytest.skip("LAMMPS wants cells longer than the cutoff for comm_style tiled")
    found, expected = outcomes[name], references[name]
    count = len(STRUCTURES[name])
    assert abs(found.energy - expected.energy) < ROUNDING * count
    assert numpy.abs(found.forces - expected.forces).max() < ROUNDING
    assert numpy.abs(found.energies - expected.energies).max() < ROUNDING
    # LAMMPS' stress per atom is the negative of its virial, in bar Å³.
    assert numpy.abs(found.stresses / BAR + voigt(expected.virials)).max() < ROUNDING
    assert numpy.abs(found.virial / BAR - voigt(expected.virial)).max() < ROUNDING * count
    # Shares add up.
    assert abs(found.sums[0] - found.energy) < ROUNDING * count
    assert numpy.abs((found.sums[1:] + found.virial) / BAR).max() < ROUNDING * count


# ---- Other units and boundaries --------------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [1, 2])
def test_real_units_are_kilocalories(lammps, potentials, references, processes):
    atoms = STRUCTURES["bulk"]
    write_data(lammps.folder / "atoms.data", atoms, ("Cu", "Au"))
    output = lammps.succeeds(setup(atoms, potentials[0], units="real") + OUTPUT.replace("NAME", "real"), processes)
    found, expected = outcome(lammps.folder, output, "real"), references["bulk"]
    assert abs(found.energy - KILOCALORIE * expected.energy) < KILOCALORIE * ROUNDING * len(atoms)
    assert numpy.abs(found.forces - KILOCALORIE * expected.forces).max() < KILOCALORIE * ROUNDING
    # atm Å³ in a kcal/mol, LAMMPS' nktv2p of real units.
    expected = -68568.415 * KILOCALORIE * voigt(expected.virials)
    assert numpy.abs(found.stresses - expected).max() < 68568.415 * KILOCALORIE * ROUNDING


@pytest.mark.parametrize("processes", [1, 2])
def test_atoms_need_no_numbers(lammps, processes):
    script = f"""
units metal
atom_modify id no
lattice diamond 5.47
region box block 0 2 0 2 0 2
create_box 1 box
create_atoms 1 box
mass 1 28.085
pair_style apus precision float64
pair_coeff * * {SHIPPED} Si
run 0
print "crystal $(pe:%.17g)"
"""
    expected = compute(SHIPPED, ase.build.bulk("Si", a=5.47)).energy / 2
    assert abs(numbers(lammps.succeeds(script, processes), "crystal")[0] / 64 - expected) < ROUNDING


@pytest.mark.parametrize("processes", [1, 3])
def test_shrink_wrapped_molecules_are_molecules(lammps, potentials, processes):
    atoms = STRUCTURES["molecule"].copy()
    atoms.pbc = False
    expected = compute(potentials[0], atoms)
    write_data(lammps.folder / "atoms.data", atoms, ("Cu", "Au"))
    script = setup(atoms, potentials[0], boundary="s s s") + OUTPUT.replace("NAME", "free")
    found = outcome(lammps.folder, lammps.succeeds(script, processes), "free")
    assert abs(found.energy - expected.energy) < ROUNDING * len(atoms)
    assert numpy.abs(found.forces - expected.forces).max() < ROUNDING


@pytest.mark.parametrize("processes", [1, 2])
def test_single_precision_is_that_of_the_file(lammps, references, processes):
    atoms, expected = STRUCTURES["silicon"], references["silicon"]
    write_data(lammps.folder / "atoms.data", atoms, ("Si",))
    script = setup(atoms, SHIPPED, ("Si",), style="pair_style apus") + OUTPUT.replace("NAME", "single")
    output = lammps.succeeds(script, processes)
    assert "float32, 1 thread per process" in output
    found = outcome(lammps.folder, output, "single")
    # Sums of hundreds of terms of some eV/Å, each rounded by 6e-8.
    assert 1e-9 < numpy.abs(found.forces - expected.forces).max() < 1e-4
    assert abs(found.energy - expected.energy) < 1e-4 * len(atoms)


def test_threads_share_the_cores_among_processes(lammps, potentials):
    atoms = STRUCTURES["bulk"]
    write_data(lammps.folder / "atoms.data", atoms, ("Cu", "Au"))
    script = setup(atoms, potentials[0]) + "run 0\n"
    del lammps.environment["OMP_NUM_THREADS"]
    assert "float64, all cores" in lammps.succeeds(script)
    shared = max(1, len(os.sched_getaffinity(0)) // 3)
    assert f"float64, {shared} thread{'s' if shared > 1 else ''} per process" in lammps.succeeds(script, 3)
    assert "float64, 2 threads per process" in lammps.succeeds(script, OMP_NUM_THREADS="2")
    script = script.replace("precision float64", "threads 2 precision float64")
    assert "float64, 2 threads per process" in lammps.succeeds(script)


# ---- Motion ----------------------------------------------------------------------------------------------------------

DYNAMICS = """
velocity all create 300 7 mom yes dist gaussian
timestep 0.001
thermo 10
run 0
print "start $(etotal:%.17g) $(pe:%.17g) $(vol:%.17g)"
"""


def dynamics(lammps, commands, processes=1, copies=2):
    """Silicon that moves; a total energy, potential energy and volume before and after."""
    atoms = ase.build.bulk("Si", a=5.47, cubic=True) * copies
    write_data(lammps.folder / "atoms.data", atoms, ("Si",))
    end = 'print "end $(etotal:%.17g) $(pe:%.17g) $(vol:%.17g)"\n'
    output = lammps.succeeds(setup(atoms, SHIPPED, ("Si",)) + DYNAMICS + commands + end, processes)
    return numbers(output, "start"), numbers(output, "end"), output


def test_energy_is_conserved_and_does_not_depend_on_the_number_of_processes(lammps):
    ends = []
    for processes in [1, 2]:
        start, end, _ = dynamics(lammps, "fix 1 all nve\nrun 100\n", processes)
        # Half of 300 K moves to potential energy, 1.2 eV; Verlet with 1 fs keeps a thousandth of it.
        assert abs(end[1] - start[1]) > 0.5
        assert abs(end[0] - start[0]) < 2e-3
        ends.append(end)
    # Atoms changed processes in between. Roundings grow in a hundred steps.
    assert numpy.abs(numpy.subtract(*ends)).max() < 1e-7


def test_pressure_changes_the_volume(lammps):
    start, end, _ = dynamics(
        lammps, "change_box all triclinic\nfix 1 all npt temp 300 300 0.1 tri 100000 100000 0.2\nrun 50\n", 2)
    # 10 GPa on silicon, whose bulk modulus is some 90 GPa.
    assert 0.85 * start[2] < end[2] < 0.99 * start[2]


def test_minimisation_finds_the_crystal(lammps):
    # Of the potential itself: the ideal crystal is a minimum by symmetry.
    start, end, output = dynamics(
        lammps, "run 0\ndisplace_atoms all random 0.15 0.15 0.15 3\nrun 0\n"
        'print "displaced $(pe:%.17g)"\nminimize 0 1e-3 200 1000\n', 2)
    displaced = numbers(output, "displaced")[0]
    assert end[1] < displaced - 1
    assert abs(end[1] - start[1]) < 1e-4


def test_relaxed_cells_have_no_stress(lammps):
    _, _, output = dynamics(lammps, """
compute p all pressure NULL virial
thermo_style custom step pe etotal c_p[1] c_p[2] c_p[3]
run 0
print "before $(c_p[1]) $(c_p[2]) $(c_p[3])"
fix 1 all box/relax aniso 0
minimize 0 1e-4 300 1000
unfix 1
run 0
print "after $(c_p[1]) $(c_p[2]) $(c_p[3])"
""", 2)
    # bar
    assert numpy.abs(numbers(output, "before")).min() > 1000
    assert numpy.abs(numbers(output, "after")).max() < 1


def test_a_rerun_finds_the_energies_of_the_run(lammps):
    _, _, output = dynamics(lammps, f"""
fix 1 all nve
dump 1 all custom 10 run.dump id type x y z
dump_modify 1 format float %.17g
thermo_style custom step pe etotal
thermo_modify format float %.15g
run 30
undump 1
rerun run.dump dump x y z
""", 2)
    # The start, its run of 0 steps, then step 0, 10, 20 and 30 twice.
    energies = [float(row.split()[1]) for row in re.findall(r"^ +\d+ +-\d+\.\d+ +-\S+ *$", output, re.MULTILINE)]
    assert len(energies) == 8 and energies[0] != energies[3]
    assert numpy.abs(numpy.subtract(energies[:4], energies[4:])).max() < ROUNDING * 64


def test_a_restart_goes_on_with_the_same_energy(lammps):
    _, end, _ = dynamics(lammps, "fix 1 all nve\nrun 10\nwrite_restart state.restart\n", 2)
    output = lammps.succeeds(f"""
read_restart state.restart
pair_style apus precision float64
pair_coeff * * {SHIPPED} Si
fix 1 all nve
run 0
print "end $(etotal:%.17g)"
""")
    assert abs(numbers(output, "end")[0] - end[0]) < ROUNDING * 64


# ---- With other pair styles ------------------------------------------------------------------------------------------


# Styles with their coefficients, an energy beyond which theirs lies, and what they say of each atom.
OVERLAYS = {
    "zbl": ("zbl 2 2.8", "14 14", 1, ["energies", "stresses"]),
    # Grimme's D3, whose neighbours are three times as far as the potential's.
    "dispersion/d3": ("dispersion/d3 bj pbe 14 10", "Si", -10, []),
}


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("other", OVERLAYS)
def test_overlays_add_up(lammps, other, processes):
    atoms = STRUCTURES["silicon"]
    write_data(lammps.folder / "atoms.data", atoms, ("Si",))
    style, coefficients, beyond, by_atom = OVERLAYS[other]
    results = {}
    for name, styles, lines in [
            ("apus", "apus precision float64", f"pair_coeff * * {SHIPPED} Si"),
            ("other", style, f"pair_coeff * * {coefficients}"),
            ("both", f"hybrid/overlay apus precision float64 {style}",
             f"pair_coeff * * apus {SHIPPED} Si\npair_coeff * * {other} {coefficients}")]:
        script = setup(atoms, SHIPPED, ("Si",), style=f"pair_style {styles}")
        script = re.sub(r"pair_coeff.*", lines.replace("\\", r"\\") + "\nneigh_modify one 4000", script)
        script += OUTPUT.replace("NAME", name)
        results[name] = outcome(lammps.folder, lammps.succeeds(script, processes), name)
    assert results["other"].energy / beyond > 1
    for quantity in ["energy", "virial", "forces", *by_atom]:
        found, parts = getattr(results["both"], quantity), [getattr(results[name], quantity) for name in ["apus", "other"]]
        scale = BAR if quantity in ["virial", "stresses"] else 1
        assert numpy.abs(found - sum(parts)).max() / scale < ROUNDING * len(atoms)


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_types_without_an_element_are_left_to_other_styles(lammps, potentials, processes):
    metal = STRUCTURES["slab"].copy()
    metal.pbc = True
    argon = ase.Atoms("Ar3", [[1, 1, 2], [4, 4, 2.5], [5, 2, 22]])
    # Between the metal atoms in the file, so that rows and atoms of LAMMPS differ.
    atoms = metal[:10] + argon + metal[10:]
    atoms.set_cell(metal.cell), atoms.set_pbc(True)
    write_data(lammps.folder / "atoms.data", atoms, ("Cu", "Ar", "Au"))
    hybrid = setup(atoms, potentials[0], ("Cu", "Ar", "Au"), style="pair_style hybrid apus precision float64 lj/cut 5")
    hybrid = re.sub(r"pair_coeff.*", f"""pair_coeff * * apus {potentials[0]} Cu NULL Au
pair_coeff 2 * lj/cut 0.01 3.4
pair_coeff 1 2 lj/cut 0.01 3.4""", hybrid)
    only_argon = re.sub(r"pair_style.*", "pair_style lj/cut 5", re.sub(r"pair_coeff.*", """pair_coeff * * 0 1
pair_coeff 2 * 0.01 3.4
pair_coeff 1 2 0.01 3.4""", hybrid, count=1))
    only_argon = "\n".join(l for l in only_argon.split("\n") if "lj/cut 0" not in l)
    found = outcome(
        lammps.folder, lammps.succeeds(hybrid + OUTPUT.replace("NAME", "hybrid"), processes), "hybrid")
    rest = outcome(lammps.folder, lammps.succeeds(only_argon + OUTPUT.replace("NAME", "rest"), processes), "rest")
    expected = compute(potentials[0], metal)
    assert abs(rest.energy) > 1e-3
    assert abs(found.energy - rest.energy - expected.energy) < ROUNDING * len(atoms)
    of_metal = atoms.numbers != 18
    forces, energies, virials = found.forces - rest.forces, found.energies - rest.energies, found.stresses - rest.stresses
    assert numpy.abs(forces[of_metal] - expected.forces).max() < ROUNDING
    assert numpy.abs(energies[of_metal] - expected.energies).max() < ROUNDING
    assert numpy.abs(virials[of_metal] / BAR + voigt(expected.virials)).max() < ROUNDING
    assert max(numpy.abs(a[~of_metal]).max() for a in [forces, energies, virials / BAR]) < ROUNDING
    assert numpy.abs((found.virial - rest.virial) / BAR - voigt(expected.virial)).max() < ROUNDING * len(atoms)


# ---- Committees ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_committees_say_how_far_they_disagree(lammps, potentials, processes):
    atoms = STRUCTURES["gap"]
    expected = compute(potentials[1], atoms)
    write_data(lammps.folder / "atoms.data", atoms, ("Cu", "Au"))
    output = lammps.succeeds(setup(atoms, potentials[1]) + """
compute d all pair apus
fix d all pair 1 apus deviation 0
compute largest all reduce max f_d
thermo_style custom step pe c_d c_d[1] c_d[2] c_largest
dump 1 all custom 1 committee.dump id f_d fx fy fz
dump_modify 1 format float %.17g sort id
run 0
print "committee $(pe:%.17g) $(c_d:%.17g) $(c_d[1]:%.17g) $(c_d[2]:%.17g) $(c_largest:%.17g)"
""", processes)
    assert "committee of 3" in output
    energy, by_compute, deviation, largest, reduced = numbers(output, "committee")
    assert abs(energy - expected.energy) < ROUNDING * len(atoms)
    assert by_compute == energy
    assert expected.energy_deviation > 1e-3
    assert abs(deviation - expected.energy_deviation) < ROUNDING * len(atoms)
    assert abs(largest - expected.force_deviations.max()) < ROUNDING
    assert reduced == largest
    table = numpy.loadtxt(lammps.folder / "committee.dump", skiprows=9)
    assert numpy.abs(table[:, 1] - expected.force_deviations).max() < ROUNDING
    assert numpy.abs(table[:, 2:] - expected.forces).max() < ROUNDING


# ---- Messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes, message", [
    ([("silicon-pbe", "silicon-lda")], "silicon-lda.safetensors"),
    ([("safetensors Si", "safetensors Ge")], "silicon-pbe.safetensors covers Si, not Ge (type 1)"),
    ([("safetensors Si", "safetensors Xx")], "expected an element or NULL for type 1, found Xx"),
    ([("safetensors Si", "safetensors Si Si")], "an element for each of the 1 atom types"),
    ([("safetensors Si", "safetensors NULL")], "NULL (type 1) is for pair_style hybrid"),
    ([("units metal", "units metal\nnewton off")], "put 'newton on' before the box is made"),
    ([("units metal", "units lj")], "needs units metal or real, found lj"),
    ([("float64", "float16")], "expected precision float32 or float64, found float16"),
    ([("precision float64", "threads 0")], "expected 1 to 1024 threads for each process, found 0"),
    ([("precision float64", "skin 1")], "expected precision or threads, found skin"),
])
def test_messages_say_what_to_do(lammps, changes, message):
    atoms = ase.build.bulk("Si", cubic=True)
    write_data(lammps.folder / "atoms.data", atoms, ("Si",))
    script = setup(atoms, SHIPPED, ("Si",)) + "run 0\n"
    for old, new in changes:
        script = script.replace(old, new)
    assert message in lammps.fails(script)


def test_masses_tell_a_wrong_order_of_elements(lammps, potentials):
    atoms = STRUCTURES["bulk"]
    write_data(lammps.folder / "atoms.data", atoms, ("Cu", "Au"))
    script = setup(atoms, potentials[0]) + "run 0\n"
    swapped = script.replace("safetensors Cu Au", "safetensors Au Cu")
    assert "type 1 Au (196.966569 amu), but its mass is 63.546, that of Cu" in lammps.fails(swapped, 2)
    # Isotopes and the like are the user's choice.
    odd = lammps.succeeds(script.replace("mass 2 196.966569", "mass 2 150"))
    assert "WARNING: pair_coeff makes type 2 Au (196.966569 amu), but its mass is 150" in odd
    assert "WARNING: pair_coeff" not in lammps.succeeds(script.replace("mass 1 63.546", "mass 1 63.5"))


def test_masses_of_atoms_tell_a_wrong_order_of_elements(lammps, potentials):
    script = f"""
units metal
atom_style sphere
lattice fcc 3.8
region box block 0 2 0 2 0 2
create_box 2 box
create_atoms 1 box
set group all type/fraction 2 0.5 7
set type 1 mass 63.546
set type 2 mass 196.966569
pair_style apus precision float64
pair_coeff * * {potentials[0]} Cu Au
run 0
"""
    lammps.succeeds(script)
    assert "type 1 Au (196.966569 amu), but its mass is 63.546, that of Cu" in lammps.fails(script.replace("Cu Au", "Au Cu"), 2)


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("exclusion", ["group x all", "type 2 *"])
def test_an_atom_hidden_from_everything_is_not_there(lammps, processes, exclusion):
    """What fix gcmc compares when it tries to delete an atom; an atom that sees its own kind is there."""
    output = lammps.succeeds(f"""
units metal
atom_modify map yes
lattice diamond 5.47
region box block 0 2 0 2 0 2
create_box 2 box
create_atoms 1 box
mass * 28.085
set atom 5 type 2
pair_style apus precision float64
pair_coeff * * {SHIPPED} Si Si
group x id 5
group others subtract all x
compute f all property/atom fx fy fz
compute force x reduce sum c_f[1] c_f[2] c_f[3]
thermo_style custom step pe c_force[1]
neigh_modify exclude group x others
run 0
print "alone $(pe:%.17g)"
neigh_modify exclude none
neigh_modify exclude {exclusion.replace("type 2 *", "type 2 1 exclude type 2 2")}
run 0
print "hidden $(pe:%.17g) $(c_force[1])"
neigh_modify exclude none
delete_atoms group x compress no
run 0
print "deleted $(pe:%.17g)"
""", processes)
    (hidden, force), (deleted,), (alone,) = (numbers(output, name) for name in ["hidden", "deleted", "alone"])
    assert abs(hidden - deleted) < ROUNDING * 64 and force == 0
    # The energy of an isolated atom.
    assert abs(alone - deleted - compute(SHIPPED, ase.Atoms("Si")).energy) < ROUNDING * 64


def test_grand_canonical_ideal_gas_has_its_number_of_atoms(lammps):
    """Ten on average. A step exchanges most atoms, so that the error of the mean over 60 of them is about 0.4."""
    output = lammps.succeeds(f"""
units metal
region box block 0 200 0 200 0 200
create_box 1 box
mass 1 28.0855
create_atoms 1 random 10 5 box
pair_style apus threads 1
pair_coeff * * {SHIPPED} Si
variable single equal {compute(SHIPPED, ase.Atoms("Si")).energy!r}
variable kT equal 8.617333262e-5*5000
variable wave equal sqrt(4.135667403e-3^2/(2*PI*28.0855*1.0364269e-4*v_kT))
variable mu equal ${{single}}+${{kT}}*ln(10/8e6*${{wave}}^3)
fix g all gcmc 1 40 0 1 2953 5000 ${{mu}} 1.0 full_energy
variable n equal count(all)
fix average all ave/time 1 1 1 v_n ave running
thermo_style custom step atoms f_average
thermo_modify lost ignore
thermo 100
run 60
print "mean $(f_average)"
""")
    assert abs(numbers(output, "mean")[0] - 10) < 2


@pytest.mark.parametrize("processes", [1, 2])
def test_pairs_given_to_another_style_are_refused(lammps, potentials, processes):
    atoms = STRUCTURES["bulk"]
    write_data(lammps.folder / "atoms.data", atoms, ("Cu", "Au"))
    style = "pair_style hybrid{} apus precision float64 lj/cut 4"
    def script(overlay):
        text = setup(atoms, potentials[0], style=style.format(overlay))
        return text.replace("pair_coeff * * ", "pair_coeff * * apus ") + "pair_coeff 1 2 lj/cut 0 1\nrun 0\n"
    assert "leaves types 1 (Cu) and 2 (Au) to another style" in lammps.fails(script(""), processes)
    lammps.succeeds(script("/overlay"), processes)


def test_heat_currents_are_warned_of(lammps):
    script = f"""
units metal
lattice diamond 5.47
region box block 0 2 0 2 0 2
create_box 1 box
create_atoms 1 box
mass 1 28.085
pair_style apus
pair_coeff * * {SHIPPED} Si
compute k all ke/atom
compute p all pe/atom
compute s all stress/atom NULL virial
"""
    assert "compute heat/flux" not in lammps.succeeds(script + "run 0\n")
    assert "WARNING: compute heat/flux with compute stress/atom is wrong" in lammps.succeeds(
        script + "compute j all heat/flux k p s\nrun 0\n")


@pytest.mark.parametrize("name, units", [("tilted", "metal"), ("small", "metal"), ("molecule", "real")])
def test_the_heat_current_is_that_of_apus_md(lammps, potentials, name, units):
    """Cells smaller than the cutoff and a molecule, two elements, three layers; Σ v e in it, and the energies of atoms."""
    atoms = STRUCTURES[name].copy()
    write_data(lammps.folder / "atoms.data", atoms, ("Cu", "Au"))
    masses = numpy.array([MASSES[symbol] for symbol in atoms.symbols])[:, None]
    velocities = 2e-3 * numpy.random.default_rng(4).normal(size=(len(atoms), 3))
    velocities -= (masses * velocities).sum(axis=0) / masses.sum()
    factor, energy = (1e3, 1.0) if units == "metal" else (1.0, KILOCALORIE)
    script = setup(atoms, potentials[0], units=units) + "\n".join(
        f"set atom {i + 1} vx {v[0] * factor:.17g} vy {v[1] * factor:.17g} vz {v[2] * factor:.17g}"
        for i, v in enumerate(velocities)) + """
compute ke all ke/atom
compute pe all pe/atom
compute cv all centroid/stress/atom NULL virial
compute flux all heat/flux ke pe cv
thermo_style custom step c_flux[1] c_flux[2] c_flux[3]
run 0
print "flux $(c_flux[1]:%.17g) $(c_flux[2]:%.17g) $(c_flux[3]:%.17g)"
"""
    output = lammps.succeeds(script)
    assert "heat/flux" not in "".join(re.findall("WARNING.*", output))
    found = numpy.array(numbers(output, "flux")) / (factor * energy)
    cell = " ".join(repr(float(x)) for x in atoms.cell.array.ravel())
    rows = [
        " ".join([symbol, *(repr(float(x)) for x in [*position, *velocity])])
        for symbol, position, velocity in zip(atoms.symbols, atoms.positions, velocities)]
    comment = f'Lattice="{cell}" Properties=species:S:1:pos:R:3:velocities:R:3'
    (lammps.folder / "start.xyz").write_text("\n".join([str(len(atoms)), comment, *rows]) + "\n")
    (lammps.folder / "md.yaml").write_text(f"""
potential: {potentials[0]}
precision: float64
structure: start.xyz
ensemble: {{name: nve}}
velocities: {{from: structure}}
timestep: 1 fs
steps: 0
guards: {{minimum_distance: false}}
heat_flux: {{every: 1, file: heat.csv}}
checkpoint: false
""")
    Program(lammps.folder).succeeds("md", "md.yaml")
    header, row = (lammps.folder / "heat.csv").read_text().split()
    columns = dict(zip(header.split(","), row.split(",")))
    expected = numpy.array([float(columns[f"heat_flux_{axis}/(eV*A/fs)"]) for axis in "xyz"])
    assert numpy.abs(expected).max() > 1e-4
    # LAMMPS' constants of real units and of kinetic energies differ from CODATA's in the seventh digit.
    assert found == pytest.approx(expected, abs=1e-6 * numpy.abs(expected).max())


def test_heat_currents_take_one_process(lammps, potentials):
    atoms = STRUCTURES["bulk"]
    write_data(lammps.folder / "atoms.data", atoms, ("Cu", "Au"))
    script = setup(atoms, potentials[0]) + "compute cv all centroid/stress/atom NULL virial\n"
    script += "compute sum all reduce sum c_cv[1]\nthermo_style custom step c_sum\nrun 0\n"
    assert "needs one process" in lammps.fails(script, 2)


@pytest.mark.parametrize("processes", [1, 2])
def test_atoms_closer_than_in_training_are_told_once(lammps, potentials, processes):
    atoms = STRUCTURES["gap"].copy()
    atoms.positions[1] = atoms.positions[0] + [1.2, 0, 0]
    write_data(lammps.folder / "atoms.data", atoms, ("Cu", "Au"))
    output = lammps.succeeds(setup(atoms, potentials[0]) + "run 0\nrun 0\n", processes)
    warnings = re.findall("WARNING: pair_style apus: in step 0 atoms [12] .* and [12] .* are 1.200 Angstrom apart", output)
    assert len(warnings) == 1


def test_processes_must_have_read_the_same_potential(lammps, potentials, tmp_path):
    atoms = STRUCTURES["bulk"]
    write_data(lammps.folder / "atoms.data", atoms, ("Cu", "Au"))
    # Two processes in two folders, as on machines with disks of their own.
    for rank, potential in enumerate(potentials):
        folder = tmp_path / f"machine-{rank}"
        folder.mkdir()
        (folder / "alloy.safetensors").write_bytes(potential.read_bytes())
    (tmp_path / "in.test").write_text(setup(atoms, "${folder}/alloy.safetensors"))
    (tmp_path / "start").write_text(
        f'#!/bin/sh\nexec {lammps.programs}/lmp -in {tmp_path}/in.test -var folder {tmp_path}/machine-$PMI_RANK\n')
    (tmp_path / "start").chmod(0o755)
    result = subprocess.run(
        [f"{lammps.programs}/mpirun", "-np", "2", tmp_path / "start"], cwd=lammps.folder, capture_output=True, text=True,
        timeout=120, stdin=subprocess.DEVNULL, env=lammps.environment)
    assert result.returncode != 0
    assert "process 1 has read another potential" in result.stdout + result.stderr


def test_exclusions_are_warned_of(lammps, potentials):
    atoms = STRUCTURES["bulk"]
    write_data(lammps.folder / "atoms.data", atoms, ("Cu", "Au"))
    output = lammps.succeeds(setup(atoms, potentials[0]) + "neigh_modify exclude type 1 1\nrun 0\n")
    assert "WARNING: neigh_modify exclude hides atoms from each other also inside of pair_style apus" in output


def test_bonds_must_not_hide_neighbours(lammps, potentials):
    (lammps.folder / "molecule.data").write_text("""
3 atoms
2 atom types
2 bonds
1 bond types
2 extra bond per atom
2 extra special per atom
0 20 xlo xhi
0 20 ylo yhi
0 20 zlo zhi

Masses

1 63.546
2 196.966569

Atoms # bond

1 1 1 5 5 5
2 1 2 7.5 5 5
3 1 1 9.9 5 5

Bonds

1 1 1 2
2 1 2 3
""")
    script = f"""
units metal
atom_style bond
bond_style zero
read_data molecule.data
bond_coeff *
pair_style apus precision float64
pair_coeff * * {potentials[0]} Cu Au
run 0
print "molecule $(pe:%.17g)"
"""
    assert "add 'special_bonds lj/coul 1 1 1'" in lammps.fails(script)
    output = lammps.succeeds(script.replace("read_data", "special_bonds lj/coul 1 1 1\nread_data"))
    atoms = ase.Atoms("CuAuCu", [[5, 5, 5], [7.5, 5, 5], [9.9, 5, 5]])
    assert abs(numbers(output, "molecule")[0] - compute(potentials[0], atoms).energy) < 3 * ROUNDING


@pytest.mark.parametrize("processes", [1, 2])
def test_a_failure_in_one_process_ends_all(lammps, potentials, processes):
    atoms = STRUCTURES["gap"]
    write_data(lammps.folder / "atoms.data", atoms, ("Cu", "Au"))
    script = setup(atoms, potentials[0]) + "set atom 1 x 3 y 3 z 3\nset atom 2 x 3 y 3 z 3\nrun 0\n"
    assert "pair_style apus: " in lammps.fails("processors 1 1 *\n" + script, processes)


def test_the_plugin_is_loaded_by_name_too(lammps, installed):
    del lammps.environment["LAMMPS_PLUGIN_PATH"]
    output = lammps.succeeds(f"plugin load {installed[1]}/apusplugin.so\nplugin list\n")
    assert re.search(r"pair style plugin apus\b", output)
    assert "WARNING" not in output


# ---- Examples --------------------------------------------------------------------------------------------------------


def example(lammps, name, processes, **variables):
    """The rows of its table, with other values of its variables."""
    text = (REPOSITORY / "examples" / "lammps" / name).read_text()
    first = "".join(f"variable {key} index {value}\n" for key, value in {"potential": SHIPPED, **variables}.items())
    output = lammps.succeeds(first + text, processes)
    rows = [[float(x) for x in row.split()] for row in re.findall(r"^ +\d+ +[-\d.]+ .*", output, re.MULTILINE)]
    return numpy.array([row for row in rows if len(row) == len(rows[0])])


@pytest.mark.parametrize("processes", [1, 2])
def test_the_example_runs(lammps, processes):
    rows = example(lammps, "in.silicon", processes, npt=20, nve=20, cells=2)
    # 64 atoms in single precision.
    assert len(rows) >= 2 and abs(rows[-1][3] - rows[-2][3]) < 0.02


@pytest.mark.parametrize("processes", [1, 2])
def test_the_example_with_dispersion_runs(lammps, processes):
    rows = example(lammps, "in.dispersion", processes, steps=20)
    assert rows[-1][0] == 20 and (rows[:, 3] < -10).all()
    # 216 atoms in single precision, from a crystal at rest.
    assert abs(rows[-1][4] - rows[0][4]) < 0.07


def test_colvars_holds_a_bond(lammps):
    rows = example(lammps, "in.colvars", 1, steps=40)
    table = numpy.loadtxt(lammps.folder / "bond.colvars.traj")
    length, energy = table[:, 1], table[:, 2]
    assert energy == pytest.approx(0.5 * 20 * (length - 2.5) ** 2, rel=1e-4)
    # It takes part in the dynamics: the energy with it is conserved.
    conserved = rows[:, 4] + rows[:, 3]
    assert numpy.ptp(conserved) < 0.1 * numpy.ptp(rows[:, 3]) and energy.min() < 0.3 * energy[0]


def test_timings_are_printed(installed):
    result = subprocess.run(
        [sys.executable, REPOSITORY / "examples" / "lammps" / "timing.py", "--apus", PROGRAM, "--lammps", installed[0],
         "--repeat", "1", "--sizes", "2", "--atom-steps", "640"],
        capture_output=True, text=True, timeout=120, env=dict(os.environ, LAMMPS_PLUGIN_PATH=installed[1]))
    assert result.returncode == 0, result.stderr
    assert [line.split()[:4] for line in result.stdout.splitlines()[1:]] == [
        ["64", "1", "x", "1"], ["64", "1", "x", "2"], ["64", "2", "x", "1"]]
