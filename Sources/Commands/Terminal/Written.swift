import Files
import Foundation

/// Numbers as people read them.
enum Written {
    /// `12.3 kB`, `4.5 MB`.
    static func bytes(_ count: Int) -> String {
        var (value, units) = (Double(count), ["bytes", "kB", "MB", "GB", "TB"][...])
        while value >= 1000, units.count > 1 {
            value /= 1000
            units = units.dropFirst()
        }
        return units.first == "bytes" ? "\(count) bytes" : String(format: "%.1f %@", value, units.first!)
    }

    /// `45 s`, `3 min 5 s`, `2 h 10 min`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "-" }
        let whole = Int(min(max(0, seconds), 1e12).rounded())
        if seconds < 10 { return String(format: "%.1f s", max(0, seconds)) }
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        if whole < 86_400 { return "\(whole / 3600) h \(whole % 3600 / 60) min" }
        return "\(whole / 86_400) d \(whole % 86_400 / 3600) h"
    }

    /// `0:45`, `3:05`, `2:10:00`: eight characters up to a hundred hours.
    static func clock(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "-" }
        let whole = Int(min(max(0, seconds), 1e9).rounded())
        let (hours, minutes, rest) = (whole / 3600, whole % 3600 / 60, whole % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
    }

    /// With so many digits behind the point; numbers of ten and more before it as `1.2e+200`, and a dash for what is no
    /// number.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "–" }
        return String(format: abs(value) < 1e10 ? "%.\(digits)f" : "%.3e", value)
    }

    /// `1.2e-05`, or a dash.
    static func scientific(_ value: Double?) -> String { value.map { String(format: "%.1e", $0) } ?? "-" }

    /// The shortest of the usual ways to write a number with so many digits that count.
    static func short(_ value: Double, _ digits: Int = 4) -> String { String(format: "%.\(digits)g", value) }

    /// A number of things per second: `0.53`, `8.31`, `83.1`, `1205`.
    static func pace(_ perSecond: Double) -> String { fixed(perSecond, perSecond < 10 ? 2 : perSecond < 100 ? 1 : 0) }

    static func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
        Plural.count(number, one, many)
    }
}
