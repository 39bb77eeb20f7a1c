import Equivariance
import Foundation
import Programs

extension ReferenceExecutor {
    /// Functions of edges, and what adds up over edges.
    func edges(_ instruction: Program.Instruction, _ x: [Table], _ graph: Graph, _ result: inout Table) {
        switch instruction.operation {
        case .edgeVectors:
            for e in 0..<graph.edges {
                (result[e, 0], result[e, 1], result[e, 2]) = (graph.x[e], graph.y[e], graph.z[e])
            }
        case .edgeFunction(let function, let part):
            for e in 0..<graph.edges {
                let r = SIMD3(x[0][e, 0], x[0][e, 1], x[0][e, 2])
                let cutoff: (RadialCoordinate) -> Double = { $0.cutoff(graph, e) }
                if part == .curvature {
                    let v = SIMD3(x[2][e, 0], x[2][e, 1], x[2][e, 2])
                    for (k, change) in function.changesOfGradients(at: r, along: v, cutoff: cutoff).enumerated() {
                        for a in 0..<3 { result[e, a] += x[1][e, k] * change[a] }
                    }
                    continue
                }
                let (values, gradients) = function.valuesAndGradients(at: r, cutoff: cutoff)
                for k in values.indices {
                    switch part {
                    case .value: result[e, k] = values[k]
                    case .pullback: for a in 0..<3 { result[e, a] += x[1][e, k] * gradients[k][a] }
                    case .tangent: for a in 0..<3 { result[e, k] += x[1][e, a] * gradients[k][a] }
                    case .curvature: break
                    }
                }
            }
        case .radialBasis(let basis, let part):
            var rows = [Int](repeating: 0, count: graph.edges)
            for e in 0..<graph.edges {
                switch basis {
                case .ownRow: (result[e, 0], rows[e]) = (1, e)
                case .spline(let coordinate, let intervals):
                    let cutoff = coordinate.cutoff(graph, e)
                    let (row, values, slopes, curvatures) = spline(at: x[0][e, 0] / cutoff, intervals: intervals)
                    rows[e] = row
                    for q in 0..<4 {
                        switch part {
                        case .value: result[e, q] = values[q]
                        case .slope: result[e, q] = slopes[q] / cutoff
                        case .tangent: result[e, q] = slopes[q] / cutoff * x[1][e, 0]
                        case .scaled: result[e, q] = values[q] * x[1][e, 0]
                        case .curvature: result[e, q] = curvatures[q] / (cutoff * cutoff) * x[1][e, 0]
                        }
                    }
                }
            }
            firstRows[instruction.results[0]] = rows
        case .edgeForces:
            for e in 0..<graph.edges {
                for a in 0..<3 {
                    result[Int(graph.receivers[e]), a] += x[0][e, a]
                    result[Int(graph.sourceOfEdge[e]), a] -= x[0][e, a]
                }
            }
        case .edgeDifference:
            for e in 0..<graph.edges {
                for a in 0..<3 {
                    result[e, a] = x[0][Int(graph.receivers[e]), a] - x[0][Int(graph.sourceOfEdge[e]), a]
                }
            }
        case .edgeVirial:
            for e in 0..<graph.edges {
                let structure = graph.structure(of: Int(graph.receivers[e]))
                for a in 0..<3 { for b in 0..<3 { result[structure, 3 * a + b] -= x[0][e, a] * x[1][e, b] } }
            }
        case .atomicVirials:
            for e in 0..<graph.edges {
                for atom in [Int(graph.receivers[e]), Int(graph.sourceOfEdge[e])] {
                    for a in 0..<3 { for b in 0..<3 { result[atom, 3 * a + b] -= x[0][e, a] * x[1][e, b] / 2 } }
                }
            }
        case .edgeStrain:
            for e in 0..<graph.edges {
                let structure = graph.structure(of: Int(graph.receivers[e]))
                for a in 0..<3 { for b in 0..<3 { result[e, b] -= x[0][e, a] * x[1][structure, 3 * a + b] } }
            }
        default: preconditionFailure("\(instruction.operation.name) is no operation on edges")
        }
    }

    /// The four uniform cubic B-splines that do not vanish at x and their derivatives by x; all zero from 1 on.
    private func spline(
        at x: Double, intervals: Int
    ) -> (row: Int, values: [Double], slopes: [Double], curvatures: [Double]) {
        guard x < 1 else { return (intervals - 1, [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]) }
        let row = Int(x * Double(intervals))
        let u = x * Double(intervals) - Double(row)
        let values = [
            pow(1 - u, 3) / 6, (3 * pow(u, 3) - 6 * u * u + 4) / 6, (-3 * pow(u, 3) + 3 * u * u + 3 * u + 1) / 6,
            pow(u, 3) / 6,
        ]
        let slopes = [
            -pow(1 - u, 2) / 2, (3 * u * u - 4 * u) / 2, (-3 * u * u + 2 * u + 1) / 2, u * u / 2,
        ]
        let curvatures = [1 - u, 3 * u - 2, 1 - 3 * u, u]
        let n = Double(intervals)
        return (row, values, slopes.map { $0 * n }, curvatures.map { $0 * n * n })
    }
}

extension EdgeFunction {
    /// How the gradient of each component changes along a direction.
    func changesOfGradients(
        at r: SIMD3<Double>, along v: SIMD3<Double>, cutoff: (RadialCoordinate) -> Double
    ) -> [SIMD3<Double>] {
        let length = (r.x * r.x + r.y * r.y + r.z * r.z).squareRoot()
        let unit = r / length
        let along = (unit * v).sum()
        let turned = (v - along * unit) / length
        switch self {
        case .distance: return [turned]
        case .harmonics(let lMax):
            let harmonics = SphericalHarmonics(lMax: lMax)
            let zero = Dual(0, slope: 0)
            var values = [Dual<Double>](repeating: zero, count: harmonics.count)
            var gradients = [Dual<Double>](repeating: zero, count: 3 * harmonics.count)
            harmonics.evaluate(
                x: Dual(r.x, slope: v.x), y: Dual(r.y, slope: v.y), z: Dual(r.z, slope: v.z), values: &values,
                gradient: &gradients)
            return (1..<harmonics.count).map { k in
                SIMD3(gradients[3 * k].slope, gradients[3 * k + 1].slope, gradients[3 * k + 2].slope)
            }
        case .bessel(let coordinate, let basis):
            let cutoff = cutoff(coordinate)
            return basis.frequencies.map { n in
                let x = length / cutoff
                return basis.curvature(n, x) / (cutoff * cutoff) * along * unit
                    + basis.evaluate(n, x).slope / cutoff * turned
            }
        }
    }

    /// Each component with its gradient by the vector.
    func valuesAndGradients(
        at r: SIMD3<Double>, cutoff: (RadialCoordinate) -> Double
    ) -> (values: [Double], gradients: [SIMD3<Double>]) {
        let length = (r.x * r.x + r.y * r.y + r.z * r.z).squareRoot()
        switch self {
        case .distance: return ([length], [r / length])
        case .harmonics(let lMax):
            let harmonics = SphericalHarmonics(lMax: lMax)
            var values = [Double](repeating: 0, count: harmonics.count)
            var gradients = [Double](repeating: 0, count: 3 * harmonics.count)
            harmonics.evaluate(x: r.x, y: r.y, z: r.z, values: &values, gradient: &gradients)
            let components = 1..<harmonics.count
            return (
                components.map { values[$0] },
                components.map { SIMD3(gradients[3 * $0], gradients[3 * $0 + 1], gradients[3 * $0 + 2]) }
            )
        case .bessel(let coordinate, let basis):
            let cutoff = cutoff(coordinate)
            let both = basis.frequencies.map { basis.evaluate($0, length / cutoff) }
            return (both.map(\.value), both.map { $0.slope / cutoff * r / length })
        }
    }
}

extension RadialCoordinate {
    /// The cutoff of the pair of species that an edge joins.
    fileprivate func cutoff(_ graph: Graph, _ edge: Int) -> Double {
        if pairCutoffs.isEmpty { return rMax }
        let receiver = graph.species[Int(graph.receivers[edge])]
        let source = graph.species[Int(graph.sourceOfEdge[edge])]
        return pairCutoffs[Int(receiver)][Int(source)]
    }
}
