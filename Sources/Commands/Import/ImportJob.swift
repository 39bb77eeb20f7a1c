import Compute
import Files
import ForeignPotentials
import Potentials

/// `apus import`: a potential that another program trained, as a potential file.
public struct ImportJob {
    let file: String
    let output: String
    let modality: String?
    let precision: Potential.Precision
    let overwrite: Bool
    let json: Bool
    let parallelism: Parallelism

    public init(
        file: String, output: String, modality: String?, precision: Potential.Precision, overwrite: Bool, json: Bool,
        parallelism: Parallelism
    ) {
        self.file = file
        self.output = output
        self.modality = modality
        self.precision = precision
        self.overwrite = overwrite
        self.json = json
        self.parallelism = parallelism
    }

    private struct Report: Encodable {
        var output: String
        var elements: [String]
        var parameters: Int
        /// Of the radial splines, over the root mean square of what they stand for.
        var splineError: Double
        var origin: Potential.Origin?
    }

    public func run() throws {
        let ending = ".safetensors"
        guard output.hasSuffix(ending) else {
            throw CommandError("\(output): expected a name that ends in \(ending), which is what is written")
        }
        var plan = OutputPlan(inputs: [file])
        try plan.add(
            output, existing: overwrite ? .replace : .refuse, advice: "choose another name, or add --overwrite")
        let foreign = try ForeignPotential(
            contentsOf: file, modality: modality, precision: precision, parallelism: parallelism)
        let potential = foreign.potential
        try potential.encoded().write(to: output, existing: overwrite ? .replace : .refuse)
        if json {
            return try JSONOutput.print(
                Report(
                    output: output, elements: potential.elements.map(\.symbol),
                    parameters: potential.parameters.values.count, splineError: foreign.splineError,
                    origin: potential.provenance.origin))
        }
        var rows = [["model", PotentialSummary(potential).line]]
        rows += potential.configuration.architecture.details.map { [$0.title, $0.text] }
        rows.append([
            "splines", "differ by up to \(Written.short(foreign.splineError, 2)) of their size from the original",
        ])
        rows += potential.provenance.origin?.lines.map { [$0.title, $0.text] } ?? []
        for line in Terminal.table(rows, leftAligned: [0, 1]) { Terminal.print(line) }
        Terminal.print("written to \(output)")
    }
}
