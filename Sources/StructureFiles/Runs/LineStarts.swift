/// Lines that matter, known by how they begin behind their blanks; all others are passed over by one look.
struct LineStarts<Word: Sendable>: Sendable {
    private struct Start: Sendable {
        var bytes: [UInt8]
        var word: Word
    }
    /// The index in `buckets` + 1 for what two bytes begin, or 0.
    private(set) var beginnings = LineBeginnings()
    private var buckets: [[Start]] = []

    /// Of two starts that both fit, the one that stands first counts. Each has at least two bytes.
    init(_ starts: KeyValuePairs<String, Word>) {
        for (text, word) in starts {
            let bytes = Array(text.utf8)
            precondition(bytes.count >= 2, "expected two characters at least, got \"\(text)\"")
            let place = LineBeginnings.place(bytes[0], bytes[1])
            if beginnings.table[place] == 0 {
                buckets.append([])
                beginnings.table[place] = UInt8(buckets.count)
            }
            buckets[Int(beginnings.table[place]) - 1].append(Start(bytes: bytes, word: word))
        }
    }

    /// What the present line begins with, and where what follows it begins.
    func find(in lines: borrowing LineReader) -> (word: Word, rest: Range<Int>)? {
        let line = lines.line
        return lines.buffer.withUnsafeBufferPointer { bytes in
            var at = line.lowerBound
            while at < line.upperBound, bytes[at] == UInt8(ascii: " ") || bytes[at] == UInt8(ascii: "\t") { at += 1 }
            guard at + 1 < line.upperBound else { return nil }
            let bucket = beginnings.table[LineBeginnings.place(bytes[at], bytes[at + 1])]
            guard bucket > 0 else { return nil }
            for start in buckets[Int(bucket) - 1] where start.bytes.count <= line.upperBound - at {
                if start.bytes.indices.allSatisfy({ start.bytes[$0] == bytes[at + $0] }) {
                    return (start.word, at + start.bytes.count..<line.upperBound)
                }
            }
            return nil
        }
    }
}

/// By which two bytes lines begin that matter: most lines are passed over by one look at them.
struct LineBeginnings: Sendable {
    /// `[hash of the first two bytes]`, 0 for what no line that matters begins with.
    fileprivate(set) var table = [UInt8](repeating: 0, count: 1024)

    @inline(__always) static func place(_ first: UInt8, _ second: UInt8) -> Int {
        (Int(first) &* 37 &+ Int(second)) & 1023
    }
}

extension LineReader {
    /// Moves to the next line that begins, behind its blanks, as one of those; false when there is none.
    mutating func advance(to beginnings: LineBeginnings) throws -> Bool {
        while true {
            if passOver(allBut: beginnings) { return try advance() }
            // The line that the buffer ends in.
            guard try advance() else { return false }
            let line = line
            let matters = buffer.withUnsafeBytes { bytes in
                beginnings.table.withUnsafeBufferPointer { Self.matters(bytes, line, $0) }
            }
            if matters { return true }
        }
    }

    /// Whether a line begins so; a table of `LineBeginnings`.
    @inline(__always) static func matters(
        _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>, _ table: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        var at = line.lowerBound
        while at < line.upperBound, bytes[at] == 0x20 || bytes[at] == 0x09 { at += 1 }
        return at + 1 < line.upperBound && table[LineBeginnings.place(bytes[at], bytes[at + 1])] != 0
    }
}
