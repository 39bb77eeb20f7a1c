import Settings

/// Atoms by their numbers from 1, both ends included: `"1-8, 12"`.
struct AtomSelection {
    private let ranges: [ClosedRange<Int>]
    private let place: SettingsPlace

    init(_ value: SettingsValue) throws {
        place = value.place
        let text = try value.isList ? value.list().map { try $0.string() }.joined(separator: ",") : value.string()
        ranges = try text.split(separator: ",").map { part in
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map {
                Int($0.filter { !$0.isWhitespace })
            }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 1,
                last >= first
            else {
                throw value.error("expected numbers of atoms from 1, such as \"1-8, 12\", found '\(part)'")
            }
            return first...last
        }
        guard !ranges.isEmpty else {
            throw value.error("expected numbers of atoms such as \"1-8, 12\", found none")
        }
    }

    /// Indices from 0, in the order given.
    ///
    /// - Throws: when there are not so many atoms.
    func atoms(of count: Int) throws -> [Int] {
        try ranges.flatMap { range in
            guard range.upperBound <= count else {
                throw place.error(
                    "expected numbers of 1…\(count), the atoms that are simulated, found \(range.upperBound)")
            }
            return range.map { $0 - 1 }
        }
    }
}
