/// The channel-wise product of scalars with irreps: for every term `out[m, c] = a[c] y[m, c]`. With a cotangent g,
/// Q = Σ a[c] y[m, c] g[m, c] is linear in each; its derivative to the scalars is a dot product per irrep.
public struct ProductMap: Hashable, Sendable {
    public enum Slot: Int, Hashable, Sendable, CaseIterable { case scalars, irreps, output }

    public struct Term: Hashable, Sendable {
        public var scalars: Layout.Block
        public var irreps: Layout.Block
    }

    public let scalars: Layout
    public let irreps: Layout
    public let terms: [Term]

    /// One block of scalars for each block of irreps, in order.
    public init(scalars: Layout, irreps: Layout) {
        precondition(
            scalars.blocks.count == irreps.blocks.count,
            "expected one block of scalars per block of irreps, got \(scalars.blocks.count), \(irreps.blocks.count)")
        self.scalars = scalars
        self.irreps = irreps
        terms = zip(scalars.blocks, irreps.blocks).map { Term(scalars: $0, irreps: $1) }
    }
}
