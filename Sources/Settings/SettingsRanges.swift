/// Ranges for settings that are bounded on one side only.
extension ClosedRange<Double> {
    public static var all: Self { -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude }
    /// More than zero.
    public static var positive: Self { Double.leastNonzeroMagnitude...Double.greatestFiniteMagnitude }
    /// Zero or more.
    public static var nonNegative: Self { 0...Double.greatestFiniteMagnitude }

    func described(as noun: String) -> String {
        if self == .positive { return "\(noun) above 0" }
        let (low, high) = (lowerBound.short, upperBound.short)
        switch (lowerBound > -Double.greatestFiniteMagnitude, upperBound < .greatestFiniteMagnitude) {
        case (false, false): return noun
        case (true, false): return "\(noun) of at least \(low)"
        case (false, true): return "\(noun) of at most \(high)"
        case (true, true):
            return lowerBound == .leastNonzeroMagnitude
                ? "\(noun) above 0, at most \(high)" : "\(noun) \(low)…\(high)"
        }
    }
}

extension ClosedRange<Int> {
    public static var all: Self { Int.min...Int.max }
    /// One or more.
    public static var positive: Self { 1...Int.max }
    /// Zero or more.
    public static var nonNegative: Self { 0...Int.max }

    func described(as noun: String) -> String {
        switch (lowerBound > .min, upperBound < .max) {
        case (false, false): noun
        case (true, false): "\(noun) of at least \(lowerBound)"
        case (false, true): "\(noun) of at most \(upperBound)"
        case (true, true): "\(noun) \(lowerBound)…\(upperBound)"
        }
    }
}

extension Double {
    /// Without the `.0` of whole numbers.
    fileprivate var short: String { Int(exactly: self).map(String.init) ?? "\(self)" }
}
