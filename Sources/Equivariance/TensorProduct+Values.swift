/// Values of products on many rows at once. Rows are taken eight at a time, one in each lane, so that the same loops
/// serve every mode and every multiplicity.
extension TensorProduct {
    typealias Tile = SIMD8<Double>
    static let tile = Tile.scalarCount

    /// What the multilinear form Σ out·cotangent is differentiated by.
    enum Slot { case output, left, right, weights }

    /// The product of each row, `[row][output]`. Weights are one list for all rows or one for each.
    ///
    ///     let product = TensorProduct.fullyConnected("32x0e+16x1o", "0e+1o", to: "32x0e+16x1o")
    ///     let y = product(x, harmonics, weights: weights)
    public func callAsFunction(_ left: [Double], _ right: [Double], weights: [Double] = []) -> [Double] {
        form(.output, left: left, right: right, weights: weights, cotangent: [])
    }

    /// The derivative of the form by one slot, for each row; by shared weights the sum over rows. `ofWeighted` leaves
    /// out what does not depend on weights, for weights that are a direction.
    func form(
        _ slot: Slot, left: [Double], right: [Double], weights: [Double], cotangent: [Double],
        ofWeighted: Bool = false
    ) -> [Double] {
        let rows = rowCount(left, right, weights, cotangent, without: slot)
        let isShared = weights.count == weightCount
        let width =
            switch slot {
            case .output: output.dimension
            case .left: self.left.dimension
            case .right: self.right.dimension
            case .weights: weightCount
            }
        let sumsRows = slot == .weights && isShared
        var result = Array(repeating: 0.0, count: sumsRows ? width : rows * width)
        var into = Array(repeating: Tile.zero, count: width)
        let shared = SharedWeights(values: weights)
        for first in stride(from: 0, to: rows, by: Self.tile) {
            let count = min(Self.tile, rows - first)
            let x = Self.load(left, width: self.left.dimension, first, count)
            let y = Self.load(right, width: self.right.dimension, first, count)
            let g = Self.load(cotangent, width: output.dimension, first, count)
            if !sumsRows { for i in into.indices { into[i] = .zero } }
            if isShared {
                add(slot, ofWeighted, x, y, shared, g, into: &into)
            } else {
                let ofRows = RowWeights(values: Self.load(weights, width: weightCount, first, count))
                add(slot, ofWeighted, x, y, ofRows, g, into: &into)
            }
            if !sumsRows {
                for lane in 0..<count {
                    for i in 0..<width { result[(first + lane) * width + i] = into[i][lane] }
                }
            }
        }
        if sumsRows { for i in 0..<width { result[i] = into[i].sum() } }
        return result
    }

    private func rowCount(
        _ left: [Double], _ right: [Double], _ weights: [Double], _ cotangent: [Double], without slot: Slot
    ) -> Int {
        var rows: Int?
        func count(_ values: [Double], _ width: Int, _ name: String) {
            guard width > 0 else { return }
            precondition(
                values.count.isMultiple(of: width) && (rows ?? values.count / width) == values.count / width,
                "expected \(width) numbers of \(name) for each of \(rows.map { "\($0)" } ?? "the") rows, got \(values.count)"
            )
            rows = values.count / width
        }
        if slot != .left { count(left, self.left.dimension, "the left") }
        if slot != .right { count(right, self.right.dimension, "the right") }
        if slot != .output { count(cotangent, output.dimension, "the cotangent") }
        precondition(
            weights.count == weightCount || weights.count == (rows ?? 0) * weightCount,
            "expected \(weightCount) weights, for all rows or for each, got \(weights.count)")
        return rows ?? 0
    }

    /// `[column]` of `count` rows, one in each lane; zeros where there is nothing.
    private static func load(_ values: [Double], width: Int, _ first: Int, _ count: Int) -> [Tile] {
        guard !values.isEmpty else { return Array(repeating: .zero, count: width) }
        var tiles = Array(repeating: Tile.zero, count: width)
        for lane in 0..<count {
            for i in 0..<width { tiles[i][lane] = values[(first + lane) * width + i] }
        }
        return tiles
    }
}

/// Where a tile's weights come from: one for all lanes, or one for each.
private protocol Weights {
    subscript(index: Int) -> SIMD8<Double> { get }
}

private struct SharedWeights: Weights {
    let values: [Double]
    subscript(index: Int) -> SIMD8<Double> { SIMD8(repeating: values[index]) }
}

private struct RowWeights: Weights {
    let values: [SIMD8<Double>]
    subscript(index: Int) -> SIMD8<Double> { values[index] }
}

extension TensorProduct {
    /// Adds one tile's derivative of the form by a slot.
    private func add(
        _ slot: Slot, _ ofWeighted: Bool, _ x: [Tile], _ y: [Tile], _ weights: some Weights, _ g: [Tile],
        into result: inout [Tile]
    ) {
        let (lefts, rights, outputs) = (left.ranges, right.ranges, output.ranges)
        for path in paths where path.coefficient != 0 && (path.instruction.hasWeights || !ofWeighted) {
            let places = Places(
                left: lefts[path.instruction.left].lowerBound, right: rights[path.instruction.right].lowerBound,
                output: outputs[path.instruction.output].lowerBound,
                outputChannels: output[path.instruction.output].multiplicity)
            switch slot {
            case .output:
                path.spread(path.products(x, y, places), weights, places, into: &result)
            case .weights:
                if path.weightCount > 0 { path.addWeights(path.products(x, y, places), g, places, into: &result) }
            case .left:
                path.addLeft(y, path.gathered(g, weights, places), places, into: &result)
            case .right:
                path.addRight(x, path.gathered(g, weights, places), places, into: &result)
            }
        }
    }
}

/// Where a path's blocks begin.
private struct Places {
    var left, right, output: Int
    var outputChannels: Int
}

extension TensorProduct.Path {
    private typealias Tile = TensorProduct.Tile

    private var dimensions: (Int, Int, Int) { (2 * coupling.l1 + 1, 2 * coupling.l2 + 1, 2 * coupling.l3 + 1) }

    /// `[component][pair]` c Σ C left right
    fileprivate func products(_ x: [TensorProduct.Tile], _ y: [TensorProduct.Tile], _ places: Places)
        -> [TensorProduct.Tile]
    {
        let (d1, d2, d3) = dimensions
        let count = pairs.count
        var products = Array(repeating: Tile.zero, count: d3 * count)
        for entry in coupling.entries {
            let value = coefficient * entry.value
            for (p, pair) in pairs.enumerated() {
                products[entry.m3 * count + p] +=
                    value * x[places.left + pair.u * d1 + entry.m1] * y[places.right + pair.v * d2 + entry.m2]
            }
        }
        return products
    }

    /// Adds the products to the output, by weights.
    fileprivate func spread(
        _ products: [TensorProduct.Tile], _ weights: some Weights, _ places: Places,
        into result: inout [TensorProduct.Tile]
    ) {
        let (d3, count) = (dimensions.2, pairs.count)
        if instruction.mode.mixes {
            let channels = places.outputChannels
            for w in 0..<channels {
                for m in 0..<d3 {
                    var sum = Tile.zero
                    for p in 0..<count { sum += weights[firstWeight + p * channels + w] * products[m * count + p] }
                    result[places.output + w * d3 + m] += sum
                }
            }
        } else {
            for p in 0..<count {
                let place = places.output + outputChannels[p] * d3
                if instruction.hasWeights {
                    let weight = weights[firstWeight + p]
                    for m in 0..<d3 { result[place + m] += weight * products[m * count + p] }
                } else {
                    for m in 0..<d3 { result[place + m] += products[m * count + p] }
                }
            }
        }
    }

    /// The transpose of `spread`: `[component][pair]`, the cotangent of the products.
    fileprivate func gathered(_ g: [TensorProduct.Tile], _ weights: some Weights, _ places: Places)
        -> [TensorProduct.Tile]
    {
        let (d3, count) = (dimensions.2, pairs.count)
        var gathered = Array(repeating: Tile.zero, count: d3 * count)
        if instruction.mode.mixes {
            let channels = places.outputChannels
            for p in 0..<count {
                for m in 0..<d3 {
                    var sum = Tile.zero
                    for w in 0..<channels {
                        sum += weights[firstWeight + p * channels + w] * g[places.output + w * d3 + m]
                    }
                    gathered[m * count + p] = sum
                }
            }
        } else {
            for p in 0..<count {
                let place = places.output + outputChannels[p] * d3
                let weight = instruction.hasWeights ? weights[firstWeight + p] : Tile(repeating: 1)
                for m in 0..<d3 { gathered[m * count + p] = weight * g[place + m] }
            }
        }
        return gathered
    }

    fileprivate func addWeights(
        _ products: [TensorProduct.Tile], _ g: [TensorProduct.Tile], _ places: Places,
        into result: inout [TensorProduct.Tile]
    ) {
        let (d3, count) = (dimensions.2, pairs.count)
        if instruction.mode.mixes {
            let channels = places.outputChannels
            for p in 0..<count {
                for w in 0..<channels {
                    var sum = Tile.zero
                    for m in 0..<d3 { sum += products[m * count + p] * g[places.output + w * d3 + m] }
                    result[firstWeight + p * channels + w] += sum
                }
            }
        } else {
            for p in 0..<count {
                var sum = Tile.zero
                for m in 0..<d3 { sum += products[m * count + p] * g[places.output + outputChannels[p] * d3 + m] }
                result[firstWeight + p] += sum
            }
        }
    }

    fileprivate func addLeft(
        _ y: [TensorProduct.Tile], _ gathered: [TensorProduct.Tile], _ places: Places,
        into result: inout [TensorProduct.Tile]
    ) {
        let (d1, d2, _) = dimensions
        let count = pairs.count
        for entry in coupling.entries {
            let value = coefficient * entry.value
            for (p, pair) in pairs.enumerated() {
                result[places.left + pair.u * d1 + entry.m1] +=
                    value * y[places.right + pair.v * d2 + entry.m2] * gathered[entry.m3 * count + p]
            }
        }
    }

    fileprivate func addRight(
        _ x: [TensorProduct.Tile], _ gathered: [TensorProduct.Tile], _ places: Places,
        into result: inout [TensorProduct.Tile]
    ) {
        let (d1, d2, _) = dimensions
        let count = pairs.count
        for entry in coupling.entries {
            let value = coefficient * entry.value
            for (p, pair) in pairs.enumerated() {
                result[places.right + pair.v * d2 + entry.m2] +=
                    value * x[places.left + pair.u * d1 + entry.m1] * gathered[entry.m3 * count + p]
            }
        }
    }
}
