import Atoms
import DataSets
import Files
import Foundation
import Logging
import StructureFiles
import Trajectory

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

    static let formats: [any StructureOutput] = StructureOutputs.all + [NetCDFOutput()]

    public func run() throws {
        let format = try format()
        var report = ConvertReport(output: output, format: format.name)
        let paths = try FilePattern.expand(inputs, remarks: &report.remarks)
        let outputs = ConvertOptions.names(of: output, count: max(1, options.split.count))
        try check(outputs, format, inputs: paths)
        let existing: OutputFile.Existing = options.overwrites ? .replace : .refuse
        let writers = try outputs.map { try format.writer($0, existing: existing) }
        let waits = options.shuffles || !options.split.isEmpty
        let scratch = try waits ? StructureScratch(beside: Self.place(beside: outputs[0])) : nil
        var written = Array(repeating: 0, count: writers.count)
        try read(paths, &report) { structure in
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
        tell(report)
    }

    // MARK: Outputs

    private func format() throws -> any StructureOutput {
        let words = Self.formats.map(\.word).joined(separator: ", ")
        if let word = options.format {
            guard let format = Self.formats.first(where: { $0.word == word }) else {
                let hint = nearest(to: word, among: Self.formats.map(\.word)).map { "; did you mean \($0)?" } ?? ""
                throw CommandError("--format: expected one of \(words), found \(word)\(hint)")
            }
            return format
        }
        var name = output
        while name.count > 1, name.hasSuffix("/") { name.removeLast() }
        name = (name as NSString).lastPathComponent
        guard
            let format = Self.formats.first(where: {
                $0.fileNames.contains { fnmatch($0.lowercased(), name.lowercased(), 0) == 0 }
            })
        else {
            let known = Self.formats.map { "\($0.fileNames[0]) (\($0.name))" }.joined(separator: ", ")
            throw CommandError(
                "\(output): expected a name that tells the format to write, \(known), found another; name the format by --format (\(words))"
            )
        }
        return format
    }

    private func check(_ outputs: [String], _ format: any StructureOutput, inputs: [String]) throws {
        var plan = OutputPlan(inputs: inputs)
        let existing: OutputFile.Existing = options.overwrites ? .replace : .refuse
        let advice = "choose another name, or add --overwrite"
        for output in outputs {
            if format.isFolder {
                try OutputPlace.checkFolder(output, existing: existing, advice: advice)
                let folder = FilePath.resolved(output)
                if let inside = inputs.first(where: { FilePath.resolved($0).hasPrefix(folder + "/") }) {
                    throw CommandError("\(output): holds an input (\(inside)), which would be replaced; choose another name")
                }
            } else {
                try plan.add(output, existing: existing, advice: advice)
            }
        }
    }

    /// A file name for what needs a folder to be in.
    private static func place(beside output: String) -> String {
        var name = output
        while name.count > 1, name.hasSuffix("/") { name.removeLast() }
        return name + ".scratch"
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

    private func read(_ paths: [String], _ report: inout ConvertReport, _ take: (Structure) throws -> Void) throws {
        var filter = options.filter
        var copies = RunCopies()
        var status = StatusLine()
        var (frames, census) = (0, LabelCensus())
        for path in paths {
            let reader = try StructureFormats.open(path, labels: labels.keys())
            var input = ConvertReport.Input(file: path, format: try StructureFormats.format(of: path)?.name ?? "")
            copies.begin(path)
            let all = try options.slice?.countsFromTheEnd == true
                ? StructureScratch(beside: Self.place(beside: output)) : nil
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

    private func tell(_ report: ConvertReport) {
        for remark in report.remarks { Logger(label: "apus").warning("\(remark)") }
        if json {
            try? JSONOutput.print(report)
            return
        }
        for output in report.outputs {
            Terminal.print("\(Written.count(output.structures, "structure")) written to \(output.file)")
        }
    }
}
