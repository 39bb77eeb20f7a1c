import Compute

/// Linear maps over all rows.
extension Executor {
    func linear(
        _ map: LinearMap, _ slot: LinearMap.Slot, _ a: UnsafePointer<T>, _ b: UnsafePointer<T>,
        _ result: Program.Value, rows: Int, kinds: Int, _ graph: Graph
    ) {
        let out = pointer(result)
        var species: LinearKernels<T>.Species?
        if map.isPerSpecies {
            species = .init(ofRow: graph.species, count: kinds, weightsWidth: map.weights.width)
        }
        let work = map.terms.reduce(0) { $0 + $1.input.stride * $1.output.stride * $1.input.dimension } / 8
        if slot == .weights {
            let isLarge = work * rows > Self.serialWork
            let parts = map.weightParts
            (isLarge ? parallelism : .serial).forEach(chunks: parts.count) { part, worker in
                LinearKernels.weights(
                    map, map.terms[parts[part].term], columns: parts[part].columns, x: a, cotangent: b, output: out,
                    count: rows, species: species, scratch: scratch[worker].pointer)
            }
            return
        }
        // The operands come in the order x, W, cotangent.
        let isForward = slot == .output
        let body = { (range: Range<Int>, worker: Int) in
            if isForward {
                LinearKernels.output(
                    map, x: a, weights: b, output: out, range: range, species: species,
                    scratch: self.scratch[worker].pointer)
            } else {
                LinearKernels.input(
                    map, cotangent: b, weights: a, output: out, range: range, species: species,
                    scratch: self.scratch[worker].pointer)
            }
        }
        // With one row the rows of g are those of the result.
        let count = isForward ? rows : graph.rows(program.shape(of: result).axis)
        if count * work <= Self.serialWork {
            body(0..<count, 0)
        } else {
            parallelism.split(count, by: LinearKernels<T>.rows, body)
        }
    }
}

extension LinearMap {
    /// What the derivative by the weights is cut into: some columns of the matrix of one term.
    fileprivate var weightParts: [(term: Int, columns: Range<Int>)] {
        let width = 128
        return terms.indices.flatMap { term in
            let count = terms[term].output.stride
            return stride(from: 0, to: count, by: width).map { (term, $0..<min($0 + width, count)) }
        }
    }
}
