import Atoms

/// Makes structures of the drafts of a source: checks them, counts their labels, names the place of what is wrong.
final class DraftReader<Source: DraftSource>: StructureReader {
    let path: String
    let labels: LabelKeys
    private(set) var census = LabelCensus()
    private let use: StructureUse
    private var source: Source
    private var failure: (any Error)?
    private var coincidences = CoincidenceCheck()
    /// Structures asked for.
    private var frame = 0
    private var isAtEnd = false

    /// - Parameter formatWithoutLabels: the name of a format that has no place for energies or forces.
    init(_ source: Source, labels: LabelKeys, use: StructureUse, formatWithoutLabels: String? = nil) {
        path = source.path
        self.source = source
        self.labels = labels
        self.use = use
        if let formatWithoutLabels { census.note(formatWithoutLabels: formatWithoutLabels) }
    }

    var remarks: [String] { source.remarks }

    func next() throws -> Structure? {
        if let failure { throw failure }
        if isAtEnd { return nil }
        do {
            frame += 1
            guard let structure = try read() else {
                guard frame > 1 else {
                    throw StructureFileError(
                        file: path, line: source.line, message: "expected at least one structure, found none")
                }
                try source.verifyRest()
                isAtEnd = true
                return nil
            }
            census.note(structure)
            return structure
        } catch {
            failure = error
            throw error
        }
    }

    func verifyRest() throws {
        if let failure { throw failure }
        try source.verifyRest()
    }

    private func read() throws -> Structure? {
        var firstAtomLine: Int?
        do {
            guard let draft = try source.next() else { return nil }
            census.note(keys: draft.keys, columns: draft.columns)
            firstAtomLine = draft.firstAtomLine
            let structure = try draft.structure(for: use)
            if let pair = coincidences.firstPair(in: structure.positions, cell: structure.cell) {
                throw StructureFileError(
                    file: path, frame: frame, line: firstAtomLine.map { $0 + pair.second } ?? source.line,
                    message: pair.message)
            }
            return structure
        } catch let problem as FormatProblem {
            throw StructureFileError(file: path, frame: frame, line: source.line, message: problem.message)
        } catch let error as StructureFileError where error.frame == nil && error.line == nil && source.line != nil {
            throw StructureFileError(file: error.file, frame: frame, line: source.line, message: error.message)
        }
    }
}
