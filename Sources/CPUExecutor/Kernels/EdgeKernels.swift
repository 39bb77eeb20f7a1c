import Compute
import Equivariance
import Programs

/// Functions of edge vectors, their pullbacks and tangents (see `EdgeFunction`), in double precision.
enum EdgeKernels<T: KernelScalar> {
    typealias Lanes = SIMD8<Double>

    /// Scratch memory in scalars of T: harmonics and their gradients for a tile of eight edges.
    static func scratchSize(_ function: EdgeFunction, _ part: EdgeFunction.Part) -> Int {
        guard case .harmonics(let lMax) = function else { return 0 }
        return 4 * (lMax + 1) * (lMax + 1) * 8 * (8 / MemoryLayout<T>.size) * (part == .curvature ? 2 : 1)
    }

    /// For the edges in `range`: `input` is the cotangent `[edge][component]` of a pullback or a curvature, or the
    /// direction `[edge][3]` of a tangent; a curvature's stands in `direction`.
    static func harmonics(
        _ harmonics: SphericalHarmonics, _ part: EdgeFunction.Part, _ graph: Graph, range: Range<Int>,
        input: UnsafePointer<T>?, direction: UnsafePointer<T>?, output: UnsafeMutablePointer<T>,
        scratch: UnsafeMutablePointer<T>
    ) {
        if part == .curvature {
            return curvature(
                of: harmonics, graph, range: range, cotangent: input!, direction: direction!, output: output,
                scratch: scratch)
        }
        // Rows begin with degree 1.
        let (count, width) = (harmonics.count, harmonics.count - 1)
        let values = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Lanes.self)
        let gradient = values + count
        forTiles(graph, range) { first, edges, vectors in
            if part == .value {
                harmonics.evaluate(x: vectors.x, y: vectors.y, z: vectors.z, values: values)
            } else {
                harmonics.evaluate(x: vectors.x, y: vectors.y, z: vectors.z, values: values, gradient: gradient)
            }
            switch part {
            case .value:
                for m in 0..<width {
                    scatter(values[m &+ 1], edges, to: output + (first &* width &+ m), stride: width)
                }
            case .pullback:
                var (x, y, z) = (Lanes.zero, Lanes.zero, Lanes.zero)
                for m in 0..<width {
                    let g = gather(input! + (first &* width &+ m), edges, stride: width)
                    let row = gradient + 3 &* (m &+ 1)
                    x.addProduct(g, row[0])
                    y.addProduct(g, row[1])
                    z.addProduct(g, row[2])
                }
                scatter(x, y, z, edges, to: output + 3 &* first)
            case .tangent:
                let v = vectorRows(input! + 3 &* first, edges)
                for m in 0..<width {
                    let row = gradient + 3 &* (m &+ 1)
                    let value = (row[0] * v.x).addingProduct(row[1], v.y).addingProduct(row[2], v.z)
                    scatter(value, edges, to: output + (first &* width &+ m), stride: width)
                }
            case .curvature: break
            }
        }
    }

    /// `Σ_m g_m (v·∇) ∇Y_m` by dual numbers: the gradient at r + ε v, of which what is linear in ε counts.
    private static func curvature(
        of harmonics: SphericalHarmonics, _ graph: Graph, range: Range<Int>, cotangent: UnsafePointer<T>,
        direction: UnsafePointer<T>, output: UnsafeMutablePointer<T>, scratch: UnsafeMutablePointer<T>
    ) {
        let (count, width) = (harmonics.count, harmonics.count - 1)
        let values = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Dual<Lanes>.self)
        let gradient = values + count
        forTiles(graph, range) { first, edges, r in
            let v = vectorRows(direction + 3 &* first, edges)
            harmonics.evaluate(
                x: Dual(r.x, slope: v.x), y: Dual(r.y, slope: v.y), z: Dual(r.z, slope: v.z), values: values,
                gradient: gradient)
            var (x, y, z) = (Lanes.zero, Lanes.zero, Lanes.zero)
            for m in 0..<width {
                let g = gather(cotangent + (first &* width &+ m), edges, stride: width)
                let row = gradient + 3 &* (m &+ 1)
                x.addProduct(g, row[0].slope)
                y.addProduct(g, row[1].slope)
                z.addProduct(g, row[2].slope)
            }
            scatter(x, y, z, edges, to: output + 3 &* first)
        }
    }

    /// Lengths of edges, or their pullback `g r/|r|`, tangent `v·r/|r|` or curvature `g (v − r̂ (r̂·v))/|r|`.
    static func distance(
        _ part: EdgeFunction.Part, _ graph: Graph, range: Range<Int>, input: UnsafePointer<T>?,
        direction: UnsafePointer<T>?, output: UnsafeMutablePointer<T>
    ) {
        forTiles(graph, range) { first, edges, r in
            let length = r.length
            switch part {
            case .value: scatter(length, edges, to: output + first, stride: 1)
            case .pullback:
                let g = gather(input! + first, edges, stride: 1) / length
                scatter(g * r.x, g * r.y, g * r.z, edges, to: output + 3 &* first)
            case .tangent:
                let v = vectorRows(input! + 3 &* first, edges)
                let product = (v.x * r.x).addingProduct(v.y, r.y).addingProduct(v.z, r.z)
                scatter(product / length, edges, to: output + first, stride: 1)
            case .curvature:
                let v = vectorRows(direction! + 3 &* first, edges)
                let g = gather(input! + first, edges, stride: 1) / length
                let along = (v.x * r.x).addingProduct(v.y, r.y).addingProduct(v.z, r.z) / (length * length)
                scatter(
                    g * (v.x - along * r.x), g * (v.y - along * r.y), g * (v.z - along * r.z), edges,
                    to: output + 3 &* first)
            }
        }
    }

    /// The four B-splines of an edge and the number of the first, or another part (see `RadialBasis`).
    static func spline(
        _ coordinate: RadialCoordinate, intervals: Int, _ part: RadialBasis.Part, _ graph: Graph, range: Range<Int>,
        input: UnsafePointer<T>?, output: UnsafeMutablePointer<T>, knots: UnsafeMutablePointer<Int32>
    ) {
        let (count, last) = (Lanes(repeating: Double(intervals)), Lanes(repeating: Double(intervals - 1)))
        forTiles(graph, range) { first, edges, r in
            let cutoff = coordinate.cutoffs(graph, first, edges)
            let x = r.length / cutoff
            let isOutside = x .>= 1
            let scaled = (x * count).replacing(with: count, where: isOutside)
            let knot = scaled.rounded(.down).replacing(with: last, where: isOutside)
            let u = scaled - knot
            let w = 1 - u
            // Of every part: a program may have the slope alone.
            for lane in 0..<edges { knots[first &+ lane] = Int32(knot[lane]) }
            var values: InlineArray<4, Lanes>
            if part == .curvature {
                let scale = (count / cutoff) * (count / cutoff) * gather(input! + first, edges, stride: 1)
                values = [scale * w, scale * (3 * u - 2), scale * (3 * w - 2), scale * u]
            } else if part == .value || part == .scaled {
                values = [
                    w * w * w / 6, (4 - u * u * (6 - 3 * u)) / 6, (4 - w * w * (6 - 3 * w)) / 6, u * u * u / 6,
                ]
                if part == .scaled {
                    let scale = gather(input! + first, edges, stride: 1)
                    for q in 0..<4 { values[q] *= scale }
                }
            } else {
                var scale = count / cutoff
                if part == .tangent { scale *= gather(input! + first, edges, stride: 1) }
                values = [
                    scale * w * w * -0.5, scale * u * (1.5 * u - 2), scale * w * (2 - 1.5 * w), scale * u * u * 0.5,
                ]
            }
            for q in 0..<4 {
                let value = values[q].replacing(with: 0, where: isOutside)
                scatter(value, edges, to: output + (4 &* first &+ q), stride: 4)
            }
        }
    }

    /// NequIP's basis on every edge, or its pullback, tangent or curvature. The four rows after the last edge are zero.
    static func bessel(
        _ coordinate: RadialCoordinate, _ basis: BesselBasis, _ part: EdgeFunction.Part, _ graph: Graph,
        range: Range<Int>, input: UnsafePointer<T>?, direction: UnsafePointer<T>?, output: UnsafeMutablePointer<T>
    ) {
        let count = basis.frequencies.count
        for edge in range {
            let vector = SIMD3(graph.x[edge], graph.y[edge], graph.z[edge])
            let r = (vector * vector).sum().squareRoot()
            let cutoff = coordinate.cutoff(graph, edge)
            for n in 0..<count where part == .value || part == .tangent {
                let (value, slope) = basis.evaluate(basis.frequencies[n], r / cutoff)
                if part == .value {
                    output[edge * count + n] = T(value)
                } else {
                    let v = input! + 3 * edge
                    let along = (vector * SIMD3(Double(v[0]), Double(v[1]), Double(v[2]))).sum() / r
                    output[edge * count + n] = T(slope / cutoff * along)
                }
            }
            if part == .pullback {
                var sum = 0.0
                for n in 0..<count {
                    sum += basis.evaluate(basis.frequencies[n], r / cutoff).slope * Double(input![edge * count + n])
                }
                for axis in 0..<3 { output[3 * edge + axis] = T(sum / cutoff * vector[axis] / r) }
            }
            if part == .curvature {
                var (slope, curvature) = (0.0, 0.0)
                for n in 0..<count {
                    let g = Double(input![edge * count + n])
                    slope += basis.evaluate(basis.frequencies[n], r / cutoff).slope * g / cutoff
                    curvature += basis.curvature(basis.frequencies[n], r / cutoff) * g / (cutoff * cutoff)
                }
                let row = direction! + 3 * edge
                let (v, unit) = (SIMD3(Double(row[0]), Double(row[1]), Double(row[2])), vector / r)
                let along = (unit * v).sum()
                let change = unit * (curvature * along) + (v - unit * along) * (slope / r)
                for axis in 0..<3 { output[3 * edge + axis] = T(change[axis]) }
            }
        }
        if part == .value || part == .tangent, range.upperBound == graph.edges {
            (output + graph.edges * count).update(repeating: 0, count: 4 * count)
        }
    }

    // MARK: Eight edges at a time

    /// Vectors of edges, or others like them, side by side.
    struct Vectors {
        var x = Lanes(repeating: 1)
        var y = Lanes(repeating: 1)
        var z = Lanes(repeating: 1)

        @inline(__always)
        var length: Lanes { (x * x).addingProduct(y, y).addingProduct(z, z).squareRoot() }
    }

    /// Calls `body` with the first of at most eight edges, their number and their vectors; lanes without an edge hold
    /// some vector.
    @inline(__always)
    private static func forTiles(_ graph: Graph, _ range: Range<Int>, _ body: (Int, Int, Vectors) -> Void) {
        var first = range.lowerBound
        while first < range.upperBound {
            let edges = min(8, range.upperBound &- first)
            var vectors = Vectors()
            if edges == 8 {
                vectors.x = UnsafeRawPointer(graph.x + first).loadUnaligned(as: Lanes.self)
                vectors.y = UnsafeRawPointer(graph.y + first).loadUnaligned(as: Lanes.self)
                vectors.z = UnsafeRawPointer(graph.z + first).loadUnaligned(as: Lanes.self)
            } else {
                for lane in 0..<edges {
                    vectors.x[lane] = graph.x[first &+ lane]
                    vectors.y[lane] = graph.y[first &+ lane]
                    vectors.z[lane] = graph.z[first &+ lane]
                }
            }
            body(first, edges, vectors)
            first &+= 8
        }
    }

    @inline(__always)
    private static func gather(_ x: UnsafePointer<T>, _ count: Int, stride: Int) -> Lanes {
        var lanes = Lanes.zero
        for lane in 0..<count { lanes[lane] = Double(x[lane &* stride]) }
        return lanes
    }

    @inline(__always)
    private static func vectorRows(_ x: UnsafePointer<T>, _ count: Int) -> Vectors {
        Vectors(
            x: gather(x, count, stride: 3), y: gather(x + 1, count, stride: 3), z: gather(x + 2, count, stride: 3))
    }

    @inline(__always)
    private static func scatter(_ lanes: Lanes, _ count: Int, to output: UnsafeMutablePointer<T>, stride: Int) {
        for lane in 0..<count { output[lane &* stride] = T(lanes[lane]) }
    }

    @inline(__always)
    private static func scatter(
        _ x: Lanes, _ y: Lanes, _ z: Lanes, _ count: Int, to output: UnsafeMutablePointer<T>
    ) {
        for lane in 0..<count {
            output[3 &* lane] = T(x[lane])
            output[3 &* lane &+ 1] = T(y[lane])
            output[3 &* lane &+ 2] = T(z[lane])
        }
    }
}

extension RadialCoordinate {
    /// The cutoff of the pair of species that an edge joins, in Å.
    func cutoff(_ graph: Graph, _ edge: Int) -> Double {
        if pairCutoffs.isEmpty { return rMax }
        let receiver = Int(graph.species[Int(graph.receivers[edge])])
        return pairCutoffs[receiver][Int(graph.species[Int(graph.sourceOfEdge[edge])])]
    }

    /// Those of `count` edges, at most eight.
    @inline(__always)
    fileprivate func cutoffs(_ graph: Graph, _ first: Int, _ count: Int) -> SIMD8<Double> {
        var lanes = SIMD8(repeating: rMax)
        if pairCutoffs.isEmpty { return lanes }
        for lane in 0..<count { lanes[lane] = cutoff(graph, first &+ lane) }
        return lanes
    }
}

extension SIMD8<Double> {
    /// Adds `a·b`.
    @inline(__always)
    fileprivate mutating func addProduct(_ a: Self, _ b: Self) { self = addingProduct(a, b) }
}
