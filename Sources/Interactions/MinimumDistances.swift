import Atoms

/// The shortest distance of every pair of elements that a potential has ever seen, in Å.
///
/// Below it a learned potential extrapolates, so a simulation that gets there must stop. Pairs that are not in the
/// table have no limit.
public struct MinimumDistances: Sendable, Equatable {
    /// Symmetric, 0 where there is no limit.
    private var squares = PairTable(repeating: 0.0)
    /// The largest limit, squared: longer edges need no look at the table.
    public private(set) var largestSquare = 0.0

    public init() {}

    public var isEmpty: Bool { largestSquare == 0 }

    /// The limit of a pair in either order, in Å; 0 when there is none.
    public subscript(a: Element, b: Element) -> Double {
        get { square(a, b).squareRoot() }
        set {
            precondition(newValue >= 0 && newValue.isFinite, "expected a distance, got \(newValue)")
            squares[a, b] = newValue * newValue
            squares[b, a] = newValue * newValue
            largestSquare = squares.largest
        }
    }

    public func square(_ a: Element, _ b: Element) -> Double { squares[a, b] }

    /// All limits times a factor, for example 0.95 for some tolerance.
    public func scaled(by factor: Double) -> MinimumDistances {
        precondition(factor >= 0, "expected a factor of at least 0, got \(factor)")
        var scaled = self
        scaled.squares = squares.mapValues { $0 * factor * factor }
        scaled.largestSquare = largestSquare * factor * factor
        return scaled
    }
}
