/// The rotation that brings a cell to the orientation which lengths and angles imply: a along x, b in the xy plane
/// with y > 0, c with z > 0.
///
/// A left-handed cell has no such rotation, and a mirror would turn molecules into their enantiomers. So its last
/// vector changes sign: (a, b, −c) spans the same lattice and is right-handed.
public struct StandardOrientation: Sendable {
    /// `x_standard = x · rotation`; `nil` when there is nothing to turn, so that no digit changes.
    public let rotation: Matrix3?
    /// The right-handed cell before the rotation.
    public let cell: Cell

    public init(of original: Cell) {
        var cell = original
        if cell.vectors.determinant < 0 { cell.vectors.rows.2 *= -1 }
        self.cell = cell
        let (a, b, c) = cell.vectors.rows
        // Angles of 10⁻¹² rad are below what double precision keeps in lengths and angles.
        let isStandard =
            abs(a.y) + abs(a.z) <= 1e-12 * norm(a) && abs(b.z) <= 1e-12 * norm(b) && a.x > 0 && b.y > 0 && c.z > 0
        guard !isStandard else {
            rotation = nil
            return
        }
        let x = a * (1 / norm(a))
        let normal = cross(a, b)
        let z = normal * (1 / norm(normal))
        rotation = Matrix3(x, cross(z, x), z).transposed
    }

    public func turn(_ vector: SIMD3<Double>) -> SIMD3<Double> { rotation.map { vector * $0 } ?? vector }
    public func turnBack(_ vector: SIMD3<Double>) -> SIMD3<Double> {
        rotation.map { vector * $0.transposed } ?? vector
    }
    public func turn(_ tensor: Matrix3) -> Matrix3 { rotation.map { $0.transposed * tensor * $0 } ?? tensor }
    public func turnBack(_ tensor: Matrix3) -> Matrix3 { rotation.map { $0 * tensor * $0.transposed } ?? tensor }

    /// Of a property, each of its vectors or tensors, as in `Structure.properties`.
    public func turn(_ numbers: [Double], of shape: Property.Shape) -> [Double] {
        turned(numbers, shape, { turn($0) }, { turn($0) })
    }
    public func turnBack(_ numbers: [Double], of shape: Property.Shape) -> [Double] {
        turned(numbers, shape, { turnBack($0) }, { turnBack($0) })
    }

    private func turned(
        _ numbers: [Double], _ shape: Property.Shape, _ turnVector: (SIMD3<Double>) -> SIMD3<Double>,
        _ turnTensor: (Matrix3) -> Matrix3
    ) -> [Double] {
        guard rotation != nil, shape != .scalar else { return numbers }
        return stride(from: 0, to: numbers.count, by: shape.components).flatMap { first in
            switch shape {
            case .scalar: [numbers[first]]
            case .vector:
                (0..<3).map { [v = turnVector(SIMD3(numbers[first], numbers[first + 1], numbers[first + 2]))] in v[$0]
                }
            case .symmetricTensor: turnTensor(Matrix3(elements: Array(numbers[first..<first + 9]))).elements
            }
        }
    }
}
