import Compute
import Layers
import Potentials

extension Optimizer {
    /// One step of a matrix: Muon (Jordan et al. 2024) with Nesterov's momentum, as long as a step of AdamW (Liu et al.
    /// 2025, arXiv:2502.16982, eq. 4), so that both take the same learning rate and weight decay.
    ///
    ///     m ← μ m + (1 − μ) g,  u = μ m + (1 − μ) g
    ///     W ← (1 − γ λ) W − 0.2 γ √max(rows, columns) · polar factor of u
    struct MatrixRule: Sendable {
        private let (momentum, rate, shrink): (T, T, T)
        private let share: T?

        init(_ settings: OptimizerSettings, learningRate: Double, share: T?) {
            (momentum, rate) = (T(settings.momentum), T(learningRate))
            shrink = T(1 - learningRate * settings.weightDecay)
            self.share = share
        }

        func apply(to rows: Rows, _ matrix: Parameter.Matrix) {
            withUnsafeTemporaryAllocation(of: T.self, capacity: matrix.rows * matrix.columns) { direction in
                let direction = direction.baseAddress!
                forEachVector(of: matrix) { k, place, count in
                    let g = (rows.gradient + place).vector(first: count)
                    let m = momentum * (rows.first + place).vector(first: count) + (1 - momentum) * g
                    (rows.first + place).store(m, first: count)
                    (direction + k).store(momentum * m + (1 - momentum) * g, first: count)
                }
                let length = T(0.2 * Double(max(matrix.rows, matrix.columns)).squareRoot())
                PolarFactor.subtract(
                    of: direction, rows: matrix.rows, columns: matrix.columns, length: rate * length,
                    from: rows.weights + matrix.offset, stride: matrix.stride, decay: shrink)
            }
            guard let share else { return }
            forEachVector(of: matrix) { _, place, count in
                let average = (rows.average + place).vector(first: count)
                let moved = (rows.weights + place).vector(first: count)
                (rows.average + place).store(average + share * (moved - average), first: count)
            }
        }

        /// Calls `body(place in the matrix, place among all weights, count)`, a vector of one row's numbers at a time.
        @inline(__always)
        private func forEachVector(of matrix: Parameter.Matrix, _ body: (Int, Int, Int) -> Void) {
            for row in 0..<matrix.rows {
                let start = matrix.offset + row * matrix.stride
                for column in stride(from: 0, to: matrix.columns, by: T.lanes) {
                    body(row * matrix.columns + column, start + column, min(T.lanes, matrix.columns - column))
                }
            }
        }
    }
}
