import Compute

/// Functions of edges, and what adds up over edges.
extension Executor {
    func edgeFunction(
        _ function: EdgeFunction, _ part: EdgeFunction.Part, _ input: UnsafePointer<T>?,
        _ output: UnsafeMutablePointer<T>, _ graph: Graph
    ) {
        let (harmonics, scratch) = (harmonics, scratch)
        forRows(graph.edges, work: 100) { range, worker in
            switch function {
            case .harmonics(let lMax):
                EdgeKernels.harmonics(
                    harmonics[lMax]!, part, graph, range: range, input: input, output: output,
                    scratch: scratch[worker].pointer)
            case .distance: EdgeKernels.distance(part, graph, range: range, input: input, output: output)
            case .bessel(let coordinate, let basis):
                EdgeKernels.bessel(coordinate, basis, part, graph, range: range, input: input, output: output)
            }
        }
    }

    func radialBasis(
        _ basis: RadialBasis, _ part: RadialBasis.Part, _ input: UnsafePointer<T>?, _ output: UnsafeMutablePointer<T>,
        _ graph: Graph
    ) {
        let knots = knots.pointer
        forRows(graph.edges, work: 50) { range, _ in
            switch basis {
            case .spline(let coordinate, let intervals):
                EdgeKernels.spline(
                    coordinate, intervals: intervals, part, graph, range: range, input: input, output: output,
                    knots: knots)
            case .ownRow:
                for edge in range {
                    for q in 0..<4 { output[4 * edge + q] = q == 0 ? 1 : 0 }
                    knots[edge] = Int32(edge)
                }
            }
        }
    }

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
