/// Pieces of a line as outputs of programs have them.
extension LineReader {
    /// All numbers of the line, or of a part of it, or so many at its front; nil where something else stands there.
    func numbers(in part: Range<Int>? = nil, first limit: Int = .max) -> [Double]? {
        FortranNumbers.parse(buffer.span, part ?? line, first: limit)
    }

    /// The first three numbers of the line, or of a part of it.
    func triple(in part: Range<Int>? = nil) -> SIMD3<Double>? {
        FortranNumbers.triple(buffer.span, part ?? line)
    }

    /// The first six numbers of the line.
    func twoTriples() -> (SIMD3<Double>, SIMD3<Double>)? {
        FortranNumbers.twoTriples(buffer.span, line)
    }

    /// What follows so many words, and the last of these as text.
    func rest(behindWords count: Int) -> (last: String, rest: Range<Int>)? {
        let line = line
        return buffer.withUnsafeBufferPointer { bytes in
            var (at, start) = (line.lowerBound, line.lowerBound)
            for _ in 0..<count {
                while at < line.upperBound, bytes[at] == 0x20 || bytes[at] == 0x09 { at += 1 }
                start = at
                while at < line.upperBound, bytes[at] != 0x20, bytes[at] != 0x09 { at += 1 }
                guard start < at else { return nil }
            }
            return (String(decoding: bytes[start..<at], as: UTF8.self), at..<line.upperBound)
        }
    }

    /// What follows the first place of a character; nil where there is none.
    func rest(behind character: Character, in part: Range<Int>? = nil) -> Range<Int>? {
        let part = part ?? line
        let byte = character.asciiValue!
        return buffer[part].firstIndex(of: byte).map { $0 + 1..<part.upperBound }
    }

    /// The number behind a sign such as `=`, whatever follows it.
    func number(behind character: Character, in part: Range<Int>? = nil) -> Double? {
        rest(behind: character, in: part).flatMap { numbers(in: $0, first: 1)?.first }
    }

    func text(_ part: Range<Int>) -> String { String(decoding: buffer[part], as: UTF8.self) }

    /// The words of the line, or of a part of it.
    func words(in part: Range<Int>? = nil) -> [Substring] { text(part ?? line).words }

    var isBlank: Bool { buffer[line].allSatisfy { $0 == 0x20 || $0 == 0x09 } }

    func contains(_ words: String) -> Bool {
        let sought = Array(words.utf8)
        let line = line
        guard let first = sought.first, line.count >= sought.count else { return false }
        return buffer.withUnsafeBufferPointer { bytes in
            (line.lowerBound...line.upperBound - sought.count).contains { at in
                bytes[at] == first && sought.indices.allSatisfy { bytes[at + $0] == sought[$0] }
            }
        }
    }
}
