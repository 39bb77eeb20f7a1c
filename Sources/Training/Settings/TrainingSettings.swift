import DataSets
import Foundation
import Models
import Potentials
import Settings
import StructureFiles

/// Everything that a training is told: the YAML file of `apus train`.
public struct TrainingSettings: Sendable {
    public var data = DataSettings()
    /// What the model is, unless `fineTuning` takes it from a potential.
    public var model: ModelSettings?
    public var fineTuning: FineTuningSettings?
    public var committee = CommitteeSettings()
    public var seed: UInt64 = 1
    /// `nil`: that of the potential to start from, float32 without one.
    public var precision: Potential.Precision?
    public var loss = LossSettings()
    public var batchSize = 5
    public var validationBatchSize = 10
    public var optimizer = OptimizerSettings()
    public var scheduler = SchedulerSettings.plateau(PlateauSettings())
    public var earlyStopping: EarlyStopping?
    public var keep = KeptEpoch.loss
    /// `nil`: no average is kept. With `schedule_free` there is one, whatever the number.
    public var emaDecay: Double? = 0.999
    /// The largest norm of a gradient.
    public var gradientClip: Double?
    /// How often a training whose loss is no longer a finite number goes back to its last epoch, at half the rate.
    public var maxRollbacks = 3
    public var maxEpochs = 1000
    /// Seconds.
    public var maxTime: Double?
    /// Whether losses and errors are also written as TensorBoard's event files.
    public var tensorboard = true
    public var output: String
    /// The whole configuration, for provenance.
    public var text: String

    public struct EarlyStopping: Sendable, Equatable {
        public var patience: Int
        public var minDelta: Double
    }

    /// Reads a configuration; every mistake is a `SettingsError` with file, line, key and what is allowed.
    public init(_ settings: Settings) throws {
        data = try DataSettings(settings.section("data"))
        if let section = try settings.optionalSection("fine_tuning") {
            let start = try FineTuningSettings(section, labels: data.labels)
            fineTuning = start
            if let model = settings.optional("model") {
                throw model.error("belongs to \(start.potential) under fine_tuning; leave it out")
            }
        } else {
            model = try ModelSettings(settings.section("model"))
        }
        if let section = try settings.optionalSection("committee") { committee = try CommitteeSettings(section) }
        output = try settings.file("output")
        text = ""
        try read(settings.sectionOrEmpty("training"))
        if fineTuning?.pull ?? 0 > 0, optimizer.name == .scheduleFree {
            throw try settings.section("fine_tuning").value("pull").error(
                "has no meaning with training.optimizer.name: schedule_free, whose steps do not begin at the weights; choose another or leave it out"
            )
        }
        try settings.finish()
        text = try settings.yaml()
    }

    private mutating func read(_ training: Settings) throws {
        seed = UInt64(try training.integer("seed", in: .nonNegative, default: 1))
        if training.optional("precision") != nil {
            precision = try training.choice("precision", of: Potential.Precision.self)
        }
        loss = try LossSettings(training.optional("loss"))
        batchSize = try training.integer("batch_size", in: 1...100_000, default: 5)
        validationBatchSize = try training.integer("validation_batch_size", in: 1...100_000, default: 2 * batchSize)
        optimizer = try OptimizerSettings(training.sectionOrEmpty("optimizer"))
        if let value = training.optional("lr_scheduler") { scheduler = try SchedulerSettings(value) }
        if let section = try Self.sectionOrNone("early_stopping", training) {
            earlyStopping = EarlyStopping(
                patience: try section.integer("patience", in: .positive, default: 50),
                minDelta: try section.double("min_delta", in: .nonNegative, default: 0))
        }
        keep = try training.choice("keep", of: KeptEpoch.self, default: .loss)
        if let label = keep.label, !loss.uses(label) {
            throw try training.value("keep").error(
                "\(label) does not count in the loss; raise its coefficient above 0")
        }
        let decay =
            Self.isNone("ema_decay", training)
            ? 0 : try training.double("ema_decay", in: 0...0.9999999, default: 0.999)
        emaDecay = decay == 0 ? nil : decay
        if optimizer.name == .scheduleFree {
            guard training.optional("ema_decay") == nil else {
                throw try training.value("ema_decay").error("schedule_free averages weights itself; leave it out")
            }
            emaDecay = 0
        }
        if training.optional("gradient_clip") != nil, !Self.isNone("gradient_clip", training) {
            gradientClip = try training.double("gradient_clip", in: 1e-12...1e30)
        }
        maxRollbacks = try training.integer("max_rollbacks", in: 0...1000, default: 3)
        maxEpochs = try training.integer("max_epochs", in: 0...Self.mostEpochs, default: 1000)
        if case .cosine(let cosine) = scheduler, maxEpochs > 0, cosine.warmupEpochs >= Double(maxEpochs) {
            throw try training.value("lr_scheduler").error(
                "expected fewer warmup_epochs than max_epochs (\(maxEpochs)), found \(cosine.warmupEpochs)")
        }
        if training.optional("max_time") != nil, !Self.isNone("max_time", training) {
            maxTime = try training.quantity("max_time", .duration, in: .positive)
        }
        tensorboard = try training.boolean("tensorboard", default: true)
    }

    /// More than any training lives to see, few enough to be multiplied by batches.
    private static let mostEpochs = 1_000_000_000_000

    /// Whether the word `none` switches a key off.
    private static func isNone(_ key: String, _ section: Settings) -> Bool {
        section.optional(key).flatMap { try? $0.string() } == "none"
    }

    private static func sectionOrNone(_ key: String, _ section: Settings) throws -> Settings? {
        isNone(key, section) ? nil : try section.optionalSection(key)
    }
}
