import Foundation

/// A grid of rotations R_y(α) R_x(β) R_y(γ), and signals on it: to values and back.
///
///     f(R) = Σ_l √(2l + 1) Σ_mn F^l_mn D^l_mn(R) / √(Σ_l (2l + 1)²)
///
/// so that values of f have unit variance if coefficients have. Coefficients in the order l, m (rows), n (columns);
/// values `[α][β][γ]`. The way back is the inverse where the grid is fine enough for the degree (resolution ≥ l + 1):
/// two directions of α and γ each, weighted by Driscoll and Healy's rule over β.
public struct RotationGrid: Sendable {
    public let lMax: Int
    public let alphas, betas, gammas: [Double]
    /// Of each β; over all points they add up to 1.
    public let weights: [Double]

    /// `[β][l, m, n]` √(2l+1) D^l(0, β, 0)/√dim
    private let polar: [[Double]]
    /// `[angle][lMax + a]`: cos aα for a ≥ 0, sin |a|α else; of α and γ.
    private let fourier: [[Double]]
    /// D(α, β, γ) = Z(α) D(0, β, 0) Z(γ), and Z mixes m and −m only.
    private let terms: [Term]

    /// One product of a coefficient, an element of D(0, β, 0), and functions of α and γ.
    private struct Term {
        var coefficient, polar: Int
        /// Index in a matrix of functions of α and of γ.
        var place: Int
        var sign: Double
    }

    /// 4 · resolution α and γ, 2 · resolution β.
    public init(lMax: Int, resolution: Int) {
        precondition(resolution > lMax, "expected a resolution of at least \(lMax + 1), got \(resolution)")
        self.lMax = lMax
        alphas = (0..<4 * resolution).map { 2 * .pi * Double($0) / Double(4 * resolution) }
        gammas = alphas
        betas = (0..<2 * resolution).map { .pi * (Double($0) + 0.5) / Double(2 * resolution) }
        let azimuths = Double(alphas.count * gammas.count)
        weights = SphereGrid.weights(2 * resolution).map { $0 / azimuths }
        let size = Double(Self.coefficientCount(lMax: lMax))
        polar = betas.map { beta in
            let wigner = WignerD(lMax: lMax, of: .aboutX(beta))
            return (0...lMax).flatMap { l in
                let scale = (Double(2 * l + 1) / size).squareRoot()
                return wigner[Irrep(l: l, parity: .even)].map { $0 * scale }
            }
        }
        fourier = alphas.map { alpha in
            (-lMax...lMax).map { $0 < 0 ? sin(Double(-$0) * alpha) : cos(Double($0) * alpha) }
        }
        terms = Self.terms(lMax)
    }

    /// Σ_l (2l + 1)²
    public static func coefficientCount(lMax: Int) -> Int { (lMax + 1) * (2 * lMax + 1) * (2 * lMax + 3) / 3 }

    public var coefficientCount: Int { Self.coefficientCount(lMax: lMax) }
    /// Points of the grid.
    public var count: Int { alphas.count * betas.count * gammas.count }

    /// The rotation of a point, by its index in a list of values.
    public func rotation(_ index: Int) -> Rotation {
        Rotation(
            alpha: alphas[index / (betas.count * gammas.count)], beta: betas[index / gammas.count % betas.count],
            gamma: gammas[index % gammas.count])
    }

    /// The signal at all points.
    public func values(of coefficients: [Double]) -> [Double] {
        precondition(
            coefficients.count == coefficientCount,
            "expected \(coefficientCount) coefficients, got \(coefficients.count)")
        let width = 2 * lMax + 1
        var values = Array(repeating: 0.0, count: count)
        for b in betas.indices {
            var matrix = Array(repeating: 0.0, count: width * width)
            for term in terms {
                matrix[term.place] += term.sign * coefficients[term.coefficient] * polar[b][term.polar]
            }
            for a in alphas.indices {
                let row = (0..<width).map { (n: Int) -> Double in
                    var sum = 0.0
                    for m in 0..<width { sum += fourier[a][m] * matrix[m * width + n] }
                    return sum
                }
                for c in gammas.indices {
                    var sum = 0.0
                    for n in 0..<width { sum += row[n] * fourier[c][n] }
                    values[(a * betas.count + b) * gammas.count + c] = sum
                }
            }
        }
        return values
    }

    /// The coefficients of a signal; of one that has higher degrees too, those of its projection.
    public func coefficients(of values: [Double]) -> [Double] {
        precondition(values.count == count, "expected \(count) values, got \(values.count)")
        return cotangent(ofCoefficients: weighted(values))
    }

    /// The transpose of `values(of:)`: the derivative by coefficients from that by values.
    public func cotangent(ofCoefficients values: [Double]) -> [Double] {
        precondition(values.count == count, "expected \(count) values, got \(values.count)")
        let width = 2 * lMax + 1
        var coefficients = Array(repeating: 0.0, count: coefficientCount)
        for b in betas.indices {
            var matrix = Array(repeating: 0.0, count: width * width)
            for a in alphas.indices {
                let first = (a * betas.count + b) * gammas.count
                for n in 0..<width {
                    var row = 0.0
                    for c in gammas.indices { row += fourier[c][n] * values[first + c] }
                    for m in 0..<width { matrix[m * width + n] += fourier[a][m] * row }
                }
            }
            for term in terms {
                coefficients[term.coefficient] += term.sign * matrix[term.place] * polar[b][term.polar]
            }
        }
        return coefficients
    }

    /// The transpose of `coefficients(of:)`.
    public func cotangent(ofValues coefficients: [Double]) -> [Double] { weighted(values(of: coefficients)) }

    private func weighted(_ values: [Double]) -> [Double] {
        let size = Double(coefficientCount)
        return values.indices.map { values[$0] * weights[$0 / gammas.count % betas.count] * size }
    }

    /// Z[m, m] = cos mα; Z[−m, m] = sin mα = −Z[m, −m] for m > 0.
    private static func terms(_ lMax: Int) -> [Term] {
        let width = 2 * lMax + 1
        var (terms, start): ([Term], Int) = ([], 0)
        for l in 0...lMax {
            let block = 2 * l + 1
            for m in -l...l {
                for n in -l...l {
                    for p in Set([m, -m]).sorted() {
                        for q in Set([n, -n]).sorted() {
                            terms.append(
                                Term(
                                    coefficient: start + (m + l) * block + n + l,
                                    polar: start + (p + l) * block + q + l,
                                    place: (lMax + (p == m ? abs(m) : -abs(m))) * width + lMax
                                        + (q == n ? abs(n) : -abs(n)),
                                    sign: (p != m && m > 0 ? -1 : 1) * (q != n && q > 0 ? -1 : 1)))
                        }
                    }
                }
            }
            start += block * block
        }
        return terms
    }
}

/// A function of the values of a signal on rotations: to a grid, the function at each point, and back. e3nn's
/// `SO3Activation`.
public struct RotationActivation: Sendable {
    public let function: ScalarFunction
    /// What the function is multiplied by, its second moment by default.
    public let factor: Double
    public let grid: RotationGrid

    public init(_ function: ScalarFunction, factor: Double? = nil, lMax: Int, resolution: Int) {
        (self.function, self.factor) = (function, factor ?? function.secondMoment)
        grid = RotationGrid(lMax: lMax, resolution: resolution)
    }

    public func callAsFunction(_ coefficients: [Double]) -> [Double] {
        grid.coefficients(of: grid.values(of: coefficients).map { factor * function($0) })
    }

    /// The derivatives by the coefficients of Σ result·cotangent.
    public func gradient(_ coefficients: [Double], cotangent: [Double]) -> [Double] {
        let slopes = grid.values(of: coefficients).map { factor * function.slope($0) }
        return grid.cotangent(ofCoefficients: zip(grid.cotangent(ofValues: cotangent), slopes).map { $0 * $1 })
    }
}
