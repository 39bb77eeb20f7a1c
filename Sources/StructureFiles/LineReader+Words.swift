import Atoms

/// Words and numbers of the present line, without a copy.
extension LineReader {
    /// The next number from a place on, which moves behind it; nil where the next word is none, or there is no word.
    @inline(__always)
    func nextNumber(_ at: inout Int) -> Double? {
        let bytes = buffer.span
        guard let word = nextWord(bytes, from: at, to: line.upperBound) else { return nil }
        at = word.upperBound
        return parseDouble(bytes, word)
    }

    /// The next three numbers.
    @inline(__always)
    func nextVector(_ at: inout Int) -> SIMD3<Double>? {
        guard let x = nextNumber(&at), let y = nextNumber(&at), let z = nextNumber(&at) else { return nil }
        return SIMD3(x, y, z)
    }

    /// The next word, and whether there is one.
    @inline(__always)
    func nextWordRange(_ at: inout Int) -> Range<Int>? {
        guard let word = nextWord(buffer.span, from: at, to: line.upperBound) else { return nil }
        at = word.upperBound
        return word
    }

    /// The next word as a whole number of at most 18 digits; nil where it is none.
    @inline(__always)
    func nextInteger(_ at: inout Int) -> Int? {
        guard let word = nextWordRange(&at) else { return nil }
        return integer(word)
    }

    /// A word as a whole number of at most 18 digits.
    @inline(__always)
    func integer(_ word: Range<Int>) -> Int? {
        let bytes = buffer.span
        let isNegative = bytes[word.lowerBound] == UInt8(ascii: "-")
        let first = word.lowerBound + (isNegative || bytes[word.lowerBound] == UInt8(ascii: "+") ? 1 : 0)
        guard first < word.upperBound, word.upperBound - first <= 18 else { return nil }
        var value = 0
        for place in first..<word.upperBound {
            let digit = bytes[place] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = 10 &* value &+ Int(digit)
        }
        return isNegative ? -value : value
    }

    /// The element of the next word, which labels an atom: `C`, `C1`, `CL`.
    func nextLabel(_ at: inout Int) -> Element? {
        guard let word = nextWordRange(&at) else { return nil }
        return ElementWord.symbol(buffer.span, word) ?? AtomLabel.element(text(word))
    }

    /// Whether the line begins so, after blanks.
    func begins(with start: StaticString) -> Bool {
        let bytes = buffer.span
        var at = line.lowerBound
        while at < line.upperBound, isBlankByte(bytes[at]) { at += 1 }
        guard line.upperBound - at >= start.utf8CodeUnitCount else { return false }
        let buffer = UnsafeBufferPointer(start: start.utf8Start, count: start.utf8CodeUnitCount)
        for k in 0..<buffer.count where bytes[at + k] != buffer[k] { return false }
        return true
    }

    private func isBlankByte(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// A line shortened for messages.
    var excerpt: String { line.count > 60 ? "\(text.prefix(60))…" : text }
}

extension LineReader {
    /// Whether a line follows, and the present one is therefore whole: of a number at the very end of a file nobody
    /// could tell that it was cut. The present line is lost.
    mutating func isFollowed() throws -> Bool {
        guard try advance() else { return false }
        stepBack()
        return true
    }
}
