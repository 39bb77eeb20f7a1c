import Files
import Foundation

/// Writes an array of doubles as NumPy's `.npy` (format 1.0, NEP 1), row by row; how many rows there are is said in the
/// beginning.
struct NumPyArrayWriter {
    private let file: OutputFile
    private var buffer = Data()

    init(_ path: String, shape: [Int]) throws {
        file = try OutputFile(path)
        let sizes = shape.map { "\($0)" }.joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var header = "{'descr': '<f8', 'fortran_order': False, 'shape': (\(sizes)), }"
        // Magic, version and length are ten bytes; the data begin at a multiple of 64.
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        buffer.append(contentsOf: [0x93] + Array("NUMPY".utf8) + [1, 0])
        let length = UInt16(header.utf8.count)
        buffer.append(contentsOf: [UInt8(length & 0xFF), UInt8(length >> 8)])
        buffer.append(contentsOf: header.utf8)
    }

    mutating func append(_ numbers: [Double]) throws {
        numbers.withUnsafeBytes { buffer.append(contentsOf: $0) }
        if buffer.count > 1 << 20 { try flush() }
    }

    mutating func close() throws {
        try flush()
        try file.close()
    }

    private mutating func flush() throws {
        try file.write(buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}
