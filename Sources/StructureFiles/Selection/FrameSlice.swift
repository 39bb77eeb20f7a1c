/// Some of a file's structures, as Python writes it: `10:100:5`, `-1:`, `::10`; from 0, the end not included.
public struct FrameSlice: Sendable, Equatable {
    public let start: Int?
    public let end: Int?
    public let step: Int

    public init(_ text: String) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        func number(_ place: Int) throws -> Int? {
            guard parts.indices.contains(place), !parts[place].isEmpty else { return nil }
            guard let number = Int(parts[place].trimmingPrefix(while: \.isWhitespace)) else {
                throw FilterError("--slice: expected START:END:STEP such as 10:100:5, found \"\(text)\"")
            }
            return number
        }
        guard (1...3).contains(parts.count), !text.isEmpty else {
            throw FilterError("--slice: expected START:END:STEP such as 10:100:5, found \"\(text)\"")
        }
        if parts.count == 1 {
            // One structure.
            let index = try number(0) ?? 0
            (start, end, step) = (index, index == -1 ? nil : index + 1, 1)
            return
        }
        (start, end, step) = (try number(0), try number(1), try number(2) ?? 1)
        guard step > 0 else {
            throw FilterError("--slice: expected a step of 1 or more, found \(step) in \"\(text)\"")
        }
    }

    /// Whether the number of structures must be known before the first is taken.
    public var countsFromTheEnd: Bool { (start ?? 0) < 0 || (end ?? 0) < 0 }

    /// Which of so many structures.
    public func indices(of count: Int) -> StrideTo<Int> {
        func place(_ number: Int) -> Int { min(max(number < 0 ? number + count : number, 0), count) }
        return stride(from: start.map(place) ?? 0, to: end.map(place) ?? count, by: step)
    }

    /// Whether it holds a structure, where it does not count from the end.
    public func contains(_ index: Int) -> Bool {
        precondition(!countsFromTheEnd, "expected numbers from the beginning")
        let start = start ?? 0
        return index >= start && index < end ?? .max && (index - start) % step == 0
    }
}
