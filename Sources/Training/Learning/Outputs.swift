import Atoms
import Compute
import Models

/// What a program computes for structures side by side, in which shifts and pair potential are missing as in the
/// targets.
struct Outputs<Numbers: RandomAccessCollection> where Numbers.Element: KernelScalar, Numbers.Index == Int {
    /// Of a model with energies.
    var surface: Surface?
    /// `[head][atom][component]` of other heads than the energy's.
    var heads: [[Double]]

    struct Surface {
        /// `[structure]`, eV
        var energies: Numbers
        /// `[atom][3]`, eV/Å
        var forces: Numbers
        /// `[structure][9]`, eV
        var virials: Numbers
    }
}

/// Outputs less the labels of one structure, nothing where it lacks the label.
struct LabelErrors {
    /// eV
    var energy: Double?
    /// `[atom]`, eV/Å
    var forces: [SIMD3<Double>]?
    /// eV
    var virial: Matrix3?
    /// Of other properties, as in `Structure.properties`.
    var others: [Property: [Double]] = [:]
}

extension Outputs {
    /// - Parameters:
    ///   - structure: the item's place among the structures.
    ///   - firstAtom: that of its first atom among the atoms.
    @inline(__always)
    func errors(of item: DataSet.Item, structure: Int, firstAtom: Int, _ assembly: Assembly) -> LabelErrors {
        var errors = LabelErrors()
        if let surface {
            errors.energy = item.energy.map { Double(surface.energies[structure]) - $0 }
            errors.forces = item.forces?.enumerated().map { atom, label in
                let (place, forces) = (3 * (firstAtom + atom), surface.forces)
                return SIMD3(Double(forces[place]), Double(forces[place + 1]), Double(forces[place + 2])) - label
            }
            errors.virial = item.virial.map { label in
                Matrix3(elements: (0..<9).map { Double(surface.virials[9 * structure + $0]) }) - label
            }
        }
        if !item.properties.isEmpty {
            let numbers = zip(assembly.heads, heads).map { head, numbers in
                let width = head.shape.components
                return Array(numbers[width * firstAtom..<width * (firstAtom + item.structure.count)])
            }
            let found = assembly.properties(of: item.atoms, from: numbers)
            for (property, label) in item.properties {
                errors.others[property] = found[property].map { zip($0, label).map { $0 - $1 } }
            }
        }
        return errors
    }
}
