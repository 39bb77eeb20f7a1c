import Atoms

/// VASP's flags of selective dynamics, three for each atom: whether it may move along each lattice vector.
enum SelectiveDynamics {
    /// Which atoms move along x, y and z; nil where all do.
    ///
    /// Atoms that are free along some lattice vectors only are taken as free unless these lie along the axes: a fixed
    /// direction that is none of the axes cannot be said.
    static func moveMask(_ flags: [(Bool, Bool, Bool)], in cell: Matrix3) -> (mask: [SIMD3<Int8>]?, isWhole: Bool) {
        let isAlongAxes = (0..<3).allSatisfy { row in (0..<3).allSatisfy { row == $0 || cell[row, $0] == 0 } }
        var isWhole = true
        let mask = flags.map { a, b, c -> SIMD3<Int8> in
            let isMixed = a != b || b != c
            if isMixed, !isAlongAxes {
                isWhole = false
                return .one
            }
            return SIMD3(a ? 1 : 0, b ? 1 : 0, c ? 1 : 0)
        }
        return (mask.contains { $0 != .one } ? mask : nil, isWhole)
    }
}
