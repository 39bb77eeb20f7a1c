import Foundation

/// How the learning rate changes in the course of a training.
struct LearningRateSchedule: Sendable, Equatable {
    let settings: SchedulerSettings
    /// The rate of the optimizer's settings.
    let base: Double
    let epochs: Int
    var state: State

    /// What a checkpoint keeps of it.
    struct State: Sendable, Equatable, Codable {
        var learningRate: Double
        /// The lowest validation loss, as `reduce_on_plateau` compares.
        var best = Double.infinity
        var badEpochs = 0
        var cooldown = 0
        /// Times that the rate was halved because the training diverged.
        var halvings = 0
        /// The epochs that had passed when it began: 0 unless it was begun anew.
        var firstEpoch = 0
    }

    var learningRate: Double { state.learningRate }
    var halvings: Int { state.halvings }

    /// For a training of so many epochs.
    init(_ settings: SchedulerSettings, learningRate: Double, epochs: Int) {
        self.settings = settings
        base = learningRate
        self.epochs = epochs
        state = State(learningRate: learningRate)
        advance(to: 0)
    }

    /// Before every step: how many epochs have passed, with the part of the present one. Only the cosine looks at it.
    mutating func advance(to epoch: Double) {
        guard case .cosine(let settings) = settings else { return }
        let (passed, all) = (epoch - Double(state.firstEpoch), Double(epochs - state.firstEpoch))
        state.learningRate = settings.learningRate(at: passed, of: all, base: base) * pow(0.5, Double(halvings))
    }

    /// Goes on at half the rate.
    mutating func halve() {
        state.halvings += 1
        state.learningRate /= 2
    }

    /// Takes note of an epoch's validation loss, for `reduce_on_plateau`.
    mutating func step(_ loss: Double) {
        guard case .plateau(let settings) = settings else { return }
        if loss < state.best * (1 - settings.threshold) {
            state.best = loss
            state.badEpochs = 0
        } else {
            state.badEpochs += 1
        }
        if state.cooldown > 0 {
            state.cooldown -= 1
            state.badEpochs = 0
        }
        if state.badEpochs > settings.patience {
            // A rate that started below the minimum is left alone.
            state.learningRate = min(learningRate, max(settings.minimum, learningRate * settings.factor))
            state.cooldown = settings.cooldown
            state.badEpochs = 0
        }
    }

    /// Begins anew at the rate of the settings, after so many epochs: a cosine takes those that are left.
    mutating func restart(after epoch: Int) {
        state = State(learningRate: base, firstEpoch: epoch)
        advance(to: Double(epoch))
    }

    /// Forgets the losses so far, because those to come are of another kind; the rate stays.
    mutating func forgetLosses() { (state.best, state.badEpochs, state.cooldown) = (.infinity, 0, 0) }
}

extension CosineSettings {
    func learningRate(at epoch: Double, of epochs: Double, base: Double) -> Double {
        if epoch < warmupEpochs { return base * (0.01 + 0.99 * epoch / warmupEpochs) }
        let passed = min(1, (epoch - warmupEpochs) / max(epochs - warmupEpochs, 1e-9))
        let lowest = min(minimum, base)
        return lowest + (base - lowest) * (1 + cos(.pi * passed)) / 2
    }
}
