/// How a quantity behaves under inversion of space: unchanged (even, `e`) or with the other sign (odd, `o`).
public enum Parity: Int, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    case even = 1
    case odd = -1

    public var sign: Double { Double(rawValue) }
    public var description: String { self == .even ? "e" : "o" }

    public static func * (p: Parity, q: Parity) -> Parity { p == q ? .even : .odd }

    /// The parity of a product of `exponent` factors of this parity.
    public func power(_ exponent: Int) -> Parity { self == .even || exponent.isMultiple(of: 2) ? .even : .odd }
}
