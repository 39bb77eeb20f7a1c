import Foundation

/// A file without a name, for what does not fit into memory: it is gone with the process, however that ends.
public final class ScratchFile {
    private let descriptor: Descriptor
    /// In bytes.
    public private(set) var size = 0

    /// - Parameter path: the output that it serves, beside which there is room for it.
    public init(beside path: String) throws {
        let file = try TemporaryFile(beside: FilePath.resolved(path), called: path)
        file.remove()
        descriptor = file.descriptor
    }

    public func append(_ bytes: some ContiguousBytes) throws {
        try bytes.withUnsafeBytes { bytes in
            try descriptor.write(bytes, at: size)
            size += bytes.count
        }
    }

    public func read(_ range: Range<Int>) throws -> [UInt8] {
        precondition(range.upperBound <= size, "expected a range within \(size) bytes, got \(range)")
        return try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            try read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(buffer))
            count = range.count
        }
    }

    /// Fills a buffer with what stands at a place and behind it.
    public func read(at place: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        precondition(
            place + buffer.count <= size, "expected a range within \(size) bytes, got \(place) and \(buffer.count)")
        var count = 0
        while count < buffer.count {
            let found = pread(
                descriptor.number, buffer.baseAddress! + count, buffer.count - count, off_t(place + count))
            if found < 0, errno == EINTR { continue }
            guard found > 0 else {
                throw SystemError(
                    descriptor.path, while: "reading a temporary file beside it", code: found < 0 ? errno : EIO)
            }
            count += found
        }
    }

    /// Puts other bytes in the place of some that were appended.
    public func overwrite(at place: Int, _ bytes: UnsafeRawBufferPointer) throws {
        precondition(
            place + bytes.count <= size, "expected a range within \(size) bytes, got \(place) and \(bytes.count)")
        try descriptor.write(bytes, at: place)
    }
}
