import Foundation

/// The slope of the logarithm of the ratio of two histograms, without histograms: of samples of a quantity x at two
/// states, `ln p_b(x)/p_a(x) = c + s x`, by maximum likelihood (logistic regression).
///
/// For energies at two temperatures s must be −Δβ, for volumes at two pressures −βΔP, whatever the system.
/// Shirts, J. Chem. Theory Comput. 9, 909 (2013).
public struct RatioTest {
    public let slope: Double
    /// The standard error, correlations in the series included.
    public let sigma: Double

    public init(_ a: [Double], _ b: [Double]) {
        let all = a + b
        let mean = all.reduce(0, +) / Double(all.count)
        let width = (all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(all.count)).squareRoot()
        var (c, s) = (0.0, 0.0)
        var information = (cc: 0.0, cs: 0.0, ss: 0.0)
        for _ in 0..<50 {
            var gradient = (c: 0.0, s: 0.0)
            information = (0, 0, 0)
            for (label, series) in [(0.0, a), (1.0, b)] {
                for value in series {
                    let x = (value - mean) / width
                    let p = 1 / (1 + exp(-(c + s * x)))
                    gradient.c += label - p
                    gradient.s += (label - p) * x
                    let weight = p * (1 - p)
                    information.cc += weight
                    information.cs += weight * x
                    information.ss += weight * x * x
                }
            }
            let determinant = information.cc * information.ss - information.cs * information.cs
            c += (information.ss * gradient.c - information.cs * gradient.s) / determinant
            s += (information.cc * gradient.s - information.cs * gradient.c) / determinant
        }
        let determinant = information.cc * information.ss - information.cs * information.cs
        slope = s / width
        // The slope follows from means and widths; what swings may have a width that changes slowly where itself does
        // not.
        let inefficiency = [a, b].flatMap { series in
            let mean = series.reduce(0, +) / Double(series.count)
            return [series, series.map { ($0 - mean) * ($0 - mean) }].flatMap {
                [Self.inefficiency(of: $0), Self.inefficiencyOfBlocks($0)]
            }
        }.max()!
        sigma = (information.cc / determinant * inefficiency).squareRoot() / width
    }

    /// How many samples of a series are worth an independent one: 1 + 2 Σ_t ρ(t), up to the first ρ that is not
    /// positive. Chodera et al., J. Chem. Theory Comput. 3, 26 (2007).
    public static func inefficiency(of series: [Double]) -> Double {
        let n = series.count
        let mean = series.reduce(0, +) / Double(n)
        let rest = series.map { $0 - mean }
        let variance = rest.reduce(0) { $0 + $1 * $1 } / Double(n)
        guard variance > 0 else { return 1 }
        var sum = 1.0
        for t in 1..<max(2, n / 2) {
            var product = 0.0
            for i in 0..<n - t { product += rest[i] * rest[i + t] }
            let correlation = product / Double(n - t) / variance
            guard correlation > 0 else { break }
            sum += 2 * correlation * (1 - Double(t) / Double(n))
        }
        return max(1, sum)
    }

    /// The same by the scatter of the means of twenty blocks, which sees what is positive again after it was not.
    static func inefficiencyOfBlocks(_ series: [Double]) -> Double {
        let length = series.count / 20
        guard length > 0 else { return 1 }
        let means = (0..<20).map { moments(of: series[$0 * length..<($0 + 1) * length]).mean }
        let variance = moments(of: series).variance
        return variance > 0 ? moments(of: means).variance * Double(length) / variance : 1
    }

    /// The mean of a series and its standard error.
    public static func mean(of series: [Double]) -> (value: Double, sigma: Double) {
        let (mean, variance) = moments(of: series)
        return (mean, (variance / Double(series.count) * inefficiency(of: series)).squareRoot())
    }

    /// The mean, and the variance about it without bias.
    private static func moments(of series: some Collection<Double>) -> (mean: Double, variance: Double) {
        let n = Double(series.count)
        let mean = series.reduce(0, +) / n
        return (mean, series.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1))
    }
}
