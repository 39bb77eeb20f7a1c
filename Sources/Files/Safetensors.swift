import Foundation

/// A safetensors file: named arrays behind a JSON header. Data only; nothing in it is ever executed.
///
/// Layout: the header's length (8 bytes, little-endian), the header, then the arrays. Every declared size is checked
/// against the file before anything is allocated.
/// https://huggingface.co/docs/safetensors
public struct Safetensors: Sendable {
    public enum ElementType: String, Sendable { case float32 = "F32", float64 = "F64", int32 = "I32", int64 = "I64" }

    public struct Tensor: Sendable {
        public var type: ElementType
        public var shape: [Int]
        /// Little-endian, row by row.
        public var bytes: Data

        public var count: Int { shape.reduce(1, *) }
    }

    public var tensors: [String: Tensor] = [:]
    /// Text by key.
    public var metadata: [String: String] = [:]

    public init() {}

    // MARK: Values

    public mutating func set(_ name: String, _ values: [Double], shape: [Int], as type: ElementType = .float64) {
        precondition(values.count == shape.reduce(1, *), "\(name): \(values.count) values for shape \(shape)")
        let bytes =
            switch type {
            case .float32: values.map(Float.init).withUnsafeBytes { Data($0) }
            case .float64: values.withUnsafeBytes { Data($0) }
            case .int32: values.map { Int32($0) }.withUnsafeBytes { Data($0) }
            case .int64: values.map { Int64($0) }.withUnsafeBytes { Data($0) }
            }
        tensors[name] = Tensor(type: type, shape: shape, bytes: bytes)
    }

    /// The numbers of an array as doubles; throws if it is absent.
    public func values(_ name: String) throws -> [Double] {
        guard let tensor = tensors[name] else { throw SafetensorsError("there is no array named \(name)") }
        func read<Number: BitwiseCopyable>(_ type: Number.Type) -> [Number] {
            tensor.bytes.withUnsafeBytes { bytes in
                (0..<tensor.count).map {
                    bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Number>.size, as: type)
                }
            }
        }
        return switch tensor.type {
        case .float32: read(Float.self).map(Double.init)
        case .float64: read(Double.self)
        case .int32: read(Int32.self).map(Double.init)
        case .int64: read(Int64.self).map(Double.init)
        }
    }

    // MARK: Files

    /// Reads a file; throws a `SafetensorsError`, or a `SystemError` where it cannot be opened, that names it.
    public init(contentsOf path: String) throws {
        let data = try InputFile.read(path)
        do {
            try self.init(data)
        } catch let error as SafetensorsError {
            throw SafetensorsError("\(path): not a valid safetensors file: \(error.message)")
        }
    }

    init(_ data: Data) throws {
        guard data.count >= 8 else { throw SafetensorsError("it has \(data.count) bytes, expected at least 8") }
        let length = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= 100_000_000, length <= UInt64(data.count - 8) else {
            throw SafetensorsError("its header claims \(length) bytes, the file has \(data.count)")
        }
        let body = data.dropFirst(8 + Int(length))
        guard
            let header = try? JSONSerialization.jsonObject(with: data.dropFirst(8).prefix(Int(length)))
                as? [String: Any]
        else { throw SafetensorsError("its header is not JSON") }
        var ranges: [(name: String, first: Int, end: Int)] = []
        for (name, entry) in header {
            guard let entry = entry as? [String: Any] else {
                throw SafetensorsError("header entry \(name) is no object")
            }
            if name == "__metadata__" {
                guard let text = entry as? [String: String] else {
                    throw SafetensorsError("its metadata is not text")
                }
                metadata = text
                continue
            }
            guard let typeName = entry["dtype"] as? String, let type = ElementType(rawValue: typeName) else {
                throw SafetensorsError("array \(name): unknown type \(entry["dtype"] ?? "none")")
            }
            guard let shape = entry["shape"] as? [Int], shape.allSatisfy({ $0 >= 0 }),
                let offsets = entry["data_offsets"] as? [Int], offsets.count == 2
            else { throw SafetensorsError("array \(name): shape or offsets are missing") }
            let size = type == .float32 || type == .int32 ? 4 : 8
            var bytes = size
            for extent in shape {
                let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
                guard !overflow else { throw SafetensorsError("array \(name): shape \(shape) is too large") }
                bytes = product
            }
            guard offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= body.count,
                offsets[1] - offsets[0] == bytes
            else {
                throw SafetensorsError(
                    "array \(name): bytes \(offsets[0])…\(offsets[1]) do not fit shape \(shape) or a body of \(body.count) bytes"
                )
            }
            ranges.append((name, offsets[0], offsets[1]))
            tensors[name] = Tensor(type: type, shape: shape, bytes: Data())
        }
        // Arrays that share bytes would take more memory than the file has.
        var end = 0
        for range in ranges.sorted(by: { ($0.first, $0.end) < ($1.first, $1.end) }) {
            guard range.first >= end else { throw SafetensorsError("array \(range.name): shares bytes with another") }
            end = range.end
            tensors[range.name]!.bytes = body.subdata(
                in: body.startIndex + range.first..<body.startIndex + range.end)
        }
    }

    /// The file's bytes; the same contents give the same bytes.
    public func encoded() throws -> Data {
        var header: [String: Any] = [:]
        if !metadata.isEmpty { header["__metadata__"] = metadata }
        let sorted = tensors.sorted { $0.key < $1.key }
        var size = 0
        for (name, tensor) in sorted {
            header[name] = [
                "dtype": tensor.type.rawValue, "shape": tensor.shape,
                "data_offsets": [size, size + tensor.bytes.count],
            ]
            size += tensor.bytes.count
        }
        var text = try JSONSerialization.data(
            withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
        text.append(Data(repeating: 0x20, count: (8 - text.count % 8) % 8))
        var data = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
        data.reserveCapacity(data.count + text.count + size)
        data.append(text)
        for (_, tensor) in sorted { data.append(tensor.bytes) }
        return data
    }

    /// Writes a file whole or not at all. Throws a `SystemError` or an `OutputError` that names it.
    public func write(to path: String, existing: OutputFile.Existing = .replace) throws {
        try OutputFile.write(try encoded(), to: path, existing: existing)
    }
}

// MARK: Checksum

extension Safetensors {
    private static let checksumKey = "crc64"

    /// Puts a checksum of everything, metadata included, into the metadata: the last thing before `write`.
    public mutating func seal() { metadata[Self.checksumKey] = checksum() }

    /// Whether everything is as it was sealed; `nil` for a file without a seal.
    public var isIntact: Bool? { metadata[Self.checksumKey].map { $0 == checksum() } }

    /// CRC-64 of keys and values in order of keys, then of names, types, shapes and bytes of the arrays in order of
    /// names, each behind its length. As hexadecimal text.
    private func checksum() -> String {
        var sum = CRC64()
        func add(_ bytes: Data) {
            withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { sum.update($0) }
            sum.update(bytes)
        }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != Self.checksumKey {
            add(Data(key.utf8))
            add(Data(value.utf8))
        }
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            add(Data("\(name) \(tensor.type.rawValue) \(tensor.shape)".utf8))
            add(tensor.bytes)
        }
        return String(sum.value, radix: 16)
    }
}
