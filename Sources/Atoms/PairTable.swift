/// A value for every ordered pair of elements.
public struct PairTable<Value: Sendable>: Sendable {
    /// `[atomic number · width + atomic number]`; the row and column 0 are not used.
    @usableFromInline var values: [Value]
    @inlinable static var width: Int { Element.count + 1 }

    public init(repeating value: Value) { values = Array(repeating: value, count: Self.width * Self.width) }

    @inlinable public subscript(a: Element, b: Element) -> Value {
        get { self[a.atomicNumber, b.atomicNumber] }
        set { values[a.atomicNumber * Self.width + b.atomicNumber] = newValue }
    }

    /// By atomic numbers.
    @inlinable public subscript(a: Int, b: Int) -> Value { values[a * Self.width + b] }

    /// All values changed alike.
    public func mapValues(_ transform: (Value) -> Value) -> PairTable {
        var table = self
        table.values = values.map(transform)
        return table
    }
}

extension PairTable: Equatable where Value: Equatable {}

extension PairTable where Value: Comparable {
    public var largest: Value { values.max()! }
}
