/// A product of two features, with or without weights, as e3nn's `TensorProduct`: a list of instructions, each of which
/// couples a block of the left with a block of the right feature and adds to a block of the output.
///
///     out[w, k] = Σ c W[…] Σ_ij C^{l₁ l₂ l₃}[i, j, k] left[u, i] right[v, j]
///
/// with 3j symbols C (`Wigner3j`) and the coefficient c that holds all normalisation. How channels u, v, w and weights
/// W meet is the instruction's `Mode`. Features are stored block by block, channel by channel; weights one instruction
/// after the other, each row by row of its shape.
///
/// The product is linear in left, right and weights, so all derivatives are such products again
/// (`TensorProduct+Derivatives.swift`). An instruction of `uvw` takes about n₁ n₂ (e + n₃ (2l₃+1)) multiplications for
/// each row, n being multiplicities and e the entries of C.
public struct TensorProduct: Sendable {
    public enum Mode: String, Sendable, CaseIterable {
        /// Every pair of channels to every output channel: weights [u, v, w].
        case uvw
        /// Channels of the left stay, those of the right are summed: weights [u, v].
        case uvu
        /// Channels of the right stay, those of the left are summed: weights [u, v].
        case uvv
        /// Equal channels to every output channel: weights [u, w].
        case uuw
        /// Equal channels, and they stay: weights [u].
        case uuu
        /// Every pair of channels is an output channel, u slowest: weights [u, v].
        case uvuv
        /// Every pair u < v is an output channel, row by row of the upper triangle: weights [pairs].
        case uvuLessV = "uvu<v"
        /// Every pair u < v to every output channel: weights [pairs, w].
        case uLessVw = "u<vw"

        /// Whether weights mix the output channels, so that the mode has no meaning without.
        public var mixes: Bool { self == .uvw || self == .uuw || self == .uLessVw }
    }

    /// The components' mean square that a product has if those of its factors have 1.
    public enum IrrepNormalization: String, Sendable, CaseIterable {
        /// 1 for each component of the output.
        case component
        /// 1 for the sum over the components.
        case norm
        /// 3j symbols as they are.
        case none
    }

    /// How the paths into one block of the output share its variance.
    public enum PathNormalization: String, Sendable, CaseIterable {
        /// Each product of two numbers has the same share.
        case element
        /// Each path has the same share.
        case path
        case none
    }

    /// What is asked for; blocks by index.
    public struct Instruction: Sendable, Hashable {
        public var left, right, output: Int
        public var mode: Mode
        public var hasWeights: Bool
        /// The path's share of the variance beside others; the coefficient has its root.
        public var share: Double

        public init(_ left: Int, _ right: Int, to output: Int, _ mode: Mode, weights: Bool = true, share: Double = 1)
        {
            (self.left, self.right, self.output) = (left, right, output)
            (self.mode, hasWeights, self.share) = (mode, weights, share)
        }
    }

    /// An instruction with all that follows from it.
    public struct Path: Sendable {
        public let instruction: Instruction
        public let coefficient: Double
        public let coupling: Wigner3j
        /// Empty without weights.
        public let weightShape: [Int]
        public let firstWeight: Int
        /// The channels (u, v) that meet, in the order of weights.
        let pairs: [(u: Int, v: Int)]
        /// The output channel of each pair; empty where weights mix channels.
        let outputChannels: [Int]

        public var weightCount: Int { weightShape.isEmpty ? 0 : weightShape.reduce(1, *) }
        public var weights: Range<Int> { firstWeight..<firstWeight + weightCount }
    }

    public let left, right, output: Irreps
    public let paths: [Path]

    /// Variances are those of a component (of the norm for `.norm`) of each block of the inputs and of the output; 1
    /// where they are left out.
    public init(
        _ left: Irreps, _ right: Irreps, to output: Irreps, _ instructions: [Instruction],
        irrepNormalization: IrrepNormalization = .component, pathNormalization: PathNormalization = .element,
        leftVariances: [Double]? = nil, rightVariances: [Double]? = nil, outputVariances: [Double]? = nil
    ) {
        (self.left, self.right, self.output) = (left, right, output)
        let x = leftVariances ?? Array(repeating: 1, count: left.count)
        let y = rightVariances ?? Array(repeating: 1, count: right.count)
        let z = outputVariances ?? Array(repeating: 1, count: output.count)
        precondition(
            x.count == left.count && y.count == right.count && z.count == output.count,
            "expected a variance for each of \(left.count), \(right.count) and \(output.count) blocks, got \(x.count), \(y.count) and \(z.count)"
        )
        for instruction in instructions {
            if let problem = Self.problem(with: instruction, left, right, output) { preconditionFailure(problem) }
        }

        let channels = instructions.map { Channels($0, left, right, output) }
        /// The variance that a path adds to its output with a coefficient of 1 and unit couplings.
        let sums = instructions.indices.map {
            x[instructions[$0].left] * y[instructions[$0].right] * Double(channels[$0].productsSummed)
        }
        var (couplings, firstWeight): ([[Int]: Wigner3j], Int) = ([:], 0)
        paths = instructions.indices.map { index in
            let instruction = instructions[index]
            let (a, b) = (left[instruction.left].irrep, right[instruction.right].irrep)
            let c = output[instruction.output].irrep
            let together = instructions.indices.filter { instructions[$0].output == instruction.output }
            let total =
                switch pathNormalization {
                case .element: together.reduce(0) { $0 + sums[$1] }
                case .path: sums[index] * Double(together.count)
                case .none: 1.0
                }
            let dimension =
                switch irrepNormalization {
                case .component: c.dimension
                case .norm: a.dimension * b.dimension
                case .none: 1
                }
            let squared = Double(dimension) * instruction.share * z[instruction.output]
            let degrees = [a.l, b.l, c.l]
            let coupling = couplings[degrees] ?? Wigner3j(a.l, b.l, c.l)
            couplings[degrees] = coupling
            let shape = instruction.hasWeights ? channels[index].weightShape : []
            let path = Path(
                instruction: instruction, coefficient: total > 0 ? (squared / total).squareRoot() : 0,
                coupling: coupling, weightShape: shape, firstWeight: firstWeight, pairs: channels[index].pairs,
                outputChannels: channels[index].outputs)
            firstWeight += path.weightCount
            return path
        }
    }

    public var weightCount: Int { paths.last.map(\.weights.upperBound) ?? 0 }
}

extension TensorProduct {
    /// What an initialiser would refuse of an instruction, for those who have it from elsewhere; `nil` if nothing.
    public static func problem(
        with instruction: Instruction, _ left: Irreps, _ right: Irreps, _ output: Irreps
    ) -> String? {
        guard left.indices.contains(instruction.left), right.indices.contains(instruction.right),
            output.indices.contains(instruction.output)
        else {
            return
                "expected blocks below \(left.count), \(right.count) and \(output.count), got \(instruction.left), \(instruction.right) and \(instruction.output)"
        }
        let (a, b, c) = (left[instruction.left], right[instruction.right], output[instruction.output])
        let mode = instruction.mode
        let (m, n) = (a.multiplicity, b.multiplicity)
        guard c.irrep.isProduct(of: a.irrep, b.irrep) else {
            return "expected an irrep of \(a.irrep) × \(b.irrep) in the output, got \(c.irrep)"
        }
        guard a.irrep.l + b.irrep.l + c.irrep.l <= 60 else {
            return "expected degrees with a sum of at most 60, got \(a.irrep), \(b.irrep) and \(c.irrep)"
        }
        guard instruction.hasWeights || !mode.mixes else { return "expected weights for the mode \(mode.rawValue)" }
        guard instruction.share >= 0, instruction.share.isFinite else {
            return "expected a share of at least 0, got \(instruction.share)"
        }
        guard m * n <= 1 << 24 else { return "expected at most 2²⁴ pairs of channels, got \(m) × \(n)" }
        switch mode {
        case .uuw, .uuu, .uvuLessV, .uLessVw:
            guard m == n else {
                return "expected equal multiplicities for the mode \(mode.rawValue), got \(m) and \(n)"
            }
        case .uvw, .uvu, .uvv, .uvuv: break
        }
        let expected: Int? =
            switch mode {
            case .uvw, .uuw, .uLessVw: nil
            case .uvu, .uuu: m
            case .uvv: n
            case .uvuv: m * n
            case .uvuLessV: m * (m - 1) / 2
            }
        if let expected, c.multiplicity != expected {
            return
                "expected \(expected) output channels of \(m) and \(n) by the mode \(mode.rawValue), got \(c.multiplicity)"
        }
        return nil
    }
}

/// Which channels an instruction brings together.
private struct Channels {
    var pairs: [(u: Int, v: Int)]
    var outputs: [Int] = []
    var weightShape: [Int]
    /// How many products of two numbers an output channel sums up.
    var productsSummed: Int

    init(_ instruction: TensorProduct.Instruction, _ left: Irreps, _ right: Irreps, _ output: Irreps) {
        let m = left[instruction.left].multiplicity
        let n = right[instruction.right].multiplicity
        let o = output[instruction.output].multiplicity
        let mode = instruction.mode
        let all = (0..<m).flatMap { u in (0..<n).map { (u: u, v: $0) } }
        let equal = (0..<min(m, n)).map { (u: $0, v: $0) }
        let upper = all.filter { $0.u < $0.v }
        switch mode {
        case .uvw:
            (pairs, weightShape, productsSummed) = (all, [m, n, o], m * n)
        case .uvu:
            (pairs, outputs, weightShape, productsSummed) = (all, all.map(\.u), [m, n], n)
        case .uvv:
            (pairs, outputs, weightShape, productsSummed) = (all, all.map(\.v), [m, n], m)
        case .uuw:
            (pairs, weightShape, productsSummed) = (equal, [m, o], m)
        case .uuu:
            (pairs, outputs, weightShape, productsSummed) = (equal, equal.map(\.u), [m], 1)
        case .uvuv:
            (pairs, outputs, weightShape, productsSummed) = (all, Array(all.indices), [m, n], 1)
        case .uvuLessV:
            (pairs, outputs, weightShape, productsSummed) = (upper, Array(upper.indices), [upper.count], 1)
        case .uLessVw:
            (pairs, weightShape, productsSummed) = (upper, [upper.count, o], upper.count)
        }
    }
}
