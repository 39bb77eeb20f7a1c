import Foundation

/// An open file of ours: every call looks at what the system answers.
final class Descriptor {
    /// As the user named it.
    let path: String
    private(set) var number: Int32

    /// Throws a `SystemError` when it cannot be opened.
    init(_ path: String, called name: String, _ flags: Int32, while action: String) throws {
        self.path = name
        repeat {
            number = open(path, flags | O_CLOEXEC, 0o666)
        } while number < 0 && errno == EINTR
        guard number >= 0 else { throw SystemError(name, while: action) }
    }

    deinit { if number >= 0 { Foundation.close(number) } }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int? = nil) throws {
        var done = 0
        while done < bytes.count {
            let (start, count) = (bytes.baseAddress! + done, bytes.count - done)
            let written =
                offset.map { pwrite(number, start, count, off_t($0 + done)) }
                ?? Foundation.write(number, start, count)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                throw SystemError(path, while: "writing to it", code: written < 0 ? errno : EIO)
            }
            done += written
        }
    }

    func synchronize() throws {
        // Some file systems have nothing to bring to disk.
        guard fsync(number) == 0 || errno == EINVAL || errno == ENOSYS else {
            throw SystemError(path, while: "bringing it to disk")
        }
    }

    func truncate(to size: Int) throws {
        guard ftruncate(number, off_t(size)) == 0 else { throw SystemError(path, while: "cutting it off") }
    }

    func status() throws -> stat {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw SystemError(path, while: "looking at it") }
        return status
    }

    /// Some file systems say only here that there was no space.
    func close() throws {
        guard number >= 0 else { return }
        defer { number = -1 }
        guard Foundation.close(number) == 0 || errno == EINTR else { throw SystemError(path, while: "closing it") }
    }

    /// Whether the lock on the file, which nobody has after the death of its process, is ours now.
    func lock() throws -> LockOutcome {
        while flock(number, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: return .isHeld
            case ENOTSUP, ENOLCK, ENOSYS, EINVAL: return .unsupported(errno)
            default: throw SystemError(path, while: "locking it")
            }
        }
        return .locked
    }

    enum LockOutcome { case locked, isHeld, unsupported(Int32) }

    /// Whether this name still leads here, and not to a newer file.
    func isStill(at path: String) throws -> Bool {
        let mine = try status()
        guard let there = FilePath.status(path) else { return false }
        return there.st_ino == mine.st_ino && there.st_dev == mine.st_dev
    }

    /// The process that holds the lock, where the system tells (Linux, the same machine).
    func holder() -> String {
        guard let mine = try? status(), let locks = try? String(contentsOfFile: "/proc/locks", encoding: .utf8) else {
            return "another process"
        }
        // `1: FLOCK  ADVISORY  WRITE 4711 08:02:1234 0 EOF`
        let owner = locks.split(separator: "\n").lazy.map { $0.split(separator: " ") }.first {
            $0.count > 5 && $0[1] == "FLOCK" && $0[5].hasSuffix(":\(mine.st_ino)")
        }
        guard let owner, let process = Int32(owner[4]), process > 0 else { return "another process" }
        return "process \(process)"
    }
}
