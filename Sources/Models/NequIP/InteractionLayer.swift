import Equivariance
import Programs

/// The irreps and paths of one interaction layer, and where its pieces lie in rows of a program.
///
/// Follows NequIP: an irrep is kept when a path reaches it from the layer's input; scalars pass the gate by
/// themselves, every irrep of higher degree with one gate scalar per channel; the last layer keeps invariant scalars.
struct InteractionLayer: Sendable {
    /// In NequIP's order, even first: 0e, 0o, 1e, 1o, …
    let input: Irreps
    let scalars: Irreps
    let gated: Irreps
    let paths: [TensorProductPath]
    /// Sorted and merged as e3nn does.
    let convolved: TensorProductOutput
    let convolution: Convolution

    let inputLayout: Layout
    /// Scalars, odd ones first, then the gates of each gated block, then the gated blocks.
    let gateLayout: Layout

    var output: Irreps { scalars + gated }
    /// Blocks of the gate row that go through an activation.
    var activatedBlocks: Range<Int> { 0..<scalars.count + gated.count }
    var gateBlocks: Range<Int> { scalars.count..<scalars.count + gated.count }
    var gatedBlocks: Range<Int> { scalars.count + gated.count..<scalars.count + 2 * gated.count }

    init(input: Irreps, hidden: Irreps, lMax: Int, vectorParity: Parity = .odd) {
        self.input = input
        let harmonics = Irreps.sphericalHarmonics(lMax: lMax, parity: vectorParity)
        let reachable = Set(input.flatMap { block in harmonics.flatMap { block.irrep * $0.irrep } })
        let kept = hidden.filter { reachable.contains($0.irrep) }
        scalars = Irreps(kept.filter { $0.irrep.l == 0 })
        gated = Irreps(kept.filter { $0.irrep.l > 0 })
        var targets = Set(kept.map(\.irrep))
        if !gated.isEmpty { targets.insert(.scalar) }
        paths = tensorProductPaths(input: input, lMax: lMax, output: targets, vectorParity: vectorParity)
        let convolved = TensorProductOutput(of: paths)
        self.convolved = convolved
        inputLayout = Self.layout(input)
        let scalarsInOrder = Self.inRowOrder(scalars)
        gateLayout = .features(
            scalarsInOrder.map { (0, $0.multiplicity) } + gated.map { (0, $0.multiplicity) }
                + gated.map { ($0.irrep.l, $0.multiplicity) })
        convolution = Convolution(
            lMax: lMax, input: inputLayout,
            paths: zip(paths, convolved.places).map { path, place in
                .init(
                    inputBlock: Self.block(of: input[path.inputBlock].irrep, in: input),
                    lHarmonic: path.lHarmonic, lOutput: path.lOutput, outputGroup: place.block)
            })
    }

    // MARK: Rows of features

    /// Blocks in the order of a row: as NequIP's, but odd scalars before even ones, which then touch their gates.
    static func inRowOrder(_ irreps: Irreps) -> [Irreps.Block] {
        let odd = irreps.filter { $0.irrep.l == 0 && $0.irrep.parity == .odd }
        return odd + irreps.filter { !($0.irrep.l == 0 && $0.irrep.parity == .odd) }
    }

    /// A row of features with these irreps.
    static func layout(_ irreps: Irreps) -> Layout {
        .features(inRowOrder(irreps).map { ($0.irrep.l, $0.multiplicity) })
    }

    /// The position of an irrep in a row of features; every irrep stands in one block.
    static func block(of irrep: Irrep, in irreps: Irreps) -> Int {
        inRowOrder(irreps).firstIndex { $0.irrep == irrep }!
    }

    // MARK: The gate

    /// The blocks of a gate row that stand for one irrep of e3nn's sorted and merged gate input: for 0e the even
    /// scalars and then all gates.
    struct GateTarget {
        var irrep: Irrep
        /// In `gateLayout`.
        var blocks: Range<Int>
        /// Channels, without padding.
        var multiplicity: Int
    }

    /// In e3nn's order: 0o, 0e, 1o, 1e, …
    var gateTargets: [GateTarget] {
        let scalarsInOrder = Self.inRowOrder(scalars)
        var targets: [GateTarget] = []
        let odd = scalarsInOrder.prefix { $0.irrep.parity == .odd }
        for (index, block) in odd.enumerated() {
            targets.append(
                GateTarget(irrep: block.irrep, blocks: index..<index + 1, multiplicity: block.multiplicity))
        }
        let even = odd.count..<gateBlocks.upperBound
        if !even.isEmpty {
            let channels = scalarsInOrder.dropFirst(odd.count).map(\.multiplicity) + gated.map(\.multiplicity)
            targets.append(GateTarget(irrep: .scalar, blocks: even, multiplicity: channels.reduce(0, +)))
        }
        for (index, block) in gated.enumerated() {
            let place = gatedBlocks.lowerBound + index
            targets.append(
                GateTarget(irrep: block.irrep, blocks: place..<place + 1, multiplicity: block.multiplicity))
        }
        return targets.sorted { $0.irrep < $1.irrep }
    }

    /// e3nn's activations of the scalars and gates, in row order.
    var activations: [Activation] {
        Self.inRowOrder(scalars).map {
            $0.irrep.parity == .odd
                ? Activation(.tanh, factor: SecondMoment.tanh) : Activation(.silu, factor: SecondMoment.silu)
        } + gated.map { _ in Activation(.silu, factor: SecondMoment.silu) }
    }
}
