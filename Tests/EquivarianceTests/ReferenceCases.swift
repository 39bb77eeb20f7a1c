import Foundation
import Testing

@testable import Equivariance

/// One case of a file of values that e3nn computed (Data/e3nn/README.md); numbers of any shape are read row by row.
struct ReferenceCase: CustomStringConvertible {
    let fields: [String: Any]

    /// The cases of a file.
    static func all(_ name: String) throws -> [ReferenceCase] { try file(name).cases("cases") }

    /// A whole file.
    static func file(_ name: String) throws -> ReferenceCase {
        let url = try #require(Bundle.module.url(forResource: "Data/e3nn/\(name)", withExtension: "json"))
        let content = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
        return ReferenceCase(fields: try #require(content as? [String: Any]))
    }

    func has(_ key: String) -> Bool { fields[key] != nil && !(fields[key] is NSNull) }

    func cases(_ key: String) throws -> [ReferenceCase] {
        try #require(fields[key] as? [[String: Any]]).map(ReferenceCase.init)
    }

    func at(_ key: String) throws -> ReferenceCase {
        ReferenceCase(fields: try #require(fields[key] as? [String: Any], "\(key)"))
    }

    func numbers(_ key: String) throws -> [Double] { Self.flat(try #require(fields[key], "\(key)")) }
    func number(_ key: String) throws -> Double { try #require(numbers(key).first, "\(key)") }
    func integer(_ key: String) throws -> Int { Int(try number(key)) }
    func isTrue(_ key: String) -> Bool { fields[key] as? Bool ?? false }

    /// `[row][numbers]`
    func rows(_ key: String) throws -> [[Double]] {
        try #require(fields[key] as? [Any], "\(key)").map(Self.flat)
    }

    func text(_ key: String) throws -> String { try #require(fields[key] as? String, "\(key)") }
    func texts(_ key: String) throws -> [String] { try #require(fields[key] as? [String], "\(key)") }
    func irreps(_ key: String) throws -> Irreps { try Irreps(parsing: text(key)) }

    /// Of a list such as ["0e", "1o"], or a text of one; `nil` where there is none.
    func irrepSet(_ key: String) throws -> Set<Irrep>? {
        guard has(key) else { return nil }
        let names =
            if let text = fields[key] as? String {
                text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
            } else {
                try texts(key)
            }
        return Set(try names.map { try #require(Irrep($0)) })
    }

    var keys: [String] { fields.keys.sorted() }
    var description: String {
        keys.compactMap { key in (fields[key] as? String).map { "\(key) \($0)" } }.joined(separator: ", ")
    }

    private static func flat(_ value: Any) -> [Double] {
        if let list = value as? [Any] { return list.flatMap(flat) }
        return (value as? NSNumber).map { [$0.doubleValue] } ?? []
    }
}

/// The largest difference, relative to the largest number that is expected (1 if that is smaller).
func relativeDifference(_ found: [Double], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    return largestDifference(found, expected) / max(1, expected.map { abs($0) }.max() ?? 1)
}
