import CLZMA
import Foundation

/// CRC-64 of bytes that come in parts (the polynomial of ECMA-182, bits reflected, as in .xz), by liblzma: some GB/s.
/// Finds damage, not malice.
struct CRC64 {
    private(set) var value: UInt64 = 0

    mutating func update(_ data: Data) { data.withUnsafeBytes { update($0) } }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        value = lzma_crc64(start.assumingMemoryBound(to: UInt8.self), bytes.count, value)
    }
}
