/// The slope of the conserved energy over time: least squares, one point after the other.
///
/// Welford's recurrences for mean, variance and covariance; Technometrics 4, 419 (1962).
public struct DriftFit: Sendable, Codable, Equatable {
    public private(set) var count = 0
    private var meanTime = 0.0
    private var meanEnergy = 0.0
    private var timeSquares = 0.0
    private var energySquares = 0.0
    private var products = 0.0

    public init() {}

    /// - Parameters: time in fs, energy in eV.
    public mutating func add(time: Double, energy: Double) {
        count += 1
        let (dt, de) = (time - meanTime, energy - meanEnergy)
        meanTime += dt / Double(count)
        meanEnergy += de / Double(count)
        timeSquares += dt * (time - meanTime)
        energySquares += de * (energy - meanEnergy)
        products += dt * (energy - meanEnergy)
    }

    /// eV/fs; `nil` before there are two points.
    public var slope: Double? { timeSquares > 0 ? products / timeSquares : nil }

    /// The standard deviation of the energy about the line, eV.
    public var scatter: Double? {
        guard count > 2, let slope else { return nil }
        return (max(0, energySquares - slope * products) / Double(count - 2)).squareRoot()
    }

    /// eV per atom and ps.
    public func drift(perAtomOf atoms: Int) -> Double? { slope.map { $0 * 1e3 / Double(max(1, atoms)) } }
}
