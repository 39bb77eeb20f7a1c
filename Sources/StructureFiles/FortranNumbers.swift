/// Numbers as Fortran's formats print them: fields of fixed width may run together where a minus fills the blank
/// (`-96.7326-100.1234`), and a number without room is asterisks.
enum FortranNumbers {
    /// All numbers of some bytes, or so many at the front; nil where something else stands there, asterisks among it.
    static func parse(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, first limit: Int = .max) -> [Double]? {
        var numbers: [Double] = []
        var at = range.lowerBound
        while numbers.count < limit, let word = nextWord(bytes, from: at, to: range.upperBound) {
            at = word.upperBound
            var start = word.lowerBound
            for place in word.dropFirst() where bytes[place] == UInt8(ascii: "-") && !isExponent(bytes[place - 1]) {
                guard let number = parseDouble(bytes, start..<place) else { return nil }
                numbers.append(number)
                start = place
            }
            guard let number = parseDouble(bytes, start..<word.upperBound) else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    private static func isExponent(_ byte: UInt8) -> Bool {
        [UInt8(ascii: "E"), UInt8(ascii: "e"), UInt8(ascii: "D"), UInt8(ascii: "d")].contains(byte)
    }
}
