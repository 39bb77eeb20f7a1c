import Foundation

/// A grid on the unit sphere, and signals Σ F_lm Y_lm on it: to values at its points and back.
///
/// Points at β_i = π (i + ½)/n and α_j = 2π j/k, (sin β sin α, cos β, sin β cos α); values `[β][α]`. Both directions go
/// by degrees first and by orders m then, about n (l+1)² + n k (2l+1) multiplications. The way back is the inverse
/// where the grid is fine enough for the degree (n ≥ 2 (l + 1), k ≥ 2l + 1), by weights that integrate Legendre
/// polynomials exactly (Driscoll and Healy, Adv. Appl. Math. 15, 202 (1994)).
public struct SphereGrid: Sendable {
    public let lMax: Int
    public let normalization: HarmonicNormalization
    public let betas, alphas: [Double]
    /// Of each β: ∫ f/4π = Σ_i w_i Σ_j f_ij/k.
    public let weights: [Double]

    /// `[β][l² + l + m]`: the harmonic without its dependence on α, of m ≥ 0 and −m alike.
    private let legendre: [[Double]]
    /// `[α][lMax + m]`: cos mα for m ≥ 0, sin |m|α else.
    private let fourier: [[Double]]
    /// `[l]`, from coefficients to values and back.
    private let toValues, toCoefficients: [Double]

    /// By default the smallest even number of β for the degree, and one less of α. e3nn's `component` makes values of
    /// unit variance of coefficients of unit variance.
    public init(
        lMax: Int, betas n: Int? = nil, alphas k: Int? = nil, normalization: HarmonicNormalization = .component
    ) {
        self.init(lMax: lMax, betas: n, alphas: k, normalization: normalization, normalizingDegree: lMax)
    }

    /// Normalised as a signal of another degree.
    init(
        lMax: Int, betas n: Int?, alphas k: Int?, normalization: HarmonicNormalization, normalizingDegree degree: Int
    ) {
        let n = n ?? 2 * (lMax + 1)
        let k = k ?? max(n - 1, 1)
        precondition(n >= 2 && n.isMultiple(of: 2), "expected an even number of polar angles, got \(n)")
        precondition(
            n >= 2 * (lMax + 1) && k >= 2 * lMax + 1,
            "expected at least \(2 * (lMax + 1)) polar and \(2 * lMax + 1) azimuthal angles for degree \(lMax), got \(n) and \(k)"
        )
        (self.lMax, self.normalization) = (lMax, normalization)
        betas = (0..<n).map { .pi * (Double($0) + 0.5) / Double(n) }
        alphas = (0..<k).map { 2 * .pi * Double($0) / Double(k) }
        weights = Self.weights(n)

        let harmonics = SphericalHarmonics(lMax: lMax)
        legendre = betas.map { beta in
            // At α = 0 the harmonics are those of order m ≥ 0, and cos mα is 1.
            var values = Array(repeating: 0.0, count: harmonics.count)
            harmonics.evaluate(x: 0, y: cos(beta), z: sin(beta), values: &values)
            for l in 0...lMax {
                for m in stride(from: 1, through: l, by: 1) { values[l * l + l - m] = values[l * l + l + m] }
            }
            return values
        }
        fourier = alphas.map { alpha in
            (-lMax...lMax).map { $0 < 0 ? sin(Double(-$0) * alpha) : cos(Double($0) * alpha) }
        }
        /// Against harmonics in component normalisation.
        let scales = (0...lMax).map { l in
            switch normalization {
            case .component: 1 / (Double(2 * l + 1) * Double(degree + 1)).squareRoot()
            case .norm: 1 / Double(degree + 1).squareRoot()
            case .integral: 1 / (4 * Double.pi).squareRoot()
            }
        }
        toValues = scales
        toCoefficients = scales.map { 1 / $0 }
    }

    /// Points of the grid, and of a list of its values.
    public var count: Int { betas.count * alphas.count }

    /// The signal at all points.
    public func values(of coefficients: [Double]) -> [Double] { spread(coefficients, toValues) }

    /// The coefficients of a signal; of one that has higher degrees too, those of its projection.
    public func coefficients(of values: [Double]) -> [Double] {
        precondition(values.count == count, "expected \(count) values, got \(values.count)")
        let k = alphas.count
        return collect(values.indices.map { values[$0] * weights[$0 / k] / Double(k) }, toCoefficients)
    }

    /// The transpose of `values(of:)`: the derivative by coefficients from that by values.
    public func cotangent(ofCoefficients values: [Double]) -> [Double] { collect(values, toValues) }

    /// The transpose of `coefficients(of:)`.
    public func cotangent(ofValues coefficients: [Double]) -> [Double] {
        let k = alphas.count
        let values = spread(coefficients, toCoefficients)
        return values.indices.map { values[$0] * weights[$0 / k] / Double(k) }
    }

    /// x, y, z of each point.
    public var points: [[Double]] {
        betas.flatMap { beta in alphas.map { Rotation.point(alpha: $0, beta: beta) } }
    }

    private func spread(_ coefficients: [Double], _ scales: [Double]) -> [Double] {
        precondition(
            coefficients.count == (lMax + 1) * (lMax + 1),
            "expected \((lMax + 1) * (lMax + 1)) coefficients, got \(coefficients.count)")
        return legendre.flatMap { (polar: [Double]) -> [Double] in
            let orders = (-lMax...lMax).map { (m: Int) -> Double in
                var sum = 0.0
                for l in abs(m)...lMax {
                    let place = l * l + l + m
                    sum += scales[l] * polar[place] * coefficients[place]
                }
                return sum
            }
            return fourier.map { (waves: [Double]) -> Double in
                var sum = 0.0
                for (wave, order) in zip(waves, orders) { sum += wave * order }
                return sum
            }
        }
    }

    private func collect(_ values: [Double], _ scales: [Double]) -> [Double] {
        precondition(values.count == count, "expected \(count) values, got \(values.count)")
        var coefficients = Array(repeating: 0.0, count: (lMax + 1) * (lMax + 1))
        let k = alphas.count
        for (i, polar) in legendre.enumerated() {
            for m in -lMax...lMax {
                let order = (0..<k).reduce(0.0) { $0 + fourier[$1][lMax + m] * values[i * k + $1] }
                for l in abs(m)...lMax { coefficients[l * l + l + m] += scales[l] * polar[l * l + l + m] * order }
            }
        }
        return coefficients
    }

    /// w_i = (2/n) sin β_i Σ_k sin((2k + 1) β_i)/(2k + 1), k < n/2, with sum 1.
    static func weights(_ n: Int) -> [Double] {
        (0..<n).map { (i: Int) -> Double in
            let beta = Double.pi * (Double(i) + 0.5) / Double(n)
            var sum = 0.0
            for k in 0..<n / 2 {
                let order = Double(2 * k + 1)
                sum += sin(order * beta) / order
            }
            return 2 / Double(n) * sin(beta) * sum
        }
    }
}
