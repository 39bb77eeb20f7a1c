/// A method that looks for a minimum, asked after every evaluation.
protocol Minimizer {
    /// - Parameters:
    ///   - energyChange: from the place that the last step began at, eV; 0 at the start.
    ///   - gradient: at the place that was evaluated.
    mutating func next(energyChange: Double, gradient: [Double], limit: ([Double]) -> [Double]) -> MinimizerStep
}

struct MinimizerStep {
    /// Whether the next step begins at the place that was evaluated last, and not where the last step began.
    var accepts: Bool
    var step: [Double]
}

/// a · b
func product(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
}

/// y + a x
func sum(_ y: [Double], _ a: Double, _ x: [Double]) -> [Double] {
    var result = y
    for i in result.indices { result[i] += a * x[i] }
    return result
}
