import Atoms

extension Element {
    /// The element of a species as programs let people call it: `Fe1`, `O_h`, `C-2`, `Si`.
    ///
    /// A symbol of which letters follow is none: `Cx` is not carbon.
    init?(label: some StringProtocol) {
        let letters = label.prefix { $0.isASCII && $0.isLetter }
        let symbol = letters.prefix(1).uppercased() + letters.dropFirst().lowercased()
        guard !letters.isEmpty, let element = Element(symbol) else { return nil }
        self = element
    }
}
