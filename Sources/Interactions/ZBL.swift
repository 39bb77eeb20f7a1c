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

    /// - Throws: `InteractionError` when the cutoff (Å) is not a positive length.
    public init(cutoff: Double, parallelism: Parallelism = .allCores) throws {
        guard cutoff.isFinite, cutoff > 0 else {
            throw InteractionError(.invalidParameter, "ZBL needs a cutoff above 0 Å; got \(cutoff).")
        }
        pair = Pair(cutoff: cutoff)
        sum = PairSum(parallelism: parallelism)
    }

    /// Every element is covered.
    public func check(elements: [Element]) {}

    public func evaluate(elements: [Element], edges: EdgeList, into result: inout InteractionResult) throws {
        try sum.evaluate(pair, elements: elements, edges: edges, into: &result)
    }
}

extension ZBL {
    fileprivate struct Pair: PairEnergy {
        var cutoff: Double { end.cutoff }
        let end: PolynomialCutoff
        /// `[Z]` — Z^0.23 / 0.4685 Å.
        let inverseLengths = (0..<119).map { pow(Double($0), 0.23) / 0.46850 }

        /// e²/4πε₀ in eV·Å with LAMMPS' digits (`qqr2e` of its metal units).
        static let coulomb = 14.399645

        init(cutoff: Double) { end = PolynomialCutoff(cutoff: cutoff, power: 6) }

        func energyAndSlope(at r: Double, between a: Int, and b: Int) -> (energy: Double, slope: Double) {
            let weights = SIMD4(0.18175, 0.50986, 0.28022, 0.02817)
            let rates = SIMD4(3.19980, 0.94229, 0.40290, 0.20162) * (inverseLengths[a] + inverseLengths[b])
            let terms = weights * SIMD4(exp(-rates.x * r), exp(-rates.y * r), exp(-rates.z * r), exp(-rates.w * r))
            let charge = Self.coulomb * Double(a * b) / r
            let energy = charge * terms.sum()
            let slope = -energy / r - charge * (terms * rates).sum()
            let f = end.valueAndSlope(at: r)
            return (energy * f.value, slope * f.value + energy * f.slope)
        }
    }
}
