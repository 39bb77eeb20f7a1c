import Compute
import Foundation

/// Adam and its variants, on one flat list of weights.
///
/// Kingma and Ba (2015), algorithm 1; AMSGrad: Reddi, Kale and Kumar (2018); AdamW (decoupled weight decay):
/// Loshchilov and Hutter (2019).
struct Optimizer<T: KernelScalar>: Sendable {
    let settings: OptimizerSettings
    /// The weights that are trained, in order; all others stay as they are.
    private let trained: [Range<Int>]
    var step = 0
    var first: [T]
    var second: [T]
    /// The largest second moments so far; empty without AMSGrad.
    var largest: [T]

    init(_ settings: OptimizerSettings, count: Int, trained: [Range<Int>]? = nil) {
        self.settings = settings
        self.trained = trained ?? [0..<count]
        first = Array(repeating: 0, count: count)
        second = Array(repeating: 0, count: count)
        largest = settings.amsgrad ? Array(repeating: 0, count: count) : []
    }

    /// Moves `weights` against `gradient`, and a moving average of them after them.
    mutating func update(
        _ weights: inout [T], gradient: [T], learningRate: Double, average: inout MovingAverage<T>?,
        _ parallelism: Parallelism
    ) {
        precondition(weights.count == gradient.count && first.count == gradient.count)
        step += 1
        let rule = Rule(
            settings, step: step, learningRate: learningRate, share: average?.beginUpdate(),
            usesLargest: !largest.isEmpty)
        let trained = trained
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
                                    for range in trained where range.overlaps(chunk) {
                                        rule.apply(to: rows, range.clamped(to: chunk))
                                    }
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
    private struct Rows {
        var weights: UnsafeMutablePointer<T>
        var first: UnsafeMutablePointer<T>
        var second: UnsafeMutablePointer<T>
        var largest: UnsafeMutablePointer<T>
        var average: UnsafeMutablePointer<T>
        var gradient: UnsafePointer<T>
    }

    /// One step of some weights.
    private struct Rule: Sendable {
        let (beta1, beta2, rate, epsilon, inverse, shrink, decay): (T, T, T, T, T, T, T)
        let share: T?
        let usesLargest: Bool

        init(_ settings: OptimizerSettings, step: Int, learningRate: Double, share: T?, usesLargest: Bool) {
            (beta1, beta2) = (T(settings.beta1), T(settings.beta2))
            rate = T(learningRate / (1 - pow(settings.beta1, Double(step))))
            inverse = T(1 / (1 - pow(settings.beta2, Double(step))).squareRoot())
            epsilon = T(settings.epsilon)
            let isDecoupled = settings.name == .adamw
            shrink = T(1 - (isDecoupled ? learningRate * settings.weightDecay : 0))
            decay = T(isDecoupled ? 0 : settings.weightDecay)
            self.share = share
            self.usesLargest = usesLargest
        }

        func apply(to rows: Rows, _ range: Range<Int>) {
            var k = range.lowerBound
            while k &+ T.lanes <= range.upperBound {
                apply(to: rows, k) {
                    UnsafeRawPointer($0 + k).loadUnaligned(as: T.Vector.self)
                } store: {
                    UnsafeMutableRawPointer($0 + k).storeBytes(of: $1, as: T.Vector.self)
                }
                k &+= T.lanes
            }
            let rest = range.upperBound - k
            if rest > 0 {
                apply(to: rows, k) {
                    ($0 + k).vector(first: rest)
                } store: {
                    ($0 + k).store($1, first: rest)
                }
            }
        }

        @inline(__always)
        private func apply(
            to rows: Rows, _ k: Int, load: (UnsafePointer<T>) -> T.Vector,
            store: (UnsafeMutablePointer<T>, T.Vector) -> Void
        ) {
            let w = load(rows.weights)
            let g = load(rows.gradient) + decay * w
            let m = beta1 * load(rows.first) + (1 - beta1) * g
            let v = beta2 * load(rows.second) + (1 - beta2) * (g * g)
            store(rows.first, m)
            store(rows.second, v)
            var variance = v
            if usesLargest {
                let before = load(rows.largest)
                variance = v.replacing(with: before, where: before .> v)
                store(rows.largest, variance)
            }
            let moved = shrink * w - rate * m / (variance.squareRoot() * inverse + epsilon)
            store(rows.weights, moved)
            if let share {
                let average = load(rows.average)
                store(rows.average, average + share * (moved - average))
            }
        }
    }
}
