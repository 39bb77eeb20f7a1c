import Files
import Foundation

/// Many vectors of equally many numbers, in the order in which they come: in memory, or in a file without a name where
/// they are more than a part of it should hold.
public final class VectorStore<Number: BitwiseCopyable> {
    /// Numbers of a vector.
    public let width: Int
    public private(set) var count = 0
    private let path: String
    private let most: Int
    /// Vectors that are not in the file: all of them until they are too many, then the last.
    private var waiting: [Number] = []
    private var file: ScratchFile?
    /// Vectors in the file.
    private var stored = 0

    /// - Parameters:
    ///   - path: a file beside which there is room.
    ///   - most: bytes that may stay in memory.
    public init(width: Int, beside path: String, most: Int = 1 << 26) {
        precondition(width > 0, "expected vectors of at least one number, got \(width)")
        (self.width, self.path, self.most) = (width, path, most)
    }

    /// Throws where there is no room on the disk.
    public func append(_ row: some Collection<Number>) throws {
        precondition(row.count == width, "expected \(width) numbers, got \(row.count)")
        waiting.append(contentsOf: row)
        count += 1
        guard waiting.count * MemoryLayout<Number>.stride >= (file == nil ? most : min(most, 1 << 22)) else { return }
        let file = try file ?? ScratchFile(beside: path)
        try waiting.withUnsafeBytes { try file.append($0) }
        (self.file, stored, waiting) = (file, count, [])
    }

    /// Consecutive vectors, one behind the other.
    public func rows(_ range: Range<Int>) throws -> [Number] {
        precondition(range.upperBound <= count, "expected rows within \(count), got \(range)")
        let split = min(max(stored, range.lowerBound), range.upperBound)
        let ofFile = (split - range.lowerBound) * width
        var numbers = try [Number](unsafeUninitializedCapacity: range.count * width) { buffer, filled in
            if ofFile > 0 {
                try file!.read(
                    at: range.lowerBound * width * MemoryLayout<Number>.stride,
                    into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<ofFile])))
            }
            filled = ofFile
        }
        if split < range.upperBound {
            numbers.append(contentsOf: waiting[(split - stored) * width..<(range.upperBound - stored) * width])
        }
        return numbers
    }

    /// Puts others in the place of consecutive vectors.
    public func replace(_ range: Range<Int>, by numbers: [Number]) throws {
        precondition(range.upperBound <= count, "expected rows within \(count), got \(range)")
        precondition(
            numbers.count == range.count * width, "expected \(range.count) rows, got \(numbers.count) numbers")
        let ofFile = max(0, min(stored, range.upperBound) - range.lowerBound) * width
        if ofFile > 0 {
            try numbers.withUnsafeBytes { bytes in
                let part = UnsafeRawBufferPointer(rebasing: bytes[..<(ofFile * MemoryLayout<Number>.stride)])
                try file!.overwrite(at: range.lowerBound * width * MemoryLayout<Number>.stride, part)
            }
        }
        if ofFile < numbers.count {
            let first = max(range.lowerBound - stored, 0) * width
            waiting.replaceSubrange(first..<first + numbers.count - ofFile, with: numbers[ofFile...])
        }
    }

    /// Ranges that cover all vectors, each of about so many bytes.
    public func blocks(of bytes: Int = 1 << 20) -> [Range<Int>] {
        let rows = max(1, bytes / (width * MemoryLayout<Number>.stride))
        return stride(from: 0, to: count, by: rows).map { $0..<min($0 + rows, count) }
    }
}
