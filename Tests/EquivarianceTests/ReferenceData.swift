import Foundation
import Testing

@testable import Equivariance

/// Values that e3nn 0.6.0 and NequIP 0.19.1 computed in float64 (Data/make_reference.py).
enum ReferenceData {
    struct HigherDegrees: Decodable {
        struct Turn: Decodable {
            var angles: [Double]
            var matrix: [Double]
            var wigner_d: [String: [Double]]
        }
        var vectors: [[Double]]
        var sh_l5: [[Double]]
        var sh_l6: [[Double]]
        /// "l1_l2_l3" → [m1, m2, m3, value], what is not zero.
        var wigner_3j: [String: [[Double]]]
        var rotations: [Turn]
    }

    struct Layer: Decodable {
        var input: String
        var harmonics: String
        var wanted: String
        var paths: [[Field]]
        var merged: String
    }

    /// An entry of a path: a block index, or the output's irreps.
    enum Field: Decodable, Equatable {
        case index(Int)
        case irreps(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let index = try? container.decode(Int.self) {
                self = .index(index)
            } else {
                self = .irreps(try container.decode(String.self))
            }
        }
    }

    static func load<T: Decodable>(_ type: T.Type, _ name: String) throws -> T {
        let url = try #require(Bundle.module.url(forResource: "Data/\(name)", withExtension: "json"))
        return try JSONDecoder().decode(type, from: Data(contentsOf: url))
    }
}

/// What e3nn and we compute in float64 by different formulas agrees to a few thousand roundings.
let agreement = 1e-12

func largestDifference(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count, "expected \(b.count) values, got \(a.count)")
    return zip(a, b).map { abs($0 - $1) }.reduce(0) { max($0, $1.isNaN ? .infinity : $1) }
}

func matrixProduct(_ a: [Double], _ b: [Double], width: Int) -> [Double] {
    (0..<width * width).map { i in
        (0..<width).reduce(0) { $0 + a[i / width * width + $1] * b[$1 * width + i % width] }
    }
}
