/// How large spherical harmonics are; e3nn's three ways.
public enum HarmonicNormalization: String, Sendable, CaseIterable {
    /// Σ_m Y_lm² = 2l + 1 on the sphere: each component has unit mean square. What networks use.
    case component
    /// Σ_m Y_lm² = 1.
    case norm
    /// ∫ Y_lm² = 1 over the sphere, as in physics.
    case integral

    /// What harmonics in component normalisation are multiplied by.
    public func factor(l: Int) -> Double {
        switch self {
        case .component: 1
        case .norm: 1 / Double(2 * l + 1).squareRoot()
        case .integral: 1 / (4 * Double.pi).squareRoot()
        }
    }
}

/// The harmonics of many vectors, as a function of degree, normalisation and whether vectors are brought to length 1.
public struct HarmonicFunction: Sendable {
    public let normalization: HarmonicNormalization
    /// Whether only directions count. If not, the harmonics are polynomials, r^l Y_l(x/r).
    public let isOfDirections: Bool
    private let harmonics: SphericalHarmonics
    private let polynomials: HarmonicPolynomials?
    /// `[component]`
    private let factors: [Double]

    public init(lMax: Int, normalization: HarmonicNormalization = .component, ofDirections: Bool = true) {
        harmonics = SphericalHarmonics(lMax: lMax)
        polynomials = ofDirections ? nil : HarmonicPolynomials(lMax: lMax)
        self.normalization = normalization
        isOfDirections = ofDirections
        factors = (0...lMax).flatMap { l in
            Array(repeating: normalization.factor(l: l), count: 2 * l + 1)
        }
    }

    public var lMax: Int { harmonics.lMax }
    /// (lMax + 1)²
    public var count: Int { harmonics.count }

    /// `[vector][component]` of vectors `[vector][xyz]`.
    public func values(_ vectors: [Double]) -> [Double] { evaluate(vectors, wantsGradient: false).values }

    /// `[vector][component][xyz]`, the derivatives by the vectors.
    public func gradients(_ vectors: [Double]) -> [Double] { evaluate(vectors, wantsGradient: true).gradients }

    private func evaluate(_ vectors: [Double], wantsGradient: Bool) -> (values: [Double], gradients: [Double]) {
        precondition(
            vectors.count.isMultiple(of: 3), "expected three coordinates for each vector, got \(vectors.count)")
        let count = count
        var (values, gradients) = ([Double](), [Double]())
        values.reserveCapacity(vectors.count / 3 * count)
        var (row, slopes) = (Array(repeating: 0.0, count: count), Array(repeating: 0.0, count: 3 * count))
        for first in stride(from: 0, to: vectors.count, by: 3) {
            let (x, y, z) = (vectors[first], vectors[first + 1], vectors[first + 2])
            if let polynomials {
                row = polynomials.values(x: x, y: y, z: z)
                if wantsGradient { slopes = polynomials.gradient(ofValues: row) }
            } else if wantsGradient {
                harmonics.evaluate(x: x, y: y, z: z, values: &row, gradient: &slopes)
            } else {
                harmonics.evaluate(x: x, y: y, z: z, values: &row)
            }
            for i in 0..<count { values.append(row[i] * factors[i]) }
            if wantsGradient { for i in 0..<3 * count { gradients.append(slopes[i] * factors[i / 3]) } }
        }
        return (values, gradients)
    }
}
