import Foundation

/// The periodicity of a structure: three lattice vectors (the rows of `vectors`, in Å) and which of them repeat.
///
/// Any cell with a volume is allowed: triclinic, left-handed, smaller than a cutoff. Vectors along which nothing
/// repeats only serve as a frame. A structure without any cell has `cell == nil`.
public struct Cell: Sendable, Equatable {
    public var vectors: Matrix3
    public var isPeriodic: SIMD3<Int8>  // 1 or 0 along each vector

    public init(_ vectors: Matrix3, periodic: (Bool, Bool, Bool) = (true, true, true)) {
        self.vectors = vectors
        isPeriodic = SIMD3(periodic.0 ? 1 : 0, periodic.1 ? 1 : 0, periodic.2 ? 1 : 0)
    }

    public init(a: SIMD3<Double>, b: SIMD3<Double>, c: SIMD3<Double>) { self.init(Matrix3(a, b, c)) }

    /// a along x, b in the plane of x and y with y > 0, c with z > 0; `nil` where lengths (Å) and cosines of α, β, γ
    /// leave no volume.
    public init?(
        lengths: SIMD3<Double>, cosines: SIMD3<Double>, periodic: (Bool, Bool, Bool) = (true, true, true)
    ) {
        let sine = (1 - cosines.z * cosines.z).squareRoot()
        let cy = (cosines.x - cosines.y * cosines.z) / sine
        let square = 1 - cosines.y * cosines.y - cy * cy
        guard lengths.min() > 0, lengths.max() < .infinity, sine > 0, square > 0 else { return nil }
        self.init(
            Matrix3(
                SIMD3(lengths.x, 0, 0), SIMD3(cosines.z, sine, 0) * lengths.y,
                SIMD3(cosines.y, cy, square.squareRoot()) * lengths.z), periodic: periodic)
    }

    /// Right angles, 60° and 120° are exact.
    public static func cosine(degrees: Double) -> Double {
        degrees == 90 ? 0 : degrees == 60 ? 0.5 : degrees == 120 ? -0.5 : cos(degrees * .pi / 180)
    }

    public func repeats(along axis: Int) -> Bool { isPeriodic[axis] != 0 }
    public var isFullyPeriodic: Bool { isPeriodic == SIMD3(1, 1, 1) }

    /// Å³, whatever the handedness.
    public var volume: Double { abs(vectors.determinant) }

    /// Heights of the cell: the distances between opposite faces, in Å.
    public var heights: SIMD3<Double> {
        let v = vectors.rows
        return SIMD3(
            volume / norm(cross(v.1, v.2)), volume / norm(cross(v.2, v.0)), volume / norm(cross(v.0, v.1)))
    }

    /// Edge lengths (Å) and angles α, β, γ (degrees).
    public var lengthsAndAngles: (lengths: SIMD3<Double>, angles: SIMD3<Double>) {
        let (a, b, c) = vectors.rows
        func angle(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> Double {
            acos(max(-1, min(1, dot(u, v) / (norm(u) * norm(v))))) * 180 / .pi
        }
        return (SIMD3(norm(a), norm(b), norm(c)), SIMD3(angle(b, c), angle(a, c), angle(a, b)))
    }
}
