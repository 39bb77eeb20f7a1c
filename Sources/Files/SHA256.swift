import CMD
import Foundation

/// SHA-256 (FIPS 180-4) of bytes that come in parts, by libmd.
public struct SHA256 {
    private var state = SHA2_CTX()

    public init() { SHA256Init(&state) }

    /// The digest of the whole of some data, as hexadecimal text.
    public static func hexadecimal(of data: Data) -> String {
        var hash = SHA256()
        hash.update(data)
        return hash.hexadecimal()
    }

    public mutating func update(_ data: Data) {
        data.withUnsafeBytes { update($0) }
    }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        SHA256Update(&state, start.assumingMemoryBound(to: UInt8.self), bytes.count)
    }

    /// The 32 bytes for all that has been given; no more can be given afterwards.
    public consuming func digest() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        SHA256Final(&bytes, &state)
        return bytes
    }

    /// The digest as text: two digits for each byte, in lower case.
    public consuming func hexadecimal() -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: digest().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
