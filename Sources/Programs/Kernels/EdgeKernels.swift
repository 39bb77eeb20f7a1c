import Compute
import Equivariance

/// Functions of edge vectors, their pullbacks and tangents (see `EdgeFunction`), in double precision.
enum EdgeKernels<T: KernelScalar> {
    typealias Lanes = SIMD8<Double>

    /// Scratch memory in scalars of T: harmonics and their gradients for a tile of eight edges.
    static func scratchSize(_ function: EdgeFunction) -> Int {
        guard case .harmonics(let lMax) = function else { return 0 }
        return 4 * (lMax + 1) * (lMax + 1) * 8 * (8 / MemoryLayout<T>.size)
    }

    /// For the edges in `range`: `input` is the cotangent `[edge][component]` of a pullback or the direction
    /// `[edge][3]` of a tangent.
    static func harmonics(
        _ harmonics: SphericalHarmonics, _ part: EdgeFunction.Part, _ graph: Graph, range: Range<Int>,
        input: UnsafePointer<T>?, output: UnsafeMutablePointer<T>, scratch: UnsafeMutablePointer<T>
    ) {
        let count = harmonics.count
        let values = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Lanes.self)
        let gradient = values + count
        var first = range.lowerBound
        while first < range.upperBound {
            let edges = min(8, range.upperBound - first)
            var (x, y, z) = (Lanes(repeating: 1), Lanes(repeating: 1), Lanes(repeating: 1))
            for lane in 0..<edges {
                (x[lane], y[lane], z[lane]) = (graph.x[first + lane], graph.y[first + lane], graph.z[first + lane])
            }
            if part == .value {
                harmonics.evaluate(x: x, y: y, z: z, values: values)
            } else {
                harmonics.evaluate(x: x, y: y, z: z, values: values, gradient: gradient)
            }
            for lane in 0..<edges {
                let edge = first + lane
                switch part {
                case .value:
                    for m in 0..<count { output[edge * count + m] = T(values[m][lane]) }
                case .pullback:
                    var sum = SIMD3<Double>.zero
                    for m in 0..<count {
                        let g = Double(input![edge * count + m])
                        sum += g * SIMD3(gradient[3 * m][lane], gradient[3 * m + 1][lane], gradient[3 * m + 2][lane])
                    }
                    for axis in 0..<3 { output[3 * edge + axis] = T(sum[axis]) }
                case .tangent:
                    let v = input! + 3 * edge
                    for m in 0..<count {
                        output[edge * count + m] = T(
                            gradient[3 * m][lane] * Double(v[0]) + gradient[3 * m + 1][lane] * Double(v[1])
                                + gradient[3 * m + 2][lane] * Double(v[2]))
                    }
                }
            }
            first += 8
        }
    }

    /// The four B-splines of an edge and the number of the first, or their pullback or tangent.
    static func spline(
        _ coordinate: RadialCoordinate, intervals: Int, _ part: EdgeFunction.Part, _ graph: Graph, range: Range<Int>,
        input: UnsafePointer<T>?, output: UnsafeMutablePointer<T>, knots: UnsafeMutablePointer<Int32>
    ) {
        for edge in range {
            let place = RadialPlace(coordinate, graph, edge)
            let isInside = place.x < 1
            let scaled = isInside ? place.x * Double(intervals) : Double(intervals)
            let knot = min(Int(scaled), intervals - 1)
            let u = scaled - Double(knot)
            if part == .value {
                knots[edge] = Int32(knot)
                let w = 1 - u
                let values: InlineArray<4, Double> = [
                    w * w * w / 6, (4 - u * u * (6 - 3 * u)) / 6, (4 - w * w * (6 - 3 * w)) / 6, u * u * u / 6,
                ]
                for q in 0..<4 { output[4 * edge + q] = isInside ? T(values[q]) : 0 }
                continue
            }
            let w = 1 - u
            let scale = isInside ? Double(intervals) / place.cutoff : 0
            let slopes: InlineArray<4, Double> = [
                -scale * w * w / 2, scale * (1.5 * u * u - 2 * u), -scale * (1.5 * w * w - 2 * w), scale * u * u / 2,
            ]
            if part == .pullback {
                var sum = 0.0
                for q in 0..<4 { sum += slopes[q] * Double(input![4 * edge + q]) }
                for axis in 0..<3 { output[3 * edge + axis] = T(sum * place.direction[axis]) }
            } else {
                let v = input! + 3 * edge
                let along =
                    place.direction.x * Double(v[0]) + place.direction.y * Double(v[1])
                    + place.direction.z * Double(v[2])
                for q in 0..<4 { output[4 * edge + q] = T(slopes[q] * along) }
            }
        }
    }

    /// NequIP's basis on every edge, or its pullback or tangent. The four rows after the last edge are zero.
    static func bessel(
        _ coordinate: RadialCoordinate, _ basis: BesselBasis, _ part: EdgeFunction.Part, _ graph: Graph,
        range: Range<Int>, input: UnsafePointer<T>?, output: UnsafeMutablePointer<T>
    ) {
        let count = basis.frequencies.count
        for edge in range {
            let place = RadialPlace(coordinate, graph, edge)
            if part == .pullback {
                var sum = 0.0
                for n in 0..<count {
                    sum += basis.evaluate(basis.frequencies[n], place.x).slope * Double(input![edge * count + n])
                }
                for axis in 0..<3 { output[3 * edge + axis] = T(sum / place.cutoff * place.direction[axis]) }
                continue
            }
            for n in 0..<count {
                let (value, slope) = basis.evaluate(basis.frequencies[n], place.x)
                if part == .value {
                    output[edge * count + n] = T(value)
                } else {
                    let v = input! + 3 * edge
                    let along =
                        place.direction.x * Double(v[0]) + place.direction.y * Double(v[1])
                        + place.direction.z * Double(v[2])
                    output[edge * count + n] = T(slope / place.cutoff * along)
                }
            }
        }
        if part != .pullback, range.upperBound == graph.edges {
            (output + graph.edges * count).update(repeating: 0, count: 4 * count)
        }
    }
}

/// Where an edge lies on the radial axis.
struct RadialPlace {
    var x: Double
    /// The cutoff of this pair in Å.
    var cutoff: Double
    /// Unit vector from the receiver to the source.
    var direction: SIMD3<Double>

    init(_ coordinate: RadialCoordinate, _ graph: Graph, _ edge: Int) {
        let vector = SIMD3(graph.x[edge], graph.y[edge], graph.z[edge])
        let r = (vector * vector).sum().squareRoot()
        cutoff = coordinate.rMax
        if !coordinate.pairCutoffs.isEmpty {
            let receiver = Int(graph.species[Int(graph.receivers[edge])])
            cutoff = coordinate.pairCutoffs[receiver][Int(graph.species[Int(graph.sources[edge])])]
        }
        x = r / cutoff
        direction = vector / r
    }
}
