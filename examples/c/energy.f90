! The energy, forces and pressure of a silicon crystal:  energy-fortran POTENTIAL.safetensors
program energy
    use, intrinsic :: iso_c_binding
    use apus
    implicit none

    integer, parameter :: atoms = 8
    real(c_double), parameter :: a = 5.47_c_double
    real(c_double), parameter :: sites(3, atoms) = reshape([ &
        0.0d0, 0.0d0, 0.0d0, 0.0d0, 0.5d0, 0.5d0, 0.5d0, 0.0d0, 0.5d0, 0.5d0, 0.5d0, 0.0d0, &
        0.25d0, 0.25d0, 0.25d0, 0.25d0, 0.75d0, 0.75d0, 0.75d0, 0.25d0, 0.75d0, 0.75d0, 0.75d0, 0.25d0], [3, atoms])
    character(len=1024) :: path
    type(c_ptr) :: potential, calculator
    type(apus_description) :: description
    type(apus_result) :: result
    real(c_double), target :: forces(3, atoms)
    real(c_double) :: positions(3, atoms), cell(3, 3)
    integer(c_int) :: elements(atoms)
    integer :: i, k

    if (command_argument_count() /= 1) error stop "usage: energy-fortran POTENTIAL.safetensors"
    call get_command_argument(1, path)
    call check(apus_potential_load(path, potential))
    call check(apus_potential_describe(potential, description))
    call check(apus_calculator_create(potential, APUS_FLOAT64, 0_c_int, calculator))
    call apus_potential_free(potential)
    print '(3a, f0.3, a, i0, a)', "Apus ", apus_version(), "; cutoff ", description%cutoff, " Å, ", description%layers, " layers"

    cell = 0
    do k = 1, 3
        cell(k, k) = a
    end do
    elements = apus_element_number("Si")
    do i = 1, atoms
        do k = 1, 3
            positions(k, i) = a*sites(k, i) + 0.1_c_double*sin(1.0_c_double + 5*(i - 1) + 2*(k - 1))
        end do
    end do
    result%forces = c_loc(forces)
    call check(apus_compute(calculator, int(atoms, c_int), elements, positions, cell=cell, result=result))
    print '(a, f0.6, a)', "energy ", result%energy, " eV"
    do i = 1, atoms
        print '(a, i0, a, 3f10.6, a)', "atom ", i - 1, ": force ", forces(:, i), " eV/Å"
    end do
    print '(a, f0.4, a)', "pressure ", (result%virial(1, 1) + result%virial(2, 2) + result%virial(3, 3))/(3*a**3)*160.2176634d0, &
        " GPa"
    call apus_calculator_free(calculator)

contains

    subroutine check(status)
        integer(c_int), intent(in) :: status
        if (status == APUS_OK) return
        print '(2a)', "energy-fortran: ", apus_last_error()
        stop 1
    end subroutine
end program
