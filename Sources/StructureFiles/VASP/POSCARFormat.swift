/// VASP's POSCAR and CONTCAR: Documentation/formats.md.
struct POSCARFormat: StructureFormat {
    let name = "POSCAR"
    let fileNames = ["*.vasp", "*POSCAR*", "*CONTCAR*"]
    let holdsLabels = false

    /// By its scale factor and lattice vectors in lines 2 to 5, followed by counts, or by species and counts.
    func recognises(_ start: String) -> Bool {
        let lines = start.split(maxSplits: 7, omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.count >= 7 else { return false }
        let words = lines.map { POSCARLine.words($0) }
        guard let scales = POSCARLine.leadingNumbers(words[1]), [1, 3].contains(scales.count) else { return false }
        // Exactly three: an atom of XYZ with its atomic number is four.
        for line in 2...4 where POSCARLine.leadingNumbers(words[line])?.count != 3 { return false }
        func areCounts(_ words: [Substring]) -> Bool { words.first.flatMap { Int($0) } != nil }
        return areCounts(words[5]) || (!words[5].isEmpty && areCounts(words[6]))
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) -> any StructureReader {
        POSCARReader(lines, labels: labels)
    }
}

/// Words of a line, without what stands behind `!` or `#`.
enum POSCARLine {
    static func words(_ line: some StringProtocol) -> [Substring] {
        Substring(Substring(line).utf8.prefix { $0 != UInt8(ascii: "!") && $0 != UInt8(ascii: "#") }).words
    }

    /// A number as Fortran prints it.
    static func number(_ word: Substring) -> Double? {
        let bytes = Array(word.utf8)
        return parseDouble(bytes.span, 0..<bytes.count)
    }

    /// The numbers at the front of a line; nil where there are none.
    static func leadingNumbers(_ words: [Substring]) -> [Double]? {
        var numbers: [Double] = []
        for word in words {
            guard let number = number(word) else { break }
            numbers.append(number)
        }
        return numbers.isEmpty ? nil : numbers
    }

    /// A logical as Fortran reads it: `T`, `F`, `.TRUE.`, `false`.
    static func logical(_ word: Substring) -> Bool? {
        switch word.drop(while: { $0 == "." }).first {
        case "T", "t": true
        case "F", "f": false
        default: nil
        }
    }
}
