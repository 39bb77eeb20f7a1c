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
        var (counts, elements) = ([Int](), Set<Element>())
        var status = StatusLine()
        for path in paths {
            let reader = try StructureFormats.open(path, labels: labels.keys())
            var frame = 0
            while let structure = try reader.next() {
                frame += 1
                elements.formUnion(structure.elements)
                try scratch.append(structure)
                status.show("\(path): \(Written.count(frame, "structure"))")
            }
            reader.tellRemarks()
            counts.append(frame)
        }
        let places = Places(paths: paths, counts: counts)
        guard count <= places.count else {
            throw CommandError(
                "-n: expected at most the \(Written.count(places.count, "structure")) that there are, found \(count)")
        }
        let vectors = try vectors(of: scratch, places, elements.sorted(), beside: target.scratchName, &status)
        let choice = try DiverseChoice(
            count, of: vectors, by: rule, tolerance: tolerance, beside: target.scratchName, parallelism: parallelism)
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

    /// Where structures stand, by their numbers.
    private struct Places {
        let paths: [String]
        /// `[path]`
        let counts: [Int]

        var count: Int { counts.reduce(0, +) }

        subscript(index: Int) -> String {
            var (file, frame) = (0, index)
            while frame >= counts[file] { (file, frame) = (file + 1, frame - counts[file]) }
            return "\(paths[file]), frame \(frame + 1)"
        }
    }

    /// What describes each structure.
    private func vectors(
        of scratch: StructureScratch, _ places: Places, _ elements: [Element], beside path: String,
        _ status: inout StatusLine
    ) throws -> VectorStore<Float> {
        guard let potential else {
            let spectrum = PowerSpectrum(cutoff: cutoff, elements: elements)
            let vectors = VectorStore<Float>(width: spectrum.count, beside: path)
            // Many at a time, since each is computed by one thread.
            for start in stride(from: 0, to: places.count, by: Self.batch) {
                let structures = try (start..<min(start + Self.batch, places.count)).map { try scratch.structure($0) }
                var rows = [Result<[Float], any Error>](repeating: .success([]), count: structures.count)
                parallelism.update(&rows, by: 1) { range, rows in
                    rows[0] = Result { try spectrum(structures[range.lowerBound]) }
                }
                for (index, row) in zip(start..., rows) {
                    do {
                        try vectors.append(row.get())
                    } catch let error as InteractionError {
                        throw CommandError("\(places[index]): \(error)")
                    }
                }
                status.show("descriptors: \(Written.count(vectors.count, "structure"))")
            }
            return vectors
        }
        let file = PotentialLibrary.path(of: potential)
        let features: PotentialFeatures
        do {
            features = try PotentialFeatures(
                Potential(verifying: file), elements: elements, parallelism: parallelism)
        } catch let error as InteractionError {
            throw CommandError("\(potential): \(error)")
        }
        var vectors: VectorStore<Float>?
        for index in 0..<places.count {
            let structure = try scratch.structure(index)
            let row: [Float]
            do {
                row = try features(structure)
            } catch let error as InteractionError {
                throw CommandError("\(places[index]): \(error)")
            }
            let store = vectors ?? VectorStore(width: row.count, beside: path)
            try store.append(row)
            vectors = store
            status.show("descriptors: \(Written.count(index + 1, "structure"))")
        }
        guard let vectors else {
            throw CommandError("\(inputs.joined(separator: ", ")): expected structures, found none")
        }
        try PotentialFeatures.scale(vectors)
        return vectors
    }

    private static let batch = 64
}
