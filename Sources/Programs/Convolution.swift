/// The equivariant convolution of NequIP (Batzner et al. 2022, eq. 9) as a multilinear form.
///
/// For receiver i, path p = (l₁, l₂ → l₃) and channel c, summed over the edges e: j → i,
///
///     out_i[p, m₃, c] = Σ_e (Σ_q B_e[q] R[k_e + q, p c]) Σ_{m₁ m₂} C_p[m₁ m₂ m₃] Y_e[m₂] h_j[m₁, c]
///
/// with four spline values B per edge, a table R of radial weights on knots, harmonics Y (that of degree 0 is 1) and
/// features h. With a cotangent G of `out` the scalar Q = Σ G·out is linear in each of its five arguments, and every
/// kernel that inference or training needs is a partial derivative of Q with respect to one of them. B is a function
/// of one number per edge, so derivatives by B are taken along its slope: `Σ_q ∂Q/∂B_e[q] B′_e[q]`.
public struct Convolution: Hashable, Sendable {
    /// The arguments of Q.
    public enum Slot: Int, Hashable, Sendable, CaseIterable {
        case basis, table, harmonics, features, output
    }

    /// One path: which input block meets which harmonics, and where the result goes.
    public struct Path: Hashable, Sendable {
        public var coupling: Int
        public var input: Layout.Block
        public var output: OutputPlace
        /// Position of the path's first channel in a row of R.
        public var weightOffset: Int
    }

    /// A path's channels within a block of merged output irreps.
    public struct OutputPlace: Hashable, Sendable {
        public var offset: Int
        public var stride: Int
    }

    public let lMax: Int
    public let input: Layout
    public let output: Layout
    public let weights: Layout
    public let couplings: [Coupling]
    public let paths: [Path]

    /// The highest degree that every executor carries out.
    public static let largestDegree = 4

    public var harmonicsWidth: Int { (lMax + 1) * (lMax + 1) - 1 }

    /// A path as the model names it; see `init`.
    public struct PathDescription {
        public var inputBlock: Int
        public var lHarmonic: Int
        public var lOutput: Int
        /// Which output block the path's channels join.
        public var outputGroup: Int

        public init(inputBlock: Int, lHarmonic: Int, lOutput: Int, outputGroup: Int) {
            self.inputBlock = inputBlock
            self.lHarmonic = lHarmonic
            self.lOutput = lOutput
            self.outputGroup = outputGroup
        }
    }

    /// Paths in the order of their weights; those with the same `outputGroup` are merged, in order, into one block.
    public init(lMax: Int, input: Layout, paths descriptions: [PathDescription]) {
        let highest = descriptions.reduce(lMax) { max($0, input.blocks[$1.inputBlock].l, $1.lOutput) }
        precondition(
            highest <= Self.largestDegree, "expected degrees up to \(Self.largestDegree), got \(highest)")
        self.lMax = lMax
        self.input = input
        var couplings: [Coupling] = []
        let groups = (descriptions.map(\.outputGroup).max() ?? -1) + 1
        var merged = [(l: Int, multiplicity: Int)](repeating: (0, 0), count: groups)
        var places: [Int] = []
        for path in descriptions {
            let stride = input.blocks[path.inputBlock].stride
            places.append(merged[path.outputGroup].multiplicity)
            merged[path.outputGroup] = (path.lOutput, merged[path.outputGroup].multiplicity + stride)
        }
        let output = Layout.features(merged)
        var weightOffset = 0
        paths = zip(descriptions, places).map { path, place in
            let block = input.blocks[path.inputBlock]
            let coupling = Coupling(l1: block.l, l2: path.lHarmonic, l3: path.lOutput)
            let index = couplings.firstIndex(of: coupling) ?? couplings.endIndex
            if index == couplings.endIndex { couplings.append(coupling) }
            defer { weightOffset += block.stride }
            let group = output.blocks[path.outputGroup]
            return Path(
                coupling: index, input: block,
                output: OutputPlace(offset: group.offset + place, stride: group.stride),
                weightOffset: weightOffset)
        }
        self.couplings = couplings
        self.output = output
        weights = .plain(weightOffset)
    }

    /// The layout of a row of the partial derivative with respect to the argument in `slot`.
    func gradientLayout(_ slot: Slot) -> Layout {
        switch slot {
        case .basis: .plain(1)
        case .table: weights
        case .harmonics: .plain(harmonicsWidth)
        case .features: input
        case .output: output
        }
    }
}
