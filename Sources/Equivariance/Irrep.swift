/// An irreducible representation of O(3), written `1o`: degree `l`, with 2l+1 components, and parity.
///
/// It says how numbers change when space turns or is inverted: those of `0e`, such as an energy, do not; the three of
/// `1o`, such as a force, turn as vectors do; the three of `1e`, such as a torque, also turn but keep their sign under
/// inversion; the five of `2e` are those of a symmetric tensor without trace.
///
/// Ordered as torch-e3nn sorts: by `l`, then odd before even, so `0o < 0e < 1o < 1e < …`. NequIP lists the features of
/// a layer even first; that order is `Irrep.evenFirst`.
public struct Irrep: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let l: Int
    public let parity: Parity

    public init(l: Int, parity: Parity) {
        precondition(l >= 0, "expected a degree of at least 0, got \(l)")
        self.l = l
        self.parity = parity
    }

    /// `0e`, the representation of energies.
    public static let scalar = Irrep(l: 0, parity: .even)

    public var dimension: Int { 2 * l + 1 }
    public var description: String { "\(l)\(parity)" }

    public static func < (a: Irrep, b: Irrep) -> Bool { (a.l, a.parity.rawValue) < (b.l, b.parity.rawValue) }

    /// The order `0e, 0o, 1e, 1o, 2e, …` in which NequIP lists the features of a layer.
    public static func evenFirst(_ a: Irrep, _ b: Irrep) -> Bool {
        (a.l, -a.parity.rawValue) < (b.l, -b.parity.rawValue)
    }

    /// What the product of two irreps decomposes into: |l₁ − l₂| … l₁ + l₂, once each.
    public static func * (a: Irrep, b: Irrep) -> [Irrep] {
        (abs(a.l - b.l)...(a.l + b.l)).map { Irrep(l: $0, parity: a.parity * b.parity) }
    }
}
