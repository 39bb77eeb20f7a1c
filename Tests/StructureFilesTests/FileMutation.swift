import Foundation
import TestSupport

/// Damage to a file, drawn at random: bytes, lines, numbers and lengths.
struct FileMutation {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed) }

    /// Words that numbers become: large, not finite, glued, without room, or none.
    private static let words = [
        "-1", "0", "1e309", "nan", "-inf", "****", "99999999999999999999", "1.5-300", "12.5-13.5", "2147483648",
        "1D+400",
        "-", "e", "\u{7f}", "<a>", "\"", "{", "[", "'",
    ].map { Array($0.utf8) }

    mutating func mutated(_ original: [UInt8], with others: [[UInt8]]) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            mutate(&bytes, others)
        }
        return bytes
    }

    private mutating func place(in bytes: [UInt8]) -> Int { Int.random(in: 0..<bytes.count, using: &random) }

    private mutating func mutate(_ bytes: inout [UInt8], _ others: [[UInt8]]) {
        let at = place(in: bytes)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.removeLast(bytes.count - at)
        case 3: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...200, using: &random)))
        case 4:
            // A piece stands somewhere else once more.
            let piece = Array(bytes[at..<min(bytes.count, at + Int.random(in: 1...400, using: &random))])
            bytes.insert(contentsOf: piece, at: place(in: bytes))
        case 5: replaceWord(&bytes, at)
        case 6: exchangeLines(&bytes, at)
        case 7:
            // What follows is another file's.
            let other = others[Int.random(in: others.indices, using: &random)]
            bytes.replaceSubrange(at..., with: other.suffix(other.count - other.count / 3).prefix(1 << 16))
        case 8:
            let piece = (0..<Int.random(in: 1...20, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            bytes.insert(contentsOf: piece, at: at)
        default: replaceDigit(&bytes, at)
        }
    }

    private mutating func replaceWord(_ bytes: inout [UInt8], _ at: Int) {
        var (start, end) = (at, at)
        while start > 0, bytes[start - 1] > 0x20 { start -= 1 }
        while end < bytes.count, bytes[end] > 0x20 { end += 1 }
        guard end - start < 200 else { return }
        bytes.replaceSubrange(start..<end, with: Self.words[Int.random(in: Self.words.indices, using: &random)])
    }

    private mutating func exchangeLines(_ bytes: inout [UInt8], _ at: Int) {
        guard let end = bytes[at...].firstIndex(of: 0x0A), let next = bytes[(end + 1)...].firstIndex(of: 0x0A) else {
            return
        }
        let start = bytes[..<at].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        bytes.replaceSubrange(start...next, with: bytes[(end + 1)...next] + bytes[start...end])
    }

    /// The next digit becomes another: counts and sizes change by powers of ten.
    private mutating func replaceDigit(_ bytes: inout [UInt8], _ at: Int) {
        guard let place = bytes[at...].firstIndex(where: { $0 &- 0x30 < 10 }) else { return }
        bytes[place] = 0x30 + UInt8.random(in: 0..<10, using: &random)
        if Bool.random(using: &random) { bytes.insert(contentsOf: Array("99999".utf8), at: place) }
    }
}
