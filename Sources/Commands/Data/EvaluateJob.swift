import Atoms
import Compute
import DataSets
import Files
import Foundation
import Interactions
import Logging
import Models
import Potentials
import Settings
import StructureFiles
import Training

/// `apus evaluate`: the errors of a potential on labelled structures, and its predictions.
public struct EvaluateJob {
    let potential: String
    let data: [String]
    let predictions: String?
    let overwrite: Bool
    let labels: LabelChoice
    let precision: Potential.Precision?
    let json: Bool
    let parallelism: Parallelism

    public init(
        potential: String, data: [String], predictions: String?, overwrite: Bool, labels: LabelChoice,
        precision: Potential.Precision?, json: Bool, parallelism: Parallelism
    ) {
        self.potential = potential
        self.data = data
        self.predictions = predictions
        self.overwrite = overwrite
        self.labels = labels
        self.precision = precision
        self.json = json
        self.parallelism = parallelism
    }

    public func run() throws {
        var passedOver: [String] = []
        let paths = try FilePattern.expand(data, remarks: &passedOver)
        for remark in passedOver { Logger(label: "apus").notice("\(remark)") }
        if let predictions { try checkOutput(predictions, inputs: paths + [potential]) }
        let loaded = try Potential(verifying: potential)
        let keys = labels.keys(or: keys(of: loaded))
        let evaluation = try Evaluation(of: loaded, precision: precision, parallelism: parallelism)
        let writer = try predictions.map {
            try ExtendedXYZWriter(path: $0, mode: .replacing, existing: overwrite ? .replace : .refuse)
        }
        if !json {
            Terminal.print(
                "\(ProgramVersion.description), \(BuildTarget.description), \(PotentialSummary(loaded).line)")
        }
        var report = EvaluationReport(of: evaluation.others)
        var census = LabelCensus()
        var problem: (place: String, message: String, count: Int)?
        var status = StatusLine()
        for path in paths {
            let reader = try StructureFormats.open(path, labels: keys)
            var done = 0
            do {
                // Forces on fixed atoms are no labels, as in a training.
                let next = { try reader.next().map { LabelAdjustment().adjusted($0) } }
                try evaluation.predict(next) { structure, prediction in
                    done += 1
                    report.add(prediction, for: structure)
                    do throws(PropertyProblem) {
                        if evaluation.others.contains(.dipole) { _ = try structure.dipoleAboutCentroid() }
                    } catch {
                        problem = ("\(path), structure \(done)", error.message, (problem?.count ?? 0) + 1)
                    }
                    try writer?.write(prediction, beside: structure)
                    status.show("\(path): \(Written.count(done, "structure"))")
                }
            } catch let error as StructureEvaluationError {
                throw CommandError(
                    "\(path): structure \(done + error.index + 1): \(CommandError.message(of: error.cause))")
            }
            reader.tellRemarks()
            census.add(reader.census)
        }
        if let problem {
            Logger(label: "apus").warning(
                "\(Written.count(problem.count, "dipole")) not compared: \(problem.place) \(problem.message)")
        }
        let names = data.joined(separator: ", ")
        try labels.check(census, in: names)
        if writer == nil, !report.hasLabels {
            try census.require(loaded.properties.filter { $0 != .stress }, named: keys, in: names)
        }
        try writer?.close()
        if json { return try JSONOutput.print(report) }
        Terminal.print(
            "\(Written.count(report.all.structures, "structure")), \(Written.count(report.all.atoms, "atom"))")
        for line in ErrorTable.lines(report.errors) + ErrorTable.lines(report.deviation) { Terminal.print(line) }
        if let predictions { Terminal.print("predictions \(predictions)") }
    }

    private func checkOutput(_ path: String, inputs: [String]) throws {
        var plan = OutputPlan(inputs: inputs)
        try plan.add(
            path, existing: overwrite ? .replace : .refuse, advice: "choose another name, or add --overwrite")
    }

    /// What the labels were called where the potential was trained. The usual names, and a warning, if it says so in
    /// words that are not understood.
    private func keys(of potential: Potential) -> LabelKeys {
        let text = potential.provenance.trainingConfiguration
        guard !text.isEmpty else { return LabelKeys() }
        do {
            return try DataSettings.labels(ofTraining: Settings(text: text, named: "training"))
        } catch {
            Logger(label: "apus").warning(
                "\(self.potential): its training's settings cannot be read (\(error)), so labels are taken to be called energy, forces, stress and virial; name them by the options if they are not"
            )
            return LabelKeys()
        }
    }
}
