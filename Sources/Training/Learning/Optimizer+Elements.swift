import Compute
import Foundation

extension Optimizer {
    /// One step of single weights.
    ///
    /// Adam: Kingma and Ba (2015), algorithm 1; AMSGrad: Reddi, Kale and Kumar (2018); AdamW (decoupled weight decay):
    /// Loshchilov and Hutter (2019); schedule-free AdamW: Defazio et al. (2024), algorithm 1 with the moment of AdamW.
    struct ElementRule: Sendable {
        private let (beta1, beta2, rate, epsilon, inverse, shrink, decay): (T, T, T, T, T, T, T)
        private let share: T?
        private let usesLargest: Bool
        private let isScheduleFree: Bool

        init(_ settings: OptimizerSettings, step: Int, learningRate: Double, share: T?, usesLargest: Bool) {
            (beta1, beta2) = (T(settings.beta1), T(settings.beta2))
            isScheduleFree = settings.name == .scheduleFree
            rate = T(isScheduleFree ? learningRate : learningRate / (1 - pow(settings.beta1, Double(step))))
            inverse = T(1 / (1 - pow(settings.beta2, Double(step))).squareRoot())
            epsilon = T(settings.epsilon)
            let isDecoupled = settings.name != .adam
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
            if isScheduleFree { return applyScheduleFree(to: rows, load: load, store: store) }
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

        /// z ← z − γ (g / √v̂ + λ y), x ← x + c (z − x), y ← z + β₁ (x − z): gradients are taken at y, x is kept.
        @inline(__always)
        private func applyScheduleFree(
            to rows: Rows, load: (UnsafePointer<T>) -> T.Vector, store: (UnsafeMutablePointer<T>, T.Vector) -> Void
        ) {
            let (y, g) = (load(rows.weights), load(rows.gradient))
            let v = beta2 * load(rows.second) + (1 - beta2) * (g * g)
            store(rows.second, v)
            // 1 − shrink is γ λ.
            let z = load(rows.first) - rate * g / (v.squareRoot() * inverse + epsilon) - (1 - shrink) * y
            store(rows.first, z)
            let before = load(rows.average)
            let x = before + (share ?? 0) * (z - before)
            store(rows.average, x)
            store(rows.weights, z + beta1 * (x - z))
        }
    }
}
