import Foundation

/// How the learning rate changes in the course of a training.
struct LearningRateSchedule: Sendable, Equatable {
    let settings: SchedulerSettings
    /// The rate of the optimizer's settings.
    let base: Double
    let epochs: Int
    private(set) var learningRate: Double
    private(set) var best = Double.infinity
    private(set) var badEpochs = 0
    private(set) var cooldown = 0
    /// Times that the rate was halved because the training diverged.
    private(set) var halvings = 0

    /// For a training of so many epochs.
    init(_ settings: SchedulerSettings, learningRate: Double, epochs: Int) {
        self.settings = settings
        base = learningRate
        self.learningRate = learningRate
        self.epochs = epochs
        advance(to: 0)
    }

    /// Before every step: how many epochs have passed, with the part of the present one. Only the cosine looks at it.
    mutating func advance(to epoch: Double) {
        guard case .cosine(let settings) = settings else { return }
        learningRate = settings.learningRate(at: epoch, of: Double(epochs), base: base) * pow(0.5, Double(halvings))
    }

    /// Goes on at half the rate.
    mutating func halve() {
        halvings += 1
        learningRate /= 2
    }

    /// Takes note of an epoch's validation loss, for `reduce_on_plateau`.
    mutating func step(_ loss: Double) {
        guard case .plateau(let settings) = settings else { return }
        if loss < best * (1 - settings.threshold) {
            best = loss
            badEpochs = 0
        } else {
            badEpochs += 1
        }
        if cooldown > 0 {
            cooldown -= 1
            badEpochs = 0
        }
        if badEpochs > settings.patience {
            // A rate that started below the minimum is left alone.
            learningRate = min(learningRate, max(settings.minimum, learningRate * settings.factor))
            cooldown = settings.cooldown
            badEpochs = 0
        }
    }

    /// Forgets the losses so far and goes on from this rate; a cosine has its rates from the epochs alone.
    mutating func restart(at rate: Double) {
        (best, badEpochs, cooldown, halvings) = (.infinity, 0, 0, 0)
        if case .cosine = settings { return }
        learningRate = rate
    }

    /// As numbers for a checkpoint.
    var state: [Double] {
        get { [learningRate, best, Double(badEpochs), Double(cooldown), Double(halvings)] }
        set {
            (learningRate, best) = (newValue[0], newValue[1])
            (badEpochs, cooldown, halvings) = (Int(newValue[2]), Int(newValue[3]), Int(newValue[4]))
        }
    }
}
