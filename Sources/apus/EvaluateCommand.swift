import ArgumentParser
import Atoms
import Compute
import Foundation
import Network
import StructureFiles
import Training

/// `apus evaluate`: the errors of a potential on labelled structures, and its predictions.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Compare a potential with labelled structures, or predict for structures without labels.",
        discussion: """
            Prints the errors of energies, forces and stresses for the labels that the structures have. With --predictions
            the structures are written again with the potential's energy, forces and stress in place of their labels.
            """)

    @Argument(help: "The potential file.")
    var potential: String

    @Argument(help: "Extended XYZ files or patterns with the structures.")
    var data: [String]

    @Option(help: "Write the structures with predicted energy, forces and stress to this extended XYZ file.")
    var predictions: String?

    @Option(help: "What the energy is called in the data.")
    var energyKey = "energy"
    @Option(help: "What the forces are called in the data.")
    var forcesKey = "forces"
    @Option(help: "What the stress is called in the data.")
    var stressKey = "stress"

    @Option(help: "float32 or float64; the potential's own unless given.")
    var precision: Potential.Precision?

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    func run() throws {
        let loaded = try Potential(verifying: potential)
        let evaluation = try Evaluation(of: loaded, precision: precision, parallelism: threads.parallelism)
        let keys = LabelKeys(energy: energyKey, forces: forcesKey, stress: stressKey)
        var errors = ErrorMeasures()
        var predicted: [Structure] = []
        for path in try FilePattern.expand(data) {
            let reader = try ExtendedXYZReader(path: path, labels: keys)
            var index = 0
            while let structure = try reader.next() {
                index += 1
                do {
                    let prediction = try evaluation.predict(structure)
                    Evaluation.compare(prediction, with: structure, &errors)
                    if predictions != nil { predicted.append(prediction) }
                } catch {
                    throw CommandError("\(path): structure \(index): \(CommandError.message(of: error))")
                }
            }
        }
        if let predictions { try ExtendedXYZWriter.write(predicted, to: predictions) }
        if json {
            var fields: [String: Any] = ["structures": errors.structures, "atoms": errors.atoms]
            for (name, value) in errors.named { fields[name] = value ?? NSNull() }
            let text = try JSONSerialization.data(withJSONObject: fields, options: [.prettyPrinted, .sortedKeys])
            Terminal.print(String(decoding: text, as: UTF8.self))
        } else {
            Terminal.print("\(Written.count(errors.structures, "structure")), \(Written.count(errors.atoms, "atom"))")
            for line in ErrorTable.lines(errors) { Terminal.print(line) }
            if let predictions { Terminal.print("predictions \(predictions)") }
        }
    }
}

extension Potential.Precision: ExpressibleByArgument {}
