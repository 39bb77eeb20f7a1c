/// A type of numbers in a file of NumPy, ASE or HDF5: kind and size in bytes.
struct NumPyType: Equatable {
    /// `f`, `i`, `u`, `b`; others are no numbers.
    var kind: Character
    var size: Int

    init(kind: Character, size: Int) { (self.kind, self.size) = (kind, size) }

    /// `float64`, `int32`, `bool`; nil for what is no type of real numbers.
    init?(_ name: String) {
        switch name {
        case "float64", "<f8", "float": self.init(kind: "f", size: 8)
        case "float32", "<f4": self.init(kind: "f", size: 4)
        case "int64", "<i8", "int": self.init(kind: "i", size: 8)
        case "int32", "<i4": self.init(kind: "i", size: 4)
        case "int16": self.init(kind: "i", size: 2)
        case "int8": self.init(kind: "i", size: 1)
        case "uint64": self.init(kind: "u", size: 8)
        case "uint32": self.init(kind: "u", size: 4)
        case "uint16": self.init(kind: "u", size: 2)
        case "uint8": self.init(kind: "u", size: 1)
        case "bool": self.init(kind: "b", size: 1)
        default: return nil
        }
    }

    /// Numbers from bytes as they lie in the file; nil for text and other things.
    func numbers(_ bytes: [UInt8], isBigEndian: Bool) -> [Double]? {
        func convert<T: BitwiseCopyable>(_ type: T.Type, _ number: (T) -> Double) -> [Double] {
            bytes.withUnsafeBytes { raw in
                let count = raw.count / MemoryLayout<T>.size
                return [Double](unsafeUninitializedCapacity: count) { target, filled in
                    for k in 0..<count {
                        target[k] = number(raw.loadUnaligned(fromByteOffset: k * MemoryLayout<T>.size, as: T.self))
                    }
                    filled = count
                }
            }
        }
        func integer<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) -> [Double] {
            convert(type) { Double(isBigEndian ? T(bigEndian: $0) : T(littleEndian: $0)) }
        }
        switch (kind, size) {
        case ("f", 8):
            return convert(UInt64.self) {
                Double(bitPattern: isBigEndian ? UInt64(bigEndian: $0) : UInt64(littleEndian: $0))
            }
        case ("f", 4):
            return convert(UInt32.self) {
                Double(Float(bitPattern: isBigEndian ? UInt32(bigEndian: $0) : UInt32(littleEndian: $0)))
            }
        case ("i", 1): return integer(Int8.self)
        case ("i", 2): return integer(Int16.self)
        case ("i", 4): return integer(Int32.self)
        case ("i", 8): return integer(Int64.self)
        case ("u", 1), ("b", 1): return integer(UInt8.self)
        case ("u", 2): return integer(UInt16.self)
        case ("u", 4): return integer(UInt32.self)
        case ("u", 8): return integer(UInt64.self)
        default: return nil
        }
    }
}
