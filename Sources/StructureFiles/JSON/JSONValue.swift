/// A value of JSON. Arrays of nothing but numbers are kept as such, since files of structures have little else.
enum JSONValue: Equatable {
    case null
    case truth(Bool)
    case number(Double)
    case text(String)
    case numbers([Double])
    case list([JSONValue])
    case table([String: JSONValue])

    subscript(key: String) -> JSONValue? {
        guard case .table(let table) = self, let value = table[key], value != .null else { return nil }
        return value
    }

    var double: Double? {
        if case .number(let number) = self { return number }
        return nil
    }

    /// A whole number that an `Int` holds.
    var integer: Int? { double.flatMap { Int(exactly: $0) } }

    var string: String? {
        if case .text(let text) = self { return text }
        return nil
    }

    var bool: Bool? {
        switch self {
        case .truth(let value): value
        case .number(let number): number == 1 ? true : number == 0 ? false : nil
        default: nil
        }
    }

    var table: [String: JSONValue]? {
        if case .table(let table) = self { return table }
        return nil
    }

    /// The elements of an array, whatever they are.
    var elements: [JSONValue]? {
        switch self {
        case .list(let list): list
        case .numbers(let numbers): numbers.map { .number($0) }
        case .table(let table) where table["@class"] == .text("array"): table["data"]?.elements
        default: nil
        }
    }

    /// All numbers of an array or of arrays in it, one after another; nil where there is anything else.
    ///
    /// ASE's `{"__ndarray__": [shape, type, numbers]}` and monty's `{"@class": "array", "data": numbers}` are arrays
    /// too.
    var flat: [Double]? {
        var numbers: [Double] = []
        return collect(into: &numbers) ? numbers : nil
    }

    private func collect(into numbers: inout [Double]) -> Bool {
        switch self {
        case .number(let number): numbers.append(number)
        case .truth(let value): numbers.append(value ? 1 : 0)
        case .numbers(let list): numbers += list
        case .list(let list):
            for value in list where !value.collect(into: &numbers) { return false }
        case .table(let table):
            if table["@class"] == .text("array"), let data = table["data"] { return data.collect(into: &numbers) }
            if table["__ase_objtype__"] == .text("cell"), let data = table["array"] {
                return data.collect(into: &numbers)
            }
            guard case .list(let parts)? = table["__ndarray__"], parts.count == 3 else { return false }
            return parts[2].collect(into: &numbers)
        default: return false
        }
        return true
    }

    /// Rows of three numbers; nil where it is anything else.
    var vectors: [SIMD3<Double>]? {
        if case .list(let rows) = self {
            var vectors: [SIMD3<Double>] = []
            vectors.reserveCapacity(rows.count)
            for row in rows {
                guard case .numbers(let r) = row, r.count == 3 else { return nil }
                vectors.append(SIMD3(r[0], r[1], r[2]))
            }
            return vectors
        }
        guard let flat, flat.count % 3 == 0 else { return nil }
        return (0..<flat.count / 3).map { SIMD3(flat[3 * $0], flat[3 * $0 + 1], flat[3 * $0 + 2]) }
    }
}
