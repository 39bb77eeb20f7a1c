import Compute
import Programs

/// Channel mixing by matrix products (see `LinearMap`).
///
/// Where every species has its own matrix, the rows of one species are brought together first, unless a chunk holds a
/// single species.
enum LinearKernels<T: KernelScalar> {
    /// Rows in a chunk of work.
    static var rows: Int { 128 }

    static func scratchSize(_ map: LinearMap) -> Int {
        map.isPerSpecies ? rows * (1 + map.input.width + map.output.width) : 0
    }

    /// The species of each row, when weights depend on it.
    struct Species {
        var ofRow: UnsafePointer<Int32>
        var count: Int
    }

    /// `out = Σ factor x W` for rows in `range`, at most `rows` of them.
    static func output(
        _ plan: LinearPlan<T>, x: UnsafePointer<T>, weights: UnsafePointer<T>, output: UnsafeMutablePointer<T>,
        range: Range<Int>, species: Species?, scratch: UnsafeMutablePointer<T>
    ) {
        let (width, outputWidth) = (plan.map.input.width, plan.map.output.width)
        let x = x + range.lowerBound * width
        let output = output + range.lowerBound * outputWidth
        guard let species else {
            return products(plan, x, weights, output, count: range.count)
        }
        let matrices = plan.map.weights.width
        if let kind = onlySpecies(species, range) {
            return products(plan, x, weights + kind * matrices, output, count: range.count)
        }
        bySpecies(species, range, scratch) { kind, list, count, spare in
            let result = spare + rows * width
            gather(x, width, list, count, into: spare)
            products(plan, spare, weights + kind * matrices, result, count: count)
            for k in 0..<count {
                (output + Int(list[k]) * outputWidth).update(from: result + k * outputWidth, count: outputWidth)
            }
        }
    }

    /// All terms for some rows that share their weights.
    private static func products(
        _ plan: LinearPlan<T>, _ x: UnsafePointer<T>, _ weights: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>,
        count: Int
    ) {
        let (width, outputWidth) = (plan.map.input.width, plan.map.output.width)
        plan.products.withUnsafeBufferPointer { products in
            for product in products {
                T.multiply(
                    transposeA: false, m: count, n: product.outputs, k: product.inputs, alpha: product.factor,
                    a: x + product.inputOffset, strideA: width, b: weights + product.weightOffset,
                    strideB: product.outputs, beta: product.isFirst ? 0 : 1, c: output + product.outputOffset,
                    strideC: outputWidth)
            }
        }
        for place in plan.untouched {
            for row in 0..<count {
                (output + row * outputWidth + place.offset).update(repeating: 0, count: place.count)
            }
        }
    }

    /// `∂W = Σ_rows factor xᵀ g` for some columns of one term's matrix, all species.
    static func weights(
        _ map: LinearMap, _ term: LinearMap.Term, columns: Range<Int>, x: UnsafePointer<T>,
        cotangent: UnsafePointer<T>, output: UnsafeMutablePointer<T>, count: Int, species: Species?,
        scratch: UnsafeMutablePointer<T>
    ) {
        let (width, outputWidth, matrices) = (map.input.width, map.output.width, map.weights.width)
        let output = output + term.weightOffset + columns.lowerBound
        for kind in 0..<(species?.count ?? 1) {
            for row in 0..<term.input.stride {
                (output + kind * matrices + row * term.output.stride).update(repeating: 0, count: columns.count)
            }
        }
        func add(_ x: UnsafePointer<T>, _ cotangent: UnsafePointer<T>, count: Int, kind: Int) {
            for m in 0..<term.input.dimension {
                T.multiply(
                    transposeA: true, m: term.input.stride, n: columns.count, k: count, alpha: T(term.factor),
                    a: x + term.input.offset + m * term.input.stride, strideA: width,
                    b: cotangent + term.output.offset + m * term.output.stride + columns.lowerBound,
                    strideB: outputWidth, beta: 1, c: output + kind * matrices, strideC: term.output.stride)
            }
        }
        guard let species else { return add(x, cotangent, count: count, kind: 0) }
        var first = 0
        while first < count {
            let range = first..<min(first + rows, count)
            let (x, cotangent) = (x + first * width, cotangent + first * outputWidth)
            if let kind = onlySpecies(species, range) {
                add(x, cotangent, count: range.count, kind: kind)
            } else {
                bySpecies(species, range, scratch) { kind, list, count, spare in
                    let right = spare + rows * width
                    gather(x, width, list, count, into: spare)
                    gather(cotangent, outputWidth, list, count, into: right)
                    add(spare, right, count: count, kind: kind)
                }
            }
            first = range.upperBound
        }
    }

    /// Every matrix of weights transposed, for all species.
    static func transpose(
        _ map: LinearMap, kinds: Int, weights: UnsafePointer<T>, output: UnsafeMutablePointer<T>
    ) {
        for kind in 0..<kinds {
            for term in map.terms {
                let offset = kind * map.weights.width + term.weightOffset
                transpose(
                    weights + offset, rows: term.input.stride, columns: term.output.stride, into: output + offset)
            }
        }
    }

    /// By squares that stay in the first-level cache.
    @inline(__always)
    private static func transpose(
        _ matrix: UnsafePointer<T>, rows: Int, columns: Int, into result: UnsafeMutablePointer<T>
    ) {
        let size = 16
        for firstRow in stride(from: 0, to: rows, by: size) {
            let endRow = min(rows, firstRow &+ size)
            for firstColumn in stride(from: 0, to: columns, by: size) {
                for column in firstColumn..<min(columns, firstColumn &+ size) {
                    let row = result + column &* rows
                    for k in firstRow..<endRow { row[k] = matrix[k &* columns &+ column] }
                }
            }
        }
    }

    // MARK: Rows of one species

    /// The species of all rows in `range`, if there is only one.
    private static func onlySpecies(_ species: Species, _ range: Range<Int>) -> Int? {
        guard let first = range.first else { return 0 }
        let kind = species.ofRow[first]
        for row in range where species.ofRow[row] != kind { return nil }
        return Int(kind)
    }

    /// Calls `body(species, rows, count, scratch)` for every species among the rows in `range`; row numbers count from
    /// its beginning.
    @inline(__always)
    private static func bySpecies(
        _ species: Species, _ range: Range<Int>, _ scratch: UnsafeMutablePointer<T>,
        _ body: (Int, UnsafePointer<Int32>, Int, UnsafeMutablePointer<T>) -> Void
    ) {
        let list = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Int32.self)
        for kind in 0..<species.count {
            var count = 0
            for row in 0..<range.count where Int(species.ofRow[range.lowerBound + row]) == kind {
                list[count] = Int32(row)
                count += 1
            }
            if count > 0 { body(kind, list, count, scratch + rows) }
        }
    }

    @inline(__always)
    private static func gather(
        _ x: UnsafePointer<T>, _ width: Int, _ list: UnsafePointer<Int32>, _ count: Int,
        into result: UnsafeMutablePointer<T>
    ) {
        for k in 0..<count { (result + k * width).update(from: x + Int(list[k]) * width, count: width) }
    }
}
