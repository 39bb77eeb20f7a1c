import Atoms

@testable import StructureFiles

/// Samples of outputs of programs that cannot be had: made by hand after their forms.
extension FormatSample {
    static let molecules = [orca, gaussian]

    private static func water(_ energy: Double, _ z: Double, _ force: SIMD3<Double>) -> Structure {
        var water = Structure(
            elements: [Element("O")!, Element("H")!], positions: [SIMD3(0, 0, 0), SIMD3(0.5, 0, z)])
        water.energy = energy * Units.hartree
        water.forces = [force * (Units.hartree / Units.bohr), -force * (Units.hartree / Units.bohr)]
        return water
    }

    /// Two steps with gradients, and an energy of a displaced structure that is not printed.
    static let orca: FormatSample = {
        func cycle(_ z: String, _ energy: String, _ force: String) -> String {
            """
            CARTESIAN COORDINATES (ANGSTROEM)
            ---------------------------------
              O      0.000000    0.000000    0.000000
              H      0.500000    0.000000    \(z)

             Total Charge           Charge          ....   -1
                           *           SCF CONVERGED AFTER  13 CYCLES          *
            -------------------------   --------------------
            FINAL SINGLE POINT ENERGY      \(energy)
            -------------------------   --------------------

            ------------------
            CARTESIAN GRADIENT
            ------------------

               1   O   :    0.000000000    0.000000000    \(force)
               2   H   :    0.000000000    0.000000000   -\(force)

            Norm of the cartesian gradient     ...    0.1

            """
        }
        var structures = [water(-75.5, 0.75, SIMD3(0, 0, -0.125)), water(-75.625, 0.875, SIMD3(0, 0, -0.0625))]
        for index in structures.indices {
            structures[index].information = [
                "dft_code": "ORCA 5.0.3", "dft_functional": "B3LYP def2-SVP EnGrad", "charge": "-1.0",
            ]
            structures[index].isConverged = true
        }
        return FormatSample(
            format: "ORCA", name: "orca.out",
            text: """

                                                 *****************
                                                 * O   R   C   A *
                                                 *****************
                                     Program Version 5.0.3 -  RELEASE  -
                |  1> ! B3LYP def2-SVP EnGrad
                \(cycle("0.750000", "-75.500000000000", "0.125000000"))
                \(cycle("0.875000", "-75.625000000000", "0.062500000"))
                FINAL SINGLE POINT ENERGY      -75.600000000000
                                             ****ORCA TERMINATED NORMALLY****

                """,
            structures: structures,
            faults: [
                Fault(
                    good: "0.500000    0.000000    0.750000", bad: "0.000000    0.000000    0.000000", line: 27,
                    words: "Å apart")
            ])
    }()

    /// The input orientation is that of the forces, the standard orientation another, with atoms in another order.
    static let gaussian: FormatSample = {
        func cycle(_ z: String, _ energy: String, _ force: String) -> String {
            """
                                      Input orientation:
             ---------------------------------------------------------------------
             Center     Atomic      Atomic             Coordinates (Angstroms)
             Number     Number       Type             X           Y           Z
             ---------------------------------------------------------------------
                  1          8           0        0.000000    0.000000    0.000000
                  2          1           0        0.500000    0.000000    \(z)
             ---------------------------------------------------------------------
                                     Standard orientation:
             ---------------------------------------------------------------------
             Center     Atomic      Atomic             Coordinates (Angstroms)
             Number     Number       Type             X           Y           Z
             ---------------------------------------------------------------------
                  1          1           0        0.000000    0.000000    0.100000
                  2          8           0        0.000000    0.000000   -0.800000
             ---------------------------------------------------------------------
             SCF Done:  E(RHF) =  \(energy)     A.U. after   10 cycles
             -------------------------------------------------------------------
             Center     Atomic                   Forces (Hartrees/Bohr)
             Number     Number              X              Y              Z
             -------------------------------------------------------------------
                  1        8           0.000000000    0.000000000   -\(force)
                  2        1           0.000000000    0.000000000    \(force)
             -------------------------------------------------------------------
            """
        }
        var structures = [water(-75.5, 0.75, SIMD3(0, 0, -0.125)), water(-75.625, 0.875, SIMD3(0, 0, -0.0625))]
        for index in structures.indices {
            structures[index].information = [
                "dft_code": "Gaussian 16", "dft_functional": "#p hf/6-31g opt", "charge": "-1.0",
            ]
            structures[index].isConverged = true
        }
        return FormatSample(
            format: "Gaussian", name: "gaussian.log",
            text: """
                 Entering Gaussian System, Link 0=g16
                 ******************************************
                 Gaussian 16:  ES64L-G16RevA.03 25-Dec-2016
                 ******************************************
                 ----------------
                 #p hf/6-31g opt
                 ----------------
                 Charge = -1 Multiplicity = 1
                \(cycle("0.750000", "-75.500000000", "0.125000000"))
                \(cycle("0.875000", "-75.625000000", "0.062500000"))
                 Normal termination of Gaussian 16 at Tue Jun 25 00:14:07 2019.

                """,
            structures: structures,
            faults: [
                Fault(
                    good: "0.500000    0.000000    0.750000", bad: "0.000000    0.000000    0.000000", line: 33,
                    words: "Å apart")
            ])
    }()
}
