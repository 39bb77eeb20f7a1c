/// A map between features that mixes channels and nothing else: for every term `(input block, output block)`
/// `out[m, w] += factor Σ_u x[m, u] W[u, w]`.
///
/// With a cotangent g of `out`, Q = Σ g·out is linear in x, g and W. Its derivative by x is the transposed map with
/// transposed weights.
public struct LinearMap: Hashable, Sendable {
    /// The arguments of Q.
    public enum Slot: Int, Hashable, Sendable, CaseIterable { case input, output, weights }

    public struct Term: Hashable, Sendable {
        public var input: Layout.Block
        public var output: Layout.Block
        /// Where the `[input.stride][output.stride]` matrix starts in a row of weights.
        public var weightOffset: Int
        public var factor: Double
    }

    public let input: Layout
    public let output: Layout
    public let weights: Layout
    public let terms: [Term]
    /// Whether every species has weights of its own (a row each); otherwise there is one row.
    public let isPerSpecies: Bool

    /// Terms name blocks of the two layouts. Weights follow each other in the order of the terms.
    public init(
        input: Layout, output: Layout, terms: [(input: Layout.Block, output: Layout.Block, factor: Double)],
        isPerSpecies: Bool = false
    ) {
        var offset = 0
        self.terms = terms.map { term in
            let (a, b) = (term.input, term.output)
            precondition(a.l == b.l, "a linear map keeps the degree, got l = \(a.l) → \(b.l)")
            defer { offset += a.stride * b.stride }
            return Term(input: a, output: b, weightOffset: offset, factor: term.factor)
        }
        self.input = input
        self.output = output
        weights = .plain(offset)
        self.isPerSpecies = isPerSpecies
    }

    /// Terms name blocks by index.
    public init(
        input: Layout, output: Layout, terms: [(input: Int, output: Int, factor: Double)], isPerSpecies: Bool = false
    ) {
        self.init(
            input: input, output: output,
            terms: terms.map { (input.blocks[$0.input], output.blocks[$0.output], $0.factor) },
            isPerSpecies: isPerSpecies)
    }

    /// The layout of a row of the derivative with respect to the argument in `slot`.
    func gradientLayout(_ slot: Slot) -> Layout {
        switch slot {
        case .input: input
        case .output: output
        case .weights: weights
        }
    }

    /// From outputs to inputs; its terms, with their matrices, follow in the same order.
    public var transposed: LinearMap {
        LinearMap(
            input: output, output: input, terms: terms.map { ($0.output, $0.input, $0.factor) },
            isPerSpecies: isPerSpecies)
    }
}
