import Atoms
import Compute
import Foundation

/// A crystal whose vibrations are harmonic at every volume:
///
///     G(p, T) = min_V [ E(V) + F_vib(V, T) + p V ].
///
/// At each temperature Birch and Murnaghan's curve is fitted to the bracket; its minimum gives volume and bulk modulus
/// B. The rest follows from the entropy S(V), a polynomial through those of the volumes: β = (∂S/∂V)_T / B and
/// C_p = C_V + T V B β². Baroni, Giannozzi and Isaev, Rev. Mineral. Geochem. 71, 39 (2010).
public struct QuasiHarmonic: Sendable {
    /// What is known at a volume.
    public struct Sample: Sendable {
        /// Å³
        public var volume: Double
        /// Without vibrations, eV.
        public var energy: Double
        /// `[temperature]`
        public var vibrations: [HarmonicThermodynamics]

        public init(volume: Double, energy: Double, vibrations: [HarmonicThermodynamics]) {
            (self.volume, self.energy, self.vibrations) = (volume, energy, vibrations)
        }
    }

    /// At one temperature, of the unit cell.
    public struct Point: Sendable {
        /// K
        public var temperature: Double
        /// Å³
        public var volume: Double
        /// eV
        public var gibbsEnergy: Double
        /// Isothermal, eV/Å³
        public var bulkModulus: Double
        /// β = (1/V) (∂V/∂T)_p, 1/K
        public var expansion: Double
        /// eV/K
        public var entropy, heatCapacityAtVolume, heatCapacityAtPressure: Double
        /// γ = β V B / C_V; `nil` where nothing is excited.
        public var gruneisen: Double?
        /// Root of the mean square of what the fit leaves, eV.
        public var residual: Double
    }

    public let points: [Point]
    /// K: from here on the volume is not among those that were looked at; `nil` where that does not happen.
    public let leavesAt: Double?

    /// - Parameters:
    ///   - samples: of at least five volumes, at the same temperatures.
    ///   - pressure: eV/Å³
    public init(_ samples: [Sample], pressure: Double = 0) {
        precondition(samples.count >= 5, "expected at least five volumes, got \(samples.count)")
        let temperatures = samples[0].vibrations.map(\.temperature)
        precondition(
            samples.allSatisfy { $0.vibrations.map(\.temperature) == temperatures },
            "expected the same temperatures at all volumes")
        let volumes = samples.map(\.volume)
        var points: [Point] = []
        var leavesAt: Double?
        for (k, temperature) in temperatures.enumerated() {
            let energies = samples.map { $0.energy + $0.vibrations[k].freeEnergy + pressure * $0.volume }
            guard let fit = EquationOfState(volumes: volumes, energies: energies) else {
                leavesAt = temperature
                break
            }
            let entropy = Polynomial(volumes, samples.map { $0.vibrations[k].entropy })
            let capacity = Polynomial(volumes, samples.map { $0.vibrations[k].heatCapacity })
            let atVolume = capacity.value(at: fit.volume)
            let expansion = entropy.slope(at: fit.volume) / fit.bulkModulus
            let stretch = fit.volume * fit.bulkModulus * expansion
            points.append(
                Point(
                    temperature: temperature, volume: fit.volume, gibbsEnergy: fit.energy,
                    bulkModulus: fit.bulkModulus, expansion: expansion, entropy: entropy.value(at: fit.volume),
                    heatCapacityAtVolume: atVolume,
                    heatCapacityAtPressure: atVolume + temperature * stretch * expansion,
                    gruneisen: atVolume > 1e-3 * Units.boltzmann ? stretch / atVolume : nil, residual: fit.residual))
        }
        (self.points, self.leavesAt) = (points, leavesAt)
    }
}

/// A polynomial of fourth degree, or less where there are fewer points, by least squares.
private struct Polynomial {
    let center, width: Double
    let coefficients: [Double]

    init(_ x: [Double], _ y: [Double]) {
        (center, width) = (0.5 * (x.min()! + x.max()!), 0.5 * (x.max()! - x.min()!))
        let count = min(5, x.count - 1)
        var (matrix, right) = ([Double](repeating: 0, count: count * count), [Double](repeating: 0, count: count))
        for (x, y) in zip(x, y) {
            let s = (x - center) / width
            let powers = (0..<count).map { pow(s, Double($0)) }
            for i in 0..<count {
                right[i] += powers[i] * y
                for j in 0..<count { matrix[count * i + j] += powers[i] * powers[j] }
            }
        }
        coefficients = LinearSystem.solve(matrix, right) ?? Array(repeating: .nan, count: count)
    }

    func value(at x: Double) -> Double {
        let s = (x - center) / width
        return coefficients.reversed().reduce(0) { $0 * s + $1 }
    }

    func slope(at x: Double) -> Double {
        let s = (x - center) / width
        return coefficients.indices.dropFirst().reversed().reduce(0) { $0 * s + Double($1) * coefficients[$1] }
            / width
    }
}
