/// e3nn's notation, `32x0e+32x1o+16x2e`; a block without a number, `1o`, counts once.
extension Irreps: CustomStringConvertible, LosslessStringConvertible {
    public var description: String { blocks.map(\.description).joined(separator: "+") }

    /// `nil` where `init(parsing:)` throws.
    public init?(_ description: String) {
        guard let irreps = try? Irreps(parsing: description) else { return nil }
        self = irreps
    }

    /// Reads e3nn's notation. Spaces are allowed around the signs; an empty text is the empty sum.
    ///
    /// Throws an `IrrepsError` that names the block at fault.
    public init(parsing text: String) throws {
        let parts = text.split(separator: "+", omittingEmptySubsequences: false)
        if parts.count == 1, parts[0].allSatisfy(\.isWhitespace) {
            self.init([])
        } else {
            self.init(try parts.map { try Block(parsing: $0, in: text) })
        }
    }
}

/// Irreps in the text of a program, `let hidden: Irreps = "32x0e+16x1o"`; one that is malformed ends the program with
/// what `init(parsing:)` says. Text from elsewhere goes through that.
extension Irreps: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) {
        do {
            self = try Irreps(parsing: text)
        } catch {
            preconditionFailure("\(error)")
        }
    }
}

extension Irrep: LosslessStringConvertible, ExpressibleByStringLiteral {
    /// `1o`; `nil` where the text is something else.
    public init?(_ description: String) {
        guard let irreps = Irreps(description), irreps.count == 1, irreps[0].multiplicity == 1,
            irreps[0].irrep.description == description
        else { return nil }
        self = irreps[0].irrep
    }

    public init(stringLiteral text: String) {
        guard let irrep = Irrep(text) else { preconditionFailure("expected an irrep such as 1o, found '\(text)'") }
        self = irrep
    }
}

/// What is wrong with a text that should be irreps.
public struct IrrepsError: Error, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        case malformedBlock, multiplicityTooLarge, degreeTooLarge
    }

    public let code: Code
    public let description: String
}

/// Limits on what a text may declare, so that a damaged file cannot ask for the memory of the machine.
private let largestMultiplicity = 1 << 20
private let largestDegree = 64

extension Irreps.Block {
    fileprivate init(parsing part: Substring, in text: String) throws {
        let place = "'\(part.filter { !$0.isWhitespace })' in irreps '\(text)'"
        func malformed() -> IrrepsError {
            IrrepsError(
                code: .malformedBlock,
                description: "\(place): expected a multiplicity, 'x', a degree and 'e' or 'o', such as 32x1o")
        }

        let pieces = part.split(separator: "x", omittingEmptySubsequences: false).map(\.trimmed)
        guard let irrep = pieces.last, pieces.count <= 2, let letter = irrep.last else { throw malformed() }
        let number = pieces.count == 2 ? pieces[0] : "1"
        let degree = irrep.dropLast()
        guard number.isNumber, degree.isNumber, letter == "e" || letter == "o" else { throw malformed() }

        guard let multiplicity = Int(number), multiplicity <= largestMultiplicity else {
            throw IrrepsError(
                code: .multiplicityTooLarge, description: "\(place): the multiplicity exceeds \(largestMultiplicity)")
        }
        guard let l = Int(degree), l <= largestDegree else {
            throw IrrepsError(code: .degreeTooLarge, description: "\(place): the degree exceeds \(largestDegree)")
        }
        self.init(multiplicity, Irrep(l: l, parity: letter == "e" ? .even : .odd))
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let start = drop(while: \.isWhitespace)
        return start.lastIndex { !$0.isWhitespace }.map { start[...$0] } ?? ""
    }

    /// Whether this is one or more of the digits 0 … 9 and nothing else.
    fileprivate var isNumber: Bool { !isEmpty && utf8.allSatisfy { (48...57).contains($0) } }
}
