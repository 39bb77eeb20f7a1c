import Atoms
import Compute
import DataSets
import Files
import Foundation
import Interactions
import Logging
import Potentials
import StructureFiles

/// `apus select`: structures that differ as much as they can, of many.
public struct SelectJob {
    let inputs: [String]
    let output: String
    let count: Int
    let rule: DiverseChoice.Rule
    let cutoff: Double
    /// A potential file whose features describe structures; power spectra unless given.
    let potential: String?
    let tolerance: Double
    let format: String?
    let overwrites: Bool
    let labels: LabelChoice
    let json: Bool
    let parallelism: Parallelism

    public init(
        inputs: [String], output: String, count: Int, rule: DiverseChoice.Rule, cutoff: Double, potential: String?,
        tolerance: Double,
        format: String?, overwrites: Bool, labels: LabelChoice, json: Bool, parallelism: Parallelism
    ) {
        (self.inputs, self.output, self.count, self.rule) = (inputs, output, count, rule)
        (self.cutoff, self.potential, self.tolerance, self.format) = (cutoff, potential, tolerance, format)
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
        let vectors = try vectors(of: scratch, places, elements.sorted(), &status)
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

    /// What describes each structure.
    private func vectors(
        of scratch: StructureScratch, _ places: [String], _ elements: [Element], _ status: inout StatusLine
    ) throws -> [[Float]] {
        var vectors: [[Float]] = []
        func describe(_ vector: (Structure) throws -> [Float]) throws {
            for index in places.indices {
                do {
                    vectors.append(try vector(scratch.structure(index)))
                } catch let error as InteractionError {
                    throw CommandError("\(places[index]): \(error)")
                }
                if index == 0 { try checkMemory(vectors[0].count, places.count) }
                status.show("descriptors: \(Written.count(index + 1, "structure"))")
            }
        }
        guard let potential else {
            try describe(PowerSpectrum(cutoff: cutoff, elements: elements).callAsFunction)
            return vectors
        }
        let path = PotentialLibrary.path(of: potential)
        let features: PotentialFeatures
        do {
            features = try PotentialFeatures(
                Potential(verifying: path), elements: elements, parallelism: parallelism)
        } catch let error as InteractionError {
            throw CommandError("\(potential): \(error)")
        }
        try describe(features.callAsFunction)
        return PotentialFeatures.scaled(vectors)
    }

    private func checkMemory(_ numbers: Int, _ structures: Int) throws {
        let bytes = numbers * structures * 4
        guard bytes < Self.mostBytes else {
            throw CommandError(
                "\(inputs.joined(separator: ", ")): \(numbers) numbers for each of \(structures) structures take \(Written.bytes(bytes)) of memory, more than \(Written.bytes(Self.mostBytes)); choose from parts, or from every tenth (apus convert --slice ::10)"
            )
        }
    }

    private static let mostBytes = 16_000_000_000
}
