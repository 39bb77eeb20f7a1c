import ArgumentParser
import Atoms
import Compute
import DataSets
import Files
import Foundation
import Logging
import Models
import Potentials
import Settings
import StructureFiles
import Training

/// `apus evaluate`: the errors of a potential on labelled structures, and its predictions.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Compare a potential with labelled structures, or predict for structures without labels.",
        discussion: """
            Prints the errors of energies, forces and stresses for the labels that the structures have; with several values \
            of config_type also for each. A committee also says how far its members disagree, with --predictions for every \
            atom. With --predictions the structures are written again, in the same order, with the potential's energy, \
            forces and stress; labels stand beside them as REF_energy, REF_forces and REF_stress. Labels are called as in \
            the potential's training unless the options say otherwise.
            """)

    @Argument(help: "The potential file.")
    var potential: String

    @Argument(help: "Files or patterns with the structures: extended XYZ or POSCAR, also .gz, .xz, .zst.")
    var data: [String]

    @Option(help: "Write the structures with predicted energy, forces and stress to this extended XYZ file.")
    var predictions: String?

    @Flag(help: "Replace the file of predictions if it exists.")
    var overwrite = false

    @OptionGroup var labels: LabelOptions

    @Option(help: "float32 or float64; the potential's own unless given.")
    var precision: Potential.Precision?

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    func run() throws {
        let paths = try FilePattern.expand(data)
        if let predictions { try checkOutput(predictions, inputs: paths + [potential]) }
        let loaded = try Potential(verifying: potential)
        let keys = labels.keys(or: keys(of: loaded))
        let evaluation = try Evaluation(of: loaded, precision: precision, parallelism: threads.parallelism)
        let writer = try predictions.map {
            try ExtendedXYZWriter(path: $0, mode: .replacing, existing: overwrite ? .replace : .refuse)
        }
        if !json {
            Terminal.print(
                "\(ProgramVersion.description), \(BuildTarget.description), \(PotentialSummary(loaded).line)")
        }
        var report = EvaluationReport()
        var census = LabelCensus()
        var lastStatus = Date()
        for path in paths {
            let reader = try StructureFormats.open(path, labels: keys)
            var index = 0
            while let structure = try reader.next() {
                index += 1
                do {
                    let prediction = try evaluation.predict(structure)
                    report.add(prediction, for: structure)
                    try writer?.write(prediction, beside: structure)
                } catch {
                    throw CommandError("\(path): structure \(index): \(CommandError.message(of: error))")
                }
                if Date().timeIntervalSince(lastStatus) > 0.3 {
                    lastStatus = Date()
                    Terminal.status("\(path): \(Written.count(index, "structure"))")
                }
            }
            reader.tellRemarks()
            census.add(reader.census)
        }
        let names = data.joined(separator: ", ")
        try labels.check(census, in: names)
        if writer == nil, !report.hasLabels {
            try census.require(Label.allCases.filter { $0 != .stress }, named: keys, in: names)
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

    /// What the labels were called where the potential was trained. The usual names, and a warning, if it says so in words
    /// that are not understood.
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

extension Potential.Precision: ExpressibleByArgument {}
