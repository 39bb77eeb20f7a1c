import Compute

/// A convolution prepared for the kernels: positions of coupling matrices in the scratch memory of an edge group.
struct ConvolutionPlan<T: KernelScalar>: Sendable {
    struct Entry: Sendable {
        var slot: Int
        var harmonic: Int
        var value: T
    }
    /// The same coefficient where features are contracted with C: to `m₂ (2l₃ + 1) + m₃` from component `m₁`.
    struct Contraction: Sendable {
        var target: Int
        var m1: Int
        var value: T
    }
    struct Path: Sendable {
        var kind: Coupling.Kind
        var d2: Int
        var d3: Int
        /// Position of the harmonics of degree l₂ in a row of Y.
        var firstHarmonic: Int
        /// The only coefficient of a path with l₁ = 0 or l₂ = 0.
        var factor: T
        /// First slot of the coupling matrix.
        var slot: Int
        var firstEntry: Int
        var endEntry: Int
        /// Vectors of channels.
        var vectors: Int
        var inputOffset: Int
        var inputStride: Int
        var outputOffset: Int
        var outputStride: Int
        var weightOffset: Int
        /// Distance between rows of the table.
        var weightsStride: Int
        var kernel: CompiledPath<T>
    }

    let convolution: Convolution
    let paths: [Path]
    /// All couplings' entries; an entry's `slot` counts from the coupling's first.
    let entries: [Entry]
    /// As many as `entries`.
    let contractions: [Contraction]
    let couplings: [(firstEntry: Int, endEntry: Int, slot: Int)]
    let slots: Int
    /// Pairs (m₁, m₃) that no harmonic couples; their elements are zero.
    let emptySlots: [Int]
    let harmonics: Int
    let inputWidth: Int
    let outputWidth: Int
    let weightsWidth: Int

    init(_ convolution: Convolution) {
        self.convolution = convolution
        var entries: [Entry] = []
        var contractions: [Contraction] = []
        var couplings: [(firstEntry: Int, endEntry: Int, slot: Int)] = []
        var slots = 0
        var emptySlots: [Int] = []
        for coupling in convolution.couplings {
            let used = Set(coupling.entries.map(\.slot))
            emptySlots += (0..<coupling.slots).filter { !used.contains($0) }.map { slots + $0 }
            couplings.append((entries.count, entries.count + coupling.entries.count, slots))
            entries += coupling.entries.map { Entry(slot: $0.slot, harmonic: $0.harmonic, value: T($0.value)) }
            let (d3, first) = (2 * coupling.l3 + 1, coupling.l2 * coupling.l2)
            contractions += coupling.entries.map {
                Contraction(
                    target: ($0.harmonic - first) * d3 + $0.slot % d3, m1: $0.slot / d3, value: T($0.value))
            }
            slots += coupling.slots
        }
        paths = convolution.paths.map { path in
            let coupling = convolution.couplings[path.coupling]
            let place = couplings[path.coupling]
            return Path(
                kind: coupling.kind, d2: 2 * coupling.l2 + 1, d3: 2 * coupling.l3 + 1,
                firstHarmonic: coupling.l2 * coupling.l2, factor: T(coupling.entries[0].value), slot: place.slot,
                firstEntry: place.firstEntry, endEntry: place.endEntry,
                vectors: path.input.stride / T.lanes,
                inputOffset: path.input.offset, inputStride: path.input.stride,
                outputOffset: path.output.offset, outputStride: path.output.stride,
                weightOffset: path.weightOffset, weightsStride: convolution.weights.width,
                kernel: CompiledPath(coupling))
        }
        self.entries = entries
        self.contractions = contractions
        self.couplings = couplings
        self.slots = slots
        self.emptySlots = emptySlots
        harmonics = convolution.harmonicsWidth
        inputWidth = convolution.input.width
        outputWidth = convolution.output.width
        weightsWidth = convolution.weights.width
    }
}
