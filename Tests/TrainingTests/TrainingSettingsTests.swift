import Foundation
import Settings
import Testing

@testable import DataSets
@testable import Training

/// The YAML of `apus train`: what is accepted, what it means, and how mistakes are reported.
@Suite struct TrainingSettingsReading {
    static let example = """
        # apus train train.yaml
        data:
          train: silicon.xyz              # a file, a list, or a pattern
          validation: 0.1                 # a fraction, a count, or files
          keys: {energy: energy, forces: forces, stress: stress}
        model:                            # names and meanings as in NequIP
          r_max: 5.0
          num_layers: 3
          l_max: 2
          parity: false
          num_features: 32
        training:
          seed: 1
          precision: float32
          loss: {energy: 1, forces: 1, stress: 0.1}
          batch_size: 4
          optimizer: {name: adam, learning_rate: 0.01}
          lr_scheduler: {name: reduce_on_plateau, factor: 0.6, patience: 5}
          ema_decay: 0.999
          max_epochs: 500
          max_time: 5 min
        output: run/silicon               # potential.safetensors, checkpoint, metrics.csv, log
        """

    private static func read(_ text: String) throws -> TrainingSettings {
        try TrainingSettings(Settings(text: text, named: "train.yaml"))
    }

    @Test func theExampleIsAcceptedAsItStands() throws {
        let settings = try Self.read(Self.example)
        #expect(settings.data.train == [DataEntry(["silicon.xyz"])] && settings.data.validation == .fraction(0.1))
        #expect(settings.model?.rMax == 5 && settings.seed == 1 && settings.precision == .float32)
        #expect(
            settings.loss.finalCoefficients == LossTerms([.energy: 1 / 2.1, .forces: 1 / 2.1, .stress: 0.1 / 2.1])
                && settings.batchSize == 4)
        #expect(settings.optimizer.name == .adam && settings.optimizer.learningRate == 0.01)
        #expect(settings.scheduler == .plateau(PlateauSettings()))
        #expect(settings.emaDecay == 0.999 && settings.maxEpochs == 500 && settings.maxTime == 300)
        #expect(settings.output == "run/silicon")
    }

    @Test func theTextKeptForProvenanceReadsBackTheSame() throws {
        let settings = try Self.read(Self.example)
        let again = try Self.read(settings.text)
        #expect(again.text == settings.text && again.maxTime == 300 && again.loss == settings.loss)
    }

    static let smallest = "data: {train: a.xyz}\nmodel: {r_max: 5}\noutput: run\n"

    @Test func threeKeysSuffice() throws {
        let settings = try Self.read(Self.smallest)
        #expect(
            settings.data.validation == .fraction(0.1) && settings.loss == LossSettings() && settings.batchSize == 5)
        #expect(
            settings.scheduler == .plateau(PlateauSettings()) && settings.emaDecay == 0.999
                && settings.maxEpochs == 1000)
        #expect(settings.maxTime == nil && settings.earlyStopping == nil && settings.gradientClip == nil)
        #expect(settings.optimizer == OptimizerSettings() && settings.keep == .loss)
    }

    @Test(arguments: [("muon", 0.03), ("adam", 0.01), ("adamw", 0.01), ("schedule_free", 0.01)])
    func theLearningRateUnlessGivenDependsOnTheOptimizer(_ name: String, _ rate: Double) throws {
        let optimizer = try Self.read(Self.smallest + "training: {optimizer: {name: \(name)}}").optimizer
        #expect(optimizer.name.rawValue == name && optimizer.learningRate == rate)
        if name == "muon" { #expect(optimizer == OptimizerSettings()) }
    }

    @Test(arguments: [
        ("7", DataSettings.ValidationSource.count(7)), ("0", .fraction(0)),
        ("b.xyz", .files([.init(files: ["b.xyz"])])),
        ("[b.xyz, c*.xyz]", .files([.init(files: ["b.xyz", "c*.xyz"])])),
        (
            "{one: b.xyz, two: [c.xyz, d.xyz]}",
            .files([.init(name: "one", files: ["b.xyz"]), .init(name: "two", files: ["c.xyz", "d.xyz"])])
        ),
    ])
    func validationIsAFractionACountOrFiles(_ text: String, _ expected: DataSettings.ValidationSource) throws {
        let settings = try Self.read(
            Self.smallest.replacingOccurrences(of: "a.xyz}", with: "a.xyz, validation: \(text)}"))
        #expect(settings.data.validation == expected)
    }

    // MARK: Mistakes

    struct Mistake: CustomTestStringConvertible, Sendable {
        /// A line of the example, and what stands there instead.
        var line: String
        var text: String
        /// What the message names besides file and line.
        var named: [String]
        var testDescription: String { text }

        init(_ line: String, _ text: String, _ named: String...) {
            (self.line, self.text, self.named) = (line, text, named)
        }
    }

    static let mistakes = [
        Mistake("  train: silicon.xyz", "  trian: silicon.xyz", "data.train", "trian"),
        Mistake("  train: silicon.xyz", "  train: []", "data.train", "pattern"),
        Mistake("  train: silicon.xyz", "  train: {a: b}", "data.train"),
        Mistake("  validation: 0.1", "  validation: -0.1", "data.validation", "fraction", "-0.1"),
        Mistake("  validation: 0.1", "  validation: 1.5", "data.validation", "1.5"),
        Mistake("  keys: ", "  keys: {enrgy: e}", "data.keys.enrgy", "energy, forces, stress, virial"),
        Mistake("  r_max: 5.0", "  rmax: 5.0", "model.r_max", "rmax"),
        Mistake("  r_max: 5.0", "  r_max: 5 eV", "model.r_max", "Å", "eV"),
        Mistake("  r_max: 5.0", "  r_max: 0", "model.r_max", "0.1…50"),
        Mistake("  num_layers: 3", "  num_layers: 0", "model.num_layers", "1…20"),
        Mistake("  num_layers: 3", "  num_layers: three", "model.num_layers", "integer", "three"),
        Mistake("  num_layers: 3", "  num_layer: 3", "model.num_layer", "num_layers"),
        Mistake("  l_max: 2", "  l_max: 5", "model.l_max", "0…4"),
        Mistake("  parity: false", "  parity: maybe", "model.parity", "true or false", "maybe"),
        Mistake("  num_features: 32", "  num_features: [32, 16]", "model.num_features", "3"),
        Mistake("  num_features: 32", "  num_features: 0", "model.num_features", "1…1024"),
        Mistake("  num_features: 32", "  pair_potential: LJ", "model.pair_potential", "ZBL"),
        Mistake("  num_features: 32", "  type_names: [Si, Xx]", "type_names", "Xx"),
        Mistake("  num_features: 32", "  type_names: [Si, si]", "model.type_names", "once"),
        Mistake("  num_features: 32", "  avg_num_neighbors: 0", "model.avg_num_neighbors", "above 0"),
        Mistake("  num_features: 32", "  avg_num_neighbors: many", "model.avg_num_neighbors", "auto"),
        Mistake("  num_features: 32", "  per_type_energy_shifts: {Si: x}", "model.per_type_energy_shifts.Si", "x"),
        Mistake("  num_features: 32", "  per_type_energy_scales: large", "per_type_energy_scales", "forces_rms"),
        Mistake("  num_features: 32", "  per_edge_type_cutoff: {Si: 6}", "model.per_edge_type_cutoff.Si", "0.1…5"),
        Mistake("  num_features: 32", "  per_edge_type_cutoff: {Xx: 3}", "per_edge_type_cutoff", "Xx"),
        Mistake("  num_features: 32", "  polynomial_cutoff_p: 1", "model.polynomial_cutoff_p", "2…64"),
        Mistake("  num_features: 32", "  spline_intervals: 4", "model.spline_intervals", "8…8192"),
        Mistake("  seed: 1", "  seed: -1", "training.seed", "at least 0"),
        Mistake("  precision: float32", "  precision: float16", "training.precision", "float32, float64"),
        Mistake("  loss: ", "  loss: {energy: 0, forces: 0}", "training.loss", "above 0"),
        Mistake("  loss: ", "  loss: {energy: 1, force: 1}", "training.loss.force", "forces"),
        Mistake("  loss: ", "  loss: {energy: -1}", "training.loss.energy", "0…"),
        Mistake("  batch_size: 4", "  batch_size: 0", "training.batch_size", "1…100000"),
        Mistake("  optimizer: ", "  optimizer: {name: sgd}", "training.optimizer.name", "adam, adamw"),
        Mistake("  optimizer: ", "  optimizer: {learning_rate: 0}", "training.optimizer.learning_rate", "1e-12…"),
        Mistake("  optimizer: ", "  optimizer: {lr: 0.1}", "training.optimizer.lr", "learning_rate"),
        Mistake("  optimizer: ", "  optimizer: {amsgrad: true}", "training.optimizer.amsgrad", "adamw", "muon"),
        Mistake("  optimizer: ", "  optimizer: {name: adam, momentum: 0.9}", "training.optimizer.momentum", "muon"),
        Mistake("  optimizer: ", "  optimizer: adam", "training.optimizer", "section"),
        Mistake("  lr_scheduler: ", "  lr_scheduler: step", "training.lr_scheduler", "none"),
        Mistake(
            "  lr_scheduler: ", "  lr_scheduler: {name: cosine, warmup_epochs: 1e9}", "training.lr_scheduler",
            "fewer warmup_epochs"),
        Mistake(
            "  lr_scheduler: ", "  lr_scheduler: {name: step}", "training.lr_scheduler.name", "reduce_on_plateau"),
        Mistake(
            "  lr_scheduler: ", "  lr_scheduler: {name: reduce_on_plateau, factor: 2}",
            "training.lr_scheduler.factor",
            "0.999"),
        Mistake("  ema_decay: 0.999", "  ema_decay: 1", "training.ema_decay", "0…0.9999999"),
        Mistake("  ema_decay: 0.999", "  gradient_clip: 0", "training.gradient_clip", "1e-12…"),
        Mistake(
            "  ema_decay: 0.999", "  early_stopping: {patience: 0}", "training.early_stopping.patience", "at least 1"),
        Mistake("  ema_decay: 0.999", "  keep: best", "training.keep", "loss, energy, forces, stress, dipole"),
        Mistake("  loss: ", "  loss: {energy: 1}\n  keep: stress", "training.keep", "above 0"),
        Mistake("  max_epochs: 500", "  max_epochs: -1", "training.max_epochs", "0…"),
        Mistake("  max_epochs: 500", "  max_epochs: 1.5", "training.max_epochs", "integer"),
        Mistake("  max_time: 5 min", "  max_time: 5 minutes", "training.max_time", "min", "minutes"),
        Mistake("  max_time: 5 min", "  max_tiem: 5 min", "training.max_tiem", "max_time"),
        Mistake("  seed: 1", "  seed: 1\n  seed: 2", "seed", "twice"),
        Mistake("output: run/silicon", "outptu: run/silicon", "output", "outptu"),
        Mistake("training:", "trainings:", "trainings", "training"),
    ]

    @Test(arguments: mistakes) func isOneLineWithPlaceAndWhatIsAllowed(_ mistake: Mistake) throws {
        var lines = Self.example.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let index = try #require(lines.firstIndex { $0.hasPrefix(mistake.line) })
        lines[index] = mistake.text
        let error = #expect(throws: SettingsError.self) { try Self.read(lines.joined(separator: "\n")) }
        guard let error else { return }
        let message = "\(error)"
        #expect(message.hasPrefix("train.yaml:"), "\(message)")
        for text in mistake.named { #expect(message.contains(text), "\(message) does not name \(text)") }
        #expect(!message.contains("\n"), "\(message)")
        // What is missing has no line of its own, only that of its section, if any.
        if error.code != .missingKey {
            let line = try #require(error.line)
            #expect((index + 1...index + mistake.text.split(separator: "\n").count).contains(line), "\(message)")
        }
    }
}
