/// Undoes the compression of one stream after another.
protocol Decompressor: AnyObject {
    /// Begins a stream. Throws a `FormatProblem`.
    func begin() throws

    /// Takes some of the input and makes some output; neither when it can do nothing without more input.
    ///
    /// Throws a `FormatProblem` that says what is damaged.
    func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> DecompressionStep
}

struct DecompressionStep {
    /// Bytes of the input.
    var taken: Int
    /// Bytes of the output.
    var made: Int
    /// Whether the stream has ended, and its checksum was right.
    var hasEnded: Bool
}

/// A compressed file, decompressed while it is read: memory for one piece of it and for what the compression looks
/// back.
///
/// A file may hold several streams, as `cat a.gz b.gz` makes it, and zeros behind the last.
final class DecompressedSource: ByteSource {
    let path: String
    private let file: FileSource
    private let decompressor: any Decompressor
    /// Of the compression.
    private let name: String
    private var input = [UInt8](repeating: 0, count: 1 << 16)
    /// What of `input` is not yet taken.
    private var waiting = 0..<0
    private var fileHasEnded = false
    private var isInStream = false
    /// Bytes made so far.
    private var total = 0

    init(_ file: FileSource, by decompressor: any Decompressor, named name: String) {
        path = file.path
        self.file = file
        self.decompressor = decompressor
        self.name = name
    }

    func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            if waiting.isEmpty, !fileHasEnded {
                waiting = 0..<(try input.withUnsafeMutableBytes { try file.read(into: $0) })
                fileHasEnded = waiting.isEmpty
            }
            do {
                if !isInStream {
                    if total > 0 {
                        waiting = (waiting.first { input[$0] != 0 } ?? waiting.upperBound)..<waiting.upperBound
                    }
                    if waiting.isEmpty {
                        if fileHasEnded { return 0 }
                        continue
                    }
                    try decompressor.begin()
                    isInStream = true
                }
                let step = try input.withUnsafeBytes {
                    try decompressor.step(UnsafeRawBufferPointer(rebasing: $0[waiting]), into: target)
                }
                waiting = (waiting.lowerBound + step.taken)..<waiting.upperBound
                total += step.made
                if step.hasEnded { isInStream = false }
                if step.made > 0 { return step.made }
                guard step.taken == 0, !step.hasEnded else { continue }
                guard waiting.isEmpty else { throw FormatProblem("no progress") }
                if fileHasEnded {
                    throw StructureFileError(
                        file: path,
                        message: "ends in the middle of its \(name) stream, after \(total) bytes of text; it was cut "
                            + "off: copy or download it again")
                }
            } catch let problem as FormatProblem {
                throw StructureFileError(
                    file: path,
                    message: "its \(name) stream cannot be read further than \(total) bytes of text: "
                        + "\(problem.message); copy or download it again, or decompress it with \(name)")
            }
        }
    }
}
