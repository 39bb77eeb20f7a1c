import Foundation

/// A file read at any place: where it lies, or, of a compressed one, decompressed in memory.
final class ByteFile: @unchecked Sendable {
    let path: String
    let count: Int
    let isCompressed: Bool
    private let descriptor: Int32
    private let memory: [UInt8]

    /// A compressed file with more bytes than this is not decompressed into memory.
    private static let largestInMemory = 1 << 32

    /// Throws a `StructureFileError`.
    init(path: String) throws {
        self.path = path
        let (source, compression) = try Compression.open(path)
        isCompressed = compression != nil
        if compression != nil {
            var bytes: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let more = try piece.withUnsafeMutableBytes { try source.read(into: $0) }
                guard more > 0 else { break }
                bytes.append(contentsOf: piece[..<more])
                guard bytes.count <= Self.largestInMemory else {
                    throw StructureFileError(
                        file: path,
                        message:
                            "holds more than \(Self.largestInMemory >> 30) GiB, which are read at many places; decompress it first"
                    )
                }
            }
            (memory, count, descriptor) = (bytes, bytes.count, -1)
            return
        }
        let opened = open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else {
            throw StructureFileError(
                file: path, message: "cannot be opened: \(String(cString: strerror(errno))); check the path")
        }
        var status = stat()
        guard fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(opened)
            throw StructureFileError(
                file: path, message: "is no plain file, and is read at many places; write it to a file first")
        }
        (memory, count, descriptor) = ([], Int(status.st_size), opened)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The bytes of a range. Throws a `FormatProblem` where the file ends before, or the range is none.
    func bytes(at offset: Int, count wanted: Int, for what: String) throws -> [UInt8] {
        try check(offset, wanted, what)
        return try [UInt8](unsafeUninitializedCapacity: wanted) { target, filled in
            try read(into: UnsafeMutableRawBufferPointer(target), at: offset)
            filled = wanted
        }
    }

    /// Fills numbers with bytes as they lie in the file.
    func fill<T: BitwiseCopyable>(
        _ type: T.Type, count wanted: Int, at offset: Int, for what: String
    ) throws -> [T] {
        let (size, overflow) = wanted.multipliedReportingOverflow(by: MemoryLayout<T>.stride)
        try check(offset, overflow ? .max : size, what)
        return try [T](unsafeUninitializedCapacity: wanted) { target, filled in
            try read(into: UnsafeMutableRawBufferPointer(target), at: offset)
            filled = wanted
        }
    }

    private func check(_ offset: Int, _ wanted: Int, _ what: String) throws {
        guard offset >= 0, wanted >= 0, offset <= count, wanted <= count - offset else {
            throw FormatProblem(
                "expected \(what) at byte \(offset), found the end of the file at byte \(count): it was cut off or damaged"
            )
        }
    }

    private func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        if descriptor < 0 {
            memory.withUnsafeBytes {
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + target.count]))
            }
            return
        }
        var done = 0
        while done < target.count {
            let more = pread(descriptor, target.baseAddress! + done, target.count - done, off_t(offset + done))
            if more < 0, errno == EINTR { continue }
            guard more > 0 else {
                throw FormatProblem(
                    more < 0
                        ? "cannot be read: \(String(cString: strerror(errno)))" : "became shorter while it was read")
            }
            done += more
        }
    }

    /// All of it, for libraries that take a file in memory.
    func wholeContent() throws -> [UInt8] { try bytes(at: 0, count: count, for: "the file") }
}
