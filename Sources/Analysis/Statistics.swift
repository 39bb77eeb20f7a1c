import Foundation

/// A series of correlated numbers: its mean and how far that can be trusted.
public struct SeriesStatistics: Sendable, Equatable {
    public var count: Int
    public var mean: Double
    /// Of single values.
    public var standardDeviation: Double
    /// g = 1 + 2 Σ (1 − t/N) C(t)/C(0): so many values say as much as one that is independent. Chodera et al., J. Chem.
    /// Theory Comput. 3, 26 (2007), eq. 26, the sum up to where C first vanishes.
    public var inefficiency: Double
    /// Of the mean: σ √(g/N).
    public var error: Double
    /// Errors of the mean from blocks of 1, 2, 4 … values, at least eight of them. Flyvbjerg and Petersen, J. Chem.
    /// Phys. 91, 461 (1989).
    public var blockErrors: [Double]

    /// nil for fewer than two values, and where one is no number.
    public init?(_ values: [Double]) {
        guard values.count >= 2, values.allSatisfy(\.isFinite) else { return nil }
        count = values.count
        let n = Double(count)
        let mean = values.reduce(0, +) / n
        self.mean = mean
        let deviations = values.map { $0 - mean }
        let squares = deviations.reduce(0) { $0 + $1 * $1 } / n
        // Rounding of the mean is no fluctuation.
        let variance = squares > 1e-28 * mean * mean ? squares : 0
        standardDeviation = (variance * n / (n - 1)).squareRoot()
        inefficiency = 1
        if variance > 0 {
            for lag in 1..<max(2, count - 1) {
                var sum = 0.0
                for t in 0..<count - lag { sum += deviations[t] * deviations[t + lag] }
                let correlation = sum / (Double(count - lag) * variance)
                if correlation <= 0 { break }
                inefficiency += 2 * correlation * (1 - Double(lag) / n)
            }
        }
        error = standardDeviation * (inefficiency / n).squareRoot()
        blockErrors = []
        var blocks = values
        while blocks.count >= 8, variance > 0 {
            let m = Double(blocks.count)
            let average = blocks.reduce(0, +) / m
            var squares = 0.0
            for block in blocks { squares += (block - average) * (block - average) }
            blockErrors.append((squares / (m * (m - 1))).squareRoot())
            let wide = blocks
            blocks = (0..<wide.count / 2).map { (k: Int) -> Double in 0.5 * (wide[2 * k] + wide[2 * k + 1]) }
        }
    }
}
