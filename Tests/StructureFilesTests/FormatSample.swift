import Atoms
import Foundation
import Testing

@testable import StructureFiles

/// A file of a format, what it holds, and what may be wrong in it.
struct FormatSample: CustomTestStringConvertible, Sendable {
    struct Fault: Sendable {
        /// The first place of this text becomes `bad`.
        var good: String
        var bad: String
        /// Where the error is found, and a part of its message.
        var line: Int
        var words: String
    }

    var format: String
    /// Of the file.
    var name: String
    var text: String
    var structures: [Structure]
    var faults: [Fault]

    var testDescription: String { format }

    static let all = [extendedXYZ, poscar]

    static let extendedXYZ: FormatSample = {
        var dimer = Structure(
            elements: [Element("Si")!, Element("O")!], positions: [SIMD3(0, 0, 0), SIMD3(1.5, 0.25, -0.125)],
            cell: Cell(Matrix3(SIMD3(5, 0, 0), SIMD3(0, 6, 0), SIMD3(0.5, 0, 7))))
        dimer.energy = -10.5
        dimer.forces = [SIMD3(0.5, 0, 0.25), SIMD3(-0.5, 0, -0.25)]
        dimer.stress = Matrix3(SIMD3(0.01, 0, 0), SIMD3(0, 0.02, 0), SIMD3(0, 0, 0.03))
        dimer.information = ["config_type": "bulk"]
        var atom = Structure(elements: [Element("O")!], positions: [SIMD3(1, 2, 3)])
        atom.energy = -1.25
        atom.forces = [SIMD3(0, 0, 0)]
        return FormatSample(
            format: "extended XYZ", name: "sample.xyz",
            text: """
                2
                Lattice="5 0 0 0 6 0 0.5 0 7" Properties=species:S:1:pos:R:3:forces:R:3 pbc="T T T" energy=-10.5 \
                stress="0.01 0 0 0 0.02 0 0 0 0.03" config_type=bulk
                Si 0 0 0 0.5 0 0.25
                O 1.5 0.25 -0.125 -0.5 0 -0.25
                1
                Properties=species:S:1:pos:R:3:forces:R:3 pbc="F F F" energy=-1.25
                O 1 2 3 0 0 0

                """,
            structures: [dimer, atom],
            faults: [
                Fault(good: "\nSi 0", bad: "\nXx 0", line: 3, words: "unknown element"),
                Fault(good: "O 1.5", bad: "O 1.5x", line: 4, words: "expected a number"),
                Fault(good: "-0.25\n", bad: "\n", line: 4, words: "expected 7 columns"),
                Fault(good: "\n1\n", bad: "\none\n", line: 5, words: "expected an atom count"),
                Fault(good: "energy=-1.25", bad: "energy=nan", line: 6, words: "expected a finite energy"),
                Fault(good: "6 0 0.5", bad: "0 0 0.5", line: 2, words: "volume of zero"),
                Fault(good: "O 1.5 0.25 -0.125", bad: "O 5 6 0", line: 4, words: "different places"),
            ])
    }()

    static let poscar: FormatSample = {
        let cell = Cell(Matrix3(SIMD3(0, 2, 2), SIMD3(2, 0, 2), SIMD3(2, 2, 0)))
        var structure = Structure(
            elements: [Element("Si")!, Element("Si")!, Element("O")!, Element("Si")!],
            positions: [SIMD3(0, 0, 0), SIMD3(1, 1, 1), SIMD3(2, 1, 1), SIMD3(0.5, 0.5, 0)], cell: cell)
        structure.velocities = [
            SIMD3(0.001, 0, -0.0025), SIMD3(0, 0, 0), SIMD3(-0.001, 0.5, 0), SIMD3(0, 0, 0.25),
        ]
        structure.information = ["comment": "twice silicon"]
        return FormatSample(
            format: "POSCAR", name: "sample.POSCAR",
            text: """
                twice silicon
                  4.0
                  0.0 0.5 0.5
                  0.5 0.0 0.5
                  0.5 0.5 0.0
                  Si_pv  O/1a2b3c  Si
                  2   1  1
                Selective dynamics
                Direct
                  0.000 0.000 0.000   T T F
                  0.250 0.250 0.250   T T T
                  0.000 0.500 0.500   F F F  oxygen
                  0.000 0.000 0.250   .TRUE. .false. T

                  0.10000000E-02  0.00000000E+00 -0.25000000E-02
                  0.00000000E+00  0.00000000E+00  0.00000000E+00
                 -0.10000000D-02  0.50000000E+00  0.00000000E+00
                  0.00000000E+00  0.00000000E+00  0.25000000E+00

                """,
            structures: [structure],
            faults: [
                Fault(good: "  4.0\n", bad: "  0.0\n", line: 2, words: "scale factor"),
                Fault(good: "  4.0\n", bad: "  4 -4 4\n", line: 2, words: "three positive"),
                Fault(good: "  4.0\n", bad: "  4 4\n", line: 2, words: "scale factor"),
                Fault(good: "0.5 0.0 0.5", bad: "0.0 0.5 0.5", line: 2, words: "volume of zero"),
                Fault(good: "0.5 0.0 0.5", bad: "0.5 0.0", line: 4, words: "lattice vector 2"),
                Fault(good: "Si_pv", bad: "Xx_pv", line: 6, words: "unknown element \"Xx_pv\""),
                Fault(good: "2   1  1", bad: "2   1", line: 7, words: "each of 3 species"),
                Fault(good: "2   1  1", bad: "2   1  -1", line: 7, words: "number of atoms"),
                Fault(good: "2   1  1", bad: "0   0  0", line: 7, words: "at least one atom"),
                Fault(good: "2   1  1", bad: "2   2  1", line: 14, words: "atom 5 of 5"),
                Fault(good: "2   1  1", bad: "1   1  1", line: 13, words: "a line more"),
                Fault(good: "Direct\n", bad: "Direct configuration=     1\n", line: 9, words: "XDATCAR"),
                Fault(good: "Direct\n", bad: "", line: 9, words: "expected Direct or Cartesian"),
                Fault(good: "0.250 0.250 0.250", bad: "0.250 0.250", line: 11, words: "atom 2 of 4"),
                Fault(good: "0.250 0.250 0.250", bad: "0.250 0.250 nan", line: 11, words: "finite"),
                Fault(good: "0.250 0.250 0.250", bad: "1.000 0.000 0.000", line: 11, words: "atoms 1 and 2"),
                Fault(good: "F F F ", bad: "F F ", line: 12, words: "three flags"),
                Fault(good: "-0.25000000E-02", bad: "", line: 15, words: "the velocity of atom 1"),
                Fault(good: "0.25000000E+00\n", bad: "0.25000000E+00\n 1 2 3\n", line: 19, words: "a line more"),
                Fault(
                    good: "  0.00000000E+00  0.00000000E+00  0.25000000E+00\n", bad: "", line: 18, words: "after 3"),
            ])
    }()
}
