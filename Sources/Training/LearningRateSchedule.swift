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
        learningRate = settings.learningRate(at: epoch, of: Double(epochs), base: base)
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
        (best, badEpochs, cooldown) = (.infinity, 0, 0)
        if case .cosine = settings { return }
        learningRate = rate
    }

    /// As numbers for a checkpoint.
    var state: [Double] {
        get { [learningRate, best, Double(badEpochs), Double(cooldown)] }
        set {
            (learningRate, best, badEpochs, cooldown) = (newValue[0], newValue[1], Int(newValue[2]), Int(newValue[3]))
        }
    }
}

/// What `training.lr_scheduler` says.
public enum SchedulerSettings: Sendable, Equatable {
    case constant
    case plateau(PlateauSettings)
    case cosine(CosineSettings)
}

/// `reduce_on_plateau`: lowers the rate when the validation loss stops falling (PyTorch's `ReduceLROnPlateau`).
public struct PlateauSettings: Sendable, Equatable {
    public var factor = 0.6
    public var patience = 5
    public var threshold = 1e-4
    public var cooldown = 0
    public var minimum = 1e-6

    public init() {}
}

/// `cosine`: half a period of a cosine down to `minimum` in the last epoch (Loshchilov and Hutter 2017, without restarts),
/// after a linear rise from a hundredth of the rate in the first `warmupEpochs`.
public struct CosineSettings: Sendable, Equatable {
    public var warmupEpochs = 0.0
    public var minimum = 1e-6

    public init() {}

    func learningRate(at epoch: Double, of epochs: Double, base: Double) -> Double {
        if epoch < warmupEpochs { return base * (0.01 + 0.99 * epoch / warmupEpochs) }
        let passed = min(1, (epoch - warmupEpochs) / max(epochs - warmupEpochs, 1e-9))
        let lowest = min(minimum, base)
        return lowest + (base - lowest) * (1 + cos(.pi * passed)) / 2
    }
}
