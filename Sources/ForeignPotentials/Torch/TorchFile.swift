import Files
import Foundation

/// What `torch.save` wrote: a zip archive of a pickle and the bytes of its tensors.
struct TorchFile {
    private let document: PickleDocument
    private let archive: ZipArchive
    /// The folder in the archive.
    private let folder: String

    var content: PickleValue { document.content }

    /// An array among the bytes of the archive.
    struct Tensor {
        fileprivate var storage: String
        fileprivate var type: NumberType
        fileprivate var offset: Int
        let shape: [Int]
        fileprivate var strides: [Int]
        var count: Int { shape.reduce(1, *) }
    }

    fileprivate enum NumberType: String {
        case float32 = "FloatStorage"
        case float64 = "DoubleStorage"
        case float16 = "HalfStorage"
        case bfloat16 = "BFloat16Storage"
        case int64 = "LongStorage"
        case int32 = "IntStorage"
        case int16 = "ShortStorage"
        case int8 = "CharStorage"
        case uint8 = "ByteStorage"
        case boolean = "BoolStorage"

        var size: Int {
            switch self {
            case .float64, .int64: 8
            case .float32, .int32: 4
            case .float16, .bfloat16, .int16: 2
            case .int8, .uint8, .boolean: 1
            }
        }

        static let all: [NumberType] = [
            .float32, .float64, .float16, .bfloat16, .int64, .int32, .int16, .int8, .uint8, .boolean,
        ]
    }

    /// Names that stand for data in what PyTorch writes.
    static let names: Set<PickleName> = Set(
        [
            ("collections", "OrderedDict"), ("torch._utils", "_rebuild_tensor_v2"),
            ("torch._utils", "_rebuild_parameter"), ("torch", "device"), ("torch", "Size"), ("numpy", "dtype"),
            ("numpy", "ndarray"), ("numpy.core.multiarray", "_reconstruct"), ("numpy.core.multiarray", "scalar"),
            ("numpy._core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "scalar"),
            ("_codecs", "encode"), ("builtins", "set"), ("__builtin__", "set"), ("torch", "float32"),
            ("torch", "float64"),
        ].map { PickleName(module: $0.0, name: $0.1) }
            + NumberType.all.map { PickleName(module: "torch", name: $0.rawValue) }
    )

    init(_ data: Data, allowing others: Set<PickleName> = []) throws(ForeignPotentialError) {
        archive = try ZipArchive(data)
        // Also what nobody reads: a file that is damaged somewhere is not the one that was published.
        for name in archive.names { _ = try archive.member(name) }
        let pickles = archive.names.filter { $0.hasSuffix("data.pkl") && $0.split(separator: "/").count <= 2 }
        guard pickles.count == 1, let name = pickles.first, let pickle = try archive.member(name) else {
            throw ForeignPotentialError("is no file of PyTorch: the archive holds no data.pkl")
        }
        folder = String(name.dropLast("data.pkl".count))
        if let order = try archive.member(folder + "byteorder"), order != Data("little".utf8) {
            throw ForeignPotentialError("its numbers are big-endian, expected little-endian")
        }
        document = try PickleReader.read(pickle, allowing: Self.names.union(others))
    }

    /// A tensor or parameter; `nil` for anything else.
    func tensor(_ value: PickleValue) -> Tensor? {
        guard case .object(let object) = value else { return nil }
        if object.maker.name == "_rebuild_parameter" { return object.arguments.first.flatMap(tensor) }
        guard object.maker.name == "_rebuild_tensor_v2", object.arguments.count >= 4,
            case .reference(let reference) = object.arguments[0], reference.identifier.count >= 3,
            case .name(let kind) = reference.identifier[1], let type = NumberType(rawValue: kind.name),
            let storage = reference.identifier[2].text, let offset = object.arguments[1].integer,
            let shape = object.arguments[2].items?.compactMap(\.integer),
            let strides = object.arguments[3].items?.compactMap(\.integer), shape.count == strides.count
        else { return nil }
        return Tensor(storage: storage, type: type, offset: offset, shape: shape, strides: strides)
    }

    private static let largestTensor = 100_000_000

    /// The numbers of a tensor, row by row.
    func values(_ tensor: Tensor, named name: String) throws(ForeignPotentialError) -> [Double] {
        guard tensor.shape.allSatisfy({ $0 >= 0 && $0 <= Self.largestTensor }),
            tensor.shape.reduce(1.0, { $0 * Double($1) }) <= Double(Self.largestTensor)
        else { throw ForeignPotentialError("\(name): expected an array, found shape \(tensor.shape)") }
        guard tensor.count > 0 else { return [] }
        guard let bytes = try archive.member(folder + "data/" + tensor.storage) else {
            throw ForeignPotentialError("\(name): its numbers (data/\(tensor.storage)) are not in the file")
        }
        let size = tensor.type.size
        let available = bytes.count / size
        var last = tensor.offset
        for (extent, stride) in zip(tensor.shape, tensor.strides) {
            let (step, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
            guard stride >= 0, !overflow, step <= available else {
                throw ForeignPotentialError("\(name): shape \(tensor.shape) is larger than its \(available) numbers")
            }
            last += step
        }
        guard tensor.offset >= 0, last < available else {
            throw ForeignPotentialError("\(name): shape \(tensor.shape) is larger than its \(available) numbers")
        }
        var result: [Double] = []
        result.reserveCapacity(tensor.count)
        var index = [Int](repeating: 0, count: tensor.shape.count)
        bytes.withUnsafeBytes { bytes in
            for _ in 0..<tensor.count {
                let place = tensor.offset + zip(index, tensor.strides).reduce(0) { $0 + $1.0 * $1.1 }
                result.append(Self.number(bytes, place * size, tensor.type))
                for axis in index.indices.reversed() {
                    index[axis] += 1
                    if index[axis] < tensor.shape[axis] { break }
                    index[axis] = 0
                }
            }
        }
        return result
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, _ offset: Int, _ type: NumberType) -> Double {
        func load<Number: BitwiseCopyable>(_ type: Number.Type) -> Number {
            bytes.loadUnaligned(fromByteOffset: offset, as: type)
        }
        return switch type {
        case .float32: Double(load(Float.self))
        case .float64: load(Double.self)
        case .float16: half(load(UInt16.self))
        case .bfloat16: Double(Float(bitPattern: UInt32(load(UInt16.self)) << 16))
        case .int64: Double(load(Int64.self))
        case .int32: Double(load(Int32.self))
        case .int16: Double(load(Int16.self))
        case .int8: Double(load(Int8.self))
        case .uint8, .boolean: Double(load(UInt8.self))
        }
    }

    /// IEEE 754 binary16.
    private static func half(_ bits: UInt16) -> Double {
        let (sign, exponent, fraction) = (bits >> 15, Int(bits >> 10 & 31), Double(bits & 1023))
        let magnitude =
            exponent == 31
            ? (fraction == 0 ? Double.infinity : .nan)
            : exponent == 0 ? fraction * 0x1p-24 : (1 + fraction / 1024) * pow(2, Double(exponent - 15))
        return sign == 0 ? magnitude : -magnitude
    }
}
