import Equivariance
import Foundation
import Programs

extension ReferenceExecutor {
    /// One term of a sum of convolutions: with
    ///
    ///     Q = Σ_e Σ_p Σ_c (Σ_q B_e[q] R[k_e + q, p c]) Σ_{m₁ m₂ m₃} C_p[m₁ m₂ m₃] G_i[p, m₃, c] Y_e[m₂] h_j[m₁, c]
    ///
    /// for each edge e: j → i, the derivative by each slot is Q without its argument. By the basis it is taken along
    /// the slope B′.
    func add(
        _ term: ConvolutionOperands, of convolution: Convolution, _ slots: [Convolution.Slot],
        _ operands: [Program.Value], _ graph: Graph, to results: inout [Table]
    ) {
        func table(_ position: Int?) -> Table? { position.map { self.table(operands[$0]) } }
        let (basis, slope) = (table(term.basis), table(term.slope))
        let (radial, harmonics) = (table(term.table), table(term.harmonics))
        let (features, output) = (table(term.features), table(term.output))
        let firstRows = firstRows[operands[(term.basis ?? term.slope)!]]!
        for edge in 0..<graph.edges {
            let (i, j) = (Int(graph.receivers[edge]), Int(graph.sourceOfEdge[edge]))
            for path in convolution.paths {
                let coupling = convolution.couplings[path.coupling]
                // The harmonic of degree 0 is 1, and does not change.
                if coupling.l2 == 0, term.changesHarmonics { continue }
                let scale = Double(2 * coupling.l3 + 1).squareRoot()
                for c in 0..<path.input.stride {
                    let column = path.weightOffset + c
                    var (weight, weightSlope) = (0.0, 0.0)
                    if let radial {
                        for q in 0..<4 {
                            if let basis { weight += basis[edge, q] * radial[firstRows[edge] + q, column] }
                            if let slope { weightSlope += slope[edge, q] * radial[firstRows[edge] + q, column] }
                        }
                    }
                    for entry in coefficients(of: coupling) {
                        let coefficient = scale * entry.value
                        let source = path.input.offset + entry.m1 * path.input.stride + c
                        let target = path.output.offset + entry.m3 * path.output.stride + c
                        let component = coupling.l2 * coupling.l2 - 1 + entry.m2
                        // Those of arguments that are not there are not read.
                        let h = features?[j, source] ?? .nan
                        let g = output?[i, target] ?? .nan
                        let y = coupling.l2 == 0 ? 1 : harmonics?[edge, component] ?? .nan
                        for (k, slot) in slots.enumerated() where slot != term.omitted {
                            switch slot {
                            case .output: results[k][i, target] += weight * coefficient * y * h
                            case .features: results[k][j, source] += weight * coefficient * y * g
                            case .harmonics:
                                if coupling.l2 > 0 { results[k][edge, component] += weight * coefficient * h * g }
                            case .basis: results[k][edge, 0] += weightSlope * coefficient * y * h * g
                            case .table:
                                for q in 0..<4 {
                                    results[k][firstRows[edge] + q, column] +=
                                        basis![edge, q] * coefficient * y * h * g
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// The coefficients c of the cubic spline through values v at n + 1 knots, by solving
    ///
    ///     (c_i + 4 c_{i+1} + c_{i+2}) / 6 = v_i,   c₀ − 2c₁ + c₂ = 0,   c_{n+2} − c_n = 0
    ///
    /// or the cotangents of v from those of c, by solving the transposed system.
    func splineCoefficients(of x: Table, transposed: Bool, _ result: inout Table) {
        let size = max(x.numbers.count, result.numbers.count) / x.width
        let n = size - 3
        var matrix = Array(repeating: Array(repeating: 0.0, count: size), count: size)
        for i in 0...n { (matrix[i][i], matrix[i][i + 1], matrix[i][i + 2]) = (1 / 6, 4 / 6, 1 / 6) }
        (matrix[n + 1][0], matrix[n + 1][1], matrix[n + 1][2]) = (1, -2, 1)
        (matrix[n + 2][n + 2], matrix[n + 2][n]) = (1, -1)
        if transposed { matrix = (0..<size).map { i in (0..<size).map { matrix[$0][i] } } }
        var right = (0..<size).map { i in
            (0..<x.width).map { i * x.width < x.numbers.count ? x[i, $0] : 0 }
        }
        // Elimination with the largest pivot of each column.
        for column in 0..<size {
            let pivot = (column..<size).max { abs(matrix[$0][column]) < abs(matrix[$1][column]) }!
            matrix.swapAt(column, pivot)
            right.swapAt(column, pivot)
            for row in 0..<size where row != column && matrix[row][column] != 0 {
                let factor = matrix[row][column] / matrix[column][column]
                for k in column..<size { matrix[row][k] -= factor * matrix[column][k] }
                for k in 0..<x.width { right[row][k] -= factor * right[column][k] }
            }
        }
        for row in 0..<result.numbers.count / result.width {
            for k in 0..<x.width { result[row, k] = right[row][k] / matrix[row][row] }
        }
    }
}
