import Compute

/// The arguments of Q (see `Convolution`) as rows in memory. A kernel does not read the argument it differentiates by.
struct ConvolutionTerm<T: KernelScalar> {
    /// `[edge][4]`
    var basis: UnsafePointer<T>
    /// `[knot][path channel]`
    var table: UnsafePointer<T>
    /// `[edge][m₂]`
    var harmonics: UnsafePointer<T>
    /// `[atom][m₁][channel]`, read at the source of an edge
    var features: UnsafePointer<T>
    /// `[atom][m₃][path channel]`, read at the receiver of an edge
    var output: UnsafePointer<T>
}

/// The edges that a convolution runs over, by receiver and by source.
struct ConvolutionEdges {
    var receivers: UnsafePointer<Int32>
    var sources: UnsafePointer<Int32>
    var offsets: UnsafePointer<Int32>
    var transposed: UnsafePointer<Int32>
    var transposedOffsets: UnsafePointer<Int32>
    /// First of the four knots that an edge's radial weights are made of.
    var knots: UnsafePointer<Int32>
}

/// A convolution prepared for the kernels: positions of coupling matrices in the scratch memory of an edge group.
struct ConvolutionPlan<T: KernelScalar>: Sendable {
    struct Entry: Sendable {
        var slot: Int
        var harmonic: Int
        var value: T
    }
    struct Path: Sendable {
        var d1: Int
        var d3: Int
        var isDiagonal: Bool
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
        var couplings: [(firstEntry: Int, endEntry: Int, slot: Int)] = []
        var slots = 0
        var emptySlots: [Int] = []
        for coupling in convolution.couplings {
            let used = Set(coupling.entries.map(\.slot))
            emptySlots += (0..<coupling.slots).filter { !used.contains($0) }.map { slots + $0 }
            couplings.append((entries.count, entries.count + coupling.entries.count, slots))
            entries += coupling.entries.map { Entry(slot: $0.slot, harmonic: $0.harmonic, value: T($0.value)) }
            slots += coupling.slots
        }
        paths = convolution.paths.map { path in
            let coupling = convolution.couplings[path.coupling]
            let place = couplings[path.coupling]
            return Path(
                d1: 2 * coupling.l1 + 1, d3: 2 * coupling.l3 + 1, isDiagonal: coupling.isDiagonal,
                slot: place.slot, firstEntry: place.firstEntry, endEntry: place.endEntry,
                vectors: path.input.stride / T.lanes,
                inputOffset: path.input.offset, inputStride: path.input.stride,
                outputOffset: path.output.offset, outputStride: path.output.stride,
                weightOffset: path.weightOffset, weightsStride: convolution.weights.width,
                kernel: CompiledPath(
                    d1: 2 * coupling.l1 + 1, d3: 2 * coupling.l3 + 1, isDiagonal: coupling.isDiagonal))
        }
        self.entries = entries
        self.couplings = couplings
        self.slots = slots
        self.emptySlots = emptySlots
        harmonics = convolution.harmonicsWidth
        inputWidth = convolution.input.width
        outputWidth = convolution.output.width
        weightsWidth = convolution.weights.width
    }
}
