/// The data of a row of an ASE database: JSON, or ASE's bytes with arrays in front of JSON (object_to_bytes in
/// ase/db/core.py): the place of the JSON as eight bytes, arrays, and the JSON with
/// `{"__ndarray__": [shape, type, place]}`.
struct ASERowData {
    let table: [String: JSONValue]

    /// Throws a `FormatProblem`.
    init(_ bytes: [UInt8]) throws {
        guard !bytes.isEmpty else {
            table = [:]
            return
        }
        if bytes.first == UInt8(ascii: "{") || bytes.count < 8 {
            table = try JSONParser.value(of: bytes).table ?? [:]
            return
        }
        let place = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << (8 * UInt64($1)) }
        guard place >= 8, place < UInt64(bytes.count) else {
            throw FormatProblem("expected the place of data within \(bytes.count) bytes, found \(place)")
        }
        let value = try JSONParser.value(of: Array(bytes[Int(place)...]))
        table = (value.table ?? [:]).mapValues { Self.resolved($0, bytes) }
    }

    /// Arrays as their numbers; what is no array of real numbers stays as it is.
    private static func resolved(_ value: JSONValue, _ bytes: [UInt8]) -> JSONValue {
        guard let parts = value["__ndarray__"]?.elements, parts.count == 3, let shape = parts[0].flat,
            let type = parts[1].string.flatMap(NumPyType.init), let offset = parts[2].integer
        else { return value }
        var size = type.size
        for length in shape {
            guard let length = Int(exactly: length), length >= 0,
                case (let product, false) = size.multipliedReportingOverflow(by: length)
            else { return value }
            size = product
        }
        guard offset >= 0, offset <= bytes.count, size <= bytes.count - offset else { return value }
        return type.numbers(Array(bytes[offset..<offset + size]), isBigEndian: false).map { .numbers($0) } ?? value
    }
}
