import Foundation
import Synchronization

/// A file beside a target, under a name of its own, `TARGET.HOST-PROCESS-NUMBER.part`, until it takes the target's
/// place.
///
/// It is locked while it is written, so that what a dead process has left is known, and removed, by the next one that
/// writes the same target.
final class TemporaryFile {
    let path: String
    let descriptor: Descriptor
    private let target: String
    private var place: Int?
    private var exists = true

    private static let counter = Atomic(0)
    /// Names without dots.
    private static let host = String(
        ProcessInfo.processInfo.hostName.prefix { $0 != "." }.filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
            .prefix(32))
    /// Targets whose left-overs have been looked for.
    private static let swept = Mutex<Set<String>>([])

    /// - Parameter name: the target as the user knows it, for messages.
    init(beside target: String, called name: String) throws {
        self.target = target
        if Self.swept.withLock({ $0.insert(target).inserted }) { Self.removeLeftovers(of: target) }
        while true {
            let number = Self.counter.add(1, ordering: .relaxed).newValue
            let path = "\(Self.prefix(target))\(Self.host)-\(getpid())-\(number).part"
            // Before it exists: a signal may come as soon as it does.
            let place = TemporaryFiles.add(path)
            var isOurs = false
            defer { if !isOurs { place.map(TemporaryFiles.forget) } }
            do {
                let descriptor = try Descriptor(
                    path, called: name, O_RDWR | O_CREAT | O_EXCL, while: "opening a file for writing beside it")
                // Between the two calls another process may have taken it for a left-over.
                if case .isHeld = try descriptor.lock() { continue }
                guard try descriptor.isStill(at: path) else { continue }
                (self.path, self.descriptor, self.place) = (path, descriptor, place)
                isOurs = true
                break
            } catch let error as SystemError where error.code == EEXIST {
                continue
            }
        }
        // An older file's permissions are the newer one's.
        if let older = FilePath.status(target) { fchmod(descriptor.number, older.st_mode & 0o7777) }
    }

    deinit { remove() }

    func remove() {
        guard exists else { return }
        exists = false
        unlink(path)
        forget()
    }

    /// Gives it the target's name, for good: content and name are on disk when this returns.
    func takePlace(replacing: Bool) throws {
        let name = descriptor.path
        try descriptor.synchronize()
        if replacing {
            guard rename(path, target) == 0 else { throw SystemError(name, while: "putting it in place") }
        } else {
            try placeWithoutReplacing()
        }
        exists = false
        forget()
        try descriptor.close()
        // Also the folder's entry. Some file systems do not know how, and need not.
        let folder = open(FilePath.folder(of: target), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    private func placeWithoutReplacing() throws {
        let name = descriptor.path
        let appeared = OutputError(
            .exists, name, "appeared while it was being computed, and stays as it is; choose another name")
        // A second name, which is never given to what exists.
        if link(path, target) == 0 {
            unlink(path)
            return
        }
        if errno == EEXIST { throw appeared }
        let code = errno
        // Where files have one name only (FAT): Linux' call of one step, which Swift's Glibc does not show.
        typealias Rename =
            @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
        guard let symbol = dlsym(nil, "renameat2") else {
            throw SystemError(name, while: "putting it in place", code: code)
        }
        let (current, withoutReplacing) = (Int32(-100), UInt32(1))
        guard unsafeBitCast(symbol, to: Rename.self)(current, path, current, target, withoutReplacing) == 0 else {
            throw errno == EEXIST ? appeared : SystemError(name, while: "putting it in place")
        }
    }

    private func forget() {
        place.map(TemporaryFiles.forget)
        place = nil
    }

    /// What the names of a target's temporary files begin with, short enough for every file system.
    private static func prefix(_ target: String) -> String {
        let name = (target as NSString).lastPathComponent
        var (short, bytes) = ("", 0)
        for character in name {
            bytes += character.utf8.count
            guard bytes <= 180 else { break }
            short.append(character)
        }
        return "\(FilePath.folder(of: target))/\(short)."
    }

    /// Removes what processes that are gone have left of this target.
    private static func removeLeftovers(of target: String) {
        let folder = FilePath.folder(of: target)
        let start = (prefix(target) as NSString).lastPathComponent
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            guard name.hasPrefix(start), name.hasSuffix(".part") else { continue }
            let middle = name.dropFirst(start.count).dropLast(5).split(
                separator: "-", omittingEmptySubsequences: false)
            guard middle.count == 3, Int(middle[1]) != nil, Int(middle[2]) != nil else { continue }
            let path = "\(folder)/\(name)"
            guard let file = try? Descriptor(path, called: path, O_RDWR | O_NOFOLLOW, while: "opening it"),
                case .locked? = try? file.lock()
            else { continue }
            unlink(path)
        }
    }
}
