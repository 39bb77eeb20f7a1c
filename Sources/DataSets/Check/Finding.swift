/// Something that a check of a data set has found.
public struct Finding: Sendable, Equatable, Encodable {
    public var severity: Severity
    /// What was looked at, as one word.
    public var check: String
    /// What was found and what to do, in a sentence or two.
    public var message: String
    /// Where: `file, frame 12`; the first of them when there are many.
    public var places: [String] = []
    /// How many places there are in all.
    public var count = 0

    public init(severity: Severity, check: String, message: String, places: [String] = [], count: Int = 0) {
        self.severity = severity
        self.check = check
        self.message = message
        self.places = places
        self.count = count
    }

    /// The worst first, otherwise in their order.
    public static func sorted(_ findings: [Finding]) -> [Finding] {
        Severity.allCases.flatMap { severity in findings.filter { $0.severity == severity } }
    }
}
