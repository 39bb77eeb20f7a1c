import Compute
import Glibc

/// A stream to a server, read by exact numbers of bytes.
///
/// Streams know no messages: what was sent at once may arrive in pieces, and several messages may arrive together.
/// Bytes are therefore collected in an inbox, from which callers take as many as they are owed. While the other side is
/// silent, the connection looks ten times a second whether somebody has asked for an end.
public final class SocketConnection {
    private let descriptor: Int32
    private let cancellation: Cancellation
    private var inbox: [UInt8]
    /// The bytes of the inbox that nobody has taken yet.
    private var waiting = 0..<0

    /// Takes over an open socket, and closes it in the end.
    public init(descriptor: Int32, cancellation: Cancellation = Cancellation()) {
        self.descriptor = descriptor
        self.cancellation = cancellation
        inbox = Array(repeating: 0, count: 1 << 16)
        // Then no call waits, and `wait` is the only place where time is spent.
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// Whether somebody has asked for an end.
    var isCancelled: Bool { cancellation.isCancelled }

    /// Hands over the next `count` bytes, which are gone after that; `nil` when the other side has closed the
    /// connection before the first of them. Throws `.lost` when it is closed among them, and `.cancelled`.
    func take<Result>(_ count: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result? {
        while waiting.count < count {
            makeRoom(for: count)
            guard try receive() else {
                guard waiting.isEmpty else {
                    throw SocketError(.lost, "the connection was closed in the middle of a message")
                }
                return nil
            }
        }
        let taken = waiting.lowerBound..<(waiting.lowerBound + count)
        waiting = taken.upperBound..<waiting.upperBound
        return try inbox.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[taken])) }
    }

    /// So that `count` bytes fit behind the first that waits.
    private func makeRoom(for count: Int) {
        if waiting.isEmpty {
            waiting = 0..<0
        } else if waiting.lowerBound + count > inbox.count {
            inbox.replaceSubrange(0..<waiting.count, with: inbox[waiting])
            waiting = 0..<waiting.count
        }
        if inbox.count < count { inbox.append(contentsOf: repeatElement(0, count: count - inbox.count)) }
    }

    /// Reads what has arrived, and waits if that is nothing; false when the other side has closed the connection.
    private func receive() throws -> Bool {
        while true {
            let count = inbox.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress! + waiting.upperBound, $0.count - waiting.upperBound, 0)
            }
            if count > 0 {
                waiting = waiting.lowerBound..<(waiting.upperBound + count)
                return true
            }
            if count == 0 { return false }
            switch errno {
            case EINTR: continue
            case EAGAIN: try wait(for: POLLIN)
            default: throw SocketError(.lost, "the connection was lost (\(Self.reason(errno)))")
            }
        }
    }

    /// Sends all of it. Throws `.lost` when the other side is gone, and `.cancelled`.
    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: try wait(for: POLLOUT)
            default:
                throw SocketError(.lost, "the connection was lost while an answer was sent (\(Self.reason(errno)))")
            }
        }
    }

    /// Until something has arrived or can be sent. Signals may interrupt another thread, so the wait is cut into
    /// pieces.
    private func wait(for event: Int32) throws {
        var request = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        repeat {
            if cancellation.isCancelled { throw SocketError(.cancelled, "interrupted") }
        } while poll(&request, 1, 100) <= 0
    }

    /// What the operating system calls an error.
    static func reason(_ number: Int32) -> String { String(cString: strerror(number)) }
}
