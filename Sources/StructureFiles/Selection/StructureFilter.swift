import Atoms
import Files

/// Which structures are wanted, as an expression: `fmax < 20 and natoms <= 64 and config_type == 'bulk'`.
///
///     or, and, not, ( )                     in this order of strength
///     < <= > >= == !=  + - * /              of numbers; == and != of texts too
///     12.5  'text'  "text"
///     natoms  energy_per_atom  …            quantities (`FilterQuantity`)
///     config_type  …                        any other word is a key of the structures' information
///     count(Si)  has(forces)  key('my key')
///
/// What a structure does not have is neither true nor false: a comparison with it is not met, and neither is its
/// opposite.
public struct StructureFilter: Sendable {
    /// As it was written.
    public let text: String
    private let root: FilterExpression
    /// Keys that are asked for, and those of them that some structure had.
    private let keys: Set<String>
    private var found: Set<String> = []

    /// - Throws: a `FilterError` that says where the expression cannot be understood.
    public init(_ text: String) throws {
        self.text = text
        var parser = try FilterParser(text)
        root = try parser.parse()
        keys = root.keys
    }

    /// Whether a structure is wanted; nil where it lacks what that depends on.
    ///
    /// - Parameter frame: its number in its file, from 1.
    public mutating func admits(_ structure: Structure, frame: Int, file: String) throws -> Bool? {
        if found.count < keys.count {
            for key in keys where structure.information[key] != nil { found.insert(key) }
        }
        switch try root.value(in: FilterContext(structure: structure, frame: frame, file: file, text: text)) {
        case .truth(let truth): return truth
        case .unknown: return nil
        case .number, .text:
            throw FilterError(
                "--where: expected a condition such as \"\(text) > 0\", found a value alone: \"\(text)\"")
        }
    }

    /// Throws where a word of the expression was the key of no structure at all: it is probably misspelled.
    public func checkKeys(structures: Int) throws {
        guard structures > 0, let absent = keys.subtracting(found).sorted().first else { return }
        let hint =
            nearest(to: absent, among: FilterQuantity.allCases.map(\.rawValue) + found.sorted())
            .map { " (did you mean \($0)?)" } ?? ""
        let names = FilterQuantity.allCases.map(\.rawValue).joined(separator: ", ")
        throw FilterError(
            "--where: '\(absent)' is no quantity, and none of \(Plural.count(structures, "structure")) has such a key\(hint); quantities are \(names), and texts stand in quotes: '\(absent)'"
        )
    }
}

/// An expression that cannot be understood, in one line.
public struct FilterError: Error, Equatable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

/// What an expression is evaluated of.
struct FilterContext {
    let structure: Structure
    let frame: Int
    let file: String
    let text: String
}
