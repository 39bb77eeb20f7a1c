import Compute
import Programs

/// A convolution prepared for the kernels: positions of coupling matrices in the scratch memory of an edge group.
struct ConvolutionPlan<T: KernelScalar>: Sendable {
    /// `value₀ x₀ + value₁ x₁` of two components of a vector: a coefficient C[m₁ m₂ m₃] of real components is not zero
    /// only if
    /// |m₂| = |m₁| ± |m₃| and for one sign of m₂, so that two of its indices leave at most two choices of the third.
    /// Where there are fewer the values are zero.
    struct Pair: BitwiseCopyable, Sendable {
        private var offset0: Int32 = 0
        private var offset1: Int32 = 0
        private var value0: T = 0
        private var value1: T = 0

        /// Components lie `stride` scalars apart.
        /// - Precondition: at most two terms.
        init(_ terms: [(component: Int, value: Double)], stride: Int) {
            precondition(terms.count <= 2, "expected at most two terms, got \(terms)")
            if let first = terms.first { (offset0, value0) = (Int32(first.component * stride), T(first.value)) }
            if terms.count == 2 { (offset1, value1) = (Int32(terms[1].component * stride), T(terms[1].value)) }
        }

        @inline(__always)
        func sum(_ x: UnsafePointer<T>) -> T.Vector {
            ((x + Int(offset0)).vector * value0).adding(value1, times: (x + Int(offset1)).vector)
        }
    }

    /// Numbers only, so that handing one over costs no counting of references.
    struct Path: BitwiseCopyable, Sendable {
        var kind: Coupling.Kind
        var d2: Int
        var d3: Int
        /// Position of the harmonics of degree l₂ in a row of Y; that of degree 0 is not there.
        var firstHarmonic: Int
        /// The only coefficient of a path with l₁ = 0 or l₂ = 0.
        var factor: T
        /// First slot of the coupling matrix.
        var slot: Int
        /// First of the path's (2l₂ + 1)(2l₃ + 1) `contractions`.
        var firstContraction: Int
        /// Vectors of channels.
        var vectors: Int
        var inputOffset: Int
        var inputStride: Int
        var outputOffset: Int
        var outputStride: Int
        var weightOffset: Int
        /// Distance between rows of the table.
        var weightsStride: Int
    }

    let convolution: Convolution
    let paths: [Path]
    /// One for each path.
    let kernels: [CompiledPath<T>]
    /// `[slot]` — the coupling matrices of all couplings, `t[m₁, m₃] = Σ_{m₂} C[m₁ m₂ m₃] Y[m₂]`.
    let slots: [Pair]
    /// What contracts the features of all paths, `H[m₂, m₃] = Σ_{m₁} C[m₁ m₂ m₃] h[m₁]`.
    let contractions: [Pair]
    /// Scalars of the largest H of a path.
    let contractedSize: Int
    /// Multiply-adds of vectors for an edge, about.
    let work: Int
    let harmonics: Int
    let inputWidth: Int
    let outputWidth: Int
    let weightsWidth: Int

    init(_ convolution: Convolution) {
        self.convolution = convolution
        var slots: [Pair] = []
        var contractions: [Pair] = []
        var firstSlots: [Int] = []
        for coupling in convolution.couplings {
            firstSlots.append(slots.count)
            guard coupling.kind == .coupled else { continue }
            let bySlot = Dictionary(grouping: coupling.entries, by: \.slot)
            slots += (0..<coupling.slots).map { slot in
                Pair((bySlot[slot] ?? []).map { ($0.harmonic, $0.value) }, stride: T.lanes)
            }
        }
        paths = convolution.paths.map { path in
            let coupling = convolution.couplings[path.coupling]
            let (d2, d3, first) = (2 * coupling.l2 + 1, 2 * coupling.l3 + 1, coupling.l2 * coupling.l2 - 1)
            let firstContraction = contractions.count
            if coupling.kind == .coupled {
                let byTarget = Dictionary(grouping: coupling.entries) { ($0.harmonic - first) * d3 + $0.slot % d3 }
                contractions += (0..<d2 * d3).map { target in
                    Pair((byTarget[target] ?? []).map { ($0.slot / d3, $0.value) }, stride: path.input.stride)
                }
            }
            return Path(
                kind: coupling.kind, d2: d2, d3: d3, firstHarmonic: first, factor: T(coupling.factor),
                slot: firstSlots[path.coupling], firstContraction: firstContraction,
                vectors: path.input.stride / T.lanes,
                inputOffset: path.input.offset, inputStride: path.input.stride,
                outputOffset: path.output.offset, outputStride: path.output.stride,
                weightOffset: path.weightOffset, weightsStride: convolution.weights.width)
        }
        kernels = convolution.paths.map {
            CompiledPath(convolution.couplings[$0.coupling], vectors: $0.input.stride / T.lanes)
        }
        self.slots = slots
        self.contractions = contractions
        contractedSize = paths.map { $0.vectors * $0.d2 * $0.d3 * T.lanes }.max() ?? 0
        work = zip(paths, convolution.paths).reduce(0) { sum, path in
            sum + path.0.vectors * (4 + path.0.d3 * (1 + (path.0.kind == .coupled ? path.1.input.dimension : 1)))
        }
        harmonics = convolution.harmonicsWidth
        inputWidth = convolution.input.width
        outputWidth = convolution.output.width
        weightsWidth = convolution.weights.width
    }
}
