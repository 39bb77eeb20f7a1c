import Compute
import Programs

/// Functions of edges, and what adds up over edges.
extension StepPreparation {
    func edgeFunction(
        _ function: EdgeFunction, _ part: EdgeFunction.Part, _ operands: [Program.Value], _ result: Program.Value
    ) -> Step<T>.Body {
        let (input, direction) = (operands.dropFirst().first, operands.dropFirst(2).first)
        switch function {
        case .harmonics(let lMax):
            let harmonics = sphericalHarmonics(lMax)
            needsScratch(EdgeKernels<T>.scratchSize(function, part))
            return { executor, graph in
                let (input, output) = (input.map { UnsafePointer(executor.pointer($0)) }, executor.pointer(result))
                let direction = direction.map { UnsafePointer(executor.pointer($0)) }
                executor.forRows(graph.edges, work: 100) { range, worker in
                    EdgeKernels.harmonics(
                        harmonics, part, graph, range: range, input: input, direction: direction,
                        output: output, scratch: executor.scratch[worker].pointer)
                }
            }
        case .distance:
            return { executor, graph in
                guard executor.isStored(result) else { return }
                let (input, output) = (input.map { UnsafePointer(executor.pointer($0)) }, executor.pointer(result))
                let direction = direction.map { UnsafePointer(executor.pointer($0)) }
                executor.forRows(graph.edges, work: 20) { range, _ in
                    EdgeKernels.distance(
                        part, graph, range: range, input: input, direction: direction, output: output)
                }
            }
        case .bessel(let coordinate, let basis):
            return { executor, graph in
                let (input, output) = (input.map { UnsafePointer(executor.pointer($0)) }, executor.pointer(result))
                let direction = direction.map { UnsafePointer(executor.pointer($0)) }
                executor.forRows(graph.edges, work: 100) { range, _ in
                    EdgeKernels.bessel(
                        coordinate, basis, part, graph, range: range, input: input, direction: direction,
                        output: output)
                }
            }
        }
    }

    func radialBasis(
        _ basis: RadialBasis, _ part: RadialBasis.Part, _ operands: [Program.Value], _ result: Program.Value
    ) -> Step<T>.Body {
        let input = operands.count > 1 ? operands[1] : nil
        switch basis {
        case .spline(let coordinate, let intervals):
            return { executor, graph in
                let (input, output) = (input.map { UnsafePointer(executor.pointer($0)) }, executor.pointer(result))
                let knots = executor.knots.pointer
                executor.forRows(graph.edges, work: 50) { range, _ in
                    EdgeKernels.spline(
                        coordinate, intervals: intervals, part, graph, range: range, input: input, output: output,
                        knots: knots)
                }
            }
        case .ownRow:
            return { executor, graph in
                let (output, knots) = (executor.pointer(result), executor.knots.pointer)
                for edge in 0..<graph.edges {
                    for q in 0..<4 { output[4 * edge + q] = q == 0 ? 1 : 0 }
                    knots[edge] = Int32(edge)
                }
            }
        }
    }
}

extension ProcessorExecutor {
    /// Sums over fixed chunks of atoms in double precision, added in order.
    func virial(_ gradient: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, _ graph: Graph) {
        let size = 9 * graph.structures
        let length = graph.structures > 1 ? max(graph.atoms, 1) : 512
        let chunks = max(1, (graph.atoms + length - 1) / length)
        if virialSums.count < chunks * size { virialSums = Array(repeating: 0, count: chunks * size) }
        virialSums.withUnsafeMutableBufferPointer { sums in
            sums.update(repeating: 0)
            nonisolated(unsafe) let sums = sums.baseAddress!
            parallelism.split(graph.atoms, by: length) { atoms, _ in
                GeometryKernels.virial(
                    graph, gradient, atoms: atoms, sums: sums + atoms.lowerBound / length * size)
            }
            for k in 0..<size {
                output[k] = T((0..<chunks).reduce(0.0) { $0 + sums[$1 * size + k] })
            }
        }
    }
}
