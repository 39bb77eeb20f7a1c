import Equivariance

/// The coefficients √(2l₃+1) C[m₁ m₂ m₃] that couple features of degree l₁ and harmonics of degree l₂ to degree l₃:
/// e3nn's real Wigner 3j symbols under `component` normalisation.
public struct Coupling: Hashable, Sendable {
    public let l1: Int
    public let l2: Int
    public let l3: Int

    /// One non-zero coefficient. `slot` counts the pairs (m₁, m₃), `harmonic` is a position in a row of Y, which begins
    /// with degree 1.
    public struct Entry: Hashable, Sendable {
        public var slot: Int
        public var harmonic: Int
        public var value: Double
    }

    /// Sorted by slot; none for l₂ = 0.
    public let entries: [Entry]
    /// The coefficient of all pairs m₁ = m₃ for l₂ = 0, of all m₂ = m₃ for l₁ = 0.
    public let factor: Double

    /// What C looks like as a matrix (m₁, m₃) for given harmonics.
    public enum Kind: Hashable, BitwiseCopyable, Sendable {
        /// l₂ = 0: a multiple of the identity.
        case diagonal
        /// l₁ = 0: one row, a multiple of the harmonics.
        case scalar
        case coupled
    }

    public var kind: Kind { l2 == 0 ? .diagonal : l1 == 0 ? .scalar : .coupled }
    public var slots: Int { (2 * l1 + 1) * (2 * l3 + 1) }

    public init(l1: Int, l2: Int, l3: Int) {
        (self.l1, self.l2, self.l3) = (l1, l2, l3)
        let (d2, d3) = (2 * l2 + 1, 2 * l3 + 1)
        let symbols = Wigner3j(l1, l2, l3)
        let scale = Double(d3).squareRoot()
        factor = scale * symbols[0, 0, 0]
        if l2 == 0 {
            entries = []
            return
        }
        var entries: [Entry] = []
        for m1 in 0..<2 * l1 + 1 {
            for m3 in 0..<d3 {
                for m2 in 0..<d2 where abs(symbols[m1, m2, m3]) > 1e-14 {
                    entries.append(
                        Entry(slot: m1 * d3 + m3, harmonic: l2 * l2 - 1 + m2, value: scale * symbols[m1, m2, m3]))
                }
            }
        }
        self.entries = entries
    }

    /// The degrees determine the coefficients.
    public static func == (a: Coupling, b: Coupling) -> Bool { (a.l1, a.l2, a.l3) == (b.l1, b.l2, b.l3) }
    public func hash(into hasher: inout Hasher) {
        hasher.combine(l1)
        hasher.combine(l2)
        hasher.combine(l3)
    }
}
