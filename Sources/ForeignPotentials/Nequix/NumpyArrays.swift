import Foundation

/// Arrays that NumPy wrote one after the other (`numpy.save`): numbers alone, row by row.
///
/// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
struct NumpyArrays {
    struct Array {
        var shape: [Int]
        var numbers: [Double]
    }

    static func read(_ data: Data) throws(ForeignPotentialError) -> [Array] {
        var arrays: [Array] = []
        let bytes = LittleEndianBytes(data)
        var place = 0
        // A last end of a line is none of them.
        while bytes.count - place > 1 {
            let (array, end) = try read(bytes, at: place, number: arrays.count)
            arrays.append(array)
            place = end
        }
        return arrays
    }

    private static let types: [(name: String, size: Int)] = [
        ("<f4", 4), ("<f8", 8), ("<i4", 4), ("<i8", 8), ("|b1", 1),
    ]

    private static func read(
        _ bytes: LittleEndianBytes, at start: Int, number: Int
    ) throws(ForeignPotentialError) -> (Array, Int) {
        guard try bytes.slice(start, 6) == Data([0x93] + "NUMPY".utf8) else {
            throw ForeignPotentialError("array \(number): expected an array of NumPy at byte \(start)")
        }
        let isLong = try bytes.integer(start + 6, 1) > 1
        let length = try bytes.integer(start + 8, isLong ? 4 : 2)
        let body = start + (isLong ? 12 : 10) + length
        let header = String(decoding: try bytes.slice(body - length, length), as: UTF8.self)
        guard let type = types.first(where: { header.contains("'\($0.name)'") }),
            header.contains("'fortran_order': False"), let open = header.firstIndex(of: "("),
            let close = header[open...].firstIndex(of: ")")
        else {
            throw ForeignPotentialError(
                "array \(number): expected numbers row by row, found \(header.trimmingCharacters(in: .whitespaces))")
        }
        let shape = header[header.index(after: open)..<close].split(separator: ",")
            .compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        var count = 1
        for extent in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else {
                throw ForeignPotentialError("array \(number): shape \(shape) is too large")
            }
            count = product
        }
        guard count <= bytes.count / type.size else {
            throw ForeignPotentialError("array \(number): shape \(shape) is larger than the file")
        }
        let content = try bytes.slice(body, count * type.size)
        let numbers: [Double] = content.withUnsafeBytes { raw in
            func all<Number: BitwiseCopyable>(_ number: Number.Type, _ value: (Number) -> Double) -> [Double] {
                (0..<count).map { value(raw.loadUnaligned(fromByteOffset: $0 * type.size, as: number)) }
            }
            return switch type.name {
            case "<f4": all(Float.self) { Double($0) }
            case "<f8": all(Double.self) { $0 }
            case "<i4": all(Int32.self) { Double($0) }
            case "|b1": all(UInt8.self) { $0 == 0 ? 0 : 1 }
            default: all(Int64.self) { Double($0) }
            }
        }
        return (Array(shape: shape, numbers: numbers), body + count * type.size)
    }
}
