import Atoms
import Foundation

/// A record of a PDB file by its columns, which count from 1.
struct PDBRecord {
    enum Kind { case atom, cell, title, modelEnd }

    private let bytes: ArraySlice<UInt8>
    /// Nil for records that say nothing of the structure.
    let kind: Kind?

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        var name: UInt64 = 0
        for place in 0..<6 {
            name = name << 8 | UInt64(place < bytes.count ? bytes[bytes.startIndex + place] : UInt8(ascii: " "))
        }
        kind = Self.kinds.first { $0.name == name }?.kind
    }

    /// Names fill six columns.
    private static let kinds: [(name: UInt64, kind: Kind)] = [
        ("ATOM  ", .atom), ("HETATM", .atom), ("CRYST1", .cell), ("TITLE ", .title), ("MODEL ", .modelEnd),
        ("ENDMDL", .modelEnd), ("END   ", .modelEnd),
    ].map { name, kind in (name.utf8.reduce(0) { $0 << 8 | UInt64($1) }, kind) }

    /// Where in `bytes`, from 0, what stands in some columns lies without the blanks around it.
    private func place(of columns: ClosedRange<Int>) -> Range<Int> {
        var (start, end) = (columns.lowerBound - 1, min(columns.upperBound, bytes.count))
        guard start < end else { return 0..<0 }
        let span = bytes.span
        while start < end, isBlank(span[start]) { start += 1 }
        while end > start, isBlank(span[end - 1]) { end -= 1 }
        return start..<end
    }

    func hasText(in columns: ClosedRange<Int>) -> Bool { !place(of: columns).isEmpty }

    func field(_ columns: ClosedRange<Int>) -> String { text(bytes.span, place(of: columns)) }

    func number(_ columns: ClosedRange<Int>) -> Double? { parseDouble(bytes.span, place(of: columns)) }

    func character(_ column: Int) -> Character? {
        column <= bytes.count ? Character(UnicodeScalar(bytes[bytes.startIndex + column - 1])) : nil
    }

    var title: String? {
        let text = field(11...80)
        return text.isEmpty ? nil : text
    }

    /// Of the symbol in columns 77 and 78, where there is one.
    var element: Element? {
        let place = place(of: 77...78)
        return place.isEmpty ? nil : ElementWord.symbol(bytes.span, place)
    }

    /// Å; nil where a field is no number, or the line ends before the last.
    var position: SIMD3<Double>? {
        guard bytes.count >= 54, let x = number(31...38), let y = number(39...46), let z = number(47...54),
            x.isFinite, y.isFinite, z.isFinite
        else { return nil }
        return SIMD3(x, y, z)
    }
}
