import Foundation
import TestSupport
import Testing

@testable import StructureFiles

@Suite struct NumberParsingTests {
    private func parse(_ text: String) -> Double? {
        let bytes = Array(text.utf8)
        return parseDouble(bytes.span, 0..<bytes.count)
    }

    @Test func numbersAreCorrectlyRounded() throws {
        var random = SplitMix64(5)
        for _ in 0..<200_000 {
            let bits = Double(bitPattern: random.next())
            guard bits.isFinite else { continue }
            #expect(parse(bits.description) == bits)
            let near = Double.random(in: -1000...1000, using: &random)
            #expect(parse(near.description) == near)
            #expect(parse("\(near.description)00000000000000000000") == near)
        }
        // 17 to 19 digits, many of them close to the middle between two doubles.
        for _ in 0..<200_000 {
            let digits = UInt64.random(in: 1...9_999_999_999_999_999_999, using: &random)
            let text = "\(digits)e\(Int.random(in: -30...30, using: &random))"
            #expect(parse(text) == strtod(text, nil))
        }
        for k in UInt64(0)..<2000 {
            let text = "\((UInt64(1) << 53) + 2 * k + 1)"
            #expect(parse(text) == strtod(text, nil))
        }
    }

    @Test(arguments: [
        ("-1.425D+01", -14.25), (".155", 0.155), ("+.21", 0.21), ("0.", 0), ("0.D0", 0), ("1.55d-1", 0.155),
        ("1e-400", 0), ("1e400", .infinity), ("-inf", -.infinity), ("Infinity", .infinity), ("007", 7),
        ("0.000000000000000000000000000001", 1e-30),
    ])
    func spellingsOfOtherLanguagesAreRead(_ text: String, _ value: Double) {
        #expect(parse(text) == value)
    }

    @Test(arguments: [
        "", "-", ".", "1e", "1e+", "1.2.3", "0x10", "1,5", "1f0", "nano", "--1", "1e1234567", "e5", "1-5",
    ])
    func otherWordsAreNoNumbers(_ text: String) { #expect(parse(text) == nil) }

    @Test func notANumberIsRead() { #expect(parse("NaN")?.isNaN == true) }
}
