/// Lines that matter, known by how they begin behind their blanks; all others are passed over by one look.
struct LineStarts<Word: Sendable>: Sendable {
    private struct Start: Sendable {
        var bytes: [UInt8]
        var word: Word
    }
    /// `[hash of the first two bytes]`, the index in `buckets` + 1, or 0.
    private var table = [UInt8](repeating: 0, count: 1024)
    private var buckets: [[Start]] = []

    /// Of two starts that both fit, the one that stands first counts. Each has at least two bytes.
    init(_ starts: KeyValuePairs<String, Word>) {
        for (text, word) in starts {
            let bytes = Array(text.utf8)
            precondition(bytes.count >= 2, "expected two characters at least, got \"\(text)\"")
            let place = Self.place(bytes[0], bytes[1])
            if table[place] == 0 {
                buckets.append([])
                table[place] = UInt8(buckets.count)
            }
            buckets[Int(table[place]) - 1].append(Start(bytes: bytes, word: word))
        }
    }

    private static func place(_ first: UInt8, _ second: UInt8) -> Int { (Int(first) &* 37 &+ Int(second)) & 1023 }

    /// What the present line begins with, and where what follows it begins.
    func find(in lines: borrowing LineReader) -> (word: Word, rest: Range<Int>)? {
        let line = lines.line
        return lines.buffer.withUnsafeBufferPointer { bytes in
            var at = line.lowerBound
            while at < line.upperBound, bytes[at] == UInt8(ascii: " ") || bytes[at] == UInt8(ascii: "\t") { at += 1 }
            guard at + 1 < line.upperBound else { return nil }
            let bucket = table[Self.place(bytes[at], bytes[at + 1])]
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
