import Foundation

/// Atoms as people number them: `1-8, 10`, from 1, both ends included.
public struct AtomNumbers: Sendable, Equatable {
    /// From 0.
    public let indices: Set<Int>

    /// Throws a message that says what was expected.
    public init(_ text: String, option: String) throws {
        var indices: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
                .map { Int($0.trimmingCharacters(in: .whitespaces)) }
            guard (1...2).contains(ends.count), let first = ends.first ?? nil, let last = ends.last ?? nil,
                first >= 1,
                last >= first, last <= 100_000_000
            else {
                throw CommandError(
                    "\(option): expected numbers of atoms from 1 such as 1-8,10, found '\(part.trimmingCharacters(in: .whitespaces))'"
                )
            }
            indices.formUnion(first - 1..<last)
        }
        self.indices = indices
    }
}
