/// A primitive. Its derivative with respect to every operand that a force loss needs is made of primitives again
/// (`Derivative.swift`), so energies, forces and training gradients are all programs of these.
public enum Operation: Hashable, Sendable {
    /// A value that is given from outside, or positions and strains, which stand for the graph's geometry.
    case input(String)
    /// Numbers that are part of the program.
    case constant(Int)
    case fill(Double)

    /// Rows of a table, one for every row of the result: `out[i] = x[relation(i)]`.
    case gather(Relation)
    /// The transpose of `gather`: `out[k] = Σ_{i: relation(i) = k} x[i]`.
    case segmentSum(Relation)

    /// A trilinear form's partial derivative; the operands are the two other arguments in the order x, W, cotangent.
    case linear(LinearMap, LinearMap.Slot)
    /// The operands are the two other arguments in the order scalars, irreps, cotangent.
    case product(ProductMap, ProductMap.Slot)
    /// Operands: see `ConvolutionTerm`. One result for each slot.
    case convolution(Convolution, [Convolution.Slot], [ConvolutionOperands])

    /// The `order`-th derivative of one function per block, at scalars.
    case pointwise([Activation], order: Int)

    /// Some of the blocks of a row.
    case slice(Range<Int>)
    /// The transpose of `slice`: a full row that is zero elsewhere.
    case embed(Range<Int>)
    case sum
    case scaled(Double)

    /// Coefficients of the cubic spline through values at uniform knots, or the transpose of that linear map.
    case splineCoefficients(transposed: Bool)

    /// `r = (x_j + S·cell − x_i)(1 + ε)` of every edge; operands positions and strain, read from the graph.
    case edgeVectors
    /// A function of edge vectors: its value (operand r), its pullback (r, cotangent), or its tangent (r, ṙ).
    case edgeFunction(EdgeFunction, EdgeFunction.Part)
    /// `F_i = Σ_{e → i} g_e − Σ_{e ← i} g_e`: minus the pullback of `edgeVectors` to positions.
    case edgeForces
    /// The transpose of `edgeForces`: `g_e = f_receiver − f_source`.
    case edgeDifference
    /// `W = −Σ_e r_e ⊗ g_e` of every structure (r, g): minus the pullback of `edgeVectors` to strain.
    case edgeVirial
    /// The transpose of `edgeVirial` in g: `g_e = −r_e · w` (r, w).
    case edgeStrain
}

/// Which row of a table a row reads.
public enum Relation: Hashable, Sendable {
    case speciesOfAtom
    case structureOfAtom

    public var rows: Axis { .atoms }
}

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

/// The operands of one term of a sum of convolutions: positions in the instruction's operand list, by slot.
public struct ConvolutionOperands: Hashable, Sendable {
    public var basis: Int?
    public var table: Int?
    public var harmonics: Int?
    public var features: Int?
    public var output: Int?

    subscript(slot: Convolution.Slot) -> Int? {
        get {
            switch slot {
            case .basis: basis
            case .table: table
            case .harmonics: harmonics
            case .features: features
            case .output: output
            }
        }
        set {
            switch slot {
            case .basis: basis = newValue
            case .table: table = newValue
            case .harmonics: harmonics = newValue
            case .features: features = newValue
            case .output: output = newValue
            }
        }
    }
}

/// `factor · f(x)` on one block of scalars.
public struct Activation: Hashable, Sendable {
    public enum Function: String, Hashable, Sendable { case identity, silu, tanh, sine }

    public var function: Function
    public var factor: Double

    public init(_ function: Function, factor: Double = 1) {
        self.function = function
        self.factor = factor
    }
}

extension Operation {
    /// The degree up to which an instruction needs spherical harmonics.
    var harmonicsDegree: Int? {
        if case .edgeFunction(.harmonics(let lMax), _) = self { lMax } else { nil }
    }
}
