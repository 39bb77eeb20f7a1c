import Foundation

/// Reads a pickle (protocols 0 to 5) as data. Nothing is imported, called or constructed: a name stays a name, and what
/// a function would make of its arguments is kept as these. Names that are not on the list are refused.
///
/// https://docs.python.org/3/library/pickletools.html
struct PickleReader {
    private let bytes: [UInt8]
    private let allowed: Set<PickleName>
    private var place = 0
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private let document = PickleDocument()

    private init(_ data: Data, _ allowed: Set<PickleName>) {
        bytes = [UInt8](data)
        self.allowed = allowed
    }

    static func read(_ data: Data, allowing names: Set<PickleName>) throws(ForeignPotentialError) -> PickleDocument {
        var reader = PickleReader(data, names)
        // What is left on the stack goes before the containers do.
        defer { (reader.stack, reader.memo) = ([], [:]) }
        reader.document.finish(try reader.run())
        return reader.document
    }

    private mutating func run() throws(ForeignPotentialError) -> PickleValue {
        while true {
            let code = try byte()
            switch code {
            case UInt8(ascii: "."): return try pop()
            case 0x80: place += 1
            case 0x95: place += 8
            case UInt8(ascii: "("): marks.append(stack.count)
            case UInt8(ascii: "0"): _ = try pop()
            case UInt8(ascii: "1"): _ = try popMark()
            case UInt8(ascii: "2"): push(try top())
            case UInt8(ascii: "N"): push(.none)
            case 0x88: push(.boolean(true))
            case 0x89: push(.boolean(false))
            case UInt8(ascii: "J"): push(.integer(Int(Int32(truncatingIfNeeded: try integer(4)))))
            case UInt8(ascii: "K"): push(.integer(try integer(1)))
            case UInt8(ascii: "M"): push(.integer(try integer(2)))
            case 0x8A: push(try long(try integer(1)))
            case 0x8B: push(try long(try integer(4)))
            case UInt8(ascii: "I"), UInt8(ascii: "L"): push(try decimal(try line()))
            case UInt8(ascii: "F"): push(.number(try parsed(Double(try line()), "a number")))
            case UInt8(ascii: "G"):
                let raw = try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                push(.number(Double(bitPattern: raw)))
            case UInt8(ascii: "X"), UInt8(ascii: "T"): push(try text(try integer(4)))
            case 0x8C, UInt8(ascii: "U"): push(try text(try integer(1)))
            case 0x8D: push(try text(try integer(8)))
            case UInt8(ascii: "V"): push(.text(try line()))
            case UInt8(ascii: "B"): push(.bytes(Array(try take(try integer(4)))))
            case UInt8(ascii: "C"): push(.bytes(Array(try take(try integer(1)))))
            case 0x8E, 0x96: push(.bytes(Array(try take(try integer(8)))))
            case UInt8(ascii: "]"): push(.list(document.hold(PickleList())))
            case UInt8(ascii: "}"): push(.dictionary(document.hold(PickleDictionary())))
            case 0x8F: push(.list(document.hold(PickleList())))
            case UInt8(ascii: ")"): push(tuple([]))
            case UInt8(ascii: "a"):
                let item = try pop()
                try append([item])
            case UInt8(ascii: "e"), 0x90:
                let items = try popMark()
                try append(items)
            case UInt8(ascii: "l"), 0x91:
                push(.list(document.hold(PickleList(try popMark()))))
            case UInt8(ascii: "t"): push(tuple(try popMark()))
            case 0x85: push(tuple(try pop(1)))
            case 0x86: push(tuple(try pop(2)))
            case 0x87: push(tuple(try pop(3)))
            case UInt8(ascii: "s"):
                let pair = try pop(2)
                try set(pair)
            case UInt8(ascii: "u"):
                let items = try popMark()
                try set(items)
            case UInt8(ascii: "d"):
                let items = try popMark()
                push(.dictionary(document.hold(PickleDictionary())))
                try set(items)
            case UInt8(ascii: "p"): memo[try parsed(Int(try line()), "an index")] = try top()
            case UInt8(ascii: "q"): memo[try integer(1)] = try top()
            case UInt8(ascii: "r"): memo[try integer(4)] = try top()
            case 0x94: memo[memo.count] = try top()
            case UInt8(ascii: "g"): push(try known(try parsed(Int(try line()), "an index")))
            case UInt8(ascii: "h"): push(try known(try integer(1)))
            case UInt8(ascii: "j"): push(try known(try integer(4)))
            case UInt8(ascii: "c"):
                let module = try line()
                push(try named(module, try line()))
            case 0x93:
                guard case .text(let name) = try pop(), case .text(let module) = try pop() else { throw malformed() }
                push(try named(module, name))
            case UInt8(ascii: "R"), 0x81: try make()
            case UInt8(ascii: "b"): try build()
            case UInt8(ascii: "Q"): push(.reference(document.hold(PickleReference(try pop().items ?? []))))
            default:
                throw ForeignPotentialError(
                    "the pickle has operation 0x\(String(code, radix: 16)) at byte \(place - 1), which is not for data"
                )
            }
        }
    }

    // MARK: Objects

    private func named(_ module: String, _ name: String) throws(ForeignPotentialError) -> PickleValue {
        let name = PickleName(module: module, name: name)
        guard allowed.contains(name) else {
            throw ForeignPotentialError("the pickle names \(name), which is not data that this program knows")
        }
        return .name(name)
    }

    private mutating func make() throws(ForeignPotentialError) {
        guard let arguments = try pop().items, case .name(let maker) = try pop() else { throw malformed() }
        push(.object(document.hold(PickleObject(maker, arguments))))
    }

    /// The state of the object on top.
    private mutating func build() throws(ForeignPotentialError) {
        let state = try pop()
        if case .object(let object) = try top(), object.state == nil { object.state = state }
    }

    private func append(_ items: [PickleValue]) throws(ForeignPotentialError) {
        guard case .list(let list) = try top() else { throw malformed() }
        list.items += items
    }

    private func set(_ items: [PickleValue]) throws(ForeignPotentialError) {
        guard items.count.isMultiple(of: 2) else { throw malformed() }
        let dictionary: PickleDictionary
        switch try top() {
        case .dictionary(let found): dictionary = found
        case .object(let object) where object.maker.name == "OrderedDict":
            if object.state == nil { object.state = .dictionary(document.hold(PickleDictionary())) }
            guard let found = object.state?.dictionary else { throw malformed() }
            dictionary = found
        default: throw malformed()
        }
        for k in stride(from: 0, to: items.count, by: 2) { dictionary.entries.append((items[k], items[k + 1])) }
    }

    private func tuple(_ items: [PickleValue]) -> PickleValue { .tuple(document.hold(PickleList(items))) }

    // MARK: Stack and bytes

    private mutating func push(_ value: PickleValue) { stack.append(value) }

    private func top() throws(ForeignPotentialError) -> PickleValue {
        guard let last = stack.last else { throw malformed() }
        return last
    }

    private mutating func pop() throws(ForeignPotentialError) -> PickleValue {
        guard stack.count > marks.last ?? 0 else { throw malformed() }
        return stack.removeLast()
    }

    private mutating func pop(_ count: Int) throws(ForeignPotentialError) -> [PickleValue] {
        guard stack.count >= (marks.last ?? 0) + count else { throw malformed() }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popMark() throws(ForeignPotentialError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw malformed() }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private func known(_ index: Int) throws(ForeignPotentialError) -> PickleValue {
        guard let value = memo[index] else { throw malformed() }
        return value
    }

    private mutating func byte() throws(ForeignPotentialError) -> UInt8 {
        guard place < bytes.count else { throw malformed() }
        defer { place += 1 }
        return bytes[place]
    }

    private mutating func take(_ count: Int) throws(ForeignPotentialError) -> ArraySlice<UInt8> {
        guard count >= 0, place <= bytes.count, count <= bytes.count - place else { throw malformed() }
        defer { place += count }
        return bytes[place..<place + count]
    }

    /// Little-endian, without a sign.
    private mutating func integer(_ size: Int) throws(ForeignPotentialError) -> Int {
        let value = try take(size).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let integer = Int(exactly: value) else { throw malformed() }
        return integer
    }

    /// Little-endian, with a sign; what does not fit becomes a number with rounding.
    private mutating func long(_ size: Int) throws(ForeignPotentialError) -> PickleValue {
        let digits = Array(try take(size))
        let isNegative = digits.last.map { $0 >= 128 } ?? false
        if size <= 8 {
            var value: Int64 = isNegative ? -1 : 0
            for digit in digits.reversed() { value = value << 8 | Int64(digit) }
            return .integer(Int(value))
        }
        let magnitude = digits.reversed().reduce(0.0) { $0 * 256 + Double(isNegative ? 255 - $1 : $1) }
        return .number(isNegative ? -magnitude - 1 : magnitude)
    }

    private func decimal(_ line: String) throws(ForeignPotentialError) -> PickleValue {
        if line == "00" || line == "01" { return .boolean(line == "01") }
        return .integer(try parsed(Int(line.hasSuffix("L") ? String(line.dropLast()) : line), "an integer"))
    }

    private mutating func text(_ count: Int) throws(ForeignPotentialError) -> PickleValue {
        .text(String(decoding: try take(count), as: UTF8.self))
    }

    /// Up to the next end of a line.
    private mutating func line() throws(ForeignPotentialError) -> String {
        guard place < bytes.count, let end = bytes[place...].firstIndex(of: 10) else { throw malformed() }
        defer { place = end + 1 }
        return String(decoding: bytes[place..<end], as: UTF8.self)
    }

    private func parsed<Value>(_ value: Value?, _ expected: String) throws(ForeignPotentialError) -> Value {
        guard let value else {
            throw ForeignPotentialError("the pickle is damaged: expected \(expected) at byte \(place)")
        }
        return value
    }

    private func malformed() -> ForeignPotentialError {
        ForeignPotentialError("the pickle is damaged at byte \(place); fetch the file again")
    }
}
