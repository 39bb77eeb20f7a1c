/// The messages of i-PI's protocol. Each begins with its name, in capital letters and filled with spaces to 12 bytes.
///
/// Kapil et al., Comput. Phys. Commun. 236, 214 (2019), section 2; i-PI's manual, "Communication protocol".
enum IPIHeader: String {
    // From the server.
    case status = "STATUS"
    case initialize = "INIT"
    case positions = "POSDATA"
    case getForce = "GETFORCE"
    case exit = "EXIT"
    // From the driver.
    case ready = "READY"
    case haveData = "HAVEDATA"
    case forceReady = "FORCEREADY"

    static let byteCount = 12

    var bytes: [UInt8] {
        Array(rawValue.utf8) + Array(repeating: UInt8(ascii: " "), count: Self.byteCount - rawValue.utf8.count)
    }

    /// A header that only a server sends. Throws `.badMessage`, quoting what came instead.
    init(fromServer bytes: UnsafeRawBufferPointer) throws {
        let name = String(decoding: bytes.reversed().drop { $0 == UInt8(ascii: " ") }.reversed(), as: UTF8.self)
        guard let header = Self(rawValue: name), header.isFromServer else {
            throw SocketError(
                .badMessage,
                "expected STATUS, INIT, POSDATA, GETFORCE or EXIT, found \(name.debugDescription); is this a server of i-PI's protocol?"
            )
        }
        self = header
    }

    private var isFromServer: Bool {
        switch self {
        case .status, .initialize, .positions, .getForce, .exit: true
        case .ready, .haveData, .forceReady: false
        }
    }
}
