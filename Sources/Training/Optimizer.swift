import Compute
import Foundation

/// Adam and its variants, on one flat list of weights.
///
/// Kingma and Ba (2015), algorithm 1; AMSGrad: Reddi, Kale and Kumar (2018); AdamW (decoupled weight decay):
/// Loshchilov and Hutter (2019).
struct Optimizer<T: KernelScalar>: Sendable {
    let settings: OptimizerSettings
    var step = 0
    var first: [T]
    var second: [T]
    /// The largest second moments so far; empty without AMSGrad.
    var largest: [T]

    init(_ settings: OptimizerSettings, count: Int) {
        self.settings = settings
        first = Array(repeating: 0, count: count)
        second = Array(repeating: 0, count: count)
        largest = settings.amsgrad ? Array(repeating: 0, count: count) : []
    }

    /// Moves `weights` against `gradient`.
    mutating func update(_ weights: inout [T], gradient: [T], learningRate: Double, _ parallelism: Parallelism) {
        precondition(weights.count == gradient.count && first.count == gradient.count)
        step += 1
        let rule = Rule(settings, step: step, learningRate: learningRate)
        let usesLargest = !largest.isEmpty
        weights.withUnsafeMutableBufferPointer { w in
            first.withUnsafeMutableBufferPointer { m in
                second.withUnsafeMutableBufferPointer { v in
                    largest.withUnsafeMutableBufferPointer { top in
                        gradient.withUnsafeBufferPointer { g in
                            let count = w.count
                            guard count > 0 else { return }
                            nonisolated(unsafe) let (w, m, v, top, g) = (
                                w.baseAddress!, m.baseAddress!, v.baseAddress!, top.baseAddress, g.baseAddress!
                            )
                            parallelism.forEach(count, by: 1 << 14) { range in
                                for k in stride(from: range.lowerBound, to: range.upperBound, by: T.lanes) {
                                    let n = range.upperBound - k
                                    let weight = (w + k).vector(first: n)
                                    let (first, second) = rule.moments(
                                        (m + k).vector(first: n), (v + k).vector(first: n), weight,
                                        (g + k).vector(first: n))
                                    (m + k).store(first, first: n)
                                    (v + k).store(second, first: n)
                                    var variance = second
                                    if usesLargest, let top {
                                        variance = pointwiseMax((top + k).vector(first: n), second)
                                        (top + k).store(variance, first: n)
                                    }
                                    (w + k).store(rule.moved(weight, first, variance), first: n)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// One step of some weights.
    private struct Rule: Sendable {
        let (beta1, beta2, rate, epsilon, inverse, shrink, decay): (T, T, T, T, T, T, T)

        init(_ settings: OptimizerSettings, step: Int, learningRate: Double) {
            (beta1, beta2) = (T(settings.beta1), T(settings.beta2))
            rate = T(learningRate / (1 - pow(settings.beta1, Double(step))))
            inverse = T(1 / (1 - pow(settings.beta2, Double(step))).squareRoot())
            epsilon = T(settings.epsilon)
            let isDecoupled = settings.name == .adamw
            shrink = T(1 - (isDecoupled ? learningRate * settings.weightDecay : 0))
            decay = T(isDecoupled ? 0 : settings.weightDecay)
        }

        @inline(__always)
        func moments(
            _ m: T.Vector, _ v: T.Vector, _ w: T.Vector, _ gradient: T.Vector
        ) -> (T.Vector, T.Vector) {
            let g = gradient + decay * w
            return (beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * (g * g))
        }

        @inline(__always)
        func moved(_ w: T.Vector, _ m: T.Vector, _ variance: T.Vector) -> T.Vector {
            shrink * w - rate * m / (variance.squareRoot() * inverse + epsilon)
        }
    }
}

/// What `training.optimizer` says.
public struct OptimizerSettings: Sendable, Equatable {
    public enum Name: String, Sendable, CaseIterable { case adam, adamw }

    public var name = Name.adam
    public var learningRate = 0.01
    public var beta1 = 0.9
    public var beta2 = 0.999
    public var epsilon = 1e-8
    public var weightDecay = 0.0
    public var amsgrad = false

    public init() {}
}
