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
    mutating func update(_ weights: inout [T], gradient: [T], learningRate: Double) {
        precondition(weights.count == gradient.count && first.count == gradient.count)
        step += 1
        let (b1, b2) = (T(settings.beta1), T(settings.beta2))
        let correction1 = 1 - pow(settings.beta1, Double(step))
        let correction2 = (1 - pow(settings.beta2, Double(step))).squareRoot()
        let rate = T(learningRate / correction1)
        let (epsilon, inverse) = (T(settings.epsilon), T(1 / correction2))
        let isDecoupled = settings.name == .adamw
        let shrink = T(1 - (isDecoupled ? learningRate * settings.weightDecay : 0))
        let decay = T(isDecoupled ? 0 : settings.weightDecay)
        let usesLargest = !largest.isEmpty
        weights.withUnsafeMutableBufferPointer { w in
            first.withUnsafeMutableBufferPointer { m in
                second.withUnsafeMutableBufferPointer { v in
                    largest.withUnsafeMutableBufferPointer { top in
                        for k in w.indices {
                            let g = gradient[k] + decay * w[k]
                            m[k] = b1 * m[k] + (1 - b1) * g
                            v[k] = b2 * v[k] + (1 - b2) * g * g
                            var variance = v[k]
                            if usesLargest {
                                top[k] = Swift.max(top[k], variance)
                                variance = top[k]
                            }
                            w[k] = shrink * w[k] - rate * m[k] / (variance.squareRoot() * inverse + epsilon)
                        }
                    }
                }
            }
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
