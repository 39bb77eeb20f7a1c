import Atoms
import Files
import Foundation
import StructureFiles

/// `apus convert`: structures of any format in one extended XYZ file.
public struct ConvertJob {
    let inputs: [String]
    let output: String
    let overwrite: Bool
    let labels: LabelChoice
    let json: Bool

    public init(inputs: [String], output: String, overwrite: Bool, labels: LabelChoice, json: Bool) {
        self.inputs = inputs
        self.output = output
        self.overwrite = overwrite
        self.labels = labels
        self.json = json
    }

    private struct Report: Encodable {
        var output: String
        var structures = 0
        var files: [Input] = []
    }

    private struct Input: Encodable {
        var file: String
        var format: String
        var structures = 0
        var atoms = 0
        /// How many structures carry each label.
        var labels: [String: Int] = [:]
        /// What was left out or understood although it could mean something else.
        var remarks: [String] = []

        var line: String {
            let carried = Property.all.compactMap { property in
                labels[property.name].map { $0 == structures ? property.name : "\(property) on \($0)" }
            }
            return "\(file): \(format), \(Written.count(structures, "structure")), \(Written.count(atoms, "atom")) ("
                + (carried.isEmpty ? "no labels" : carried.joined(separator: ", ")) + ")"
        }
    }

    public func run() throws {
        let ending = (output as NSString).pathExtension.lowercased()
        guard ["xyz", "extxyz"].contains(ending) else {
            throw CommandError(
                "\(output): expected a name that ends in .xyz or .extxyz, found \(ending.isEmpty ? "none" : ".\(ending)"): extended XYZ is what is written"
            )
        }
        let paths = try FilePattern.expand(inputs)
        var plan = OutputPlan(inputs: paths)
        try plan.add(
            output, existing: overwrite ? .replace : .refuse, advice: "choose another name, or add --overwrite")
        let writer = try ExtendedXYZWriter(
            path: output, mode: .replacing, existing: overwrite ? .replace : .refuse)
        var report = Report(output: output)
        var status = StatusLine()
        for path in paths {
            let reader = try StructureFormats.open(path, labels: labels.keys())
            var input = Input(file: path, format: try StructureFormats.formatName(of: path) ?? "")
            while let structure = try reader.next() {
                try writer.write(structure)
                input.structures += 1
                input.atoms += structure.count
                for property in Property.all where structure.carries(property) {
                    input.labels[property.name, default: 0] += 1
                }
                status.show("\(path): \(Written.count(input.structures, "structure"))")
            }
            input.remarks = reader.remarks
            reader.tellRemarks()
            if !json { Terminal.print(input.line) }
            report.structures += input.structures
            report.files.append(input)
        }
        try writer.close()
        if json { return try JSONOutput.print(report) }
        Terminal.print("\(Written.count(report.structures, "structure")) written to \(output)")
    }
}
