import Compute

/// The exponential moving average of the weights, which is what gets validated and kept.
///
/// Early on the decay is min(decay, (1 + n)/(10 + n)), so that the start is forgotten.
struct MovingAverage<T: KernelScalar>: Sendable {
    let decay: Double
    var values: [T]
    var updates = 0

    init(decay: Double, of weights: [T]) {
        self.decay = decay
        values = weights
    }

    /// The share of the new weights in the next average, `average += share (weights − average)`.
    mutating func beginUpdate() -> T {
        updates += 1
        return T(1 - min(decay, Double(1 + updates) / Double(10 + updates)))
    }
}
