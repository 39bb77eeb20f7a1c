import Compute

/// The passes of a convolution over the edges of some atoms.
///
/// Every pass adds to what the output rows hold, so that the terms of a sum of convolutions follow each other.
enum ConvolutionKernels<T: KernelScalar> {
    /// Scalars of scratch memory that one worker needs.
    static func scratchSize(_ plan: ConvolutionPlan<T>) -> Int {
        EdgeGroup<T>.scratchSize(slots: plan.slots, harmonics: plan.harmonics)
            + (4 + plan.harmonics) * T.lanes * T.lanes + contractedSize(plan)
    }

    /// Scalars of the largest `SourceFeatures.contracted`.
    private static func contractedSize(_ plan: ConvolutionPlan<T>) -> Int {
        plan.paths.map { $0.vectors * $0.d2 * $0.d3 * T.lanes }.max() ?? 0
    }

    /// `∂Q/∂G`, the convolution itself, for the receivers in `atoms`.
    static func forward(
        _ plan: ConvolutionPlan<T>, _ term: ConvolutionTerm<T>, _ edges: ConvolutionEdges, atoms: Range<Int>,
        output: UnsafeMutablePointer<T>, scratch: UnsafeMutablePointer<T>
    ) {
        var group = EdgeGroup<T>(slots: plan.slots, harmonics: plan.harmonics, scratch: scratch)
        for atom in atoms {
            let end = Int(edges.offsets[atom + 1])
            var first = Int(edges.offsets[atom])
            while first < end {
                let count = min(EdgeGroup<T>.capacity, end - first)
                group.fill(
                    count: count, plan: plan, term: term, knots: edges.knots, edge: { first &+ $0 },
                    atomRow: { Int(edges.sources[$0]) &* plan.inputWidth })
                let row = output + atom * plan.outputWidth
                for path in plan.paths {
                    path.kernel.forward(group, path, term.table, term.features, row)
                }
                first += count
            }
        }
    }

    /// `∂Q/∂h` of the sources in `atoms`.
    static func features(
        _ plan: ConvolutionPlan<T>, _ term: ConvolutionTerm<T>, _ edges: ConvolutionEdges, atoms: Range<Int>,
        features: UnsafeMutablePointer<T>, scratch: UnsafeMutablePointer<T>
    ) {
        var group = EdgeGroup<T>(slots: plan.slots, harmonics: plan.harmonics, scratch: scratch)
        for atom in atoms {
            let row = features + atom * plan.inputWidth
            forGroups(of: atom, &group, plan, term, edges) { group in
                for path in plan.paths { path.kernel.features(group, path, term.table, term.output, row) }
            }
        }
    }

    /// `∂Q/∂h` of the sources in `atoms`, and `∂Q/∂B`, `∂Q/∂Y` of the edges that leave them, those that are asked for.
    static func backward(
        _ plan: ConvolutionPlan<T>, _ term: ConvolutionTerm<T>, _ edges: ConvolutionEdges, atoms: Range<Int>,
        features: UnsafeMutablePointer<T>?, basis: UnsafeMutablePointer<T>?, harmonics: UnsafeMutablePointer<T>?,
        scratch: UnsafeMutablePointer<T>
    ) {
        let lanes = T.lanes
        var group = EdgeGroup<T>(slots: plan.slots, harmonics: plan.harmonics, scratch: scratch)
        let contracted = scratch + EdgeGroup<T>.scratchSize(slots: plan.slots, harmonics: plan.harmonics)
        let basisSums = UnsafeMutableRawPointer(contracted + contractedSize(plan))
            .bindMemory(to: T.Vector.self, capacity: (4 + plan.harmonics) * lanes)
        let harmonicsSums = basisSums + 4 * lanes
        for atom in atoms {
            let source = SourceFeatures(
                row: term.features + atom * plan.inputWidth, contracted: UnsafePointer(contracted))
            let gradients = PathGradients(
                features: features.map { $0 + atom * plan.inputWidth }, basis: basisSums, harmonics: harmonicsSums)
            forGroups(of: atom, &group, plan, term, edges) { group in
                var tile = 0
                while tile < group.count {
                    let range = tile..<min(tile + lanes, group.count)
                    basisSums.update(repeating: .zero, count: (4 + plan.harmonics) * lanes)
                    for path in plan.paths {
                        if path.kind == .coupled { contract(source.row, plan, path, into: contracted) }
                        path.kernel.backward(group, range, path, term.table, source, term.output, gradients)
                    }
                    if let basis { scatter(basisSums, 4, edges: range, of: group, to: basis) }
                    if let harmonics {
                        scatter(harmonicsSums, plan.harmonics, edges: range, of: group, to: harmonics)
                    }
                    tile += lanes
                }
            }
        }
    }

    /// `H[m₂, m₃] = Σ_{m₁} C[m₁ m₂ m₃] h[m₁]` of one path for one atom's features, `[vector][m₂][m₃][lane]`.
    @inline(__always)
    private static func contract(
        _ features: UnsafePointer<T>, _ plan: ConvolutionPlan<T>, _ path: ConvolutionPlan<T>.Path,
        into contracted: UnsafeMutablePointer<T>
    ) {
        let size = path.d2 &* path.d3
        for block in 0..<path.vectors {
            let h = features + (path.inputOffset &+ block &* T.lanes)
            let result = contracted + block &* size &* T.lanes
            result.update(repeating: 0, count: size &* T.lanes)
            plan.contractions.withUnsafeBufferPointer { contractions in
                for index in path.firstEntry..<path.endEntry {
                    let entry = contractions[index]
                    let place = result + entry.target &* T.lanes
                    place.vector = place.vector.adding(entry.value, times: (h + entry.m1 &* path.inputStride).vector)
                }
            }
        }
    }

    /// Calls `body` with all edges whose source is `atom`, a group at a time; rows of atoms are those of receivers.
    @inline(__always)
    private static func forGroups(
        of atom: Int, _ group: inout EdgeGroup<T>, _ plan: ConvolutionPlan<T>, _ term: ConvolutionTerm<T>,
        _ edges: ConvolutionEdges, _ body: (borrowing EdgeGroup<T>) -> Void
    ) {
        let end = Int(edges.transposedOffsets[atom + 1])
        var first = Int(edges.transposedOffsets[atom])
        while first < end {
            let count = min(EdgeGroup<T>.capacity, end - first)
            group.fill(
                count: count, plan: plan, term: term, knots: edges.knots,
                edge: { Int(edges.transposed[first &+ $0]) },
                atomRow: { Int(edges.receivers[$0]) &* plan.outputWidth })
            body(group)
            first += count
        }
    }

    /// `∂Q/∂R`, summed over the receivers in `atoms`.
    static func table(
        _ plan: ConvolutionPlan<T>, _ term: ConvolutionTerm<T>, _ edges: ConvolutionEdges, atoms: Range<Int>,
        gradient: UnsafeMutablePointer<T>, scratch: UnsafeMutablePointer<T>
    ) {
        var group = EdgeGroup<T>(slots: plan.slots, harmonics: plan.harmonics, scratch: scratch)
        for atom in atoms {
            let end = Int(edges.offsets[atom + 1])
            var first = Int(edges.offsets[atom])
            while first < end {
                let count = min(EdgeGroup<T>.capacity, end - first)
                group.fill(
                    count: count, plan: plan, term: term, knots: edges.knots, edge: { first &+ $0 },
                    atomRow: { Int(edges.sources[$0]) &* plan.inputWidth })
                let row = term.output + atom * plan.outputWidth
                for path in plan.paths {
                    path.kernel.table(group, path, term.features, row, gradient)
                }
                first += count
            }
        }
    }

    /// Adds sums `[component][edge][lane]` of one tile, summed over lanes, to rows `[edge][component]`.
    private static func scatter(
        _ sums: UnsafePointer<T.Vector>, _ count: Int, edges: Range<Int>, of group: borrowing EdgeGroup<T>,
        to rows: UnsafeMutablePointer<T>
    ) {
        for component in 0..<count {
            let sum = T.laneSums(sums + component &* T.lanes)
            for (lane, k) in edges.enumerated() { rows[count * group.edges[k] + component] += sum[lane] }
        }
    }
}
