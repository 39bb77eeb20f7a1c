import Files
import Foundation
import Synchronization

/// Text for people: whole lines at once, so that a pipe sees them as they come, and on a terminal one line below them
/// that is written again and again.
public enum Terminal {
    /// Whether a person is watching.
    static let isInteractive =
        isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

    /// Why something printed did not get through: `errno`, `nil` when all did.
    public static var failure: Int32? { firstFailure.withLock { $0 } }
    private static let firstFailure = Mutex<Int32?>(nil)

    static func print(_ text: String = "") { printExactly(printable(text)) }

    /// For what programs read.
    static func printExactly(_ text: String) {
        let code = write((isInteractive ? "\r\u{1B}[K" : "") + text + "\n", to: STDOUT_FILENO)
        if let code { firstFailure.withLock { $0 = $0 ?? code } }
    }

    /// Names from files may hold characters that a terminal obeys.
    private static func printable(_ text: String) -> String {
        func isPlain(_ scalar: Unicode.Scalar) -> Bool { scalar == "\n" || Excerpt.isPrintable(scalar) }
        guard !text.unicodeScalars.allSatisfy(isPlain) else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { Excerpt.of($0, limit: .max) }
            .joined(separator: "\n")
    }

    /// The line that the next line or status replaces, cut to the width of the terminal. Nothing where nobody watches.
    static func status(_ text: String) {
        guard isInteractive else { return }
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 1
        _ = write("\r\u{1B}[K" + printable(text).prefix(isKnown ? Int(size.ws_col) - 1 : 79), to: STDOUT_FILENO)
    }

    /// A line for the standard error, of limited length.
    public static func complain(_ line: String) {
        // What does not print becomes longer.
        let text = Excerpt.of(Excerpt.of(line, limit: 4000), limit: 4000)
        _ = write((isInteractive ? "\r\u{1B}[K" : "") + text + "\n", to: STDERR_FILENO)
    }

    /// Returns `errno` where not everything was written.
    private static func write(_ text: String, to descriptor: Int32) -> Int32? {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress!, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : EIO }
            bytes = bytes.dropFirst(count)
        }
        return nil
    }
}

extension Terminal {
    /// Columns of text, each as wide as its widest cell; numbers to the right.
    static func table(_ rows: [[String]], leftAligned: Set<Int> = [0]) -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, text in
                let padding = String(repeating: " ", count: widths[column] - text.count)
                return leftAligned.contains(column) ? text + padding : padding + text
            }
            return cells.joined(separator: "  ").replacing(#/\s+$/#, with: "")
        }
    }
}
