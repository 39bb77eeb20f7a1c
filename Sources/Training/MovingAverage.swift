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

    mutating func update(with weights: [T], _ parallelism: Parallelism) {
        updates += 1
        let share = T(1 - min(decay, Double(1 + updates) / Double(10 + updates)))
        weights.withUnsafeBufferPointer { weights in
            nonisolated(unsafe) let weights = weights
            parallelism.update(&values, by: 1 << 14) { range, values in
                for k in values.indices { values[k] += share * (weights[range.lowerBound + k] - values[k]) }
            }
        }
    }
}
