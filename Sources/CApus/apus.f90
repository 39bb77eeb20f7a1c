!> The C interface of Apus (apus.h) for Fortran 2008: compile this file with your program and link with -lapus.
!> What the functions do, their units and errors are described in apus.h.
module apus
    use, intrinsic :: iso_c_binding
    implicit none
    private

    public :: apus_description, apus_result, apus_close_pair, apus_neighbors, apus_rows, apus_exchange
    public :: apus_potential_load, apus_potential_free, apus_potential_describe, apus_potential_shortest_distance
    public :: apus_calculator_create, apus_calculator_free, apus_calculator_set_skin
    public :: apus_calculator_neighbor_searches, apus_calculator_memory_estimate, apus_calculator_exchange_bytes
    public :: apus_calculator_close_pairs, apus_potential_sha256
    public :: apus_compute, apus_compute_local, apus_compute_centroid_virials
    public :: apus_element_symbol, apus_element_number, apus_element_mass
    public :: apus_version, apus_last_error, apus_abi_version

    integer(c_int), parameter, public :: APUS_OK = 0, APUS_ERROR_FILE = 1, APUS_ERROR_ELEMENT = 2, &
        APUS_ERROR_ARGUMENT = 3, APUS_ERROR_STRUCTURE = 4, APUS_ERROR_NOT_FINITE = 5, APUS_ERROR_HOST = 6, &
        APUS_ERROR_OTHER = 7
    integer(c_int), parameter, public :: APUS_PRECISION_OF_FILE = 0, APUS_FLOAT32 = 4, APUS_FLOAT64 = 8

    type, bind(C) :: apus_description
        integer(c_int) :: element_count = 0
        type(c_ptr) :: elements = c_null_ptr
        real(c_double) :: cutoff = 0
        integer(c_int) :: layers = 0
        integer(c_int) :: members = 0
        integer(c_int) :: precision = 0
        integer(c_int64_t) :: weights = 0
    end type

    !> Pointers are c_loc of arrays with the target attribute, or c_null_ptr for what is not wanted.
    type, bind(C) :: apus_result
        real(c_double) :: energy = 0
        real(c_double) :: virial(3, 3) = 0
        type(c_ptr) :: atomic_energies = c_null_ptr
        type(c_ptr) :: forces = c_null_ptr
        type(c_ptr) :: atomic_virials = c_null_ptr
        real(c_double) :: energy_deviation = 0
        type(c_ptr) :: force_deviations = c_null_ptr
        type(c_ptr) :: member_energies = c_null_ptr
    end type

    !> Atoms count from 0, as in C.
    type, bind(C) :: apus_close_pair
        integer(c_int) :: atoms(2) = 0
        real(c_double) :: distance = 0
        real(c_double) :: limit = 0
        integer(c_int) :: is_assumed = 0
    end type

    !> Indices count from 0, as in C.
    type, bind(C) :: apus_neighbors
        integer(c_int) :: atoms = 0
        integer(c_int) :: ghosts = 0
        type(c_ptr) :: elements = c_null_ptr
        type(c_ptr) :: positions = c_null_ptr
        type(c_ptr) :: first = c_null_ptr
        type(c_ptr) :: neighbors = c_null_ptr
        type(c_ptr) :: owners = c_null_ptr
    end type

    type, bind(C) :: apus_rows
        type(c_ptr) :: data = c_null_ptr
        integer(c_int) :: scalar_bytes = 0
        integer(c_int) :: width = 0
    end type

    type, bind(C) :: apus_exchange
        type(c_ptr) :: host = c_null_ptr
        type(c_funptr) :: fill_ghosts = c_null_funptr
        type(c_funptr) :: add_ghosts = c_null_funptr
    end type

    interface
        integer(c_int) function apus_abi_version() bind(C)
            import :: c_int
        end function

        integer(c_int) function load(path, potential) bind(C, name="apus_potential_load")
            import :: c_int, c_char, c_ptr
            character(kind=c_char), intent(in) :: path(*)
            type(c_ptr), intent(out) :: potential
        end function

        subroutine apus_potential_free(potential) bind(C)
            import :: c_ptr
            type(c_ptr), value :: potential
        end subroutine

        integer(c_int) function apus_potential_describe(potential, description) bind(C)
            import :: c_int, c_ptr, apus_description
            type(c_ptr), value :: potential
            type(apus_description), intent(out) :: description
        end function

        real(c_double) function apus_potential_shortest_distance(potential, element, other) bind(C)
            import :: c_double, c_int, c_ptr
            type(c_ptr), value :: potential
            integer(c_int), value :: element, other
        end function

        integer(c_int) function apus_calculator_create(potential, precision, threads, calculator) bind(C)
            import :: c_int, c_ptr
            type(c_ptr), value :: potential
            integer(c_int), value :: precision, threads
            type(c_ptr), intent(out) :: calculator
        end function

        subroutine apus_calculator_free(calculator) bind(C)
            import :: c_ptr
            type(c_ptr), value :: calculator
        end subroutine

        integer(c_int) function apus_calculator_set_skin(calculator, skin) bind(C)
            import :: c_int, c_ptr, c_double
            type(c_ptr), value :: calculator
            real(c_double), value :: skin
        end function

        integer(c_int64_t) function apus_calculator_neighbor_searches(calculator) bind(C)
            import :: c_int64_t, c_ptr
            type(c_ptr), value :: calculator
        end function

        integer(c_int) function apus_calculator_memory_estimate(calculator, atoms, neighbors, bytes) bind(C)
            import :: c_int, c_int64_t, c_ptr, c_double
            type(c_ptr), value :: calculator
            integer(c_int64_t), value :: atoms
            real(c_double), value :: neighbors
            real(c_double), intent(out) :: bytes
        end function

        integer(c_int) function apus_calculator_exchange_bytes(calculator) bind(C)
            import :: c_int, c_ptr
            type(c_ptr), value :: calculator
        end function

        integer(c_int64_t) function apus_calculator_close_pairs(calculator, worst) bind(C)
            import :: c_int64_t, c_ptr, apus_close_pair
            type(c_ptr), value :: calculator
            type(apus_close_pair), intent(inout), optional :: worst
        end function

        !> positions(3, atoms); lattice vectors in the columns of cell. cell and periodic may be left out.
        integer(c_int) function apus_compute(calculator, atoms, elements, positions, cell, periodic, result) bind(C)
            import :: c_int, c_ptr, c_double, apus_result
            type(c_ptr), value :: calculator
            integer(c_int), value :: atoms
            integer(c_int), intent(in) :: elements(*)
            real(c_double), intent(in) :: positions(3, *)
            real(c_double), intent(in), optional :: cell(3, 3)
            integer(c_int), intent(in), optional :: periodic(3)
            type(apus_result), intent(inout) :: result
        end function

        !> Names of properties end with c_null_char; properties and values hold their addresses (c_loc).
        integer(c_int) function apus_compute_properties( &
            calculator, atoms, elements, positions, cell, periodic, charge, result, count, properties, values) bind(C)
            import :: c_int, c_ptr, c_double, apus_result
            type(c_ptr), value :: calculator
            integer(c_int), value :: atoms, count
            integer(c_int), intent(in) :: elements(*)
            real(c_double), intent(in) :: positions(3, *)
            real(c_double), intent(in), optional :: cell(3, 3)
            integer(c_int), intent(in), optional :: periodic(3)
            real(c_double), value :: charge
            type(apus_result), intent(inout), optional :: result
            type(c_ptr), intent(in) :: properties(*), values(*)
        end function

        !> directions(3, atoms, count), products(3, atoms, count).
        integer(c_int) function apus_compute_hessian_products( &
            calculator, atoms, elements, positions, cell, periodic, count, directions, products) bind(C)
            import :: c_int, c_ptr, c_double
            type(c_ptr), value :: calculator
            integer(c_int), value :: atoms, count
            integer(c_int), intent(in) :: elements(*)
            real(c_double), intent(in) :: positions(3, *)
            real(c_double), intent(in), optional :: cell(3, 3)
            integer(c_int), intent(in), optional :: periodic(3)
            real(c_double), intent(in) :: directions(3, *)
            real(c_double), intent(out) :: products(3, *)
        end function

        !> Structures one after the other: positions(3, all atoms), cells(3, 3, structures), periodic(3, structures).
        integer(c_int) function apus_compute_many( &
            calculator, structures, atoms, elements, positions, cells, periodic, results) bind(C)
            import :: c_int, c_ptr, c_double, apus_result
            type(c_ptr), value :: calculator
            integer(c_int), value :: structures
            integer(c_int), intent(in) :: atoms(*), elements(*)
            real(c_double), intent(in) :: positions(3, *)
            real(c_double), intent(in), optional :: cells(3, 3, *)
            integer(c_int), intent(in), optional :: periodic(3, *)
            type(apus_result), intent(inout) :: results(*)
        end function

        integer(c_int) function apus_compute_local(calculator, neighbors, exchange, result) bind(C)
            import :: c_int, c_ptr, apus_neighbors, apus_exchange, apus_result
            type(c_ptr), value :: calculator
            type(apus_neighbors), intent(in) :: neighbors
            type(apus_exchange), intent(in), optional :: exchange
            type(apus_result), intent(inout) :: result
        end function

        integer(c_int) function apus_compute_centroid_virials(calculator, neighbors, virials) bind(C)
            import :: c_double, c_int, c_ptr, apus_neighbors
            type(c_ptr), value :: calculator
            type(apus_neighbors), intent(in) :: neighbors
            real(c_double), intent(out) :: virials(3, 3, *)
        end function

        type(c_ptr) function digest_text(potential) bind(C, name="apus_potential_sha256")
            import :: c_ptr
            type(c_ptr), value :: potential
        end function

        !> The name of what the potential predicts, index 0, 1, …; c_null_ptr beyond the last.
        type(c_ptr) function apus_potential_property(potential, index) bind(C)
            import :: c_int, c_ptr
            type(c_ptr), value :: potential
            integer(c_int), value :: index
        end function

        type(c_ptr) function version_text() bind(C, name="apus_version")
            import :: c_ptr
        end function

        type(c_ptr) function symbol_text(element) bind(C, name="apus_element_symbol")
            import :: c_int, c_ptr
            integer(c_int), value :: element
        end function

        integer(c_int) function number_of(symbol) bind(C, name="apus_element_number")
            import :: c_char, c_int
            character(kind=c_char), intent(in) :: symbol(*)
        end function

        real(c_double) function apus_element_mass(element) bind(C)
            import :: c_double, c_int
            integer(c_int), value :: element
        end function

        type(c_ptr) function error_text() bind(C, name="apus_last_error")
            import :: c_ptr
        end function

        integer(c_size_t) function length_of(text) bind(C, name="strlen")
            import :: c_size_t, c_ptr
            type(c_ptr), value :: text
        end function
    end interface

contains

    integer(c_int) function apus_potential_load(path, potential) result(status)
        character(len=*), intent(in) :: path
        type(c_ptr), intent(out) :: potential
        status = load(letters_of(path), potential)
    end function

    !> Empty for what is no element.
    function apus_element_symbol(element) result(text)
        integer(c_int), intent(in) :: element
        character(len=:), allocatable :: text
        text = ""
        if (c_associated(symbol_text(element))) text = string(symbol_text(element))
    end function

    integer(c_int) function apus_element_number(symbol) result(number)
        character(len=*), intent(in) :: symbol
        number = number_of(letters_of(symbol))
    end function

    function apus_potential_sha256(potential) result(text)
        type(c_ptr), intent(in) :: potential
        character(len=:), allocatable :: text
        text = string(digest_text(potential))
    end function

    function apus_version() result(text)
        character(len=:), allocatable :: text
        text = string(version_text())
    end function

    function apus_last_error() result(text)
        character(len=:), allocatable :: text
        text = string(error_text())
    end function

    !> As C expects them, without blanks at the end.
    pure function letters_of(text) result(letters)
        character(len=*), intent(in) :: text
        character(kind=c_char) :: letters(len_trim(text) + 1)
        integer :: i
        do i = 1, len_trim(text)
            letters(i) = text(i:i)
        end do
        letters(len_trim(text) + 1) = c_null_char
    end function

    function string(pointer) result(text)
        type(c_ptr), intent(in) :: pointer
        character(len=:), allocatable :: text
        character(kind=c_char), pointer :: letters(:)
        integer :: i
        call c_f_pointer(pointer, letters, [length_of(pointer)])
        allocate (character(len=size(letters)) :: text)
        do i = 1, size(letters)
            text(i:i) = letters(i)
        end do
    end function
end module
