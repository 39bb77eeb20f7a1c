import Compute
import Foundation

/// Birch and Murnaghan's equation of state of third order, fitted to energies by least squares:
///
///     E(V) = E₀ + 9 V₀ B₀ / 16 · { (x − 1)³ B₀′ + (x − 1)² (6 − 4 x) },   x = (V₀ / V)^⅔,
///
/// a cubic in V^(−⅔). Birch, Phys. Rev. 71, 809 (1947).
public struct EquationOfState: Sendable, Equatable {
    /// V₀, Å³
    public let volume: Double
    /// E₀, eV
    public let energy: Double
    /// B₀, eV/Å³
    public let bulkModulus: Double
    /// B₀′ = dB/dp
    public let derivative: Double
    /// Root of the mean square of what the fit leaves, eV.
    public let residual: Double

    /// `nil` for fewer than five points, and where the fitted curve has no minimum between the smallest and the largest
    /// volume.
    public init?(volumes: [Double], energies: [Double]) {
        precondition(volumes.count == energies.count, "expected \(volumes.count) energies, got \(energies.count)")
        guard volumes.count >= 5, let smallest = volumes.min(), let largest = volumes.max(), smallest > 0,
            let offset = energies.min(), energies.allSatisfy(\.isFinite)
        else { return nil }
        // E is a cubic in s, which goes from −1 to 1.
        let ends = (pow(largest, -2.0 / 3), pow(smallest, -2.0 / 3))
        let (middle, half) = (0.5 * (ends.0 + ends.1), 0.5 * (ends.1 - ends.0))
        guard half > 0 else { return nil }
        let s = volumes.map { (pow($0, -2.0 / 3) - middle) / half }
        var (matrix, right) = ([Double](repeating: 0, count: 16), [Double](repeating: 0, count: 4))
        for (s, energy) in zip(s, energies) {
            let powers = [1, s, s * s, s * s * s]
            for i in 0..<4 {
                right[i] += powers[i] * (energy - offset)
                for j in 0..<4 { matrix[4 * i + j] += powers[i] * powers[j] }
            }
        }
        guard let c = LinearSystem.solve(matrix, right) else { return nil }
        func value(_ s: Double) -> Double { c[0] + s * (c[1] + s * (c[2] + s * c[3])) }
        // c₁ + 2 c₂ s + 3 c₃ s² = 0, the root with the positive curvature 2 c₂ + 6 c₃ s = √(4 c₂² − 12 c₁ c₃).
        let discriminant = 4 * c[2] * c[2] - 12 * c[1] * c[3]
        guard discriminant > 0 else { return nil }
        let minimum = -2 * c[1] / (2 * c[2] + discriminant.squareRoot())
        guard minimum.isFinite, abs(minimum) <= 1 else { return nil }
        let x = middle + half * minimum
        let (second, third) = ((2 * c[2] + 6 * c[3] * minimum) / (half * half), 6 * c[3] / (half * half * half))
        volume = pow(x, -1.5)
        energy = value(minimum) + offset
        bulkModulus = 4.0 / 9 * x * x * second / volume
        derivative = 4 + 2.0 / 3 * x * third / second
        residual =
            (zip(s, energies).reduce(0) { $0 + pow(value($1.0) + offset - $1.1, 2) } / Double(volumes.count))
            .squareRoot()
    }

    /// eV
    public func energy(at volume: Double) -> Double {
        let x = pow(self.volume / volume, 2.0 / 3)
        return energy + 9 * self.volume * bulkModulus / 16
            * (pow(x - 1, 3) * derivative + pow(x - 1, 2) * (6 - 4 * x))
    }

    /// eV/Å³
    public func pressure(at volume: Double) -> Double {
        let x = pow(self.volume / volume, 1.0 / 3)
        return 1.5 * bulkModulus * (pow(x, 7) - pow(x, 5)) * (1 + 0.75 * (derivative - 4) * (x * x - 1))
    }
}
