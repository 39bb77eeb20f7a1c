/// Numbers of things: `1 structure`, `2 structures`.
public enum Plural {
    /// - Parameter many: where it is not `one` with an s.
    public static func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
        "\(number) \(number == 1 ? one : many ?? one + "s")"
    }
}
