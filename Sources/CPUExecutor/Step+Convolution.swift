import Compute
import Programs

/// Convolutions and their partial derivatives over all atoms.
extension StepPreparation {
    func convolution(
        _ plan: ConvolutionPlan<T>, _ slots: [Convolution.Slot], _ terms: [ConvolutionOperands],
        _ instruction: Program.Instruction
    ) -> Step<T>.Body {
        needsScratch(ConvolutionKernels<T>.scratchSize(plan))
        let arguments = terms.map { term in
            // A slot that is not read stands as the result's own memory, or as what has its shape.
            func value(_ slot: Convolution.Slot) -> Program.Value {
                let position = slot == .basis ? term.basis ?? term.slope : term[slot]
                return position.map { instruction.operands[$0] } ?? instruction.results[0]
            }
            return Arguments(
                basis: value(.basis), slopes: term.slope.map { instruction.operands[$0] }, table: value(.table),
                harmonics: value(.harmonics), features: value(.features), output: value(.output),
                changesHarmonics: term.changesHarmonics, omitted: term.omitted)
        }
        func result(_ slot: Convolution.Slot) -> Program.Value? {
            slots.firstIndex(of: slot).map { instruction.results[$0] }
        }
        if slots == [.table], let table = result(.table) {
            let axis = program.shape(of: table).axis
            return { executor, graph in
                executor.tableGradient(plan, arguments, graph, size: graph.rows(axis) * plan.weightsWidth, table)
            }
        }
        if let output = result(.output) {
            return { executor, graph in
                let output = executor.pointer(output)
                executor.forAtoms(plan, graph, count: graph.atoms) { atoms, scratch, edges in
                    (output + atoms.lowerBound * plan.outputWidth)
                        .update(repeating: 0, count: atoms.count * plan.outputWidth)
                    for term in arguments {
                        ConvolutionKernels.forward(
                            plan, term.term(executor), edges, atoms: atoms, output: output, scratch: scratch)
                    }
                }
            }
        }
        let (features, distances, harmonics) = (result(.features), result(.basis), result(.harmonics))
        let isFeaturesOnly = distances == nil && harmonics == nil
        // The first term that a result of edges has begins its rows.
        let first = (
            distances: terms.firstIndex { $0.omitted != .basis },
            harmonics: terms.firstIndex { $0.omitted != .harmonics }
        )
        precondition(
            (distances == nil || first.distances == 0) && (harmonics == nil || first.harmonics == 0),
            "expected the first term to take part in the results of edges")
        return { executor, graph in
            let features = features.map { executor.pointer($0) }
            let (distances, harmonics) = (
                distances.map { executor.pointer($0) }, harmonics.map { executor.pointer($0) }
            )
            executor.forAtoms(plan, graph, count: graph.sources) { atoms, scratch, edges in
                if let features {
                    (features + atoms.lowerBound * plan.inputWidth)
                        .update(repeating: 0, count: atoms.count * plan.inputWidth)
                }
                for (index, term) in arguments.enumerated() {
                    if isFeaturesOnly, let features {
                        ConvolutionKernels.features(
                            plan, term.term(executor), edges, atoms: atoms, features: features, scratch: scratch)
                    } else {
                        ConvolutionKernels.backward(
                            plan, term.term(executor), edges, atoms: atoms, isFirst: index == 0,
                            features: term.omitted == .features ? nil : features,
                            distances: term.omitted == .basis ? nil : distances,
                            harmonics: term.omitted == .harmonics ? nil : harmonics, scratch: scratch)
                    }
                }
            }
        }
    }

    /// The values that one term of a convolution reads.
    struct Arguments {
        var basis: Program.Value
        var slopes: Program.Value?
        var table: Program.Value
        var harmonics: Program.Value
        var features: Program.Value
        var output: Program.Value
        var changesHarmonics: Bool
        var omitted: Convolution.Slot?

        @inline(__always)
        func term(_ executor: ProcessorExecutor<T>) -> ConvolutionTerm<T> {
            ConvolutionTerm(
                basis: executor.pointer(basis), slopes: slopes.map { UnsafePointer(executor.pointer($0)) },
                table: executor.pointer(table), harmonics: executor.pointer(harmonics),
                features: executor.pointer(features), output: executor.pointer(output),
                changesHarmonics: changesHarmonics)
        }
    }
}

extension ProcessorExecutor {
    /// Calls `body` on ranges of `count` atoms with scratch memory and the edges.
    fileprivate func forAtoms(
        _ plan: ConvolutionPlan<T>, _ graph: Graph, count: Int,
        _ body: (Range<Int>, UnsafeMutablePointer<T>, ConvolutionEdges) -> Void
    ) {
        let edges = convolutionEdges(graph)
        let work = graph.edges * plan.work
        let isSmall = work < Self.serialWork / 2
        // At most 16 atoms, fewer where they are so much work that threads would wait for the last of them.
        let length = max(1, min(16, Self.serialWork * count / max(1, work)))
        (isSmall ? .serial : parallelism).split(count, by: length) { atoms, worker in
            body(atoms, scratch[worker].pointer, edges)
        }
    }

    private func convolutionEdges(_ graph: Graph) -> ConvolutionEdges {
        ConvolutionEdges(
            receivers: graph.receivers, sources: graph.sourceOfEdge, offsets: graph.offsets,
            transposed: graph.transposed,
            transposedOffsets: graph.transposedOffsets, knots: UnsafePointer(knots.pointer))
    }

    /// `∂Q/∂R` in a fixed number of partial sums, whatever the number of threads.
    fileprivate func tableGradient(
        _ plan: ConvolutionPlan<T>, _ terms: [StepPreparation<T>.Arguments], _ graph: Graph, size: Int,
        _ table: Program.Value
    ) {
        let edges = convolutionEdges(graph)
        let atoms = graph.atoms
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
                    plan, term.term(self), edges, atoms: range, gradient: sums, scratch: scratch[worker].pointer)
            }
        }
        let (sums, result) = (partials.pointer, pointer(table))
        forVectors(size) { range in
            for k in range {
                var sum = (sums + k * T.lanes).vector
                for chunk in 1..<chunks { sum += (sums + chunk * padded + k * T.lanes).vector }
                (result + k * T.lanes).vector = sum
            }
        }
    }
}
