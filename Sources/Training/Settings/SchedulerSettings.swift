import Settings

/// What `training.lr_scheduler` says.
public enum SchedulerSettings: Sendable, Equatable {
    case constant
    case plateau(PlateauSettings)
    case cosine(CosineSettings)

    var name: String {
        switch self {
        case .constant: "none"
        case .plateau: "reduce_on_plateau"
        case .cosine: "cosine"
        }
    }

    init(_ value: SettingsValue) throws {
        let names = ["reduce_on_plateau", "cosine", "none"]
        if value.isScalar {
            switch try value.choice(names) {
            case "none": self = .constant
            case "cosine": self = .cosine(CosineSettings())
            default: self = .plateau(PlateauSettings())
            }
            return
        }
        let section = try value.section()
        let name = try section.choice("name", names, default: "reduce_on_plateau")
        if name == "cosine" {
            var cosine = CosineSettings()
            cosine.warmupEpochs = try section.double("warmup_epochs", in: .nonNegative, default: 0)
            cosine.minimum = try section.double("min_lr", in: .nonNegative, default: 1e-6)
            self = .cosine(cosine)
            return
        }
        var plateau = PlateauSettings()
        plateau.factor = try section.double("factor", in: 0.01...0.999, default: 0.6)
        plateau.patience = try section.integer("patience", in: .nonNegative, default: 5)
        plateau.threshold = try section.double("threshold", in: 0...0.999, default: 1e-4)
        plateau.cooldown = try section.integer("cooldown", in: .nonNegative, default: 0)
        plateau.minimum = try section.double("min_lr", in: .nonNegative, default: 1e-6)
        // Its settings may stand beside `none`, so that one word switches it off.
        self = name == "none" ? .constant : .plateau(plateau)
    }
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

/// `cosine`: half a period of a cosine down to `minimum` in the last epoch (Loshchilov and Hutter 2017, without
/// restarts), after a linear rise from a hundredth of the rate in the first `warmupEpochs`.
public struct CosineSettings: Sendable, Equatable {
    public var warmupEpochs = 0.0
    public var minimum = 1e-6

    public init() {}
}
