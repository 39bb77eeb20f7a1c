import Atoms
import Compute
import Glibc
import Interactions
import Sockets

/// The other end of a driver's connection, as bytes. What the driver sends fits into the socket's buffer, so one thread
/// plays both sides; another one may only send.
final class FakeServer: @unchecked Sendable {
    private var descriptor: Int32
    let connection: SocketConnection

    init(cancellation: Cancellation = Cancellation()) {
        var ends: [Int32] = [0, 0]
        let status = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
        precondition(status == 0, "expected a pair of sockets, got error \(errno)")
        descriptor = ends[0]
        connection = SocketConnection(descriptor: ends[1], cancellation: cancellation)
    }

    deinit { close() }

    func close() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
    }

    func send(_ bytes: [UInt8]) {
        let sent = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress!, $0.count) }
        precondition(sent == bytes.count, "expected \(bytes.count) bytes to fit into the socket, sent \(sent)")
    }

    /// All that the driver has sent so far.
    func received() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress!, $0.count, Int32(MSG_DONTWAIT)) }
        return Array(bytes.prefix(max(0, count)))
    }
}

/// Messages of a server.
enum Message {
    static func header(_ name: String) -> [UInt8] {
        Array(name.utf8) + Array(repeating: UInt8(ascii: " "), count: 12 - name.utf8.count)
    }

    /// Positions and cell (vectors as rows) in bohr.
    static func positions(_ positions: [SIMD3<Double>], vectors: Matrix3, count: Int? = nil) -> [UInt8] {
        let h = vectors.transposed
        return header("POSDATA") + bytes(h.elements) + bytes(h.inverse.elements)
            + bytes([Int32(count ?? positions.count)]) + bytes(positions.flatMap { [$0.x, $0.y, $0.z] })
    }

    static func initialize(_ text: String, length: Int? = nil) -> [UInt8] {
        header("INIT") + bytes([Int32(3), Int32(length ?? text.utf8.count)]) + Array(text.utf8)
    }

    static func bytes<T>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
}

/// The answer to GETFORCE, taken apart.
struct Answer {
    let header: String
    let energy: Double
    let count: Int
    /// As they stand, in atomic units.
    let forces: [Double]
    let virial: [Double]
    let text: String
    /// Bytes behind it.
    let rest: [UInt8]

    init(_ bytes: [UInt8]) {
        func number<T>(_ place: Int, as type: T.Type) -> T {
            bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: T.self) }
        }
        header = String(decoding: bytes[..<12], as: UTF8.self)
        energy = number(12, as: Double.self)
        let count = Int(number(20, as: Int32.self))
        self.count = count
        forces = (0..<3 * count).map { number(24 + 8 * $0, as: Double.self) }
        let place = 24 + 24 * count
        virial = (0..<9).map { number(place + 8 * $0, as: Double.self) }
        let length = Int(number(place + 72, as: Int32.self))
        text = String(decoding: bytes[(place + 76)..<(place + 76 + length)], as: UTF8.self)
        rest = Array(bytes[(place + 76 + length)...])
    }
}

extension InteractionResult {
    static var sample: InteractionResult {
        var result = InteractionResult()
        result.energy = -3
        result.atomicEnergies = [-1, -2]
        result.forces = [SIMD3(0.5, -0.25, 1e-7), SIMD3(-0.5, 0.25, -1e-7)]
        result.virial = Matrix3(elements: [1, 2, 3, 2, 5, 6, 3, 6, 9])
        return result
    }
}
