import Atoms

/// A crystal repeated along its vectors, in phonopy's order: all copies of the first atom, then of the second, copies
/// along the first vector fastest.
public struct PhononSupercell: Sendable {
    public let unit: Structure
    public let copies: SIMD3<Int>
    public let structure: Structure

    /// - Precondition: the crystal repeats in all directions.
    public init(of unit: Structure, copies: SIMD3<Int>) {
        guard let cell = unit.cell, cell.isFullyPeriodic else { preconditionFailure("expected a crystal") }
        precondition(copies.min() >= 1, "expected at least one copy along each vector, got \(copies)")
        self.unit = unit
        self.copies = copies
        let (a, b, c) = cell.vectors.rows
        var positions: [SIMD3<Double>] = []
        for position in unit.positions {
            for k in 0..<copies.z {
                for j in 0..<copies.y {
                    for i in 0..<copies.x {
                        positions.append(position + a * Double(i) + b * Double(j) + c * Double(k))
                    }
                }
            }
        }
        let count = copies.x * copies.y * copies.z
        structure = Structure(
            elements: unit.elements.flatMap { Array(repeating: $0, count: count) }, positions: positions,
            cell: Cell(a: a * Double(copies.x), b: b * Double(copies.y), c: c * Double(copies.z)))
    }

    /// Cells.
    public var count: Int { copies.x * copies.y * copies.z }

    /// The place of an atom of the unit cell in the cell at `shift`, which may be any lattice point.
    func index(_ atom: Int, _ shift: SIMD3<Int>) -> Int {
        func within(_ n: Int, _ size: Int) -> Int { (n % size + size) % size }
        let (i, j, k) = (within(shift.x, copies.x), within(shift.y, copies.y), within(shift.z, copies.z))
        return atom * count + i + copies.x * (j + copies.y * k)
    }

    /// Which atom of which cell stands at a place.
    func site(_ index: Int) -> (atom: Int, shift: SIMD3<Int>) {
        let cell = index % count
        return (
            index / count, SIMD3(cell % copies.x, cell / copies.x % copies.y, cell / (copies.x * copies.y))
        )
    }
}
