/// One way in which features and harmonics combine in a convolution: input block ⊗ Y_l₂ → one output irrep.
///
/// Mode `uvu`: every channel of the input block has its own radial weight and gives one channel of the output.
public struct TensorProductPath: Sendable, Hashable {
    /// Index of the block in the input irreps.
    public let inputBlock: Int
    public let lInput: Int
    public let lHarmonic: Int
    public let output: Irrep
    /// Channels, those of the input block.
    public let multiplicity: Int
    /// The first of the path's `multiplicity` columns of radial weights; columns follow the order of the paths.
    public let firstWeight: Int

    public var lOutput: Int { output.l }
    public var weights: Range<Int> { firstWeight..<firstWeight + multiplicity }
}

/// The paths of a NequIP convolution, in the order in which NequIP enumerates them and stores their weights: by input
/// block, then degree of the harmonic 0 … `lMax`, then degree of the output |l₁ − l₂| … l₁ + l₂.
///
/// A path is kept if its output irrep is wanted and its input has channels. `vectorParity` is the parity of the edge
/// vector: odd, or even where a model ignores inversion (SevenNet), in which case the harmonics of all degrees are
/// even.
public func tensorProductPaths(
    input: Irreps, lMax: Int, output: Set<Irrep>, vectorParity: Parity = .odd
) -> [TensorProductPath] {
    let harmonics = Irreps.sphericalHarmonics(lMax: lMax, parity: vectorParity)
    var paths: [TensorProductPath] = []
    var firstWeight = 0
    for (index, block) in input.enumerated() where block.multiplicity > 0 {
        for harmonic in harmonics {
            for irrep in block.irrep * harmonic.irrep where output.contains(irrep) {
                paths.append(
                    TensorProductPath(
                        inputBlock: index, lInput: block.irrep.l, lHarmonic: harmonic.irrep.l, output: irrep,
                        multiplicity: block.multiplicity, firstWeight: firstWeight))
                firstWeight += block.multiplicity
            }
        }
    }
    return paths
}

/// Where the outputs of paths stand in the result of a convolution: sorted by irrep in torch-e3nn's order, paths of the
/// same irrep in the order of enumeration, their channels joined to one block.
public struct TensorProductOutput: Sendable, Hashable {
    public struct Place: Sendable, Hashable {
        /// Index of the block in `irreps`.
        public let block: Int
        /// The path's first channel in that block.
        public let firstChannel: Int
    }

    public let irreps: Irreps
    /// `[path]`
    public let places: [Place]

    public init(of paths: [TensorProductPath]) {
        let irreps = Irreps(paths.map { .init($0.multiplicity, $0.output) }).sorted.simplified
        var used = Array(repeating: 0, count: irreps.count)
        places = paths.map { path in
            let block = irreps.firstIndex { $0.irrep == path.output }!
            defer { used[block] += path.multiplicity }
            return Place(block: block, firstChannel: used[block])
        }
        self.irreps = irreps
    }
}
