import Atoms
import Compute
import DataSets
import Files
import Foundation
import Logging
import StructureFiles

/// `apus select`: structures that differ as much as they can, of many.
public struct SelectJob {
    let inputs: [String]
    let output: String
    let count: Int
    let rule: DiverseChoice.Rule
    let cutoff: Double
    let tolerance: Double
    let format: String?
    let overwrites: Bool
    let labels: LabelChoice
    let json: Bool
    let parallelism: Parallelism

    public init(
        inputs: [String], output: String, count: Int, rule: DiverseChoice.Rule, cutoff: Double, tolerance: Double,
        format: String?, overwrites: Bool, labels: LabelChoice, json: Bool, parallelism: Parallelism
    ) {
        (self.inputs, self.output, self.count, self.rule) = (inputs, output, count, rule)
        (self.cutoff, self.tolerance, self.format) = (cutoff, tolerance, format)
        (self.overwrites, self.labels, self.json, self.parallelism) = (overwrites, labels, json, parallelism)
    }

    private struct Report: Encodable {
        var output: String
        var structures: Int
        var chosen: Int
        /// Of the structures that were not chosen: nearer to a chosen one than the tolerance.
        var nearDuplicates: Int
        /// The largest distance of a structure from the nearest chosen one, of the largest there is from the first.
        var radius: Double
        var places: [String]
    }

    public func run() throws {
        var remarks: [String] = []
        let paths = try FilePattern.expand(inputs, remarks: &remarks)
        let target = try ConvertOutput(output, format: format, overwrites: overwrites, inputs: paths)
        let writer = try target.writer()
        let scratch = try StructureScratch(beside: target.scratchName)
        var (places, elements) = ([String](), Set<Element>())
        var status = StatusLine()
        for path in paths {
            let reader = try StructureFormats.open(path, labels: labels.keys())
            var frame = 0
            while let structure = try reader.next() {
                frame += 1
                places.append("\(path), frame \(frame)")
                elements.formUnion(structure.elements)
                try scratch.append(structure)
                status.show("\(path): \(Written.count(frame, "structure"))")
            }
            reader.tellRemarks()
        }
        guard count <= places.count else {
            throw CommandError(
                "-n: expected at most the \(Written.count(places.count, "structure")) that there are, found \(count)")
        }
        let spectrum = PowerSpectrum(cutoff: cutoff, elements: elements.sorted())
        let bytes = spectrum.count * places.count * 4
        guard bytes < Self.mostBytes else {
            throw CommandError(
                "\(inputs.joined(separator: ", ")): \(spectrum.count) numbers for each of \(places.count) structures take \(Written.bytes(bytes)) of memory, more than \(Written.bytes(Self.mostBytes)); choose from parts, or from every tenth (apus convert --slice ::10)"
            )
        }
        var vectors: [[Float]] = []
        for index in places.indices {
            vectors.append(try spectrum(scratch.structure(index)))
            status.show("descriptors: \(Written.count(index + 1, "structure"))")
        }
        let choice = DiverseChoice(count, of: vectors, by: rule, tolerance: tolerance, parallelism: parallelism)
        for index in choice.chosen { try writer.write(try scratch.structure(index)) }
        try writer.close()
        for remark in remarks + writer.remarks { Logger(label: "apus").warning("\(remark)") }
        if choice.chosen.count < count {
            Logger(label: "apus").warning(
                "only \(choice.chosen.count) of \(places.count) structures differ by more than \(Written.short(tolerance)) (--tolerance); the others are near-duplicates"
            )
        }
        let report = Report(
            output: output, structures: places.count, chosen: choice.chosen.count, nearDuplicates: choice.duplicates,
            radius: choice.radius, places: choice.chosen.map { places[$0] })
        if json { return try JSONOutput.print(report) }
        Terminal.print(
            "\(Written.count(report.structures, "structure")), \(Written.count(report.nearDuplicates, "near-duplicate")); every structure lies within \(Written.short(report.radius)) of a chosen one"
        )
        Terminal.print("\(Written.count(report.chosen, "structure")) written to \(output), in the order of choice")
    }

    private static let mostBytes = 16_000_000_000
}
