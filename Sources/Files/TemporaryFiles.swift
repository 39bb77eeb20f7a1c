import Foundation
import Synchronization

/// Files that are not finished yet: what a signal that ends the process has to remove.
public enum TemporaryFiles {
    /// More at a time are not remembered.
    private static let capacity = 256
    private static let longest = Int(PATH_MAX)
    /// Names ended by zero, one after another; a free place begins with zero. They stay where they are, since a signal
    /// handler may read them at any time.
    nonisolated(unsafe) private static let names: UnsafeMutablePointer<CChar> = {
        let names = UnsafeMutablePointer<CChar>.allocate(capacity: capacity * longest)
        names.initialize(repeating: 0, count: capacity * longest)
        return names
    }()
    private static let lock = Mutex(())

    /// Removes them all. May be called by a signal handler once `prepare` has been called.
    public static func removeAll() {
        for place in 0..<capacity where names[place * longest] != 0 { unlink(names + place * longest) }
    }

    /// Makes ready what `removeAll` touches.
    public static func prepare() { _ = names }

    /// Remembers an absolute name; `nil` when there is no room.
    static func add(_ path: String) -> Int? {
        let bytes = Array(path.utf8CString)
        guard bytes.count <= longest else { return nil }
        return lock.withLock { _ in
            guard let place = (0..<capacity).first(where: { names[$0 * longest] == 0 }) else { return nil }
            // The first character last: until then the place is free for a reader.
            for index in bytes.indices.dropFirst() { names[place * longest + index] = bytes[index] }
            atomicMemoryFence()
            names[place * longest] = bytes[0]
            return place
        }
    }

    static func forget(_ place: Int) { lock.withLock { _ in names[place * longest] = 0 } }

    private static func atomicMemoryFence() { Synchronization.atomicMemoryFence(ordering: .releasing) }
}
