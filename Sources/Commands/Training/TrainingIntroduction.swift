import Atoms
import Compute
import DataSets
import Layers
import Models
import Potentials
import StructureFiles
import Training

/// What a training says about itself before it begins.
struct TrainingIntroduction {
    private let preparation: TrainingPreparation
    private let threads: Int
    private let changes: [String]

    /// - Parameter changes: what the settings say otherwise than before a pause.
    init(_ preparation: TrainingPreparation, threads: Int, _ changes: [String]) {
        self.preparation = preparation
        self.threads = threads
        self.changes = changes
    }

    func write(to log: TrainingLog) {
        for line in lines { log.line(line) }
        for remark in preparation.remarks { log.remark(remark) }
        for change in changes { log.line("changed: \(change)") }
        log.line("")
    }

    var lines: [String] {
        let (model, settings) = (preparation.model, preparation.settings)
        let configuration = model.configuration
        let head =
            "\(ProgramVersion.description), \(BuildTarget.description), \(preparation.precision.rawValue), \(Written.count(threads, "thread"))"
        let neighbors = configuration.avgNumNeighbors.map { Written.fixed($0, 1) }.joined(separator: ", ")
        var rows = [["data", "\(contents(of: preparation.training)) to train on"]]
        if let replay = preparation.replay, let share = settings.fineTuning?.replay?.share {
            rows.append(["", "\(contents(of: replay)) to draw \(Written.short(100 * share)) % of every epoch from"])
        }
        rows += [
            [
                "",
                preparation.validation.count > 0
                    ? "\(contents(of: preparation.validation)) to validate with" : "none to validate with",
            ],
            [
                "model",
                "\(configuration.typeNames.joined(separator: " ")); \(configuration.architecture.summary)",
            ],
            ["", "r_max \(Written.short(configuration.rMax)) Å; \(model.parameterCount) weights"],
            [
                "statistics",
                "\(neighbors) neighbours per atom; \(Self.forces(preparation.statistics))",
            ],
        ]
        if let start = settings.fineTuning {
            rows.append([
                "start",
                start.potential + (start.frozen.isEmpty ? "" : "; frozen: \(start.frozen.joined(separator: ", "))"),
            ])
        }
        if settings.committee.members > 1 {
            rows.append([
                "committee",
                "\(settings.committee.members) members, each on \(Written.short(100 * settings.committee.share)) % of the training structures",
            ])
        }
        return [head] + Terminal.table(rows, leftAligned: [0, 1])
    }

    /// The size of forces, as it was measured.
    static func forces(_ statistics: DataStatistics) -> String {
        guard let rms = statistics.measuredForcesRMS else { return "no forces" }
        return statistics.vanishingForces == nil
            ? "forces \(Written.fixed(rms, 3)) eV/Å (rms)" : "forces vanish (\(Written.short(rms, 2)) eV/Å rms)"
    }

    /// How many structures there are, and how many carry each label.
    private func contents(of set: DataSet) -> String {
        let labels = Property.all.map { ($0, set.count(of: $0)) }.filter { $0.1 > 0 }.map { label, count in
            count == set.count ? "\(label)" : "\(label) on \(count)"
        }
        return
            "\(Written.count(set.count, "structure")), \(Written.count(set.atoms, "atom")) (\(labels.joined(separator: ", ")))"
    }
}
