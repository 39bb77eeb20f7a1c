/// The median of positive numbers of which there may be too many to keep: they are counted in windows of 2⁻¹⁶ of
/// their size, and the median is the mean of those in its window, so that equal numbers have themselves.
struct MedianOfMany {
    private var windows: [UInt64: (count: Int, sum: Double)] = [:]
    private var count = 0

    /// Bits of a number that tell its window: sign, exponent and sixteen of the fraction.
    private static let dropped = UInt64(52 - 16)

    mutating func add(_ number: Double) {
        count += 1
        let window = number.bitPattern >> Self.dropped
        let known = windows[window] ?? (0, 0)
        windows[window] = (known.count + 1, known.sum + number)
    }

    /// 0 where there are none; of an even count the mean of the two in the middle.
    var median: Double {
        guard count > 0 else { return 0 }
        let sorted = windows.sorted { $0.key < $1.key }
        func number(_ place: Int) -> Double {
            var before = 0
            for (_, window) in sorted {
                before += window.count
                if place < before { return window.sum / Double(window.count) }
            }
            return 0
        }
        return count.isMultiple(of: 2) ? (number(count / 2 - 1) + number(count / 2)) / 2 : number(count / 2)
    }
}
