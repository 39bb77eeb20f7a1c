import Foundation

/// A rotation as Euler angles, an axis with an angle, or a quaternion. Rotations with an inversion have none of these:
/// the properties are those of the proper part, R or −R.
extension Rotation {
    /// About an axis of any length above 0, counterclockwise as seen from its tip.
    public init(axis: [Double], angle: Double) {
        precondition(axis.count == 3, "expected an axis of 3 components, got \(axis.count)")
        let length = (axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]).squareRoot()
        precondition(length > 0 && length.isFinite, "expected an axis with a direction, got \(axis)")
        let s = sin(angle / 2) / length
        self.init(quaternion: [cos(angle / 2), axis[0] * s, axis[1] * s, axis[2] * s])
    }

    /// Of a quaternion (w, x, y, z) of any length above 0; q and −q are the same rotation.
    public init(quaternion q: [Double]) {
        precondition(q.count == 4, "expected a quaternion of 4 components, got \(q.count)")
        let norm = q.reduce(0) { $0 + $1 * $1 }
        precondition(norm > 0 && norm.isFinite, "expected a quaternion that is not zero, got \(q)")
        let (w, x, y, z, s) = (q[0], q[1], q[2], q[3], 2 / norm)
        self.init(elements: [
            1 - s * (y * y + z * z), s * (x * y - z * w), s * (x * z + y * w),
            s * (x * y + z * w), 1 - s * (x * x + z * z), s * (y * z - x * w),
            s * (x * z - y * w), s * (y * z + x * w), 1 - s * (x * x + y * y),
        ])
    }

    /// R, or −R where that is the proper one.
    public var proper: Rotation { isProper ? self : self * .inversion }

    /// α, β, γ with R = R_y(α) R_x(β) R_y(γ) and 0 ≤ β ≤ π. At β = 0 and π, where only α ± γ is defined, γ is 0.
    public var eulerAngles: (alpha: Double, beta: Double, gamma: Double) {
        let r = proper
        // The y axis goes to R ŷ, which lies at (α, β).
        let (x, y, z) = (r[0, 1], r[1, 1], r[2, 1])
        let sine = (x * x + z * z).squareRoot()
        let beta = atan2(sine, y)
        guard sine > 1e-14 else { return (atan2(-r[2, 0], r[0, 0]), beta, 0) }
        return (atan2(x, z), beta, atan2(r[1, 0], -r[1, 2]))
    }

    /// (w, x, y, z) of length 1 with w ≥ 0.
    ///
    /// The largest of the four is found from the diagonal, the others from it, so that nothing cancels (Shepperd, J.
    /// Guidance and Control 1, 223 (1978)).
    public var quaternion: [Double] {
        let r = proper
        let trace = r[0, 0] + r[1, 1] + r[2, 2]
        let fourSquares = [1 + trace, 1 + 2 * r[0, 0] - trace, 1 + 2 * r[1, 1] - trace, 1 + 2 * r[2, 2] - trace]
        let largest = fourSquares.indices.max { fourSquares[$0] < fourSquares[$1] }!
        let (a, b, c) = (r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1])
        let (xy, xz, yz) = (r[0, 1] + r[1, 0], r[0, 2] + r[2, 0], r[1, 2] + r[2, 1])
        let f = fourSquares[largest]
        let q =
            switch largest {
            case 0: [f, a, b, c]
            case 1: [a, f, xy, xz]
            case 2: [b, xy, f, yz]
            default: [c, xz, yz, f]
            }
        let length = q.reduce(0) { $0 + $1 * $1 }.squareRoot() * (q[0] < 0 ? -1 : 1)
        return q.map { $0 / length }
    }

    /// A unit vector and an angle of 0 … π. The axis of the identity is y.
    public var axisAndAngle: (axis: [Double], angle: Double) {
        let q = quaternion
        let sine = (q[1] * q[1] + q[2] * q[2] + q[3] * q[3]).squareRoot()
        guard sine > 0 else { return ([0, 1, 0], 0) }
        return (q[1...].map { $0 / sine }, 2 * atan2(sine, q[0]))
    }

    /// The angles of the point (x, y, z)/r = (sin β sin α, cos β, sin β cos α); both are 0 for the zero vector.
    public static func angles(ofPoint v: [Double]) -> (alpha: Double, beta: Double) {
        precondition(v.count == 3, "expected a vector of 3 components, got \(v.count)")
        return (atan2(v[0], v[2]), atan2((v[0] * v[0] + v[2] * v[2]).squareRoot(), v[1]))
    }

    /// The point on the unit sphere at these angles.
    public static func point(alpha: Double, beta: Double) -> [Double] {
        [sin(beta) * sin(alpha), cos(beta), sin(beta) * cos(alpha)]
    }
}
