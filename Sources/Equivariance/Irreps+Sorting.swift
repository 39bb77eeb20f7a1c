/// Orders of irreps and of the features that they describe. A feature vector is stored block by block, each block
/// channel by channel: index `channel * (2l + 1) + component`.
extension Irreps {
    /// The place in `sorted` of each block: the inverse of `sortedOrder`, and what e3nn calls `p`.
    public var sortedPlaces: [Int] {
        var places = Array(repeating: 0, count: count)
        for (place, block) in sortedOrder.enumerated() { places[block] = place }
        return places
    }

    /// Sorted, with all blocks of an irrep joined to one and empty blocks left out.
    public var regrouped: Irreps { sorted.simplified }

    public var withoutEmptyBlocks: Irreps { Irreps(blocks.filter { $0.multiplicity > 0 }) }

    /// The blocks whose irreps are wanted, in their order.
    public func keeping(_ isWanted: (Irrep) -> Bool) -> Irreps { Irreps(blocks.filter { isWanted($0.irrep) }) }

    /// The degree of each channel.
    public var degrees: [Int] {
        blocks.flatMap { Array(repeating: $0.irrep.l, count: $0.multiplicity) }
    }

    /// Features in the order of `sorted`, from features in the order of these irreps.
    public func sorting(_ features: [Double]) -> [Double] {
        precondition(features.count == dimension, "expected \(dimension) components, got \(features.count)")
        let ranges = ranges
        return sortedOrder.flatMap { features[ranges[$0]] }
    }

    /// The inverse of `sorting`.
    public func unsorting(_ features: [Double]) -> [Double] {
        precondition(features.count == dimension, "expected \(dimension) components, got \(features.count)")
        let (from, places) = (sorted.ranges, sortedPlaces)
        return places.flatMap { features[from[$0]] }
    }

    /// What the product of two features decomposes into, with every pair of channels: the irreps of
    /// `TensorProduct.full`.
    public static func * (a: Irreps, b: Irreps) -> Irreps { TensorProduct.full(a, b).output }
}

extension Irrep {
    /// Whether this is one of the irreps that two others multiply to.
    public func isProduct(of a: Irrep, _ b: Irrep) -> Bool {
        parity == a.parity * b.parity && (abs(a.l - b.l)...(a.l + b.l)).contains(l)
    }

    /// All irreps up to a degree in e3nn's order of enumeration, `0e, 0o, 1o, 1e, 2e, 2o, …`: those of harmonics of a
    /// vector before those with the other parity.
    public static func all(lMax: Int) -> [Irrep] {
        precondition(lMax >= 0, "expected a degree of at least 0, got \(lMax)")
        return (0...lMax).flatMap { l in
            [Parity.odd.power(l), .odd * Parity.odd.power(l)].map { Irrep(l: l, parity: $0) }
        }
    }
}
