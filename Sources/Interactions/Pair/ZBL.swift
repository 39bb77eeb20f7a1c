import Atoms
import Compute
import Foundation
import Neighbors

/// The ZBL screened nuclear repulsion, `u = k Zi Zj / r · φ(r / a) · f(r)`, in eV.
///
///     φ(x) = 0.18175 e^−3.1998x + 0.50986 e^−0.94229x + 0.28022 e^−0.4029x + 0.02817 e^−0.20162x
///     a = 0.46850 Å / (Zi^0.23 + Zj^0.23)
///
/// The polynomial cutoff f (p = 6) takes it to zero, so it adds to a learned model without a step. Constants, k
/// included, as NequIP's and LAMMPS' (`pair_style zbl`), so that foreign weights keep their energies.
/// Ziegler, Biersack and Littmark, "The stopping and range of ions in matter" (1985), eqs. 2.23 and 2.24.
public final class ZBL: Interaction {
    public var cutoff: Double { pair.cutoff }
    private let pair: Pair
    private let sum: PairSum

    /// - Parameters:
    ///   - cutoff: Å, where no shorter one is given.
    ///   - pairCutoffs: `[receiver][source]`, Å. As in NequIP, each of the two edges of a pair carries half of its
    ///     energy and ends at its own cutoff.
    /// - Throws: `InteractionError` when a cutoff is not a positive length, or longer than `cutoff`.
    public init(
        cutoff: Double, pairCutoffs: [Element: [Element: Double]] = [:], parallelism: Parallelism = .allCores
    ) throws {
        for length in [cutoff] + pairCutoffs.values.flatMap(\.values) where !(length > 0 && length <= cutoff) {
            throw InteractionError(.invalidParameter, "ZBL needs cutoffs of 0…\(cutoff) Å; got \(length).")
        }
        guard cutoff.isFinite else {
            throw InteractionError(.invalidParameter, "ZBL needs a finite cutoff; got \(cutoff).")
        }
        pair = Pair(cutoff: cutoff, pairCutoffs)
        sum = PairSum(parallelism: parallelism)
    }

    /// Every element is covered.
    public func check(elements: [Element]) {}

    public func evaluate(_ configuration: Configuration, into result: inout InteractionResult) throws {
        try sum.evaluate(pair, configuration, into: &result)
    }

    public func hessian(
        of configuration: Configuration, times directions: [[SIMD3<Double>]]
    ) throws -> [[SIMD3<Double>]]? { sum.hessian(pair, configuration, times: directions) }

    public func energyFlow(of configuration: Configuration, velocities: [SIMD3<Double>]) throws -> EnergyFlow? {
        // With cutoffs by pair the two edges of a pair carry different energies, and the slope is that of both.
        pair.isSymmetric ? sum.energyFlow(pair, configuration, velocities: velocities) : nil
    }

    public func heatDrivingForces(
        of configuration: Configuration, fields: [SIMD3<Double>]
    ) throws -> [[SIMD3<Double>]]? {
        pair.isSymmetric ? sum.heatDrivingForces(pair, configuration, fields: fields) : nil
    }
}

extension ZBL {
    fileprivate struct Pair: PairEnergy {
        let cutoff: Double
        /// By receiver and source, Å; `nil` where one cutoff serves all.
        private var cutoffs: PairTable<Double>?
        /// `[Z]` — Z^0.23 / 0.4685 Å.
        private let inverseLengths = (0...Element.count).map { pow(Double($0), 0.23) / 0.46850 }

        /// e²/4πε₀ in eV·Å with LAMMPS' digits (`qqr2e` of its metal units).
        private static let coulomb = 14.399645

        init(cutoff: Double, _ pairCutoffs: [Element: [Element: Double]]) {
            self.cutoff = cutoff
            guard !pairCutoffs.isEmpty else { return }
            var table = PairTable(repeating: cutoff)
            for (receiver, row) in pairCutoffs {
                for (source, length) in row { table[receiver, source] = length }
            }
            cutoffs = table
        }

        var isSymmetric: Bool { cutoffs == nil }

        /// The mean of both edges of the pair.
        func curvature(at r: Double, between a: Int, and b: Int) -> Double {
            let weights = SIMD4(0.18175, 0.50986, 0.28022, 0.02817)
            let rates = SIMD4(3.19980, 0.94229, 0.40290, 0.20162) * (inverseLengths[a] + inverseLengths[b])
            let terms = weights * SIMD4(exp(-rates.x * r), exp(-rates.y * r), exp(-rates.z * r), exp(-rates.w * r))
            let charge = Self.coulomb * Double(a * b) / r
            let energy = charge * terms.sum()
            let slope = -energy / r - charge * (terms * rates).sum()
            let curvature = -2 * slope / r + charge * (terms * rates * rates).sum()
            func edge(_ f: PolynomialCutoff) -> Double {
                let (value, falling) = f.valueAndSlope(at: r)
                return curvature * value + 2 * slope * falling + energy * f.curvature(at: r)
            }
            return cutoffs == nil ? edge(end(a, b)) : (edge(end(a, b)) + edge(end(b, a))) / 2
        }

        private func end(_ a: Int, _ b: Int) -> PolynomialCutoff {
            PolynomialCutoff(cutoff: cutoffs?[a, b] ?? cutoff, power: 6)
        }

        /// The energy is that of the edge; the slope is the mean of both edges of the pair, which is the pair's.
        func energyAndSlope(at r: Double, between a: Int, and b: Int) -> (energy: Double, slope: Double) {
            let weights = SIMD4(0.18175, 0.50986, 0.28022, 0.02817)
            let rates = SIMD4(3.19980, 0.94229, 0.40290, 0.20162) * (inverseLengths[a] + inverseLengths[b])
            let terms = weights * SIMD4(exp(-rates.x * r), exp(-rates.y * r), exp(-rates.z * r), exp(-rates.w * r))
            let charge = Self.coulomb * Double(a * b) / r
            let energy = charge * terms.sum()
            let slope = -energy / r - charge * (terms * rates).sum()
            let f = end(a, b).valueAndSlope(at: r)
            let forward = slope * f.value + energy * f.slope
            guard cutoffs != nil else { return (energy * f.value, forward) }
            let g = end(b, a).valueAndSlope(at: r)
            return (energy * f.value, (forward + slope * g.value + energy * g.slope) / 2)
        }
    }
}
