import Foundation
import Testing

@testable import Files

struct CRC64Tests {
    /// The check value of CRC-64/XZ in the catalogue of parametrised CRC algorithms (reveng.sourceforge.io).
    @Test func checkValueIsThatOfTheCatalogue() {
        var sum = CRC64()
        sum.update(Data("123456789".utf8))
        #expect(sum.value == 0x995d_c9bb_df19_39fa)
    }

    @Test func partsGiveWhatTheWholeGives() {
        let bytes = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) })
        var (whole, parts) = (CRC64(), CRC64())
        whole.update(bytes)
        for start in stride(from: 0, to: bytes.count, by: 977) {
            parts.update(bytes[start..<min(start + 977, bytes.count)])
        }
        #expect(parts.value == whole.value)
    }
}
