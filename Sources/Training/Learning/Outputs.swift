import Atoms
import Compute

/// What a program computes for structures side by side, in which shifts and pair potential are missing as in the
/// targets.
struct Outputs<Numbers: RandomAccessCollection> where Numbers.Element: KernelScalar, Numbers.Index == Int {
    /// `[structure]`, eV
    var energies: Numbers
    /// `[atom][3]`, eV/Å
    var forces: Numbers
    /// `[structure][9]`, eV
    var virials: Numbers
}

/// Outputs less the labels of one structure, nothing where it lacks the label.
struct LabelErrors {
    /// eV
    var energy: Double?
    /// `[atom]`, eV/Å
    var forces: [SIMD3<Double>]?
    /// eV
    var virial: Matrix3?
}

extension Outputs {
    /// - Parameters:
    ///   - structure: the item's place among the structures.
    ///   - firstAtom: that of its first atom among the atoms.
    @inline(__always)
    func errors(of item: DataSet.Item, structure: Int, firstAtom: Int) -> LabelErrors {
        LabelErrors(
            energy: item.energy.map { Double(energies[structure]) - $0 },
            forces: item.forces?.enumerated().map { atom, label in
                let place = 3 * (firstAtom + atom)
                return SIMD3(Double(forces[place]), Double(forces[place + 1]), Double(forces[place + 2])) - label
            },
            virial: item.virial.map { label in
                Matrix3(elements: (0..<9).map { Double(virials[9 * structure + $0]) }) - label
            })
    }
}
