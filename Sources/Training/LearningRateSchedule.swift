/// Lowers the learning rate when the validation loss stops falling (PyTorch's `ReduceLROnPlateau`).
struct LearningRateSchedule: Sendable, Equatable {
    let settings: PlateauSettings?
    private(set) var learningRate: Double
    private(set) var best = Double.infinity
    private(set) var badEpochs = 0
    private(set) var cooldown = 0

    init(_ settings: PlateauSettings?, learningRate: Double) {
        self.settings = settings
        self.learningRate = learningRate
    }

    /// Takes note of an epoch's validation loss.
    mutating func step(_ loss: Double) {
        guard let settings else { return }
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

    /// As numbers for a checkpoint.
    var state: [Double] {
        get { [learningRate, best, Double(badEpochs), Double(cooldown)] }
        set {
            (learningRate, best, badEpochs, cooldown) = (newValue[0], newValue[1], Int(newValue[2]), Int(newValue[3]))
        }
    }
}

/// What `training.lr_scheduler` says for `reduce_on_plateau`.
public struct PlateauSettings: Sendable, Equatable {
    public var factor = 0.6
    public var patience = 5
    public var threshold = 1e-4
    public var cooldown = 0
    public var minimum = 1e-6

    public init() {}
}
