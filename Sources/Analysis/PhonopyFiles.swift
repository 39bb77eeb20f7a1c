import Atoms

/// What phonopy reads: its settings with displacements and forces, FORCE_SETS and FORCE_CONSTANTS.
public enum PhonopyFiles {
    private static func row(_ vector: SIMD3<Double>) -> String { "\(vector.x) \(vector.y) \(vector.z)" }
    private static func list(_ vector: SIMD3<Double>) -> String { "[ \(vector.x), \(vector.y), \(vector.z) ]" }

    /// phonopy_params.yaml, for `phonopy.load`.
    public static func parameters(_ constants: ForceConstants, program: String) -> String {
        let supercell = constants.supercell
        let unit = supercell.unit
        let cell = unit.cell!
        let inverse = cell.vectors.inverse
        let n = supercell.copies
        let harmonic = ", the forces by analytic second derivatives: F = -Phi d"
        var text = """
            # Displacements and forces computed by \(program)\(constants.method == .analytic ? harmonic : "").
            physical_unit:
              length: "angstrom"
              force: "eV/angstrom"
            primitive_matrix:
            - [ 1.0, 0.0, 0.0 ]
            - [ 0.0, 1.0, 0.0 ]
            - [ 0.0, 0.0, 1.0 ]
            supercell_matrix:
            - [ \(n.x), 0, 0 ]
            - [ 0, \(n.y), 0 ]
            - [ 0, 0, \(n.z) ]
            unit_cell:
              lattice:

            """
        for k in 0..<3 { text += "  - \(list(cell.vectors[row: k]))\n" }
        text += "  points:\n"
        for i in 0..<unit.count {
            text += """
                  - symbol: \(unit.elements[i])
                    coordinates: \(list(unit.positions[i] * inverse))
                    mass: \(unit.masses?[i] ?? unit.elements[i].mass)

                """
        }
        text += "displacements:\n"
        for displacement in constants.displacements {
            text += "- atom: \(displacement.atom + 1)\n  displacement:\n    \(list(displacement.vector))\n  forces:\n"
            for force in displacement.forces { text += "  - \(list(force))\n" }
        }
        return text
    }

    public static func forceSets(_ constants: ForceConstants) -> String {
        var text = "\(constants.supercell.structure.count)\n\(constants.displacements.count)\n"
        for displacement in constants.displacements {
            text += "\n\(displacement.atom + 1)\n\(row(displacement.vector))\n"
            for force in displacement.forces { text += row(force) + "\n" }
        }
        return text
    }

    /// Those of the atoms of the unit cell with all of the supercell.
    public static func forceConstants(_ constants: ForceConstants) -> String {
        let (atoms, all) = (constants.supercell.unit.count, constants.supercell.structure.count)
        var text = "\(atoms) \(all)\n"
        for i in 0..<atoms {
            let first = i * constants.supercell.count + 1
            for J in 0..<all {
                text += "\(first) \(J + 1)\n"
                for k in 0..<3 { text += row(constants[i, J][row: k]) + "\n" }
            }
        }
        return text
    }
}
