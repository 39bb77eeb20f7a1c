import Compute
import Layers
import Potentials

/// Takes the steps of a training, on one flat list of weights: Adam and its variants by single weights, Muon by
/// matrices with AdamW for whatever is none.
struct Optimizer<T: KernelScalar>: Sendable {
    let settings: OptimizerSettings
    /// The weights that are trained one by one, in order.
    private let elements: [Range<Int>]
    /// The weights that are trained as matrices, with `muon`. All others stay as they are.
    private let matrices: [Parameter.Matrix]
    /// Steps taken.
    var step = 0
    /// The sum of the squares of all learning rates so far, for `schedule_free`.
    var rateSquares = 0.0
    /// The means of the gradients; with `schedule_free` the weights z that steps are taken from.
    var first: [T]
    var second: [T]
    /// The largest second moments so far; empty without AMSGrad.
    var largest: [T]

    /// Weights that are trained, with the matrices among them, whose offsets count from the first weight of all.
    struct Group {
        var range: Range<Int>
        var matrices: [Parameter.Matrix] = []
    }

    /// - Parameter trained: in order; all weights, one by one, unless given.
    init(_ settings: OptimizerSettings, weights: [T], trained: [Group]? = nil) {
        let count = weights.count
        let trained = trained ?? [Group(range: 0..<count)]
        func isOrthogonalized(_ group: Group) -> Bool {
            settings.name == .muon && group.matrices.contains { min($0.rows, $0.columns) > 1 }
        }
        self.settings = settings
        elements = trained.filter { !isOrthogonalized($0) }.map(\.range)
        matrices = trained.filter(isOrthogonalized).flatMap(\.matrices)
        first = settings.name == .scheduleFree ? weights : Array(repeating: 0, count: count)
        second = Array(repeating: 0, count: count)
        largest = settings.amsgrad ? Array(repeating: 0, count: count) : []
    }

    /// Moves `weights` against `gradient`, and an average of them after them: the moving average if there is one, with
    /// `schedule_free` its own, which must be there.
    mutating func update(
        _ weights: inout [T], gradient: [T], learningRate: Double, average: inout MovingAverage<T>?,
        _ parallelism: Parallelism
    ) {
        precondition(
            weights.count == gradient.count && first.count == gradient.count,
            "expected \(first.count) weights and derivatives, got \(weights.count) and \(gradient.count)")
        step += 1
        var share = average?.beginUpdate()
        if settings.name == .scheduleFree {
            precondition(average != nil, "expected an average, which is what schedule_free keeps")
            rateSquares += learningRate * learningRate
            share = T(rateSquares > 0 ? learningRate * learningRate / rateSquares : 0)
        }
        let elementRule = ElementRule(
            settings, step: step, learningRate: learningRate, share: share, usesLargest: !largest.isEmpty)
        let matrixRule = MatrixRule(settings, learningRate: learningRate, share: share)
        let (elements, matrices) = (elements, matrices)
        var averages = average?.values ?? []
        average?.values = []
        weights.withUnsafeMutableBufferPointer { w in
            first.withUnsafeMutableBufferPointer { m in
                second.withUnsafeMutableBufferPointer { v in
                    largest.withUnsafeMutableBufferPointer { top in
                        averages.withUnsafeMutableBufferPointer { a in
                            gradient.withUnsafeBufferPointer { g in
                                guard let weights = w.baseAddress, let gradient = g.baseAddress else { return }
                                nonisolated(unsafe) let rows = Rows(
                                    weights: weights, first: m.baseAddress!, second: v.baseAddress!,
                                    largest: top.baseAddress ?? weights, average: a.baseAddress ?? weights,
                                    gradient: gradient)
                                parallelism.forEach(w.count, by: 1 << 14) { chunk in
                                    for range in elements where range.overlaps(chunk) {
                                        elementRule.apply(to: rows, range.clamped(to: chunk))
                                    }
                                }
                                parallelism.forEach(chunks: matrices.count) { index, _ in
                                    matrixRule.apply(to: rows, matrices[index])
                                }
                            }
                        }
                    }
                }
            }
        }
        average?.values = averages
    }

    /// The arrays that a step runs over; those that it does not need stand as the weights.
    struct Rows {
        var weights: UnsafeMutablePointer<T>
        var first: UnsafeMutablePointer<T>
        var second: UnsafeMutablePointer<T>
        var largest: UnsafeMutablePointer<T>
        var average: UnsafeMutablePointer<T>
        var gradient: UnsafePointer<T>
    }
}
