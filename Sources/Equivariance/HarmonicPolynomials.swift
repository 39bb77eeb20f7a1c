/// Spherical harmonics of vectors that are not brought to length 1: homogeneous polynomials r^l Y_l(x/r), which are
/// smooth everywhere, with their derivatives.
///
/// Ordered as `SphericalHarmonics`, component normalisation. The gradient of a harmonic polynomial of degree l consists
/// of those of degree l − 1, and only one tensor couples l − 1, a vector and l, so that with 3j symbols C
///
///     ∂Y_l,m/∂x_i = l λ_l Σ_n C[n, i, m] Y_l−1,n,   Y_l,m = λ_l Σ_n,i C[n, i, m] Y_l−1,n x_i.
///
/// The first follows from the second by Euler's theorem. The degree is at most 29, where sums of degrees end.
public struct HarmonicPolynomials: Sendable {
    public let lMax: Int
    private let harmonics: SphericalHarmonics
    /// What is not zero of l λ_l C.
    private let slopes: [Slope]

    private struct Slope {
        var component, axis, below: Int
        var value: Double
    }

    public init(lMax: Int) {
        precondition((0...29).contains(lMax), "expected a degree of 0 to 29, got \(lMax)")
        self.lMax = lMax
        harmonics = SphericalHarmonics(lMax: lMax)
        slopes = stride(from: 1, through: lMax, by: 1).flatMap { l in
            let coupling = Wigner3j(l - 1, 1, l)
            // On the y axis all components but m = 0 vanish, and those are √(2l + 1).
            let scale =
                Double(l) * (Double(2 * l + 1) / Double(2 * l - 1)).squareRoot() / coupling[l - 1, 1, l]
            return coupling.entries.map {
                Slope(
                    component: l * l + $0.m3, axis: $0.m2, below: (l - 1) * (l - 1) + $0.m1, value: scale * $0.value)
            }
        }
    }

    /// (lMax + 1)², the number of components.
    public var count: Int { harmonics.count }

    /// The polynomials at (x, y, z), by component.
    public func values(x: Double, y: Double, z: Double) -> [Double] {
        Array(unsafeUninitializedCapacity: count) { buffer, initialized in
            let values = buffer.baseAddress!
            harmonics.legendre(y, unit: x * x + y * y + z * z, into: values)
            var (a, b) = (z, x)
            for m in stride(from: 1, through: lMax, by: 1) {
                for l in m...lMax {
                    let centre = l * l + l
                    let p = values[centre + m]
                    values[centre + m] = p * a
                    values[centre - m] = p * b
                }
                (a, b) = (a * z - b * x, a * x + b * z)
            }
            initialized = count
        }
    }

    /// Their derivatives, `[component][xyz]`, from their values.
    public func gradient(ofValues values: [Double]) -> [Double] {
        precondition(values.count == count, "expected \(count) values, got \(values.count)")
        var gradient = Array(repeating: 0.0, count: 3 * count)
        for slope in slopes { gradient[3 * slope.component + slope.axis] += slope.value * values[slope.below] }
        return gradient
    }
}
