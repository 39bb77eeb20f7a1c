/// Numbers as Fortran's formats print them: fields of fixed width may run together where a minus fills the blank
/// (`-96.7326-100.1234`), an exponent of three digits loses its letter (`0.1250-100` is 1.25e-101), and a number
/// without room is asterisks.
enum FortranNumbers {
    /// All numbers of some bytes, or so many at the front; nil where something else stands there, asterisks among it.
    static func parse(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, first limit: Int = .max) -> [Double]? {
        var numbers: [Double] = []
        var at = range.lowerBound
        while numbers.count < limit {
            switch next(bytes, &at, range.upperBound) {
            case .none: return numbers
            case .bad: return nil
            case .number(let number): numbers.append(number)
            }
        }
        return numbers
    }

    /// The first three numbers of some bytes; nil where there are not three.
    static func triple(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> SIMD3<Double>? {
        var at = range.lowerBound
        return triple(bytes, &at, range.upperBound)
    }

    /// Three numbers and nothing else.
    static func three(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> SIMD3<Double>? {
        var at = range.lowerBound
        guard let numbers = triple(bytes, &at, range.upperBound), case .none = next(bytes, &at, range.upperBound)
        else {
            return nil
        }
        return numbers
    }

    /// The first six.
    static func twoTriples(
        _ bytes: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> (SIMD3<Double>, SIMD3<Double>)? {
        var at = range.lowerBound
        guard let first = triple(bytes, &at, range.upperBound), let second = triple(bytes, &at, range.upperBound)
        else {
            return nil
        }
        return (first, second)
    }

    private static func triple(_ bytes: borrowing Span<UInt8>, _ at: inout Int, _ end: Int) -> SIMD3<Double>? {
        guard case .number(let x) = next(bytes, &at, end), case .number(let y) = next(bytes, &at, end),
            case .number(let z) = next(bytes, &at, end)
        else { return nil }
        return SIMD3(x, y, z)
    }

    enum Next {
        case none, bad
        case number(Double)
    }

    /// The next number from `at`, which moves behind it.
    static func next(_ bytes: borrowing Span<UInt8>, _ at: inout Int, _ end: Int) -> Next {
        while at < end, isBlank(bytes[at]) { at += 1 }
        guard at < end else { return .none }
        let start = at
        at += 1
        var hasPoint = bytes[start] == UInt8(ascii: ".")
        while at < end, !isBlank(bytes[at]) {
            let byte = bytes[at]
            if byte == UInt8(ascii: ".") { hasPoint = true }
            if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+"), isDigitOrPoint(bytes[at - 1]) {
                // Behind a digit: the next number, or an exponent of three digits.
                guard hasPoint, let exponent = threeDigits(bytes, at, end) else {
                    guard byte == UInt8(ascii: "-") else { return .bad }
                    break
                }
                guard let number = parseDouble(bytes, start..<at) else { return .bad }
                at += 4
                return .number(scaled(number, byte == UInt8(ascii: "-") ? -exponent : exponent))
            }
            at += 1
        }
        guard let number = parseDouble(bytes, start..<at) else { return .bad }
        return .number(number)
    }

    /// Three digits behind a sign with which the word ends.
    private static func threeDigits(_ bytes: borrowing Span<UInt8>, _ sign: Int, _ end: Int) -> Int? {
        guard sign + 3 < end else { return nil }
        var value = 0
        for place in sign + 1...sign + 3 {
            let digit = bytes[place] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = 10 * value + Int(digit)
        }
        let next = sign + 4
        guard next == end || isBlank(bytes[next]) || bytes[next] == UInt8(ascii: "-") else { return nil }
        return value
    }

    /// Such numbers are next to nothing, or next to infinity; their last digit does not matter.
    private static func scaled(_ number: Double, _ exponent: Int) -> Double {
        var (number, left) = (number, abs(exponent))
        while left > 0 {
            let step = min(left, 300)
            let power = Double("1e\(step)")!
            number = exponent < 0 ? number / power : number * power
            left -= step
        }
        return number
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    private static func isDigitOrPoint(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: ".")
    }
}
