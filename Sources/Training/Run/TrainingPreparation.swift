import Atoms
import Compute
import DataSets
import Foundation
import Layers
import Models
import Potentials

/// What a training starts from: the data as they were read, the model, and its first weights. Nothing is written.
///
/// The members of a committee share it.
public struct TrainingPreparation: Sendable {
    public let settings: TrainingSettings
    public let model: Model
    public let statistics: DataStatistics
    /// What was taken from the data, and warnings, for people.
    public let remarks: [Remark]
    public let training: DataSet
    /// Structures of the data that the first potential was trained on.
    public let replay: DataSet?
    public let validation: DataSet
    /// The files that were read; nothing may be written to them.
    public let inputs: [String]
    /// Of the network in training, and by default in use.
    public let precision: Potential.Precision
    let data: [Potential.Provenance.DataFile]
    /// Elements whose energy shift is that of an isolated atom in the data.
    let isolatedAtoms: [Element]
    let splitDigest: String
    let start: FineTuningStart?
    let references: [Structure]

    /// Reads the data and sets up the model.
    public init(_ settings: TrainingSettings, parallelism: Parallelism) throws {
        self.settings = settings
        start = try settings.fineTuning.map(FineTuningStart.init)
        precision = settings.precision ?? start?.potential.precision ?? .float32
        let known = start?.potential.configuration
        guard
            let cutoff = try known.map({ ElementCutoffs($0.rMax, $0.perEdgeTypeCutoff, of: $0.elements) })
                ?? settings.model?.elementCutoffs
        else {
            preconditionFailure("settings have neither a model nor a potential to start from")
        }
        let data = try TrainingData(settings, cutoff: cutoff, parallelism: parallelism)
        let structures = data.training.lazy.map(\.structure)
        var remarks = data.remarks + (try LossCoverage(settings.loss, structures).remarks(settings.loss))
        let configuration: ModelConfiguration
        if let start {
            try start.check(settings.loss)
            statistics = try DataStatistics(
                structures, cutoff: cutoff,
                pairPotential: start.potential.configuration.pairInteraction(parallelism: .serial),
                parallelism: parallelism)
            configuration = try start.configuration(
                for: structures, statistics, isolatedAtoms: data.isolatedAtoms, parallelism: parallelism, &remarks)
        } else {
            let model = settings.model!
            let elements = model.elements ?? DataStatistics.elements(of: structures)
            statistics = try DataStatistics(
                structures, cutoff: cutoff, pairPotential: model.pairInteraction(elements), parallelism: parallelism)
            let chosen = try model.configuration(
                from: structures, statistics,
                outputs: TrainingOutputs(loss: settings.loss).outputs(for: structures, elements),
                isolatedAtoms: data.isolatedAtoms)
            configuration = chosen.configuration
            remarks = chosen.remarks + remarks
            if !configuration.architecture.isolatedAtomsHaveShifts, !data.isolatedAtoms.isEmpty {
                remarks.append(
                    .warning(
                        "the model's network gives atoms alone an energy too: those of the isolated atoms in the data are its shifts, and not what it predicts"
                    ))
            }
        }
        isolatedAtoms = zip(configuration.elements, configuration.perTypeEnergyShifts)
            .filter { data.isolatedAtoms[$0] == $1 }.map(\.0)
        if configuration.predictsEnergy { remarks += data.remarks(onShifts: Self.shifts(of: configuration)) }
        model = try Model(configuration)
        try Self.checkElements(data.training, configuration, "data.train")
        try Self.checkElements(data.validation, configuration, "data.validation")
        training = try DataSet(
            stored: data.training.map(\.stored), for: configuration, parallelism: parallelism)
        validation = try DataSet(
            stored: data.validation.map(\.stored),
            setNames: data.validation.contains { $0.set != nil } ? data.validation.map(\.set) : [],
            for: configuration, parallelism: parallelism)
        try Self.checkBatches(of: training, settings.batchSize, "training.batch_size")
        try Self.checkBatches(of: validation, settings.validationBatchSize, "training.validation_batch_size")
        let held = validation
        guard held.count == 0 || settings.loss.labels.contains(where: { held.count(of: $0) > 0 }) else {
            throw TrainingError(
                "data.validation: none of its \(held.count) structures has a label that training.loss asks for, so no potential could be chosen by it"
            )
        }
        replay =
            try start.flatMap { start in
                guard !data.replay.isEmpty else { return nil }
                // Old labels are at the old level of theory, with its shifts.
                try Self.checkElements(data.replay, start.potential.configuration, "fine_tuning.replay.train")
                var old = configuration
                old.perTypeEnergyShifts = start.shifts(in: configuration)
                remarks += data.remarks(onReplayUnder: Self.shifts(of: old))
                return try DataSet(stored: data.replay.map(\.stored), for: old, parallelism: parallelism)
            }
        if training.isLarge {
            remarks.append(.notice("the training set is large: neighbours are found anew for every batch"))
        }
        self.remarks = remarks
        self.data = data.files
        inputs = data.paths + (settings.fineTuning.map { [$0.potential] } ?? [])
        splitDigest = data.splitDigest
        references = Self.references(among: data.training)
    }

    /// Edges of a batch are numbered with 32 bits.
    private static func checkBatches(of set: DataSet, _ size: Int, _ key: String) throws {
        let edges = set.edgeCounts.sorted(by: >).prefix(size).reduce(0, +)
        guard edges <= Int(Int32.max) else {
            throw TrainingError(
                "\(key): batches of \(size) structures may have \(edges) edges, more than \(Int32.max); make it smaller"
            )
        }
    }

    private static func shifts(of configuration: ModelConfiguration) -> [Element: Double] {
        Dictionary(uniqueKeysWithValues: zip(configuration.elements, configuration.perTypeEnergyShifts))
    }

    private static func checkElements(
        _ samples: [TrainingData.Sample], _ configuration: ModelConfiguration, _ key: String
    ) throws {
        let known = Set(configuration.elements)
        for sample in samples {
            guard let stranger = sample.structure.elements.first(where: { !known.contains($0) }) else { continue }
            throw TrainingError(
                "\(key): \(sample.place) holds \(stranger), which is not among the model's elements \(configuration.typeNames.joined(separator: ", "))"
            )
        }
    }

    /// The two smallest structures, which are quickly computed again; in the second the atoms are displaced, so that
    /// no symmetry hides an error. One structure serves twice.
    private static func references(among samples: [TrainingData.Sample]) -> [Structure] {
        let counts = samples.map(\.structure.count)
        let smallest = samples.indices.sorted { (counts[$0], $0) < (counts[$1], $1) }
        guard let first = smallest.first else { return [] }
        var displaced = samples[smallest.count > 1 ? smallest[1] : first].structure
        let random = Philox(seed: 1)
        for index in displaced.positions.indices {
            let x = random.uniforms(at: Philox.counter(step: 0, index: index, stream: 0))
            displaced.positions[index] += (SIMD3(x.x, x.y, x.z) - 0.5) * 0.1
        }
        return [samples[first].structure, displaced]
    }

    /// The weights that a training begins with: those of the potential that it starts from, or random ones.
    func firstWeights(seed: UInt64) -> ParameterSet {
        let random = ParameterSet(model.parameters, seed: seed)
        return start?.weights(in: model, besides: random) ?? random
    }
}

extension TrainingData {
    /// The structures of a training.
    init(
        _ settings: TrainingSettings, cutoff: ElementCutoffs, parallelism: Parallelism = .serial
    ) throws {
        try self.init(
            settings.data,
            for: Purpose(
                labels: settings.loss.labels, decisive: settings.keep.label,
                configTypes: Array(settings.loss.byConfigType.keys),
                replay: settings.fineTuning?.replay.map { ($0.train, $0.labels) }, seed: settings.seed),
            cutoff: cutoff, parallelism: parallelism)
    }
}
