import Compute

/// Convolutions and their partial derivatives over all atoms.
extension Executor {
    func convolve(
        _ plan: ConvolutionPlan<T>, _ slots: [Convolution.Slot], _ terms: [ConvolutionOperands],
        _ instruction: Program.Instruction, _ graph: Graph
    ) {
        let edges = ConvolutionEdges(
            receivers: graph.receivers, sources: graph.sources, offsets: graph.offsets, transposed: graph.transposed,
            transposedOffsets: graph.transposedOffsets, knots: UnsafePointer(knots.pointer))
        // A slot that is not read stands as the result's own memory.
        let unread = UnsafePointer(pointer(instruction.results[0]))
        let arguments = terms.map { term in
            func argument(_ slot: Convolution.Slot) -> UnsafePointer<T> {
                term[slot].map { UnsafePointer(pointer(instruction.operands[$0])) } ?? unread
            }
            let slopes = term.slope.map { UnsafePointer(pointer(instruction.operands[$0])) }
            return ConvolutionTerm(
                basis: term.basis == nil ? slopes ?? unread : argument(.basis), slopes: slopes,
                table: argument(.table), harmonics: argument(.harmonics),
                features: argument(.features), output: argument(.output), changesHarmonics: term.changesHarmonics)
        }
        func result(_ slot: Convolution.Slot) -> UnsafeMutablePointer<T>? {
            slots.firstIndex(of: slot).map { pointer(instruction.results[$0]) }
        }
        if slots == [.table] {
            let width = plan.weightsWidth
            let rows = graph.rows(program.shape(of: instruction.results[0]).axis)
            tableGradient(plan, arguments, edges, atoms: graph.atoms, size: rows * width, result(.table)!)
            return
        }
        let isSmall = graph.edges * plan.slots.count < 4_000
        (isSmall ? .serial : parallelism).split(graph.atoms, by: 16) { atoms, worker in
            let scratch = scratch[worker].pointer
            if let output = result(.output) {
                (output + atoms.lowerBound * plan.outputWidth)
                    .update(repeating: 0, count: atoms.count * plan.outputWidth)
                for term in arguments {
                    ConvolutionKernels.forward(plan, term, edges, atoms: atoms, output: output, scratch: scratch)
                }
                return
            }
            let (features, distances, harmonics) = (result(.features), result(.basis), result(.harmonics))
            if let features {
                (features + atoms.lowerBound * plan.inputWidth)
                    .update(repeating: 0, count: atoms.count * plan.inputWidth)
            }
            if let features, distances == nil, harmonics == nil {
                for term in arguments {
                    ConvolutionKernels.features(
                        plan, term, edges, atoms: atoms, features: features, scratch: scratch)
                }
                return
            }
            for (index, term) in arguments.enumerated() {
                ConvolutionKernels.backward(
                    plan, term, edges, atoms: atoms, isFirst: index == 0, features: features, distances: distances,
                    harmonics: harmonics, scratch: scratch)
            }
        }
    }

    /// `∂Q/∂R` in a fixed number of partial sums, whatever the number of threads.
    private func tableGradient(
        _ plan: ConvolutionPlan<T>, _ terms: [ConvolutionTerm<T>], _ edges: ConvolutionEdges, atoms: Int, size: Int,
        _ result: UnsafeMutablePointer<T>
    ) {
        let chunks = min(16, max(2, atoms / 64))
        let padded = Layout.padded(size)
        partials.reserve(chunks * padded)
        let length = (atoms + chunks - 1) / chunks
        parallelism.forEach(chunks: chunks) { chunk, worker in
            let sums = partials.pointer + chunk * padded
            sums.update(repeating: 0, count: padded)
            let range = min(atoms, chunk * length)..<min(atoms, (chunk + 1) * length)
            for term in terms {
                ConvolutionKernels.table(
                    plan, term, edges, atoms: range, gradient: sums, scratch: scratch[worker].pointer)
            }
        }
        let sums = partials.pointer
        forVectors(size) { range in
            for k in range {
                var sum = (sums + k * T.lanes).vector
                for chunk in 1..<chunks { sum += (sums + chunk * padded + k * T.lanes).vector }
                (result + k * T.lanes).vector = sum
            }
        }
    }
}
