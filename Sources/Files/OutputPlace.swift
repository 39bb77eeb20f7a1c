import Foundation
import Synchronization

/// A name beside a target for what others write by name, a library or many files in a folder, until it takes the
/// target's place: whole or not at all, as an `OutputFile`.
///
///     let place = try OutputPlace("all.db", existing: .refuse)
///     … write to place.path …
///     try place.close()
public final class OutputPlace {
    /// As it was given.
    public let target: String
    /// What is to be written: a name that nothing has.
    public let path: String
    private let existing: OutputFile.Existing
    private let isFolder: Bool
    private var reservation: Int?
    private var isOpen = true

    private static let counter = Mutex(0)

    /// - Parameter isFolder: a folder, which is made; it may take the place of a folder.
    public init(_ target: String, existing: OutputFile.Existing = .replace, isFolder: Bool = false) throws {
        self.target = target
        self.existing = existing
        self.isFolder = isFolder
        let name = Self.withoutSlash(target)
        if isFolder {
            try Self.checkFolder(target, existing: existing, advice: "choose another name")
        } else {
            try OutputFile.check(target, existing: existing)
        }
        let number = Self.counter.withLock { number in
            number += 1
            return number
        }
        path = "\(FilePath.resolved(name)).place-\(getpid())-\(number).part"
        guard FilePath.kind(path) == .nothing else {
            throw OutputError(.exists, path, "is in the way of a temporary file; remove it")
        }
        if isFolder {
            try FilePath.makeFolder(path)
        } else {
            reservation = TemporaryFiles.add(path)
        }
    }

    deinit { discard() }

    /// Puts what was written in place. After an error nothing has changed.
    public func close() throws {
        guard isOpen else { return }
        let goal = FilePath.resolved(Self.withoutSlash(target))
        // All that was written is on disk before it has its name.
        for file in try isFolder ? files(in: path) : [path] {
            let descriptor = try Descriptor(file, called: target, O_RDONLY, while: "bringing it to disk")
            try descriptor.synchronize()
        }
        if existing == .refuse, FilePath.kind(goal) != .nothing {
            throw OutputError(.exists, target, "appeared while it was being computed, and stays as it is")
        }
        var old: String?
        if isFolder, FilePath.kind(goal) == .folder {
            let aside = path + ".old"
            guard rename(goal, aside) == 0 else { throw SystemError(target, while: "putting it in place") }
            old = aside
        }
        guard rename(path, goal) == 0 else {
            let code = errno
            if let old { rename(old, goal) }
            throw SystemError(target, while: "putting it in place", code: code)
        }
        isOpen = false
        reservation.map(TemporaryFiles.forget)
        reservation = nil
        if let old { try? FileManager.default.removeItem(atPath: old) }
    }

    /// Leaves everything as it was.
    public func discard() {
        guard isOpen else { return }
        isOpen = false
        try? FileManager.default.removeItem(atPath: path)
        reservation.map(TemporaryFiles.forget)
        reservation = nil
    }

    /// Throws where a folder of this name could not be written.
    public static func checkFolder(_ target: String, existing: OutputFile.Existing, advice: String) throws {
        let name = withoutSlash(target)
        switch FilePath.kind(FilePath.resolved(name)) {
        case .nothing: try OutputFile.check(name, existing: existing, advice: advice)
        case .folder:
            guard existing == .replace else {
                throw OutputError(.exists, target, "the folder exists already; \(advice)")
            }
        case .file, .other:
            throw OutputError(.notAFile, target, "expected a name for a folder, found a file; \(advice)")
        }
    }

    private static func withoutSlash(_ name: String) -> String {
        var name = name
        while name.count > 1, name.hasSuffix("/") { name.removeLast() }
        return name
    }

    private func files(in folder: String) throws -> [String] {
        guard let names = FileManager.default.enumerator(atPath: folder) else { return [] }
        return names.compactMap { $0 as? String }.map { "\(folder)/\($0)" }.filter { FilePath.kind($0) == .file }
    }
}
