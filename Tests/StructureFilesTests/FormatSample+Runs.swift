import Atoms

@testable import StructureFiles

/// Samples of outputs of programs, as short as they can be understood. Fixtures that the programs wrote are read in
/// `RunFixtures`.
extension FormatSample {
    static let runs = [pwscf, pwXML, aims, abinit, cp2k, castep, siesta]

    private static func information(_ code: String, _ others: [String: String] = [:], _ converged: Bool? = true)
        -> [String: String]
    {
        var all = others
        all["dft_code"] = code
        all["converged"] = converged.map { $0 ? "T" : "F" }
        return all
    }

    /// Two steps of a relaxation with cell. The energy is printed in every iteration, contributions to the forces
    /// follow.
    static let pwscf: FormatSample = {
        let rydberg = Units.rydberg
        func step(_ positions: [SIMD3<Double>], _ lattice: Matrix3, energy: Double, force: Double, stress: Double)
            -> Structure
        {
            var structure = Structure(
                elements: [Element("Si")!, Element("O")!], positions: positions, cell: Cell(lattice))
            structure.energy = energy * rydberg
            let unit = rydberg / Units.bohr
            structure.forces = [SIMD3(force, 0, -0.5) * unit, SIMD3(-force, 0, 0.5) * unit]
            let s = Matrix3(SIMD3(stress, 0.25, 0), SIMD3(0.25, -stress, 0), SIMD3(0, 0, 0.5))
            structure.stress = s * (-rydberg / (Units.bohr * Units.bohr * Units.bohr))
            structure.information = information(
                "Quantum ESPRESSO 7.3",
                [
                    "dft_functional": "SLA PW PBX PBC", "dft_cutoff_ev": "\(((30 * rydberg) * 1e6).rounded() / 1e6)",
                    "dft_kpoints": "2 points", "dft_pseudopotentials": "Si.upf, O.upf",
                ])
            return structure
        }
        let alat = 8 * Units.bohr
        let first = Matrix3(SIMD3(1, 0, 0) * alat, SIMD3(0, 1, 0) * alat, SIMD3(0.5, 0, 1) * alat)
        let second = Matrix3(SIMD3(5, 0, 0), SIMD3(0, 5, 0), SIMD3(2.5, 0, 5.5))
        func labels(_ energy: String, _ force: String, _ stress: String) -> String {
            """
                 Self-consistent Calculation
                 total energy              =     -99.00000000 Ry
            !    total energy              =     -99.00000000 Ry
            !    total energy              =     \(energy) Ry
                 convergence has been achieved in   5 iterations

                 Forces acting on atoms (cartesian axes, Ry/au):

                 atom    1 type  1   force =     \(force)    0.00000000   -0.50000000
                 atom    2 type  2   force =    -\(force)    0.00000000    0.50000000
                 The non-local contrib.  to forces
                 atom    1 type  1   force =     9.00000000    9.00000000    9.00000000
                 Computing stress (Cartesian axis) and pressure
                      total   stress  (Ry/bohr**3)                   (kbar)     P=       29.97
               \(stress)   0.25000000   0.00000000           21.35        0.00       -0.00
               0.25000000  -\(stress)   0.00000000            0.00       21.35        0.00
               0.00000000   0.00000000   0.50000000           -0.00        0.00       47.20
            """
        }
        return FormatSample(
            format: "Quantum ESPRESSO", name: "pw.out",
            text: """

                     Program PWSCF v.7.3 starts on  1Jan2024 at 10: 0: 0
                     lattice parameter (alat)  =       8.0000  a.u.
                     number of atoms/cell      =            2
                     number of electrons       =        10.00
                     kinetic-energy cutoff     =      30.0000  Ry
                     Exchange-correlation= SLA  PW   PBX  PBC
                                           (   1   4   3   4   0   0   0)
                     celldm(1)=   8.000000  celldm(2)=   0.000000  celldm(3)=   0.000000
                               a(1) = (   1.000000   0.000000   0.000000 )
                               a(2) = (   0.000000   1.000000   0.000000 )
                               a(3) = (   0.500000   0.000000   1.000000 )
                     PseudoPot. # 1 for Si read from file:
                     ./pseudo/Si.upf
                     PseudoPot. # 2 for O1 read from file:
                     ./pseudo/O.upf
                     atomic species   valence    mass     pseudopotential
                        Si             4.00    28.08550     Si( 1.00)
                        O1             6.00    15.99900     O ( 1.00)

                     site n.     atom                  positions (alat units)
                         1           Si  tau(   1) = (   0.0000000   0.0000000   0.0000000  )
                         2           O1  tau(   2) = (   0.2500000   0.0000000   0.5000000  )

                     number of k points=     2
                \(labels("-11.50000000", "0.25000000", "0.12500000"))
                CELL_PARAMETERS (angstrom)
                   5.000000000   0.000000000   0.000000000
                   0.000000000   5.000000000   0.000000000
                   2.500000000   0.000000000   5.500000000

                ATOMIC_POSITIONS (crystal)
                Si            0.0000000000        0.0000000000        0.0000000000
                O1            0.2500000000        0.0000000000        0.5000000000

                \(labels("-11.75000000", "0.50000000", "0.06250000"))
                   JOB DONE.

                """,
            structures: [
                step(
                    [SIMD3(0, 0, 0) * alat, SIMD3(0.25, 0, 0.5) * alat], first, energy: -11.5, force: 0.25,
                    stress: 0.125),
                step(
                    [SIMD3(0, 0, 0) * second, SIMD3(0.25, 0, 0.5) * second], second, energy: -11.75, force: 0.5,
                    stress: 0.0625),
            ],
            faults: [
                Fault(
                    good: "number of atoms/cell      =            2", bad: "number of atoms/cell      =          xxx",
                    line: 4, words: "number of atoms"),
                Fault(good: "tau(   2)", bad: "tav(   2)", line: 23, words: "atom 2 of 2"),
                Fault(
                    good: "2.500000000   0.000000000   5.5", bad: "2.5000000 *********** 5.5", line: 46,
                    words: "lattice vector 3"),
                Fault(
                    good: "(crystal)\nSi            0.0", bad: "(crystal)\nO1            0.0", line: 50,
                    words: "elements of the first step"),
            ])
    }()

    /// A step, and an output that repeats its energy beside other positions.
    static let pwXML: FormatSample = {
        var structure = Structure(
            elements: [Element("Si")!, Element("O")!],
            positions: [SIMD3(0, 0, 0) * Units.bohr, SIMD3(2, 0, 1) * Units.bohr],
            cell: Cell(Matrix3(SIMD3(8, 0, 0), SIMD3(0, 8, 0), SIMD3(0, 0, 9)) * Units.bohr))
        structure.energy = -5.5 * Units.hartree
        structure.forces = [SIMD3(0.25, 0, -0.5) * Units.hartreePerBohr, SIMD3(-0.25, 0, 0.5) * Units.hartreePerBohr]
        structure.stress =
            Matrix3(SIMD3(0.5, 0.25, 0), SIMD3(0.25, 0.5, 0), SIMD3(0, 0, 0.125)) * -Units.hartreePerCubicBohr
        structure.information = information(
            "Quantum ESPRESSO 7.3",
            [
                "dft_functional": "PBE", "dft_kpoints": "2x2x1",
            ])
        func part(_ name: String, _ x: String) -> String {
            """
              <\(name)>
                <scf_conv><convergence_achieved>true</convergence_achieved></scf_conv>
                <atomic_structure nat="2" alat="8.0">
                  <atomic_positions>
                    <atom name="Si" index="1">0.0 0.0 0.0</atom>
                    <atom name="O1" index="2">\(x) 0.0 1.0e0</atom>
                  </atomic_positions>
                  <cell>
                    <a1>8.0 0.0 0.0</a1>
                    <a2>0.0 8.0 0.0</a2>
                    <a3>0.0 0.0 9.0</a3>
                  </cell>
                </atomic_structure>
                <total_energy><etot>-5.5</etot></total_energy>
                <forces rank="2" dims="3 2">
                  0.25 0.0 -0.5
                  -0.25 0.0 0.5
                </forces>
                <stress rank="2" dims="3 3">
                  0.5 0.25 0.0 0.25 0.5 0.0
                  0.0 0.0 0.125
                </stress>
              </\(name)>
            """
        }
        return FormatSample(
            format: "Quantum ESPRESSO XML", name: "data-file-schema.xml",
            text: """
                <?xml version="1.0" encoding="UTF-8"?>
                <qes:espresso xmlns:qes="http://www.quantum-espresso.org/ns/qes/qes-1.0" Units="Hartree atomic units">
                  <general_info><creator NAME="PWSCF" VERSION="7.3">XML file generated by PWSCF</creator></general_info>
                  <input>
                    <dft><functional>PBE</functional></dft>
                    <k_points_IBZ><monkhorst_pack nk1="2" nk2="2" nk3="1">Monkhorst-Pack</monkhorst_pack></k_points_IBZ>
                  </input>
                \(part("step", "2.0"))
                \(part("output", "2.5"))
                </qes:espresso>

                """,
            structures: [structure],
            faults: [
                Fault(good: "name=\"O1\"", bad: "name=\"Qq\"", line: 30, words: "symbol of an element"),
                Fault(good: "nat=\"2\"", bad: "nat=\"3\"", line: 30, words: "3 atoms"),
                Fault(good: "</cell>", bad: "</call>", line: 19, words: "mistake in it"),
                Fault(good: "Hartree atomic", bad: "Rydberg atomic", line: 30, words: "Hartree atomic units"),
            ])
    }()

    /// Two steps of dynamics, whose positions follow their energies.
    static let aims: FormatSample = {
        func step(_ x: Double, energy: Double, velocity: Double) -> Structure {
            var structure = Structure(
                elements: [Element("B")!, Element("N")!], positions: [SIMD3(0, 0, 0), SIMD3(x, 1, 1)],
                cell: Cell(Matrix3(SIMD3(4, 0, 0), SIMD3(0, 4, 0), SIMD3(0, 0, 5))))
            structure.energy = energy
            structure.forces = [SIMD3(0.25, 0, 0), SIMD3(-0.25, 0, 0)]
            structure.stress = Matrix3(SIMD3(-0.5, 0.25, 0), SIMD3(0.25, -0.5, 0), SIMD3(0, 0, 0.125))
            structure.velocities = [SIMD3(velocity, 0, 0) / 1000, SIMD3(0, -velocity, 0) / 1000]
            structure.information = information(
                "FHI-aims 180126",
                [
                    "dft_functional": "pbe", "dft_kpoints": "2x2x1",
                ])
            return structure
        }
        func text(_ x: String, _ energy: String, _ velocity: String) -> String {
            """
                      Begin self-consistency loop: Initialization.
              Self-consistency cycle converged.
              +-------------------------------------------------------------------+
              |              Analytical stress tensor - Symmetrized               |
              |                  Cartesian components [eV/A**3]                   |
              +-------------------------------------------------------------------+
              |                x                y                z                |
              |                                                                   |
              |  x        -0.50000000       0.25000000       0.00000000           |
              |  y         0.25000000      -0.50000000       0.00000000           |
              |  z         0.00000000       0.00000000       0.12500000           |
              Energy and forces in a compact form:
              | Total energy uncorrected      :         -0.990000000000000E+02 eV
              | Total energy corrected        :         -0.990000000000000E+02 eV  <-- do not rely on this value
              | Electronic free energy        :         \(energy) eV
              Total atomic forces (unitary forces cleaned) [eV/Ang]:
              |   1          0.250000000000000E+00          0.000000000000000E+00          0.000000000000000E+00
              |   2         -0.250000000000000E+00          0.000000000000000E+00          0.000000000000000E+00

              Atomic structure (and velocities) as used in the preceding time step:
                                  x [A]             y [A]             z [A]       Atom
               atom               0.00000000        0.00000000        0.00000000  B
                 velocity          \(velocity)        0.00000000        0.00000000
               atom               \(x)        1.00000000        1.00000000  N
                 velocity          0.00000000       -\(velocity)        0.00000000
            ------------------------------------------------------------
            """
        }
        return FormatSample(
            format: "FHI-aims", name: "aims.out",
            text: """
                          Invoking FHI-aims ...
                          Version 180126
                    xc                 pbe
                    charge             0
                    k_grid 2 2 1
                  | Number of atoms                   :        2
                  Input geometry:
                  | Unit cell:
                  |        4.00000000        0.00000000        0.00000000
                  |        0.00000000        4.00000000        0.00000000
                  |        0.00000000        0.00000000        5.00000000
                  | Atomic structure:
                  |       Atom                x [A]            y [A]            z [A]
                  |    1: Species B             0.00000000        0.00000000        0.00000000
                  |    2: Species N             1.00000000        1.00000000        1.00000000

                \(text("1.00000000", "-0.105000000000000E+02", "2.50000000"))
                \(text("1.12500000", "-0.107500000000000E+02", "5.00000000"))
                  | Total energy after non-SC SOC correction (DO NOT USE)          :        -12.000000000 eV
                          Have a nice day.

                """,
            structures: [step(1, energy: -10.5, velocity: 2.5), step(1.125, energy: -10.75, velocity: 5)],
            faults: [
                Fault(
                    good: "Number of atoms                   :        2",
                    bad: "Number of atoms                   :       x2", line: 6, words: "number of atoms"),
                Fault(good: "Species N ", bad: "Species Qq", line: 15, words: "atom 2"),
                Fault(
                    good: "1.00000000        1.00000000        1.00000000  N", bad: "1.0 1.0 1.0  B", line: 40,
                    words: "atom 2"),
            ])
    }()

    /// A relaxation of two steps, whose end repeats the last, and a single point.
    static let abinit: FormatSample = {
        func step(_ a: Double, x: Double, energy: Double, force: Double, stress: Double) -> Structure {
            let lattice = Matrix3(
                SIMD3(a, 0, 0) * Units.bohr, SIMD3(0, a, 0) * Units.bohr, SIMD3(0, 0, a) * Units.bohr)
            var structure = Structure(
                elements: [Element("Si")!, Element("O")!],
                positions: [SIMD3(0, 0, 0) * lattice, SIMD3(x, 0.25, 0.5) * lattice], cell: Cell(lattice))
            structure.energy = energy * Units.hartree
            structure.forces = [
                SIMD3(force, 0, 0) * Units.hartreePerBohr, SIMD3(-force, 0, 0) * Units.hartreePerBohr,
            ]
            structure.stress =
                Matrix3(SIMD3(stress, 0.25, 0.125), SIMD3(0.25, stress, 0.5), SIMD3(0.125, 0.5, stress))
                * Units.hartreePerCubicBohr
            structure.information = information(
                "ABINIT 9.10.4",
                [
                    "dft_functional": "GGA: Perdew-Burke-Ernzerhof functional", "dft_kpoints": "2x2x2",
                    "dft_cutoff_ev": "\(((10 * Units.hartree) * 1e6).rounded() / 1e6)",
                ])
            return structure
        }
        func sigma(_ stress: String) -> String {
            """
             Cartesian components of stress tensor (hartree/bohr^3)
              sigma(1 1)=  \(stress)  sigma(3 2)=  5.00000000E-01
              sigma(2 2)=  \(stress)  sigma(3 1)=  1.25000000E-01
              sigma(3 3)=  \(stress)  sigma(2 1)=  2.50000000E-01
            """
        }
        func iteration(_ number: Int, _ a: String, _ x: String, _ energy: String, _ force: String) -> String {
            """
            --- Iteration: (\(number)/2) Internal Cycle: (1/1)
                 iter   Etot(hartree)      deltaE(h)  residm     vres2
             ETOT  1  -8.6927352085313    -8.693E+00 7.020E-04 1.863E+00
             At SCF step    9, etot is converged :
            \(sigma("6.25000000E-02"))
             Cartesian coordinates (xcart) [bohr]
              9.00000000000000E+00  9.00000000000000E+00  9.00000000000000E+00
              9.00000000000000E+00  9.00000000000000E+00  9.00000000000000E+00
             Reduced coordinates (xred)
              0.00000000000000E+00  0.00000000000000E+00  0.00000000000000E+00
              \(x)  2.50000000000000E-01  5.00000000000000E-01
             Cartesian forces (fcart) [Ha/bohr]; max,rms= 9.17295E-03 5.50966E-03 (free atoms)
              \(force)  0.00000000000000E+00  0.00000000000000E+00
             -\(force)  0.00000000000000E+00  0.00000000000000E+00
             Real space primitive translations (rprimd) [bohr]
              \(a)  0.00000000000000E+00  0.00000000000000E+00
              0.00000000000000E+00  \(a)  0.00000000000000E+00
              0.00000000000000E+00  0.00000000000000E+00  \(a)
             Total energy (etotal) [Ha]= \(energy)
            """
        }
        let axes = """
             R(1)=  8.0000000  0.0000000  0.0000000  G(1)=  0.1250000  0.0000000  0.0000000
             R(2)=  0.0000000  8.0000000  0.0000000  G(2)=  0.0000000  0.1250000  0.0000000
             R(3)=  0.0000000  0.0000000  8.0000000  G(3)=  0.0000000  0.0000000  0.1250000
            """
        return FormatSample(
            format: "ABINIT", name: "run.abo",
            text: """

                .Version 9.10.4 of ABINIT
                             ecut      1.00000000E+01 Hartree
                            ngkpt           2           2           2
                            typat      1  2
                            znucl       14.00000    8.00000

                == DATASET  1 ==================================================================
                 Exchange-correlation functional for the present dataset will be:
                  GGA: Perdew-Burke-Ernzerhof functional - ixc=11
                \(axes)
                \(iteration(1, "8.00000000000000E+00", "2.50000000000000E-01", "-8.50000000000000E+00", "1.25000000000000E-01"))
                \(iteration(2, "8.50000000000000E+00", "3.75000000000000E-01", "-8.75000000000000E+00", "2.50000000000000E-01"))
                 ----iterations are completed or convergence reached----
                 reduced coordinates (array xred) for    2 atoms
                       0.000000000000      0.000000000000      0.000000000000
                       0.900000000000      0.900000000000      0.900000000000
                    >>>>>>>>> Etotal= -8.75000000000000E+00

                == DATASET  2 ==================================================================
                \(axes)
                     iter   Etot(hartree)      deltaE(h)  residm     vres2
                 At SCF step    6       vres2   =  3.88E-08 < tolvrs=  1.00E-06 =>converged.
                 ----iterations are completed or convergence reached----
                 reduced coordinates (array xred) for    2 atoms
                       0.000000000000      0.000000000000      0.000000000000
                       0.250000000000      0.250000000000      0.500000000000
                 cartesian forces (hartree/bohr) at end:
                    1      0.50000000000000    -0.00000000000000    -0.00000000000000
                    2     -0.50000000000000    -0.00000000000000    -0.00000000000000
                    >>>>>>>>> Etotal= -9.50000000000000E+00
                \(sigma("3.12500000E-02"))
                == END DATASET(S) ==============================================================

                """,
            structures: [
                step(8, x: 0.25, energy: -8.5, force: 0.125, stress: 0.0625),
                step(8.5, x: 0.375, energy: -8.75, force: 0.25, stress: 0.0625),
                step(8, x: 0.25, energy: -9.5, force: 0.5, stress: 0.03125),
            ],
            faults: [
                Fault(good: "14.00000    8.00000", bad: "14.00000    8.50000", line: 36, words: "znucl"),
                Fault(good: "typat      1  2", bad: "typat      1  3", line: 36, words: "type 3"),
            ])
    }()

    /// A step with its labels. Others need `-pos-1.xyz`: `RunFixtures`.
    static let cp2k: FormatSample = {
        var structure = Structure(
            elements: [Element("Fe")!, Element("O")!], positions: [SIMD3(0, 0, 0.5), SIMD3(1.5, 0.25, 0)],
            cell: Cell(Matrix3(SIMD3(5, 0, 0), SIMD3(-2.5, 4, 0), SIMD3(0, 0, 6))))
        structure.energy = -17.5 * Units.hartree
        structure.forces = [SIMD3(0.125, 0, 0) * Units.hartreePerBohr, SIMD3(-0.125, 0.5, 0) * Units.hartreePerBohr]
        structure.stress =
            Matrix3(SIMD3(-8, 0.5, 0), SIMD3(0.5, -8, 0), SIMD3(0, 0, -4)) * (-1 / Units.gigapascal)
        structure.information = information(
            "CP2K 6.1",
            [
                "dft_functional": "PBE", "dft_dispersion": "D3", "dft_spins": "2",
                "dft_cutoff_ev": "\(((200 * Units.hartree) * 1e6).rounded() / 1e6)",
            ])
        return FormatSample(
            format: "CP2K", name: "run.cp2k.out",
            text: """
                 CP2K| version string:                                          CP2K version 6.1
                 GLOBAL| Project name                                        nothing_beside_this
                 GLOBAL| Run type                                                   ENERGY_FORCE
                 CELL| Vector a [angstrom]:       5.000     0.000     0.000    |a| =       5.000
                 CELL| Vector b [angstrom]:      -2.500     4.000     0.000    |b| =       4.717
                 CELL| Vector c [angstrom]:       0.000     0.000     6.000    |c| =       6.000
                 DFT| Number of spin states                                                    2
                 DFT| Charge                                                                   0
                 FUNCTIONAL| PBE:
                 FUNCTIONAL| J.P.Perdew, K.Burke, M.Ernzerhof, Phys. Rev. Letter, vol. 77, n 18,
                 vdW POTENTIAL|          DFT-D3 (Version 3.1)
                 QS| Density cutoff [a.u.]:                                                200.0
                 POISSON| Periodicity                                                        XYZ
                 MODULE QUICKSTEP:  ATOMIC COORDINATES IN angstrom

                  Atom  Kind  Element       X           Y           Z          Z(eff)       Mass

                       1     1 Fe  26    0.000000    0.000000    0.500000     16.00      55.8450
                       2     2 O    8    1.500000    0.250000    0.000000      6.00      15.9994

                 SCF WAVEFUNCTION OPTIMIZATION
                  *** SCF run converged in    47 steps ***
                 ENERGY| Total FORCE_EVAL ( QS ) energy (a.u.):              -17.500000000000000
                 ATOMIC FORCES in [a.u.]

                 # Atom   Kind   Element          X              Y              Z
                      1      1      Fe          0.12500000     0.00000000     0.00000000
                      2      2      O          -0.12500000     0.50000000     0.00000000
                 SUM OF ATOMIC FORCES           0.00000000     0.50000000     0.00000000     0.50000000

                 STRESS TENSOR [GPa]

                            X               Y               Z
                  X      -8.00000000      0.50000000      0.00000000
                  Y       0.50000000     -8.00000000      0.00000000
                  Z       0.00000000      0.00000000     -4.00000000

                 SCF WAVEFUNCTION OPTIMIZATION
                  *** SCF run converged in     7 steps ***
                 ENERGY| Total FORCE_EVAL ( QS ) energy (a.u.):              -18.500000000000000
                  **** **** ******  **  PROGRAM ENDED AT                 2019-09-07 17:41:42.000

                """,
            structures: [structure],
            faults: [
                Fault(good: "( QS )", bad: "( FIST )", line: 23, words: "Quickstep"),
                Fault(good: "IN angstrom", bad: "IN furlong", line: 14, words: "angstrom or bohr"),
                Fault(good: "TENSOR [GPa]", bad: "TENSOR [psi]", line: 31, words: "GPa or bar"),
            ])
    }()

    /// A series of cut-offs, then a step with forces, then one of another cell with stress alone.
    static let castep: FormatSample = {
        func step(_ a: Double, energy: Double, forces: [SIMD3<Double>]?) -> Structure {
            let lattice = Matrix3(SIMD3(a, 0, 0), SIMD3(0, a, 0), SIMD3(0, 0, a))
            var structure = Structure(
                elements: [Element("Si")!, Element("O")!],
                positions: [SIMD3(0, 0, 0) * lattice, SIMD3(0.25, 0.25, 0.5) * lattice], cell: Cell(lattice))
            structure.energy = energy
            structure.forces = forces
            structure.stress =
                Matrix3(SIMD3(2, 0.5, 0), SIMD3(0.5, -2, 0), SIMD3(0, 0, 4)) * (1 / Units.gigapascal)
            structure.information = information(
                "CASTEP 17.2",
                [
                    "dft_functional": "Perdew Burke Ernzerhof", "dft_cutoff_ev": "300.0", "dft_kpoints": "2x2x2",
                ])
            return structure
        }
        func cell(_ a: String) -> String {
            """
                    Real Lattice(A)                      Reciprocal Lattice(1/A)
               \(a)   0.0000000   0.0000000        1.1571244   0.0000000   0.0000000
               0.0000000   \(a)   0.0000000        0.0000000   1.1571244   0.0000000
               0.0000000   0.0000000   \(a)        0.0000000   0.0000000   1.1571244
            """
        }
        func scf(_ energy: String) -> String {
            """
            SCF loop      Energy           Fermi           Energy gain       Timer   <-- SCF
            Final energy, E             =  -99.00000000     eV
            Final free energy (E-TS)    =  \(energy)     eV
            """
        }
        func stress(_ sign: String = " ") -> String {
            """
             ***************** Stress Tensor *****************
             *          Cartesian components (GPa)           *
             *             x             y             z     *
             *  x     \(sign)2.000000      0.500000      0.000000  *
             *  y      0.500000     -2.000000      0.000000  *
             *  z      0.000000      0.000000      4.000000  *
             *************************************************
            """
        }
        return FormatSample(
            format: "CASTEP", name: "run.castep",
            text: """
                 | Welcome to Academic Release CASTEP version 17.2 |
                 using functional                               : Perdew Burke Ernzerhof
                 plane wave basis set cut-off                   :   300.0000   eV
                     MP grid size for SCF calculation is  2  2  2
                \(cell("4.0000000"))
                            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
                            x  Element    Atom        Fractional coordinates of atoms  x
                            x            Number           u          v          w      x
                            x----------------------------------------------------------x
                            x  Si           1         0.000000   0.000000   0.000000   x
                            x  O            1         0.250000   0.250000   0.500000   x
                            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
                \(scf("-10.00000000"))
                \(scf("-10.50000000"))
                 Total energy corrected for finite basis set =    -10.625000 eV
                 *********************** Forces ***********************
                 *            Cartesian components (eV/A)             *
                 *                   x            y            z      *
                 * Si        1      0.25000     -0.50000      0.00000 *
                 * O         1     -0.25000      0.50000      0.00000(cons'd)*
                 ******************************************************
                \(stress())
                \(cell("4.5000000"))
                \(scf("-10.75000000"))
                \(stress())
                \(stress("-"))
                Total time          =     14.58 s

                """.replacing("0.00000(cons'd)*", with: "0.00000(cons'd) *"),
            structures: [
                step(4, energy: -10.5, forces: [SIMD3(0.25, -0.5, 0), SIMD3(-0.25, 0.5, 0)]),
                step(4.5, energy: -10.75, forces: nil),
            ],
            faults: [
                Fault(good: "x  O            1", bad: "x  Qq           1", line: 14, words: "atom 2"),
                Fault(good: "(eV/A)", bad: "(Ha/b)", line: 24, words: "eV/A"),
                Fault(good: "(GPa)", bad: "(psi)", line: 30, words: "GPa"),
                Fault(
                    good: "0.0000000   4.0000000", bad: "0.0000000   *********", line: 7, words: "lattice vector 2"),
            ])
    }()

    /// Two steps of a relaxation: the first has fractional coordinates.
    static let siesta: FormatSample = {
        let lattice = Matrix3(SIMD3(4, 0, 0), SIMD3(0, 4, 0), SIMD3(0, 0, 5))
        func step(_ positions: [SIMD3<Double>], energy: Double, kohnSham: String) -> Structure {
            var structure = Structure(
                elements: [Element("Mg")!, Element("O")!], positions: positions, cell: Cell(lattice))
            structure.energy = energy
            structure.forces = [SIMD3(0.25, 0, 0), SIMD3(-0.25, 0, 0)]
            structure.stress =
                Matrix3(SIMD3(-4, 8, 2), SIMD3(8, -1, 0.5), SIMD3(2, 0.5, -0.5)) * (1 / (10 * Units.gigapascal))
            structure.information = information(
                "SIESTA 4.0.2",
                [
                    "dft_functional": "PBE", "energy_kohn_sham": kohnSham,
                    "dft_cutoff_ev": "\(((300 * Units.rydberg) * 1e6).rounded() / 1e6)",
                ])
            return structure
        }
        func text(_ number: Int, _ unit: String, _ second: String, _ energy: String, _ kohnSham: String) -> String {
            """
                                    Begin CG opt. move =      \(number)
            outcoor: Atomic coordinates (\(unit)):
                0.00000000    0.00000000    0.00000000   1       1  Mg
                \(second)   2       2  O.surface

            outcell: Unit cell vectors (Ang):
                    4.000000    0.000000    0.000000
                    0.000000    4.000000    0.000000
                    0.000000    0.000000    5.000000

               scf:   12     -219.1640      \(kohnSham)      \(energy)  0.00002 -6.7526
            SCF cycle converged after   12 iterations
            siesta: E_KS(eV) =             \(kohnSham)

            siesta: Atomic forces (eV/Ang):
                 1    0.250000    0.000000    0.000000
                 2   -0.250000    0.000000    0.000000
            ----------------------------------------
            Stress-tensor-Voigt (kbar):       -4.00       -1.00       -0.50        8.00        0.50        2.00
            (Free)E + p*V (eV/cell)     -219.2787
            Target enthalpy (eV/cell)     \(energy)

            """
        }
        return FormatSample(
            format: "SIESTA", name: "run.siesta.out",
            text: """
                Siesta Version  : v4.0.2
                XC.authors             PBE
                 Species number:            1  Label: Mg Atomic number:          12
                 Species number:            2  Label: O.surface Atomic number:           8
                redata: Net charge of the system         =     0.0000 |e|
                redata: Mesh Cutoff                      =   300.0000 Ry
                \(text(0, "fractional", "0.25000000    0.25000000    0.50000000", "-10.5000", "-10.2500"))
                \(text(1, "Ang", "1.12500000    1.00000000    2.50000000", "-10.7500", "-10.5000"))
                outcoor: Relaxed atomic coordinates (Ang):
                    9.00000000    0.00000000    0.00000000   1       1  Mg

                siesta: Program's energy decomposition (eV):
                siesta: FreeEng =       -10.750041
                >> End of run:   7-SEP-2019  17:41:42

                """,
            structures: [
                step(
                    [SIMD3(0, 0, 0) * lattice, SIMD3(0.25, 0.25, 0.5) * lattice], energy: -10.5, kohnSham: "-10.25"),
                step([SIMD3(0, 0, 0), SIMD3(1.125, 1, 2.5)], energy: -10.75, kohnSham: "-10.5"),
            ],
            faults: [
                Fault(good: "2       2  O.surface", bad: "7       2  Qq", line: 10, words: "species 7"),
                Fault(good: "4.000000    0.000000\n", bad: "******** 0.000000\n", line: 14, words: "lattice vector"),
            ])
    }()

    /// Two configurations of one cell.
    static let xdatcar = FormatSample(
        format: "XDATCAR", name: "XDATCAR",
        text: """
            unknown system
                       1
                 4.000000    0.000000    0.000000
                 0.000000    4.000000    0.000000
                 0.000000    0.000000    5.000000
               Si   O
               1    2
            Direct configuration=     1
               0.00000000  0.00000000  0.00000000
               0.25000000  0.50000000  0.50000000
               0.50000000-0.25000000  0.50000000
            Direct configuration=     2
               0.00000000  0.00000000  0.12500000
               0.25000000  0.50000000  0.50000000
               0.50000000-0.25000000  0.50000000

            """,
        structures: [0, 0.125].enumerated().map { index, z in
            let lattice = Matrix3(SIMD3(4, 0, 0), SIMD3(0, 4, 0), SIMD3(0, 0, 5))
            let fractions: [SIMD3<Double>] = [SIMD3(0, 0, z), SIMD3(0.25, 0.5, 0.5), SIMD3(0.5, -0.25, 0.5)]
            var structure = Structure(
                elements: ["Si", "O", "O"].map { Element($0)! }, positions: fractions.map { $0 * lattice },
                cell: Cell(lattice))
            structure.information = ["configuration": "\(index + 1)"]
            return structure
        },
        faults: [
            Fault(good: "Si   O", bad: "Si   Qq", line: 7, words: "symbol of an element"),
            Fault(good: "   1    2\n", bad: "   1\n", line: 7, words: "each of 2 species"),
        ])

    /// Two configurations as VASP writes them.
    static let mlab: FormatSample = {
        func configuration(_ number: Int, _ energy: String) -> String {
            """
            **************************************************
                 Configuration num.      \(number)
            ==================================================
                 The number of atoms
            --------------------------------------------------
                      2
            **************************************************
                 Atom types and atom numbers
            --------------------------------------------------
                 Si      1
                 O       1
            ==================================================
                 Primitive lattice vectors (ang.)
            --------------------------------------------------
                 4.00000000000000000    0.000000000000000    0.000000000000000
                 0.00000000000000000    4.000000000000000    0.000000000000000
                 0.00000000000000000    0.000000000000000    5.000000000000000
            ==================================================
                 Atomic positions (ang.)
            --------------------------------------------------
                 0.00000000000000000    0.000000000000000    0.000000000000000
                 1.25000000000000000    0.000000000000000    0.500000000000000
            ==================================================
                 Total energy (eV)
            --------------------------------------------------
                \(energy)
            ==================================================
                 Forces (eV ang.^-1)
            --------------------------------------------------
                 0.25000000000000000    0.000000000000000   -0.500000000000000
                -0.25000000000000000    0.000000000000000    0.500000000000000
            ==================================================
                 Stress (kbar)
            --------------------------------------------------
                 XX YY ZZ
            --------------------------------------------------
                 1.00000000000000000    2.000000000000000    3.000000000000000
            --------------------------------------------------
                 XY YZ ZX
            --------------------------------------------------
                 4.00000000000000000    5.000000000000000    6.000000000000000

            """
        }
        return FormatSample(
            format: "ML_AB", name: "ML_AB",
            text: """
                1.0 Version
                **************************************************
                     The number of configurations
                --------------------------------------------------
                     2
                \(configuration(1, "-10.5000000000000"))
                \(configuration(2, "-10.7500000000000"))
                """.replacing("\n\n", with: "\n") + "\n",
            structures: [-10.5, -10.75].enumerated().map { index, energy in
                var structure = Structure(
                    elements: [Element("Si")!, Element("O")!], positions: [SIMD3(0, 0, 0), SIMD3(1.25, 0, 0.5)],
                    cell: Cell(Matrix3(SIMD3(4, 0, 0), SIMD3(0, 4, 0), SIMD3(0, 0, 5))))
                structure.energy = energy
                structure.forces = [SIMD3(0.25, 0, -0.5), SIMD3(-0.25, 0, 0.5)]
                structure.stress =
                    Matrix3(SIMD3(1, 4, 6), SIMD3(4, 2, 5), SIMD3(6, 5, 3)) * (-1 / (10 * Units.gigapascal))
                structure.information = ["configuration": "\(index + 1)", "dft_code": "VASP"]
                return structure
            },
            faults: [Fault(good: "     O       1", bad: "     Qq      1", line: 16, words: "a type and its number")])
    }()
}
