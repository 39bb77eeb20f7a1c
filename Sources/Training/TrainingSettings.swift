import Foundation
import Network
import Settings

/// Everything that a training is told: the YAML file of `apus train`.
public struct TrainingSettings {
    /// Files of training structures.
    public var train: [String] = []
    public var validation = ValidationSource.fraction(0.1)
    public var keys = Keys()
    public var model: ModelSettings
    public var seed: UInt64 = 1
    public var precision = Potential.Precision.float32
    /// Coefficients of energy, forces and stress.
    public var loss: (energy: Double, forces: Double, stress: Double) = (1, 1, 0)
    public var batchSize = 5
    public var validationBatchSize = 10
    public var optimizer = OptimizerSettings()
    public var scheduler = SchedulerSettings.plateau(PlateauSettings())
    public var earlyStopping: EarlyStopping?
    public var emaDecay: Double? = 0.999
    /// The largest norm of a gradient.
    public var gradientClip: Double?
    public var maxEpochs = 1000
    /// Seconds.
    public var maxTime: Double?
    public var output: String
    /// The whole configuration, for provenance.
    public var text: String

    public enum ValidationSource: Sendable, Equatable {
        case fraction(Double)
        case count(Int)
        case files([String])
    }

    /// What labels are called in the files; `nil` for those that are not read.
    public struct Keys: Sendable, Equatable {
        public var energy: String? = "energy"
        public var forces: String? = "forces"
        public var stress: String? = "stress"
        public var virial: String? = "virial"
    }

    public struct EarlyStopping: Sendable, Equatable {
        public var patience: Int
        public var minDelta: Double
    }

    /// Reads a configuration; every mistake is a `SettingsError` with file, line, key and what is allowed.
    public init(_ settings: Settings) throws {
        let data = try settings.section("data")
        train = try data.oneOrMore("train").map { try $0.string() }
        guard !train.isEmpty else {
            throw try data.value("train").error("expected a file, a list of files or a pattern, found none")
        }
        if let value = data.optional("validation") { validation = try Self.validation(value) }
        if let section = try data.optionalSection("keys") {
            keys.energy = try Self.key("energy", section)
            keys.forces = try Self.key("forces", section)
            keys.stress = try Self.key("stress", section)
            keys.virial = try Self.key("virial", section)
        }
        model = try ModelSettings(settings.section("model"))

        let training = try settings.sectionOrEmpty("training")
        seed = UInt64(try training.integer("seed", in: .nonNegative, default: 1))
        precision = try training.choice("precision", of: Potential.Precision.self, default: .float32)
        let loss = try training.sectionOrEmpty("loss")
        self.loss = (
            try loss.double("energy", in: .nonNegative, default: 1),
            try loss.double("forces", in: .nonNegative, default: 1),
            try loss.double("stress", in: .nonNegative, default: 0)
        )
        if self.loss.energy + self.loss.forces + self.loss.stress == 0 {
            throw try training.value("loss").error("expected at least one coefficient above 0, found none")
        }
        batchSize = try training.integer("batch_size", in: 1...100_000, default: 5)
        validationBatchSize = try training.integer("validation_batch_size", in: 1...100_000, default: 2 * batchSize)
        let optimizer = try training.sectionOrEmpty("optimizer")
        for (word, meant) in [("lr", "learning_rate"), ("betas", "beta1 and beta2"), ("epsilon", "eps")] {
            // Asked for by its key only where it stands, so that it is no allowed key.
            guard optimizer.keys.contains(word), let value = optimizer.optional(word) else { continue }
            throw value.error("unknown key, expected \(meant)", code: .unknownKey)
        }
        self.optimizer.name = try optimizer.choice("name", of: OptimizerSettings.Name.self, default: .adam)
        self.optimizer.learningRate = try optimizer.double("learning_rate", in: .positive, default: 0.01)
        self.optimizer.beta1 = try optimizer.double("beta1", in: 0...0.999999, default: 0.9)
        self.optimizer.beta2 = try optimizer.double("beta2", in: 0...0.999999, default: 0.999)
        self.optimizer.epsilon = try optimizer.double("eps", in: .positive, default: 1e-8)
        self.optimizer.weightDecay = try optimizer.double("weight_decay", in: .nonNegative, default: 0)
        self.optimizer.amsgrad = try optimizer.boolean("amsgrad", default: false)
        if let value = training.optional("lr_scheduler") { scheduler = try Self.scheduler(value) }
        if let section = try Self.sectionOrNone("early_stopping", training) {
            earlyStopping = EarlyStopping(
                patience: try section.integer("patience", in: .positive, default: 50),
                minDelta: try section.double("min_delta", in: .nonNegative, default: 0))
        }
        let decay =
            Self.isNone("ema_decay", training)
            ? 0 : try training.double("ema_decay", in: 0...0.9999999, default: 0.999)
        emaDecay = decay == 0 ? nil : decay
        if training.optional("gradient_clip") != nil, !Self.isNone("gradient_clip", training) {
            gradientClip = try training.double("gradient_clip", in: .positive)
        }
        maxEpochs = try training.integer("max_epochs", in: .nonNegative, default: 1000)
        if case .cosine(let cosine) = scheduler, maxEpochs > 0, cosine.warmupEpochs >= Double(maxEpochs) {
            throw try training.value("lr_scheduler").error(
                "expected fewer warmup_epochs than max_epochs (\(maxEpochs)), found \(cosine.warmupEpochs)")
        }
        if training.optional("max_time") != nil, !Self.isNone("max_time", training) {
            maxTime = try training.quantity("max_time", .duration, in: .positive)
        }
        output = (try settings.string("output") as NSString).expandingTildeInPath
        try settings.finish()
        text = try settings.yaml()
    }

    /// A fraction below 1, a count, or files.
    private static func validation(_ value: SettingsValue) throws -> ValidationSource {
        if value.isList { return .files(try value.list().map { try $0.string() }) }
        let text = try value.string()
        guard let number = Double(text) else { return .files([text]) }
        if number >= 0, number < 1 { return .fraction(number) }
        if let count = Int(text), count >= 1 { return .count(count) }
        throw value.error("expected a fraction below 1, a number of structures, or files; found \(text)")
    }

    /// The name of a label; `null` and `none` stand for "not read".
    private static func key(_ label: String, _ section: Settings) throws -> String? {
        guard let value = section.optional(label) else { return section.keys.contains(label) ? nil : label }
        let name = try value.string()
        return name == "none" ? nil : name
    }

    /// Whether the word `none` switches a key off.
    private static func isNone(_ key: String, _ section: Settings) -> Bool {
        section.optional(key).flatMap { try? $0.string() } == "none"
    }

    private static func sectionOrNone(_ key: String, _ section: Settings) throws -> Settings? {
        isNone(key, section) ? nil : try section.optionalSection(key)
    }

    private static func scheduler(_ value: SettingsValue) throws -> SchedulerSettings {
        let names = ["reduce_on_plateau", "cosine", "none"]
        if value.isScalar {
            switch try value.choice(names) {
            case "none": return .constant
            case "cosine": return .cosine(CosineSettings())
            default: return .plateau(PlateauSettings())
            }
        }
        let section = try value.section()
        let name = try section.choice("name", names, default: "reduce_on_plateau")
        if name == "cosine" {
            var cosine = CosineSettings()
            cosine.warmupEpochs = try section.double("warmup_epochs", in: .nonNegative, default: 0)
            cosine.minimum = try section.double("min_lr", in: .nonNegative, default: 1e-6)
            return .cosine(cosine)
        }
        var plateau = PlateauSettings()
        plateau.factor = try section.double("factor", in: 0.01...0.999, default: 0.6)
        plateau.patience = try section.integer("patience", in: .nonNegative, default: 5)
        plateau.threshold = try section.double("threshold", in: 0...0.999, default: 1e-4)
        plateau.cooldown = try section.integer("cooldown", in: .nonNegative, default: 0)
        plateau.minimum = try section.double("min_lr", in: .nonNegative, default: 1e-6)
        // Its settings may stand beside `none`, so that one word switches it off.
        return name == "none" ? .constant : .plateau(plateau)
    }
}
