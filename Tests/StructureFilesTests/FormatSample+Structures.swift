import Atoms

@testable import StructureFiles

/// Samples of formats of structures.
extension FormatSample {
    static let structures = [cif, pdb, dump, lammpsData, runner, mtp]

    private static func elements(_ symbols: String...) -> [Element] { symbols.map { Element($0)! } }
    private static let box = Cell(Matrix3(SIMD3(5, 0, 0), SIMD3(0, 6, 0), SIMD3(0, 0, 8)))

    /// A site away from symmetry elements and one on the inversion centre, in two blocks with comments and quotes.
    static let cif: FormatSample = {
        var first = Structure(
            elements: elements("Si", "Si", "O"),
            positions: [SIMD3(0.625, 1.5, 1), SIMD3(4.375, 4.5, 7), SIMD3(0, 0, 0)], cell: box)
        first.information = ["comment": "first"]
        var second = Structure(elements: elements("Fe"), positions: [SIMD3(2.5, 0, 2)], cell: box)
        second.information = ["comment": "second"]
        return FormatSample(
            format: "CIF", name: "sample.cif",
            text: """
                # Made by hand.
                data_first
                _cell_length_a 5.000(2)
                _cell_length_b 6
                _cell_length_c 8.0
                _cell_angle_alpha 90
                _cell_angle_beta 90.0
                _cell_angle_gamma 90
                _publ_section_title
                ;
                 loop_ data_ of no meaning
                ;
                loop_
                 _symmetry_equiv_pos_as_xyz
                 'x, y, z'
                 '-x, -y, -z'
                loop_
                 _atom_site_label
                 _atom_site_fract_x
                 _atom_site_fract_y
                 _atom_site_fract_z
                 _atom_site_occupancy
                 Si1 0.125 0.25(1) 0.125 1
                 O1 0 0 0 1.0
                data_second
                _cell_length_a 5
                _cell_length_b 6
                _cell_length_c 8
                _cell_angle_alpha 90
                _cell_angle_beta 90
                _cell_angle_gamma 90
                _space_group_name_H-M_alt "P 1"
                loop_
                 _atom_site.type_symbol
                 _atom_site.fract_x
                 _atom_site.fract_y
                 _atom_site.fract_z
                 Fe3+ 0.5 0 0.25

                """,
            structures: [first, second],
            faults: [
                Fault(good: "O1 0 0 0 1.0", bad: "O1 0 0 0 0.5", line: 25, words: "O1 0.5"),
                Fault(good: "0.25(1) 0.125 1", bad: "0.25(1) 0.125", line: 25, words: "rows of 5 values"),
                Fault(good: "'-x, -y, -z'", bad: "'-x, -y, w'", line: 25, words: "symmetry operation"),
                Fault(
                    good: "_cell_angle_beta 90.0", bad: "_cell_angle_beta 190", line: 25, words: "between 0 and 180"),
                Fault(good: "O1 0 0 0", bad: "O1 0 0 0.01", line: 25, words: "symmetry element"),
                Fault(good: "\"P 1\"", bad: "\"P 63/m m c\"", line: 40, words: "P 63/m m c"),
                Fault(good: "Fe3+", bad: "Qq3+", line: 40, words: "symbol of an element"),
            ], hasCounts: false)
    }()

    /// Two models; a hydrogen by its name, whose element stands nowhere else.
    static let pdb: FormatSample = {
        let cell = box
        func model(_ z: Double) -> Structure {
            Structure(
                elements: elements("O", "H", "Fe"),
                positions: [SIMD3(0.5, -1.25, z), SIMD3(1.25, 0.5, 2), SIMD3(3, 3, 3.125)], cell: cell)
        }
        func atoms(_ z: String) -> String {
            """
            ATOM      1  O   HOH A   1       0.500  -1.250   \(z)  1.00  0.00           O
            ATOM      2 1HW  HOH A   1       1.250   0.500   2.000  1.00  0.00
            HETATM    3 FE   FE  A   2       3.000   3.000   3.125  1.00  0.00          FE
            """
        }
        return FormatSample(
            format: "PDB", name: "sample.pdb",
            text: """
                CRYST1    5.000    6.000    8.000  90.00  90.00  90.00 P 1
                MODEL        1
                \(atoms("0.250"))
                ENDMDL
                MODEL        2
                \(atoms("0.750"))
                ENDMDL
                END

                """,
            structures: [model(0.25), model(0.75)],
            faults: [
                Fault(good: "P 1", bad: "P 21", line: 1, words: "asymmetric unit of P 21"),
                Fault(good: "0.250  1.00", bad: "0.250  0.50", line: 3, words: "occupancy of 0.5"),
                Fault(good: "-1.250", bad: "-1.2x0", line: 3, words: "columns 31 to 54"),
                Fault(good: "           O\n", bad: "          Qx\n", line: 3, words: "columns 77 and 78"),
                Fault(good: "1HW ", bad: "HG1 ", line: 4, words: "more than one choice"),
            ], hasCounts: false)
    }()

    /// A box that is tilted and does not begin at the origin, with atoms out of order and forces.
    static let dump: FormatSample = {
        var structure = Structure(
            elements: elements("Si", "O"), positions: [SIMD3(0.5, 0.5, 0.5), SIMD3(2, 3, 4)],
            cell: Cell(
                Matrix3(SIMD3(5, 0, 0), SIMD3(1, 6, 0), SIMD3(0, 0, 8)), periodic: (true, true, false)))
        structure.forces = [SIMD3(0.25, 0, 0), SIMD3(-0.25, 0, 0.5)]
        structure.velocities = [SIMD3(0.001, 0, 0), SIMD3(0, 0.002, 0)]
        structure.properties[.charges] = [1.5, -1.5]
        var second = structure
        structure.information = ["timestep": "0"]
        second.information = ["timestep": "10"]
        second.positions[1] = SIMD3(2, 3, 4.5)
        func snapshot(_ step: Int, _ z: String) -> String {
            """
            ITEM: TIMESTEP
            \(step)
            ITEM: NUMBER OF ATOMS
            2
            ITEM: BOX BOUNDS xy xz yz pp pp ff
            -1 5 1
            0 6 0
            2 10 0
            ITEM: ATOMS id element x y z fx fy fz vx vy vz q
            2 O 1 3 \(z) -0.25 0 0.5 0 2 0 -1.5
            1 Si -0.5 0.5 2.5 0.25 0 0 1 0 0 1.5
            """
        }
        return FormatSample(
            format: "LAMMPS dump", name: "sample.lammpstrj",
            text: """
                ITEM: UNITS
                metal
                \(snapshot(0, "6"))
                \(snapshot(10, "6.5"))

                """,
            structures: [structure, second],
            faults: [
                Fault(good: "metal", bad: "lj", line: 2, words: "found lj"),
                Fault(good: "1 Si", bad: "2 Si", line: 13, words: "id 2"),
                Fault(good: "id element", bad: "id kind", line: 12, words: "column element"),
                Fault(good: "2 O 1 3", bad: "2 O 1 3 3", line: 12, words: "columns of atom 1"),
                Fault(good: "6 -0.25", bad: "6z -0.25", line: 12, words: "expected a number"),
                Fault(good: "0 6 0\n", bad: "0 6\n", line: 9, words: "3 numbers"),
            ])
    }()

    static let lammpsData: FormatSample = {
        var structure = Structure(
            elements: elements("Si", "O"), positions: [SIMD3(0.5, 0.5, 0.5), SIMD3(2, 3, 4)],
            cell: Cell(Matrix3(SIMD3(5, 0, 0), SIMD3(1, 6, 0), SIMD3(0, 0, 8))))
        structure.velocities = [SIMD3(0.001, 0, 0), SIMD3(0, 0.002, 0)]
        structure.information = [
            "comment": "LAMMPS data file via write_data, version 2 Aug 2023, timestep = 0, units = metal"
        ]
        structure.properties[.charges] = [1.5, -1.5]
        return FormatSample(
            format: "LAMMPS data", name: "sample.data",
            text: """
                LAMMPS data file via write_data, version 2 Aug 2023, timestep = 0, units = metal

                2 atoms
                2 atom types

                -1 4 xlo xhi
                0 6 ylo yhi
                2 10 zlo zhi
                1 0 0 xy xz yz

                Masses

                1 15.999
                2 28.085  # Si

                Atoms  # charge

                2 1 -1.5 1 3 6 0 0 0
                1 2 1.5 -0.5 0.5 2.5 0 1 0

                Velocities

                1 1 0 0
                2 0 2 0

                """,
            structures: [structure],
            faults: [
                Fault(good: "# charge", bad: "# granular", line: 18, words: "found granular"),
                Fault(good: "1 2 1.5", bad: "2 2 1.5", line: 26, words: "id 2 twice"),
                Fault(good: "15.999", bad: "15.5", line: 26, words: "mass of one element"),
                Fault(good: "6 0 0 0", bad: "6 0 0", line: 18, words: "columns of an atom"),
                Fault(good: "1 1 0 0\n", bad: "1 1 0\n", line: 23, words: "a velocity"),
            ], hasCounts: false)
    }()

    static let runner: FormatSample = {
        var labels = LabelKeys()
        labels.unstated.units = .electron
        let bohr = Units.bohr
        var first = Structure(
            elements: elements("Cu", "S"), positions: [SIMD3(1, 2, 3) * bohr, SIMD3(2, 4, 1) * bohr],
            cell: Cell(Matrix3(SIMD3(10, 0, 0), SIMD3(0, 12, 0), SIMD3(0, 0, 14)) * bohr))
        first.energy = -2.5 * Units.hartree
        first.forces = [SIMD3(0.25, 0, 0), SIMD3(-0.25, 0, 0.5)].map { $0 * (Units.hartree / bohr) }
        first.information = ["comment": "from a test"]
        var second = Structure(elements: elements("S"), positions: [.zero])
        second.energy = -1.5 * Units.hartree
        second.forces = [SIMD3(0, 0, 0)]
        second.information = ["charge": "-1.0"]
        second.properties[.charges] = [-1]
        return FormatSample(
            format: "RuNNer", name: "input.data",
            text: """
                begin
                comment from a test
                lattice 10 0 0
                lattice 0 12 0
                lattice 0 0 14
                atom 1 2 3 Cu 0.0 0.0 0.25 0 0
                atom 2 4 1 S 0.0 0.0 -0.25 0 0.5
                energy -2.5
                charge 0.0
                end
                begin
                atom 0 0 0 S -1 0 0 0 0
                energy -1.5
                charge -1
                end

                """,
            structures: [first, second],
            faults: [
                Fault(good: "atom 1 2 3 Cu", bad: "atom 1 2 3 Xx", line: 6, words: "symbol of an element"),
                Fault(good: "0 0.5\n", bad: "0.5\n", line: 7, words: "fx fy fz"),
                Fault(good: "energy -1.5", bad: "energie -1.5", line: 13, words: "energy"),
                Fault(good: "lattice 0 0 14\n", bad: "", line: 9, words: "three lines of lattice"),
            ], labels: labels)
    }()

    static let mtp: FormatSample = {
        var labels = LabelKeys()
        labels.unstated.elements = elements("Si", "O")
        var first = Structure(elements: elements("O", "Si"), positions: [SIMD3(1, 2, 3), SIMD3(2, 4, 1)], cell: box)
        first.energy = -2.5
        first.forces = [SIMD3(0.25, 0, 0), SIMD3(-0.25, 0, 0.5)]
        first.stress = Cell(box.vectors).stress(
            ofVirial: Matrix3(SIMD3(1, 6, 5), SIMD3(6, 2, 4), SIMD3(5, 4, 3)))
        first.information = ["EFS_by": "VASP"]
        let second = Structure(elements: elements("Si"), positions: [.zero])
        return FormatSample(
            format: "MTP", name: "train.cfg",
            text: """
                BEGIN_CFG
                 Size
                    2
                 Supercell
                    5 0 0
                    0 6 0
                    0 0 8
                 AtomData:  id type cartes_x cartes_y cartes_z fx fy fz
                    1 1 1 2 3 0.25 0 0
                    2 0 2 4 1 -0.25 0 0.5
                 Energy
                    -2.5
                 PlusStress:  xx yy zz yz xz xy
                    1 2 3 4 5 6
                 Feature   EFS_by VASP
                END_CFG

                BEGIN_CFG
                 Size
                    1
                 AtomData:  id type cartes_x cartes_y cartes_z
                    1 0 0 0 0
                END_CFG

                """,
            structures: [first, second],
            faults: [
                Fault(good: "1 1 1 2 3", bad: "1 2 1 2 3", line: 9, words: "type 2"),
                Fault(good: "0 0.5\n", bad: "0\n", line: 10, words: "8 numbers"),
                Fault(good: "1 2 3 4 5 6", bad: "1 2 3 4 5", line: 14, words: "six components"),
                Fault(good: "    0 0 8\n", bad: "", line: 6, words: "three lattice vectors"),
            ], labels: labels)
    }()
}
