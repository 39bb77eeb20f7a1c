import Atoms

/// An operation of a space group in fractional coordinates of a cell: x′ = W x + w, columns as crystallographers have
/// them.
public struct SymmetryOperation: Sendable, Equatable {
    /// W, `[row][column]`.
    public var rotation: [[Int]]
    /// w
    public var translation: SIMD3<Double>

    public init(rotation: [[Int]], translation: SIMD3<Double>) {
        precondition(
            rotation.count == 3 && rotation.allSatisfy { $0.count == 3 }, "expected 3 × 3 integers, got \(rotation)")
        self.rotation = rotation
        self.translation = translation
    }

    /// W x
    public func rotated(_ x: SIMD3<Double>) -> SIMD3<Double> {
        var y = SIMD3<Double>()
        for i in 0..<3 { for k in 0..<3 { y[i] += Double(rotation[i][k]) * x[k] } }
        return y
    }

    /// W n for lattice points.
    public func rotated(_ n: SIMD3<Int>) -> SIMD3<Int> {
        var m = SIMD3<Int>()
        for i in 0..<3 { for k in 0..<3 { m[i] += rotation[i][k] * n[k] } }
        return m
    }

    /// The rotation R of Cartesian columns, v′ = R v: with lattice vectors as the rows of A, R = Aᵀ W A⁻ᵀ.
    public func cartesianRotation(in cell: Cell) -> Matrix3 {
        let columns = cell.vectors.transposed
        let w = Matrix3(elements: rotation.flatMap { $0.map(Double.init) })
        return columns * w * columns.inverse
    }
}

/// Where an operation takes the atoms of a structure.
public struct AtomMap: Sendable, Equatable {
    /// `[atom]` — atom i goes to the place of `images[i]`,
    public var images: [Int]
    /// `[atom]` — in the cell `shifts[i]`: W xᵢ + w = x_images[i] + shifts[i].
    public var shifts: [SIMD3<Int>]
    /// The largest distance of an image from the atom whose place it is, Å.
    public var largestMismatch: Double

    /// `nil` where an image meets no atom of its element within `tolerance` (Å).
    public init?(of structure: Structure, under operation: SymmetryOperation, tolerance: Double) {
        guard let cell = structure.cell else { return nil }
        let inverse = cell.vectors.inverse
        let fractional = structure.positions.map { $0 * inverse }
        images = []
        shifts = []
        largestMismatch = 0
        var isTaken = [Bool](repeating: false, count: structure.count)
        for i in 0..<structure.count {
            let image = operation.rotated(fractional[i]) + operation.translation
            var found: (atom: Int, shift: SIMD3<Double>, distance: Double)?
            for j in 0..<structure.count where structure.elements[j] == structure.elements[i] && !isTaken[j] {
                let difference = image - fractional[j]
                let shift = difference.rounded(.toNearestOrEven)
                let distance = norm((difference - shift) * cell.vectors)
                if distance <= found?.distance ?? tolerance { found = (j, shift, distance) }
            }
            guard let found else { return nil }
            isTaken[found.atom] = true
            images.append(found.atom)
            shifts.append(SIMD3(Int(found.shift.x), Int(found.shift.y), Int(found.shift.z)))
            largestMismatch = max(largestMismatch, found.distance)
        }
    }
}

extension AtomMap {
    public init(images: [Int], shifts: [SIMD3<Int>]) {
        precondition(images.count == shifts.count, "expected \(images.count) shifts, got \(shifts.count)")
        self.images = images
        self.shifts = shifts
        largestMismatch = 0
    }
}
