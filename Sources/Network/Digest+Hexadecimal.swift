import Crypto
import Foundation

extension Digest {
    /// Two digits for each byte, in lower case.
    public var hexadecimal: String { map { String(format: "%02x", $0) }.joined() }
}
