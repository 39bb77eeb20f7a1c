import Compute

/// Channel mixing by matrix products: one for every term and component m of its blocks (see `LinearMap`).
///
/// Where every species has its own matrix, the rows of one species are brought together first, unless a range holds
/// a single species.
enum LinearKernels<T: KernelScalar> {
    /// Rows in a chunk of work.
    static var rows: Int { 128 }

    static func scratchSize(_ map: LinearMap) -> Int {
        guard map.isPerSpecies else { return 0 }
        let widest = map.terms.map { $0.input.stride + $0.output.stride }.max() ?? 0
        return rows * widest + Layout.channelAlignment + rows
    }

    /// `out = Σ factor x W` for rows in `range`.
    static func output(
        _ map: LinearMap, x: UnsafePointer<T>, weights: UnsafePointer<T>, output: UnsafeMutablePointer<T>,
        range: Range<Int>, species: Species?, scratch: UnsafeMutablePointer<T>
    ) {
        transform(
            map, from: x, width: map.input.width, to: output, outputWidth: map.output.width,
            targets: map.outputTargets, transposed: false, weights: weights, range: range,
            species: species, scratch: scratch)
    }

    /// `∂x = Σ factor g Wᵀ` for rows in `range`.
    static func input(
        _ map: LinearMap, cotangent: UnsafePointer<T>, weights: UnsafePointer<T>, output: UnsafeMutablePointer<T>,
        range: Range<Int>, species: Species?, scratch: UnsafeMutablePointer<T>
    ) {
        transform(
            map, from: cotangent, width: map.output.width, to: output, outputWidth: map.input.width,
            targets: map.inputTargets, transposed: true, weights: weights, range: range,
            species: species, scratch: scratch)
    }

    /// The species of each row, when weights depend on it.
    struct Species {
        var ofRow: UnsafePointer<Int32>
        var count: Int
        var weightsWidth: Int
    }

    private static func transform(
        _ map: LinearMap, from x: UnsafePointer<T>, width: Int,
        to output: UnsafeMutablePointer<T>, outputWidth: Int,
        targets: [LinearMap.Target], transposed: Bool, weights: UnsafePointer<T>, range: Range<Int>,
        species: Species?,
        scratch: UnsafeMutablePointer<T>
    ) {
        var first = range.lowerBound
        while first < range.upperBound {
            let count = min(rows, range.upperBound - first)
            let single = species.flatMap { onlySpecies($0, first..<first + count) }
            for target in targets {
                let block = target.block
                // The first term on a block replaces, the others add.
                var beta: T = 0
                for index in target.terms {
                    let term = map.terms[index]
                    let source = transposed ? term.output : term.input
                    let matrix = weights + term.weightOffset
                    let multiply = {
                        (
                            rows: Int, a: UnsafePointer<T>, strideA: Int, b: UnsafePointer<T>,
                            c: UnsafeMutablePointer<T>, strideC: Int, beta: T
                        ) in
                        T.multiply(
                            transposeA: false, transposeB: transposed, m: rows, n: block.stride, k: source.stride,
                            alpha: T(term.factor), a: a, strideA: strideA, b: b, strideB: term.output.stride,
                            beta: beta, c: c, strideC: strideC)
                    }
                    for m in 0..<block.dimension {
                        let a = x + first * width + source.offset + m * source.stride
                        let c = output + first * outputWidth + block.offset + m * block.stride
                        if let species, single == nil {
                            bySpecies(species, first: first, count: count, scratch: scratch) { kind, rows, n, spare in
                                let gathered = spare
                                let product = gathered + LinearKernels.rows * source.stride
                                for k in 0..<n {
                                    (gathered + k * source.stride).update(
                                        from: a + Int(rows[k]) * width, count: source.stride)
                                }
                                multiply(
                                    n, gathered, source.stride, matrix + kind * species.weightsWidth, product,
                                    block.stride, 0)
                                for k in 0..<n {
                                    let row = c + Int(rows[k]) * outputWidth
                                    for u in 0..<block.stride {
                                        row[u] = (beta == 0 ? 0 : row[u]) + product[k * block.stride + u]
                                    }
                                }
                            }
                        } else {
                            let matrix = matrix + (single ?? 0) * (species?.weightsWidth ?? 0)
                            multiply(count, a, width, matrix, c, outputWidth, beta)
                        }
                    }
                    beta = 1
                }
                if beta == 0 {
                    for row in first..<first + count {
                        (output + row * outputWidth + block.offset).update(repeating: 0, count: block.width)
                    }
                }
            }
            first += count
        }
    }

    /// `∂W = Σ_rows factor xᵀ g` for some columns of one term's matrix, all species.
    static func weights(
        _ map: LinearMap, _ term: LinearMap.Term, columns: Range<Int>, x: UnsafePointer<T>,
        cotangent: UnsafePointer<T>, output: UnsafeMutablePointer<T>, count: Int, species: Species?,
        scratch: UnsafeMutablePointer<T>
    ) {
        let output = output + term.weightOffset + columns.lowerBound
        for kind in 0..<(species?.count ?? 1) {
            for row in 0..<term.input.stride {
                (output + kind * (species?.weightsWidth ?? 0) + row * term.output.stride)
                    .update(repeating: 0, count: columns.count)
            }
        }
        let add = { (rows: Int, a: UnsafePointer<T>, strideA: Int, b: UnsafePointer<T>, strideB: Int, kind: Int) in
            T.multiply(
                transposeA: true, transposeB: false, m: term.input.stride, n: columns.count, k: rows,
                alpha: T(term.factor), a: a, strideA: strideA, b: b, strideB: strideB, beta: 1,
                c: output + kind * (species?.weightsWidth ?? 0), strideC: term.output.stride)
        }
        var first = 0
        while first < count {
            let rows = species == nil ? count : min(LinearKernels.rows, count - first)
            let single = species.flatMap { onlySpecies($0, first..<first + rows) }
            for m in 0..<term.input.dimension {
                let a = x + first * map.input.width + term.input.offset + m * term.input.stride
                let b =
                    cotangent + first * map.output.width + term.output.offset + m * term.output.stride
                    + columns.lowerBound
                if let species, single == nil {
                    bySpecies(species, first: first, count: rows, scratch: scratch) { kind, rows, n, spare in
                        let left = spare
                        let right = left + LinearKernels.rows * term.input.stride
                        for k in 0..<n {
                            let row = Int(rows[k])
                            (left + k * term.input.stride).update(
                                from: a + row * map.input.width, count: term.input.stride)
                            (right + k * columns.count).update(
                                from: b + row * map.output.width, count: columns.count)
                        }
                        add(n, left, term.input.stride, right, columns.count, kind)
                    }
                } else {
                    add(rows, a, map.input.width, b, map.output.width, single ?? 0)
                }
            }
            first += rows
        }
    }

    /// The species of all rows in `range`, if there is only one.
    private static func onlySpecies(_ species: Species, _ range: Range<Int>) -> Int? {
        let kind = species.ofRow[range.lowerBound]
        for row in range where species.ofRow[row] != kind { return nil }
        return Int(kind)
    }

    /// Calls `body(species, rows, count, scratch)` for every species among `count` rows from `first` on; row numbers
    /// count from `first`.
    @inline(__always)
    private static func bySpecies(
        _ species: Species, first: Int, count: Int, scratch: UnsafeMutablePointer<T>,
        _ body: (Int, UnsafePointer<Int32>, Int, UnsafeMutablePointer<T>) -> Void
    ) {
        let list = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Int32.self)
        for kind in 0..<species.count {
            var n = 0
            for row in 0..<count where Int(species.ofRow[first + row]) == kind {
                list[n] = Int32(row)
                n += 1
            }
            if n > 0 { body(kind, list, n, scratch + LinearKernels.rows) }
        }
    }
}
