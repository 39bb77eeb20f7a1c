import Compute

/// The three passes of a convolution over the edges of some atoms.
///
/// Every pass adds to what the output rows hold, so that the terms of a sum of convolutions follow each other.
enum ConvolutionKernels<T: KernelScalar> {
    /// Scalars of scratch memory that one worker needs.
    static func scratchSize(_ plan: ConvolutionPlan<T>) -> Int {
        let widest = plan.paths.map { $0.isDiagonal ? 1 : $0.d1 * $0.d3 }.max() ?? 1
        return EdgeGroup<T>.scratchSize(slots: plan.slots, harmonics: plan.harmonics)
            + (4 + widest) * T.lanes * T.lanes + plan.harmonics * T.lanes + plan.inputWidth
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
        let harmonicsSums = scratch + EdgeGroup<T>.scratchSize(slots: plan.slots, harmonics: plan.harmonics)
        // What nobody asked for is computed all the same, into scratch memory.
        let unreadFeatures = harmonicsSums + plan.harmonics * lanes
        let basisSums = UnsafeMutableRawPointer(unreadFeatures + plan.inputWidth)
            .bindMemory(to: T.Vector.self, capacity: 4 * lanes)
        let couplingSums = basisSums + 4 * lanes
        if features == nil { unreadFeatures.update(repeating: 0, count: plan.inputWidth) }
        for atom in atoms {
            let row = term.features + atom * plan.inputWidth
            let gradients = PathGradients(
                features: features.map { $0 + atom * plan.inputWidth } ?? unreadFeatures, basis: basisSums,
                couplings: couplingSums)
            forGroups(of: atom, &group, plan, term, edges) { group in
                var tile = 0
                while tile < group.count {
                    let range = tile..<min(tile + lanes, group.count)
                    basisSums.update(repeating: .zero, count: 4 * lanes)
                    harmonicsSums.update(repeating: 0, count: plan.harmonics * lanes)
                    for path in plan.paths {
                        path.kernel.backward(group, range, path, term.table, row, term.output, gradients)
                        if harmonics != nil { addHarmonics(plan, path, couplingSums, to: harmonicsSums) }
                    }
                    if let basis { scatter(basisSums, edges: range, of: group, to: basis) }
                    if let harmonics {
                        for (lane, k) in range.enumerated() {
                            let row = harmonics + group.edges[k] * plan.harmonics
                            for m in 0..<plan.harmonics { row[m] += harmonicsSums[m * lanes + lane] }
                        }
                    }
                    tile += lanes
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

    /// `∂Y[m₂] += Σ C[m₁ m₂ m₃] ∂t[m₁, m₃]` across the edges of a tile, after summing ∂t over the channels.
    @inline(__always)
    private static func addHarmonics(
        _ plan: ConvolutionPlan<T>, _ path: ConvolutionPlan<T>.Path, _ sums: UnsafePointer<T.Vector>,
        to harmonics: UnsafeMutablePointer<T>
    ) {
        plan.entries.withUnsafeBufferPointer { entries in
            var position = path.firstEntry
            while position < path.endEntry {
                let slot = entries[position].slot
                let sum = T.laneSums(sums + slot &* T.lanes)
                while position < path.endEntry, entries[position].slot == slot {
                    let entry = entries[position]
                    let place = harmonics + entry.harmonic &* T.lanes
                    place.vector = place.vector.adding(entry.value, times: sum)
                    position &+= 1
                }
            }
        }
    }

    private static func scatter(
        _ sums: UnsafePointer<T.Vector>, edges: Range<Int>, of group: borrowing EdgeGroup<T>,
        to basis: UnsafeMutablePointer<T>
    ) {
        for q in 0..<4 {
            let sum = T.laneSums(sums + q &* T.lanes)
            for (lane, k) in edges.enumerated() { basis[4 * group.edges[k] + q] += sum[lane] }
        }
    }
}
