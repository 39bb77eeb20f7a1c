/// Words that many structures share, each kept once and known by a number.
struct Names {
    private var words: [String] = []
    private var numbers: [String: Int32] = [:]

    subscript(number: Int32) -> String { words[Int(number)] }

    mutating func number(of word: String) -> Int32 {
        if let known = numbers[word] { return known }
        let number = Int32(words.count)
        words.append(word)
        numbers[word] = number
        return number
    }
}

/// Where structures stand, `train.xyz, frame 3`: what is before the number is kept once.
struct Places {
    private var starts = Names()

    /// The start, and the number behind it; none where the place ends in no number that could be written again.
    struct Place {
        var start: Int32
        var number: Int32?
    }

    subscript(place: Place) -> String { starts[place.start] + (place.number.map { "\($0)" } ?? "") }

    mutating func place(_ text: String) -> Place {
        let digits = text.utf8.reversed().prefix { (0x30...0x39).contains($0) }.count
        let split = text.utf8.index(text.endIndex, offsetBy: -digits)
        guard let number = Int32(text[split...]), "\(number)" == text[split...] else {
            return Place(start: starts.number(of: text), number: nil)
        }
        return Place(start: starts.number(of: String(text[..<split])), number: number)
    }
}
