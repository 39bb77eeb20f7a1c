import Atoms
import DataSets
import Files
import Foundation
import Logging
import StructureFiles

/// `apus convert`: structures of any format, filtered, thinned, shuffled and split, in files of another.
///
/// Structures pass one by one; what must be seen as a whole, to be shuffled, split or counted from the end, goes
/// through a temporary file beside the output, and takes eight bytes of memory for each structure.
public struct ConvertJob {
    let inputs: [String]
    let output: String
    let labels: LabelChoice
    let options: ConvertOptions
    let json: Bool

    public init(inputs: [String], output: String, labels: LabelChoice, options: ConvertOptions, json: Bool) {
        self.inputs = inputs
        self.output = output
        self.labels = labels
        self.options = options
        self.json = json
    }

    public func run() throws {
        let format = try ConvertOutput.format(of: output, options.format)
        var report = ConvertReport(output: output, format: format.name)
        let paths = try FilePattern.expand(inputs, remarks: &report.remarks)
        let outputs = ConvertOptions.names(of: output, count: max(1, options.split.count))
        let targets = try outputs.map {
            try ConvertOutput($0, format: format.word, overwrites: options.overwrites, inputs: paths)
        }
        let writers = try targets.map { try $0.writer() }
        let waits = options.shuffles || !options.split.isEmpty
        let scratch = try waits ? StructureScratch(beside: targets[0].scratchName) : nil
        var written = Array(repeating: 0, count: writers.count)
        try read(paths, scratchName: targets[0].scratchName, &report) { structure in
            if let scratch { return try scratch.append(structure) }
            try writers[0].write(structure)
            written[0] += 1
        }
        if let scratch {
            for (index, structures) in Self.parts(of: scratch.count, options).enumerated() {
                for structure in structures { try writers[index].write(try scratch.structure(structure)) }
                written[index] = structures.count
            }
        }
        report.structures = written.reduce(0, +)
        guard report.structures > 0 else {
            throw CommandError(
                "\(output): nothing to write: " + report.files.map(\.line).prefix(5).joined(separator: "; "))
        }
        if let empty = written.firstIndex(of: 0) {
            throw CommandError(
                "--split: \(Written.count(report.structures, "structure")) leave none for \(outputs[empty]); give it a larger share"
            )
        }
        try writers.forEach { try $0.close() }
        for writer in writers { report.remarks += writer.remarks }
        report.outputs = zip(outputs, written).map { .init(file: $0, structures: $1) }
        try tell(report)
    }

    /// Which structures go to which output, in their order unless they are shuffled.
    static func parts(of count: Int, _ options: ConvertOptions) -> [[Int]] {
        let order = Permutation.shuffled(count, seed: options.seed, round: -4)
        guard !options.split.isEmpty else { return [order] }
        var first = 0
        return ConvertOptions.counts(of: count, shares: options.split).map { size in
            defer { first += size }
            let part = Array(order[first..<first + size])
            return options.shuffles ? part : part.sorted()
        }
    }

    // MARK: Inputs

    private func read(
        _ paths: [String], scratchName: String, _ report: inout ConvertReport, _ take: (Structure) throws -> Void
    ) throws {
        var filter = options.filter
        var copies = RunCopies()
        var status = StatusLine()
        var (frames, census) = (0, LabelCensus())
        for path in paths {
            let reader = try StructureFormats.open(path, labels: labels.keys())
            var input = ConvertReport.Input(file: path, format: try StructureFormats.formatName(of: path) ?? "")
            copies.begin(path)
            let all =
                try options.slice?.countsFromTheEnd == true
                ? StructureScratch(beside: scratchName) : nil
            var (outside, unwanted, unknown) = (0, 0, 0)
            func judge(_ structure: Structure, _ index: Int) throws {
                var verdict: Bool? = true
                if filter != nil { verdict = try filter!.admits(structure, frame: index + 1, file: path) }
                switch verdict {
                case true?:
                    copies.add(structure)
                    try take(structure)
                    input.written += 1
                case false?: unwanted += 1
                case nil: unknown += 1
                }
            }
            while let structure = try reader.next() {
                let index = input.structures
                input.add(structure)
                status.show("\(path): \(Written.count(input.structures, "structure"))")
                if let all {
                    try all.append(structure)
                } else if options.slice?.contains(index) ?? true {
                    try judge(structure, index)
                } else {
                    outside += 1
                }
            }
            if let all, let slice = options.slice {
                let chosen = slice.indices(of: all.count)
                for index in chosen { try judge(try all.structure(index), index) }
                outside = all.count - Array(chosen).count
            }
            input.take((reader as? any RunStructureReader)?.summary)
            input.leaveOut(outside, "by --slice")
            input.leaveOut(unwanted, "by --where")
            input.leaveOut(unknown, "that lack what --where asks for")
            input.remarks = reader.remarks
            if let remark = copies.end() { report.remarks.append(remark) }
            reader.tellRemarks()
            if !json { Terminal.print(input.line) }
            frames += input.structures
            census.add(reader.census)
            report.files.append(input)
        }
        try filter?.checkKeys(structures: frames)
        try labels.check(census, in: inputs.joined(separator: ", "))
    }

    private func tell(_ report: ConvertReport) throws {
        for remark in report.remarks { Logger(label: "apus").warning("\(remark)") }
        if json { return try JSONOutput.print(report) }
        for output in report.outputs {
            Terminal.print("\(Written.count(output.structures, "structure")) written to \(output.file)")
        }
    }
}
