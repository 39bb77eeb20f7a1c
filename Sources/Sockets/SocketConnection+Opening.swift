import Compute
import Glibc

// Finding a server that may not be there yet.

extension SocketConnection {
    /// Connects, and tries again for so many seconds while nobody listens: drivers are often started together with
    /// their server. `onWaiting` is called once, with the reason, when the first attempt has failed.
    ///
    /// Throws `.noServer` when the time is over, `.notAllowed` or `.badAddress` at once, and `.cancelled`.
    public static func open(
        _ address: SocketAddress, patience: Double, cancellation: Cancellation = Cancellation(),
        onWaiting: (String) -> Void = { _ in }
    ) throws -> SocketConnection {
        let watch = Stopwatch()
        var isFirst = true
        while true {
            if cancellation.isCancelled { throw SocketError(.cancelled, "interrupted") }
            let reason: String
            switch try attempt(address, patience: { max(0, patience - watch.seconds) }, cancellation) {
            case .connected(let descriptor):
                return SocketConnection(descriptor: descriptor, cancellation: cancellation)
            case .nobody(let why): reason = why
            }
            guard watch.seconds < patience else {
                throw SocketError(
                    .noServer,
                    "\(address): no server within \(seconds(patience)) s (\(reason)); \(address.advice)")
            }
            if isFirst { onWaiting(reason) }
            isFirst = false
            usleep(50_000)
        }
    }

    private static func seconds(_ number: Double) -> String {
        Int(exactly: number).map { "\($0)" } ?? "\(number)"
    }

    private enum Attempt {
        case connected(Int32)
        /// Nobody there, and why; may change.
        case nobody(String)
    }

    private static func attempt(
        _ address: SocketAddress, patience: () -> Double, _ cancellation: Cancellation
    ) throws -> Attempt {
        switch address {
        case .unix(let path):
            var place = sockaddr_un()
            place.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &place.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
            return try withUnsafeBytes(of: place) {
                try connect(AF_UNIX, $0, address, patience: patience, cancellation)
            }
        case .internet(let host, let port):
            var hints = addrinfo()
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            var list: UnsafeMutablePointer<addrinfo>?
            let status = getaddrinfo(host, "\(port)", &hints, &list)
            guard status == 0 else {
                let reason = String(cString: gai_strerror(status))
                if status == EAI_AGAIN { return .nobody(reason) }
                throw SocketError(
                    .badAddress, "\(address): expected a host that is known, found '\(host)' (\(reason))")
            }
            defer { freeaddrinfo(list) }
            var last = Attempt.nobody("no address")
            // A name may stand for several addresses, of which the server has one: localhost is 127.0.0.1 and ::1.
            var next = list
            while let info = next?.pointee {
                let place = UnsafeRawBufferPointer(start: info.ai_addr, count: Int(info.ai_addrlen))
                last = try connect(info.ai_family, place, address, patience: patience, cancellation)
                if case .connected = last { return last }
                next = info.ai_next
            }
            return last
        }
    }

    private static func connect(
        _ family: Int32, _ place: UnsafeRawBufferPointer, _ address: SocketAddress, patience: () -> Double,
        _ cancellation: Cancellation
    ) throws -> Attempt {
        let descriptor = socket(
            family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError(.notAllowed, "\(address): no socket (\(reason(errno)))") }
        var isOurs = true
        defer { if isOurs { close(descriptor) } }
        if family != AF_UNIX {
            // Answers go out at once instead of waiting for more to send (tcp(7)).
            var one: Int32 = 1
            let size = socklen_t(MemoryLayout<Int32>.size)
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, size)
            // A host that has gone without a word is noticed some day.
            setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &one, size)
        }
        var status = Glibc.connect(
            descriptor, place.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(place.count))
        if status < 0, errno == EINPROGRESS {
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            while poll(&request, 1, 100) <= 0 {
                if cancellation.isCancelled { throw SocketError(.cancelled, "interrupted") }
                if patience() == 0 { return .nobody(reason(ETIMEDOUT)) }
            }
            var length = socklen_t(MemoryLayout<Int32>.size)
            var failure: Int32 = 0
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &length)
            errno = failure
            status = failure == 0 ? 0 : -1
        }
        guard status < 0 else {
            isOurs = false
            return .connected(descriptor)
        }
        // EAGAIN: the server has not yet accepted those before us.
        let mayChange = [
            ENOENT, ECONNREFUSED, EAGAIN, EINTR, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL, ECONNRESET,
            EAFNOSUPPORT,
        ]
        let number = errno
        guard mayChange.contains(number) else {
            throw SocketError(.notAllowed, "\(address): cannot connect (\(reason(number)))")
        }
        return .nobody(reason(number))
    }
}

extension SocketAddress {
    /// What to do where nobody listens.
    fileprivate var advice: String {
        switch self {
        case .unix:
            "start i-PI first, with mode='unix' and an address so that this is its socket file, or wait longer with --wait"
        case .internet(let host, let port):
            "start i-PI first, with mode='inet', address \(host) and port \(port), or wait longer with --wait"
        }
    }
}
