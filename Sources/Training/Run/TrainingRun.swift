import Atoms
import Compute
import DataSets
import Files
import Foundation
import Layers
import Models
import Potentials

/// A training from what was prepared to the files in its output folder.
public final class TrainingRun: Sendable {
    public let preparation: TrainingPreparation
    public let settings: TrainingSettings
    public let model: Model
    /// The folder that everything is written to.
    public let output: String
    /// Which member of a committee is trained, from 0; `nil` for a potential alone.
    public let member: Int?
    public let training: DataSet
    /// Which structures train and which validate.
    let splitDigest: String
    /// Of first weights and batches.
    let seed: UInt64
    /// Names of parameters that are not trained.
    let frozen: Set<String>
    let parallelism: Parallelism
    /// The processes that train it together; `nil` for one alone. Only rank 0 writes and reports.
    let communicator: (any Communicator)?
    var writes: Bool { communicator.map { $0.rank == 0 } ?? true }

    /// Sets up the training of a potential alone, or of one member of a committee. Writes nothing.
    ///
    /// Members differ by the seed of first weights and batches, and each sees its own share of the training structures.
    public init(
        _ preparation: TrainingPreparation, member: Int? = nil, parallelism: Parallelism,
        communicator: (any Communicator)? = nil
    ) throws {
        precondition(
            member.map { (0..<preparation.settings.committee.members).contains($0) } ?? true,
            "expected a member of 0..<\(preparation.settings.committee.members), got \(member ?? 0)")
        self.communicator = communicator
        self.preparation = preparation
        (settings, model) = (preparation.settings, preparation.model)
        self.member = member
        self.parallelism = parallelism
        let folder = OutputFolder(preparation.settings.output)
        output = member.map { folder.member($0 + 1).path } ?? folder.path
        seed = preparation.settings.seed + UInt64(member ?? 0)
        frozen = try preparation.start?.frozen(in: preparation.model) ?? []
        let all = preparation.training
        guard let member, settings.committee.share < 1 else {
            (training, splitDigest) = (all, preparation.splitDigest)
            return
        }
        let count = max(1, Int((settings.committee.share * Double(all.count)).rounded()))
        let drawn = Permutation.shuffled(all.count, seed: settings.seed, round: -3 - member)
        let chosen = drawn.prefix(count).sorted()
        training = all.subset(chosen)
        splitDigest = SHA256.hexadecimal(of: Data("\(preparation.splitDigest) \(chosen)".utf8))
    }

    public var validation: DataSet { preparation.validation }
    /// What potentials are judged by: the validation set, or the training set where that is empty.
    var judging: DataSet { validation.count > 0 ? validation : training }

    /// What happens, for those who watch.
    public enum Event {
        /// After a batch: its number in this epoch, with the seconds trained in all and those left.
        case step(
            epoch: Int, step: Int, of: Int, loss: Double, structuresPerSecond: Double, seconds: Double,
            remaining: Double?)
        /// After an epoch.
        case epoch(EpochReport)
        /// The training has diverged: the loss was not a finite number, or far above the best. It goes on from the end
        /// of this epoch at this rate.
        case rollback(toEpoch: Int, learningRate: Double)
    }

    public struct EpochReport: Sendable {
        public var epoch: Int
        public var trainingLoss: Double
        public var validationLoss: Double
        public var errors: GroupedErrors
        public var learningRate: Double
        /// Whether this epoch's potential is kept, in place of the one before.
        public var isKept: Bool
        /// The epoch of the potential that is kept so far.
        public var keptEpoch: Int
        public var structuresPerSecond: Double
        public var seconds: Double
        /// Seconds until max_epochs or max_time, whichever comes first.
        public var remaining: Double?
    }

    public enum Ending: String, Sendable {
        case maxEpochs = "max_epochs reached"
        case maxTime = "max_time reached"
        case earlyStopping = "the validation loss stopped falling (early_stopping)"
        case interrupted = "interrupted"
    }

    public struct Summary: Sendable {
        public var ending: Ending
        /// Whole epochs.
        public var epochs: Int
        /// Batches of an epoch that was cut short.
        public var steps: Int
        public var seconds: Double
        /// Since the training was begun or resumed, validation included.
        public var structuresPerSecond: Double
        public var keptEpoch: Int
        /// Whether the kept potential has seen a part of the epoch that was cut short.
        public var keptIsCutShort: Bool
        /// Of the kept potential, on the validation set.
        public var errors: GroupedErrors
    }

    /// Trains until an end is reached. `isInterrupted` is asked after every batch.
    ///
    /// Every epoch adds its line to metrics.csv. The potential that is kept and a checkpoint are written after an
    /// epoch, after the last one in any case, each whole or not at all; where epochs are short, not after every one,
    /// and what is killed goes on from the last that was written. An epoch that is cut short leaves its potential if
    /// that is kept, and no other trace: resuming runs it again.
    public func run(
        resuming: Bool, isInterrupted: () -> Bool, report: (Event) -> Void
    ) throws -> Summary {
        try withoutActuallyEscaping(isInterrupted) { isInterrupted in
            try withoutActuallyEscaping(report) { report in
                switch preparation.precision {
                case .float32:
                    try TrainingLoop<Float>(self, resuming: resuming, isInterrupted, report).run()
                case .float64:
                    try TrainingLoop<Double>(self, resuming: resuming, isInterrupted, report).run()
                }
            }
        }
    }

    /// The potential that is kept, with where it comes from and its reference structures.
    func potential(_ parameters: ParameterSet, errors: ErrorMeasures, epochs: Int) throws -> Potential {
        var provenance = Potential.Provenance()
        provenance.created = Date().ISO8601Format()
        provenance.data = preparation.data
        provenance.epochs = epochs
        provenance.isolatedAtoms = preparation.isolatedAtoms.map(\.symbol)
        provenance.trainingConfiguration = settings.text
        provenance.origin = preparation.start?.potential.provenance.origin
        for (name, value) in errors.named { if let value { provenance.validationErrors[name] = value } }
        // Of a potential that is trained further, what it has seen before counts too.
        let shortestDistances = preparation.statistics.shortestDistances.merging(
            preparation.start?.potential.shortestDistances ?? [:], uniquingKeysWith: min)
        var potential = Potential(
            configuration: model.configuration, parameters: parameters, precision: preparation.precision,
            provenance: provenance, shortestDistances: shortestDistances)
        let interaction = try potential.interaction(parallelism: .serial)
        potential.references = try preparation.references.map { try ReferenceStructure($0, under: interaction) }
        return potential
    }
}
