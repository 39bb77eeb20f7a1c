import Atoms
import Interactions

/// The driver's side of i-PI's protocol: the server moves the atoms, the driver answers with energy, forces and virial.
///
///     while case .positions = try driver.next() {
///         … compute with driver.positions and driver.vectors …
///         try driver.provide(result)
///     }
///
/// Nothing is assumed about the order in which a server asks: i-PI sends positions and the request for forces at once
/// and asks for the status afterwards, ASE asks before each. Both are answered from one state, whether there are forces
/// that the server has not fetched. Numbers on the wire are float64 and int32 of the machine, in atomic units.
public final class IPIDriver {
    /// Of every structure that the server sends.
    public let atomCount: Int
    /// `[atom]`, Å, as the server sent them last.
    public private(set) var positions: [SIMD3<Double>]
    /// The cell vectors as rows, Å, not checked: where nothing repeats they may be anything.
    public private(set) var vectors = Matrix3.identity
    private let connection: SocketConnection
    /// The answer to GETFORCE; empty when there is none.
    private var reply = IPIReply()

    public enum Event: Equatable, Sendable {
        /// New positions, which `provide` is to be called for.
        case positions
        case end(Ending)
    }

    public enum Ending: Equatable, Sendable {
        /// The server said EXIT.
        case exit
        /// It closed the connection between two messages, which is all that ASE does.
        case closed
        case cancelled
    }

    /// What i-PI sends in INIT are some words; more than this is none.
    private static let largestText = 1 << 20

    public init(_ connection: SocketConnection, atomCount: Int) {
        precondition(atomCount > 0, "expected at least one atom, got \(atomCount)")
        self.connection = connection
        self.atomCount = atomCount
        positions = Array(repeating: .zero, count: atomCount)
    }

    /// Answers what can be answered, until there are positions to compute or there is an end. Throws `SocketError`.
    public func next() throws -> Event {
        do {
            while true {
                // Whoever wants an end gets it between two answers, even from a server that never pauses.
                if connection.isCancelled, reply.isEmpty { return .end(.cancelled) }
                guard let header = try connection.take(IPIHeader.byteCount, IPIHeader.init(fromServer:)) else {
                    return .end(.closed)
                }
                switch header {
                case .status: try connection.send((reply.isEmpty ? IPIHeader.ready : .haveData).bytes)
                case .initialize: try readInitialization()
                case .positions:
                    try readPositions()
                    reply.clear()
                    return .positions
                case .getForce:
                    guard !reply.isEmpty else {
                        throw SocketError(
                            .badMessage, "the server asked for forces (GETFORCE) before it sent positions")
                    }
                    try connection.send(reply.bytes)
                    reply.clear()
                default: return .end(.exit)
                }
            }
        } catch let error as SocketError where error.code == .cancelled {
            return .end(.cancelled)
        }
    }

    /// The answer for the present positions, kept until the server fetches it. Throws `.notFinite` rather than send
    /// what is no number.
    public func provide(_ result: InteractionResult) throws {
        precondition(
            result.forces.count == atomCount, "expected \(atomCount) forces, got \(result.forces.count)")
        try reply.fill(with: result)
    }

    /// `INIT`, int32 index of the replica, int32 length of a text, the text.
    private func readInitialization() throws {
        let length = try takeRest(8) { Int($0.loadUnaligned(fromByteOffset: 4, as: Int32.self)) }
        guard (0...Self.largestText).contains(length) else {
            throw SocketError(
                .badMessage, "expected a text of at most \(Self.largestText) bytes in INIT, found \(length)")
        }
        guard length > 0 else { return }
        let text = try takeRest(length) { String(decoding: $0, as: UTF8.self) }
        if let match = text.firstMatch(of: /batch_size *: *(\d+)/), match.1 != "1" { throw Self.batches }
    }

    /// `POSDATA`, the cell h and its inverse (float64, 3 × 3 by rows, vectors in the columns), int32 number of atoms,
    /// their positions. The inverse says nothing new.
    private func readPositions() throws {
        let (first, count, columns) = try takeRest(2 * 72 + 4) { bytes in
            (
                Int(bytes.loadUnaligned(fromByteOffset: 0, as: Int32.self)),
                Int(bytes.loadUnaligned(fromByteOffset: 2 * 72, as: Int32.self)),
                Matrix3(elements: (0..<9).map { bytes.double($0) })
            )
        }
        guard count == atomCount else {
            // A message with several structures, or one about shared memory, begins with the number of atoms.
            if first == atomCount { throw Self.batches }
            throw SocketError(
                .atomCount,
                "expected positions of \(atomCount) atoms, found \(count) from the server; give the structure that the server moves, with its atoms in its order"
            )
        }
        vectors = columns.transposed * Units.bohr
        try takeRest(24 * count) { bytes in
            for atom in 0..<count {
                let place = 3 * atom
                positions[atom] =
                    SIMD3(bytes.double(place), bytes.double(place + 1), bytes.double(place + 2)) * Units.bohr
            }
        }
        if let atom = positions.firstIndex(where: { !dot($0, $0).isFinite }) {
            throw SocketError(
                .notFinite,
                "expected finite positions, found atom \(atom + 1) at \(positions[atom]) Å from the server")
        }
    }

    /// Bytes that the message begun must have.
    private func takeRest<Result>(_ count: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
        guard let result = try connection.take(count, body) else {
            throw SocketError(.lost, "the connection was closed in the middle of a message")
        }
        return result
    }

    private static let batches = SocketError(
        .badMessage,
        "the server sends several structures at once or through shared memory; in the ffsocket of i-PI's input, leave out batch_size and set mode to 'unix' or 'inet'"
    )
}

extension UnsafeRawBufferPointer {
    /// The float64 at a place counted in float64s.
    fileprivate func double(_ place: Int) -> Double {
        loadUnaligned(fromByteOffset: 8 * place, as: Double.self)
    }
}
