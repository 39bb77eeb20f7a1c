import Atoms

/// Elements as programs of quantum chemistry name atoms: `C`, `O1`, `H_a`.
enum AtomLabel {
    /// Nil for ghosts (`bqO`, `Gh(He)`), dummies and points of charge.
    static func element(_ label: some StringProtocol) -> Element? {
        let letters = label.prefix { $0.isASCII && $0.isLetter }
        if let element = Element(String(letters)) { return element }
        guard !letters.lowercased().hasPrefix("bq"), !letters.lowercased().hasPrefix("gh"),
            letters.lowercased() != "x"
        else { return nil }
        return letters.count > 2 ? nil : Element(String(letters.prefix(1)))
    }
}
