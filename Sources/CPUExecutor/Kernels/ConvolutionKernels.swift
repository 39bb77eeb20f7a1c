import Compute
import Programs

/// The passes of a convolution over the edges of some atoms.
///
/// Every pass adds to what the output rows hold, so that the terms of a sum of convolutions follow each other.
enum ConvolutionKernels<T: KernelScalar> {
    /// Scalars of scratch memory that one worker needs.
    static func scratchSize(_ plan: ConvolutionPlan<T>) -> Int {
        EdgeGroup<T>.scratchSize(plan) + plan.contractedSize + gradientsSize(plan) * (T.lanes + 1)
    }

    /// Components of all edges of a group in `PathGradients`.
    private static func gradientsSize(_ plan: ConvolutionPlan<T>) -> Int {
        T.padded((1 + plan.harmonics) * EdgeGroup<T>.capacity)
    }

    /// `∂Q/∂G`, the convolution itself, for the receivers in `atoms`.
    static func forward(
        _ plan: ConvolutionPlan<T>, _ term: ConvolutionTerm<T>, _ edges: ConvolutionEdges, atoms: Range<Int>,
        output: UnsafeMutablePointer<T>, scratch: UnsafeMutablePointer<T>
    ) {
        var group = EdgeGroup<T>(plan, scratch: scratch)
        for atom in atoms {
            let row = output + atom * plan.outputWidth
            forGroups(into: atom, &group, plan, term, edges) { group in
                for (path, kernel) in zip(plan.paths, plan.kernels) where term.takesPart(path) {
                    kernel.forward(group, path, term.table, term.features, row)
                }
            }
        }
    }

    /// `∂Q/∂h` of the sources in `atoms`.
    static func features(
        _ plan: ConvolutionPlan<T>, _ term: ConvolutionTerm<T>, _ edges: ConvolutionEdges, atoms: Range<Int>,
        features: UnsafeMutablePointer<T>, scratch: UnsafeMutablePointer<T>
    ) {
        var group = EdgeGroup<T>(plan, scratch: scratch)
        for atom in atoms {
            let row = features + atom * plan.inputWidth
            forGroups(from: atom, &group, plan, term, edges) { group in
                for (path, kernel) in zip(plan.paths, plan.kernels) where term.takesPart(path) {
                    kernel.features(group, path, term.table, term.output, row)
                }
            }
        }
    }

    /// `∂Q/∂h` of the sources in `atoms`, and `∂Q/∂d`, `∂Q/∂Y` of the edges that leave them, those that are asked for.
    /// The rows of edges are replaced by the first term of a sum.
    static func backward(
        _ plan: ConvolutionPlan<T>, _ term: ConvolutionTerm<T>, _ edges: ConvolutionEdges, atoms: Range<Int>,
        isFirst: Bool, features: UnsafeMutablePointer<T>?, distances: UnsafeMutablePointer<T>?,
        harmonics: UnsafeMutablePointer<T>?, scratch: UnsafeMutablePointer<T>
    ) {
        var group = EdgeGroup<T>(plan, scratch: scratch)
        let contracted = scratch + EdgeGroup<T>.scratchSize(plan)
        let components = 1 + plan.harmonics
        let size = gradientsSize(plan)
        let vectors = UnsafeMutableRawPointer(contracted + plan.contractedSize)
            .bindMemory(to: T.Vector.self, capacity: size)
        let sums = UnsafeMutableRawPointer(vectors + size).bindMemory(to: T.self, capacity: size)
        for atom in atoms {
            let source = SourceFeatures(
                row: term.features + atom * plan.inputWidth, contracted: UnsafePointer(contracted))
            let gradients = PathGradients(
                features: features.map { $0 + atom * plan.inputWidth }, edges: vectors, components: components)
            forGroups(from: atom, &group, plan, term, edges) { group in
                vectors.update(repeating: .zero, count: group.count &* components)
                for (path, kernel) in zip(plan.paths, plan.kernels) where term.takesPart(path) {
                    if path.kind == .coupled { contract(source.row, plan, path, into: contracted) }
                    kernel.backward(group, path, term.table, source, term.output, gradients)
                }
                var first = 0
                while first < group.count &* components {
                    T.laneSums(vectors + first, into: sums + first)
                    first &+= T.lanes
                }
                for k in 0..<group.count {
                    let (edge, row) = (group.edges[k], sums + k &* components)
                    if let distances { store(row, 1, in: distances + edge, isFirst) }
                    if let harmonics {
                        store(row + 1, plan.harmonics, in: harmonics + plan.harmonics &* edge, isFirst)
                    }
                }
            }
        }
    }

    @inline(__always)
    private static func store(
        _ sums: UnsafePointer<T>, _ count: Int, in row: UnsafeMutablePointer<T>, _ isFirst: Bool
    ) {
        if isFirst {
            for k in 0..<count { row[k] = sums[k] }
        } else {
            for k in 0..<count { row[k] += sums[k] }
        }
    }

    /// `H[m₂, m₃] = Σ_{m₁} C[m₁ m₂ m₃] h[m₁]` of one path for one atom's features, `[m₂][m₃][channel]`.
    @inline(__always)
    private static func contract(
        _ features: UnsafePointer<T>, _ plan: ConvolutionPlan<T>, _ path: ConvolutionPlan<T>.Path,
        into contracted: UnsafeMutablePointer<T>
    ) {
        plan.contractions.withUnsafeBufferPointer { pairs in
            for block in 0..<path.vectors {
                let h = features + (path.inputOffset &+ block &* T.lanes)
                let result = contracted + block &* T.lanes
                for target in 0..<path.d2 &* path.d3 {
                    (result + target &* path.vectors &* T.lanes).vector =
                        pairs[path.firstContraction &+ target].sum(h)
                }
            }
        }
    }

    /// Calls `body` with all edges whose receiver is `atom`, a group at a time; rows of atoms are those of sources.
    @inline(__always)
    private static func forGroups(
        into atom: Int, _ group: inout EdgeGroup<T>, _ plan: ConvolutionPlan<T>, _ term: ConvolutionTerm<T>,
        _ edges: ConvolutionEdges, _ body: (borrowing EdgeGroup<T>) -> Void
    ) {
        forGroups(Int(edges.offsets[atom]), Int(edges.offsets[atom + 1])) { first, count in
            group.fill(
                count: count, plan: plan, term: term, knots: edges.knots, edge: { first &+ $0 },
                atomRow: { Int(edges.sources[$0]) &* plan.inputWidth })
            body(group)
        }
    }

    /// Calls `body` with all edges whose source is `atom`, a group at a time; rows of atoms are those of receivers.
    @inline(__always)
    private static func forGroups(
        from atom: Int, _ group: inout EdgeGroup<T>, _ plan: ConvolutionPlan<T>, _ term: ConvolutionTerm<T>,
        _ edges: ConvolutionEdges, _ body: (borrowing EdgeGroup<T>) -> Void
    ) {
        forGroups(Int(edges.transposedOffsets[atom]), Int(edges.transposedOffsets[atom + 1])) { first, count in
            group.fill(
                count: count, plan: plan, term: term, knots: edges.knots,
                edge: { Int(edges.transposed[first &+ $0]) },
                atomRow: { Int(edges.receivers[$0]) &* plan.outputWidth })
            body(group)
        }
    }

    /// Cuts a range of edges into groups.
    @inline(__always)
    private static func forGroups(_ start: Int, _ end: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
        var first = start
        while first < end {
            let count = min(EdgeGroup<T>.capacity, end - first)
            body(first, count)
            first += count
        }
    }

    /// `∂Q/∂R`, summed over the receivers in `atoms`.
    static func table(
        _ plan: ConvolutionPlan<T>, _ term: ConvolutionTerm<T>, _ edges: ConvolutionEdges, atoms: Range<Int>,
        gradient: UnsafeMutablePointer<T>, scratch: UnsafeMutablePointer<T>
    ) {
        var group = EdgeGroup<T>(plan, scratch: scratch)
        for atom in atoms {
            let row = term.output + atom * plan.outputWidth
            forGroups(into: atom, &group, plan, term, edges) { group in
                for (path, kernel) in zip(plan.paths, plan.kernels) where term.takesPart(path) {
                    kernel.table(group, path, term.features, row, gradient)
                }
            }
        }
    }
}
