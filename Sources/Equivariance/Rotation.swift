import Foundation

/// An orthogonal 3 × 3 matrix R, proper (det R = 1) or with an inversion (det R = −1); a vector x turns into R x.
public struct Rotation: Sendable, Equatable {
    /// The nine elements row by row.
    public let elements: [Double]

    /// From nine elements row by row; R Rᵀ must be the identity to 10⁻⁶.
    public init(elements: [Double]) {
        precondition(elements.count == 9, "expected 9 elements, got \(elements.count)")
        self.elements = elements
        for i in 0..<3 {
            for j in 0..<3 {
                let product = (0..<3).reduce(0) { $0 + elements[3 * i + $1] * elements[3 * j + $1] }
                precondition(
                    abs(product - (i == j ? 1 : 0)) < 1e-6,
                    "expected an orthogonal matrix, got rows \(i) and \(j) with the product \(product)")
            }
        }
    }

    /// e3nn's Euler angles: R = R_y(α) R_x(β) R_y(γ), so γ about y comes first.
    public init(alpha: Double, beta: Double, gamma: Double) {
        self = .aboutY(alpha) * .aboutX(beta) * .aboutY(gamma)
    }

    /// A proper rotation, uniform over all rotations if the three numbers are uniform in [0, 1).
    ///
    /// A uniform unit quaternion; Shoemake, Graphics Gems III (1992), 124.
    init(uniform u: SIMD3<Double>) {
        let (s, c) = ((1 - u.x).squareRoot(), u.x.squareRoot())
        let (x, y) = (s * sin(2 * .pi * u.y), s * cos(2 * .pi * u.y))
        let (z, w) = (c * sin(2 * .pi * u.z), c * cos(2 * .pi * u.z))
        self.init(elements: [
            1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
            2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
            2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
        ])
    }

    public static func random(using generator: inout some RandomNumberGenerator) -> Rotation {
        Rotation(
            uniform: SIMD3(
                .random(in: 0..<1, using: &generator), .random(in: 0..<1, using: &generator),
                .random(in: 0..<1, using: &generator)))
    }

    public static let identity = Rotation(elements: [1, 0, 0, 0, 1, 0, 0, 0, 1])
    public static let inversion = Rotation(elements: [-1, 0, 0, 0, -1, 0, 0, 0, -1])

    public static func aboutX(_ angle: Double) -> Rotation {
        let (c, s) = (cos(angle), sin(angle))
        return Rotation(elements: [1, 0, 0, 0, c, -s, 0, s, c])
    }

    public static func aboutY(_ angle: Double) -> Rotation {
        let (c, s) = (cos(angle), sin(angle))
        return Rotation(elements: [c, 0, s, 0, 1, 0, -s, 0, c])
    }

    /// The element in row `i`, column `j`.
    public subscript(i: Int, j: Int) -> Double { elements[3 * i + j] }

    public var isProper: Bool {
        let e = elements
        return e[0] * (e[4] * e[8] - e[5] * e[7]) - e[1] * (e[3] * e[8] - e[5] * e[6])
            + e[2] * (e[3] * e[7] - e[4] * e[6]) > 0
    }

    public var inverse: Rotation { Rotation(elements: (0..<9).map { elements[3 * ($0 % 3) + $0 / 3] }) }

    /// First `s`, then `r`.
    public static func * (r: Rotation, s: Rotation) -> Rotation {
        Rotation(elements: (0..<9).map { i in (0..<3).reduce(0) { $0 + r[i / 3, $1] * s[$1, i % 3] } })
    }

    /// Compiled where it is used: a vector is handed over in registers that depend on the instruction set, and modules
    /// that use this one may be compiled for a larger one.
    @_alwaysEmitIntoClient
    public static func * (r: Rotation, v: SIMD3<Double>) -> SIMD3<Double> {
        SIMD3((0..<3).map { r[$0, 0] * v.x + r[$0, 1] * v.y + r[$0, 2] * v.z })
    }
}
