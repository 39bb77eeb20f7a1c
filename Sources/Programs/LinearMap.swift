/// A map between features that mixes channels and nothing else: for every term `(input block, output block)`
/// `out[m, w] += factor Σ_u x[m, u] W[u, w]`. With a cotangent g, Q = Σ g·out is linear in x, W and g.
public struct LinearMap: Hashable, Sendable {
    public enum Slot: Int, Hashable, Sendable, CaseIterable { case input, weights, output }

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

    /// A block that some terms (by index) add up in; none for a block that stays zero.
    struct Target: Hashable, Sendable {
        var block: Layout.Block
        var terms: [Int]
    }

    /// What the outputs, and the cotangents of the inputs, are made of.
    let outputTargets: [Target]
    let inputTargets: [Target]

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
        outputTargets = Self.targets(self.terms.map(\.output), in: output)
        inputTargets = Self.targets(self.terms.map(\.input), in: input)
    }

    private static func targets(_ blocks: [Layout.Block], in layout: Layout) -> [Target] {
        var targets: [Target] = []
        for (term, block) in blocks.enumerated() {
            if let index = targets.firstIndex(where: { $0.block == block }) {
                targets[index].terms.append(term)
            } else {
                targets.append(Target(block: block, terms: [term]))
            }
        }
        let untouched = layout.blocks.filter { block in
            !blocks.contains { $0.offset < block.offset + block.width && block.offset < $0.offset + $0.width }
        }
        return targets + untouched.map { Target(block: $0, terms: []) }
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
}
