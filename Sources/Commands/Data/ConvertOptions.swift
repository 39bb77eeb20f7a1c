import Foundation
import StructureFiles

/// What `apus convert` does beside reading and writing.
public struct ConvertOptions {
    /// `--where`
    public var filter: StructureFilter?
    /// Of each input.
    public var slice: FrameSlice?
    public var shuffles = false
    public var seed: UInt64 = 1
    /// Shares of the outputs; empty for one output.
    public var split: [Double] = []
    /// By its word, where the name of the output does not tell.
    public var format: String?
    public var overwrites = false

    public init() {}

    /// For the help: what `--format` may be.
    public static var formatWords: String { ConvertOutput.formats.map(\.word).joined(separator: ", ") }

    /// Reads `0.8,0.1,0.1`.
    public static func shares(_ text: String) throws -> [Double] {
        let shares = text.split(separator: ",", omittingEmptySubsequences: false)
            .map { Double($0.trimmingCharacters(in: .whitespaces)) }
        let numbers = shares.compactMap(\.self)
        guard numbers.count == shares.count, numbers.count >= 2, numbers.allSatisfy({ $0 > 0 && $0 < 1 }),
            numbers.reduce(0, +) < 1 + 1e-9
        else {
            throw CommandError(
                "--split: expected two or more shares above 0 that add up to at most 1, such as 0.8,0.1,0.1, found \(text)"
            )
        }
        return numbers
    }

    /// How many of so many structures each output gets: the shares rounded down, what that leaves to the largest rests.
    static func counts(of total: Int, shares: [Double]) -> [Int] {
        let exact = shares.map { $0 * Double(total) }
        var counts = exact.map { Int($0 + 1e-9) }
        let wanted = min(total, Int((exact.reduce(0, +) + 1e-9).rounded()))
        let order = exact.indices.sorted {
            (exact[$1] - Double(counts[$1]), $0) < (exact[$0] - Double(counts[$0]), $1)
        }
        for index in order.prefix(max(0, wanted - counts.reduce(0, +))) { counts[index] += 1 }
        return counts
    }

    /// `data.xyz` as `data-train.xyz`, `data-validation.xyz` and `data-test.xyz`; by number where there are more.
    static func names(of output: String, count: Int) -> [String] {
        guard count > 1 else { return [output] }
        let words = count <= 3 ? Array(["train", "validation", "test"].prefix(count)) : (1...count).map { "\($0)" }
        var (name, slash) = (output, "")
        while name.count > 1, name.hasSuffix("/") { (name, slash) = (String(name.dropLast()), "/") }
        let ending = (name as NSString).pathExtension
        let stem = (name as NSString).deletingPathExtension
        return words.map { ending.isEmpty ? "\(name)-\($0)\(slash)" : "\(stem)-\($0).\(ending)\(slash)" }
    }
}
