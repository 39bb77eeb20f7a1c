import Atoms

/// The text of a program of electronic structure, taken line by line: what a format of such runs has to say.
protocol RunText {
    /// What the program calls a step: `ionic step`.
    static var step: String { get }

    /// The name of a format that has no place for labels.
    static var formatWithoutLabels: String? { get }

    /// Whether a last line without a line end is one: not where numbers may stand in it.
    static var takesUnfinishedLine: Bool { get }

    /// How the lines begin that `take` wants to see; nil for all.
    static var beginnings: LineBeginnings? { get }

    /// Takes note of the present line, and reads on where a table follows it. Finished steps go to `steps`.
    ///
    /// Throws a `FormatProblem` where the file cannot be understood; what is wrong with one step alone is its `flaw`.
    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws

    /// After the last line: hands over the last step.
    mutating func end(into steps: inout RunSteps) throws

    /// Why there is nothing in a file, where more can be said than which steps were left out.
    var nothing: String? { get }
}

extension RunText {
    static var step: String { "step" }
    static var formatWithoutLabels: String? { nil }
    static var takesUnfinishedLine: Bool { false }
    static var beginnings: LineBeginnings? { nil }
    var nothing: String? { nil }
}

/// A reader of runs of electronic-structure programs.
public protocol RunStructureReader: StructureReader {
    /// What was read and what was left out, so far.
    var summary: RunSummary { get }
}

/// Reads the steps of runs, one after another, from the text of a program.
final class RunReader<Text: RunText>: RunStructureReader {
    let path: String
    let labels: LabelKeys
    private(set) var census = LabelCensus()
    private var lines: LineReader
    private var text: Text
    private var steps: RunSteps
    private var failure: (any Error)?
    private var isRead = false

    init(_ lines: LineReader, as text: Text, labels: LabelKeys, use: StructureUse) {
        path = lines.path
        self.labels = labels
        self.lines = lines
        self.lines.passesOverUnfinishedLine = !Text.takesUnfinishedLine
        self.text = text
        steps = RunSteps(path: lines.path, labels: labels, use: use, word: Text.step)
    }

    var summary: RunSummary { steps.wholeSummary }
    var remarks: [String] { steps.remarks }

    func next() throws -> Structure? {
        if let failure { throw failure }
        do {
            while true {
                if let structure = steps.takeStructure() {
                    census.note(structure)
                    if let name = Text.formatWithoutLabels { census.note(formatWithoutLabels: name) }
                    return structure
                }
                guard !isRead else { return nil }
                try readOn()
            }
        } catch let problem as FormatProblem {
            let error = StructureFileError(file: path, line: lines.number, message: problem.message)
            failure = error
            throw error
        } catch {
            failure = error
            throw error
        }
    }

    func verifyRest() throws {
        if let failure { throw failure }
        try lines.verifyRest()
    }

    private let beginnings = Text.beginnings

    private func readOn() throws {
        if let beginnings {
            if try lines.advance(to: beginnings) { return try text.take(&lines, into: &steps) }
        } else if try lines.advance() {
            return try text.take(&lines, into: &steps)
        }
        isRead = true
        try lines.verifyRest()
        try text.end(into: &steps)
        if steps.summary.read == 0 { throw FormatProblem(text.nothing ?? steps.nothing) }
    }
}
