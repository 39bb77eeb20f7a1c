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
    /// Whether the format says how many atoms there are, so that a cut can be told.
    var hasCounts = true
    /// What people say beside the file.
    var labels = LabelKeys()

    var testDescription: String { format }

    /// Those of a single text file.
    static let all = [extendedXYZ, poscar, outcar, vasprun, xdatcar, mlab] + runs + structures + molecules

    /// Formats that are read from several files or no text, which have tests of their own.
    static let others: Set<String> = ["ABINIT HIST.nc", "cp.x trajectory"]

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

    /// Two ionic steps of three atoms: the cell changes, numbers run together, the energy of the first stands before
    /// its forces, as in VASP 5.2.2, and a step whose electrons have not converged is left out.
    static let outcar: FormatSample = {
        func step(_ number: Int, a: Double, energy: Double, force: Double, stress: Double?) -> Structure {
            var structure = Structure(
                elements: ["Si", "Si", "O"].map { Element($0)! },
                positions: [SIMD3(0, 0, 0), SIMD3(1.25, 1.25, -0.5), SIMD3(2.5, 0, 0.25)],
                cell: Cell(Matrix3(SIMD3(a, 0, 0), SIMD3(0, 4, 0), SIMD3(-0.5, 0, 5))))
            structure.energy = energy
            structure.forces = [SIMD3(force, 0, 0), SIMD3(-force, 0.5, 0), SIMD3(0, -0.5, 0)]
            structure.stress = stress.map { value in
                // In kB: 1.602176634e3 to an eV/Å³, positive under pressure.
                Matrix3(
                    SIMD3(value, 4 * value, 6 * value), SIMD3(4 * value, 2 * value, 5 * value),
                    SIMD3(6 * value, 5 * value, 3 * value)) * (-1 / (10 * Units.gigapascal))
            }
            structure.information = [
                "ionic_step": "\(number)", "energy_sigma_to_0": "\(energy + 0.25)", "dft_code": "VASP 5.4.4",
                "converged": "T",
                "dft_pseudopotentials": "PAW_PBE Si_sv 05Jan2001, PAW_PBE O 08Apr2002",
            ]
            return structure
        }
        func table(_ force: String) -> String {
            """
             POSITION                                       TOTAL-FORCE (eV/Angst)
             -----------------------------------------------------------------------------------
                  0.00000      0.00000      0.00000         \(force)      0.000000      0.000000
                  1.25000      1.25000     -0.50000        -\(force)      0.500000      0.000000
                  2.50000      0.00000      0.25000         0.000000     -0.500000      0.000000
             -----------------------------------------------------------------------------------
            """
        }
        func lattice(_ a: String) -> String {
            """
                  direct lattice vectors                 reciprocal lattice vectors
                 \(a)  0.000000000  0.000000000     0.250000000  0.000000000  0.025000000
                 0.000000000  4.000000000  0.000000000     0.000000000  0.250000000  0.000000000
                -0.500000000  0.000000000  5.000000000     0.000000000  0.000000000  0.200000000
            """
        }
        let dashes = String(repeating: "-", count: 39)
        return FormatSample(
            format: "OUTCAR", name: "OUTCAR",
            text: """
                 vasp.5.4.4.18Apr17-6-g9f103f2a35 (build Apr  9 2020 10:35:27) complex
                 executed on             LinuxGNU date 2021.04.04  17:45:34
                 POTCAR:    PAW_PBE Si_sv 05Jan2001
                 POTCAR:    PAW_PBE O 08Apr2002
                   TITEL  = PAW_PBE Si_sv 05Jan2001
                   TITEL  = PAW_PBE O 08Apr2002
                   number of dos      NEDOS =    301   number of ions     NIONS =      3
                   ions per type =               2   1
                   NELM   =      3;   NELMIN=  2; NELMDL=  0     # of ELM steps
                   EDIFF  = 0.1E-04   stopping-criterion for ELM
                   ZVAL   =   4.00  6.00
                   NELECT =      14.0000    total number of electrons
                \(lattice("4.000000000"))
                \(dashes) Iteration      1(   1)  \(dashes)
                 total energy-change (2. order) :-0.1196684E+01  (-0.1194974E+01)
                  free energy    TOTEN  =        -9.00000000 eV
                \(dashes) Iteration      1(   2)  \(dashes)
                 total energy-change (2. order) :-0.1196684E-06  (-0.1194974E-06)
                  free  energy   TOTEN  =       -10.500000 eV
                  energy  without entropy=      -10.000000  energy(sigma->0) =      -10.250000
                  in kB       1.00000     2.00000     3.00000     4.00000     5.00000     6.00000
                \(lattice("4.000000000"))
                \(table("0.250000"))
                \(dashes) Iteration      2(   1)  \(dashes)
                \(dashes) Iteration      2(   2)  \(dashes)
                \(dashes) Iteration      2(   3)  \(dashes)
                 total energy-change (2. order) :-0.1196684E-02  (-0.1194974E-06)
                ------------------------ aborting loop because EDIFF is reached ----------------------------------------
                \(table("9.250000"))
                  free  energy   TOTEN  =       -99.00000000 eV
                \(dashes) Iteration      3(   1)  \(dashes)
                \(dashes) Iteration      3(   2)  \(dashes)
                \(dashes) Iteration      3(   3)  \(dashes)
                 total energy-change (2. order) :-0.1196684E-08  (-0.1194974E-06)
                \(lattice("4.500000000"))
                \(table("0.125000"))
                  free  energy   TOTEN  =       -11.00000000 eV
                  energy  without entropy=      -10.500000  energy(sigma->0) =      -10.750000
                 General timing and accounting informations for this job:

                """,
            structures: [
                step(1, a: 4, energy: -10.5, force: 0.25, stress: 1),
                step(3, a: 4.5, energy: -11, force: 0.125, stress: nil),
            ],
            faults: [
                Fault(
                    good: "=               2   1", bad: "=               2", line: 8, words: "of each of 2 species"),
                Fault(
                    good: "=               2   1", bad: "=               2   x", line: 8, words: "expected the number"
                ),
                Fault(
                    good: "TITEL  = PAW_PBE O", bad: "TITEL  = PAW_PBE Qq", line: 8, words: "symbol of species 2"),
                Fault(good: "NIONS =      3", bad: "NIONS =      4", line: 8, words: "3 of 4 atoms"),
            ])
    }()

    /// Three ionic steps: the second has used all electronic steps, the third has no stress.
    static let vasprun: FormatSample = {
        func step(_ number: Int, energy: Double, force: Double, stress: Matrix3?) -> Structure {
            var structure = Structure(
                elements: ["Si", "O"].map { Element($0)! }, positions: [SIMD3(0, 0, 0), SIMD3(2, 1, 1.25)],
                cell: Cell(Matrix3(SIMD3(4, 0, 0), SIMD3(0, 4, 0), SIMD3(0, 0, 5))))
            structure.energy = energy
            structure.forces = [SIMD3(force, 0, -0.5), SIMD3(-force, 0, 0.5)]
            structure.stress = stress
            structure.information = [
                "ionic_step": "\(number)", "energy_sigma_to_0": "\(energy + 0.25)", "converged": "T",
                "dft_functional": "PBE", "dft_pseudopotentials": "PAW_PBE Si 05Jan2001, PAW_PBE O 08Apr2002",
            ]
            return structure
        }
        func calculation(_ electronic: Int, _ energy: String, zero: String, _ force: String, stress: Bool) -> String {
            let steps = Array(
                repeating: """
                      <scstep>
                       <energy>
                        <i name="e_fr_energy"> 163.36535000 </i>
                        <i name="e_0_energy"> \(zero) </i>
                       </energy>
                      </scstep>
                    """, count: electronic)
            let tensor = """
                  <varray name="stress" >
                   <v> 16.02176634 8.01088317 0.0 </v>
                   <v> 8.01088317 0.0 0.0 </v>
                   <v> 0.0 0.0 -32.04353268 </v>
                  </varray>

                """
            return """
                 <calculation>
                \(steps.joined(separator: "\n"))
                  <structure>
                   <crystal>
                    <varray name="basis" >
                     <v> 4.0 0.0 0.0 </v>
                     <v> 0.0 4.0 0.0 </v>
                     <v> 0.0 0.0 5.0 </v>
                    </varray>
                   </crystal>
                   <varray name="positions" >
                    <v> 0.0 0.0 0.0 </v>
                    <v> 0.5 0.25 0.25 </v>
                   </varray>
                  </structure>
                  <varray name="forces" >
                   <v> \(force) 0.0-0.5 </v>
                   <v> -\(force) 0.0 0.5 </v>
                  </varray>
                \(stress ? tensor : "")  <energy>
                   <i name="e_fr_energy"> \(energy) </i>
                   <i name="e_0_energy"> -0.00236637 </i>
                  </energy>
                 </calculation>
                """
        }
        return FormatSample(
            format: "vasprun.xml", name: "vasprun.xml",
            text: """
                <?xml version="1.0" encoding="ISO-8859-1"?>
                <modeling>
                 <parameters><separator name="electronic" >
                  <i name="NELECT"> 10.00000000</i>
                  <i type="int" name="NELM"> 3</i>
                 </separator></parameters>
                 <atominfo>
                  <array name="atoms" >
                   <set>
                    <rc><c>Si</c><c> 1</c></rc>
                    <rc><c>O </c><c> 2</c></rc>
                   </set>
                  </array>
                  <array name="atomtypes" >
                   <set>
                    <rc><c> 1</c><c>Si</c><c> 28.085</c><c> 4.0</c><c> PAW_PBE Si 05Jan2001 </c></rc>
                    <rc><c> 1</c><c>O </c><c> 16.0</c><c> 6.0</c><c> PAW_PBE O 08Apr2002 </c></rc>
                   </set>
                  </array>
                 </atominfo>
                \(calculation(2, "-10.5", zero: "-10.25", "0.25", stress: true))
                \(calculation(3, "-99.5", zero: "-10.25", "0.75", stress: true))
                \(calculation(1, "-11.5", zero: "-11.25", "0.125", stress: false))
                </modeling>

                """,
            structures: [
                step(
                    1, energy: -10.5, force: 0.25,
                    stress: Matrix3(
                        SIMD3(16.02176634, 8.01088317, 0), SIMD3(8.01088317, 0, 0), SIMD3(0, 0, -32.04353268))
                        * (-1 / (10 * Units.gigapascal))),
                step(3, energy: -11.5, force: 0.125, stress: nil),
            ],
            faults: [
                Fault(good: "<c>O </c><c> 2", bad: "<c>Z </c><c> 2", line: 60, words: "unknown element \"Z\""),
                Fault(good: "</atominfo>", bad: "</atoms>", line: 20, words: "mistake in it"),
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
        // Where some lattice vectors are fixed that are no axes, nothing can be said.
        structure.moveMask = [.one, .one, .zero, .one]
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
