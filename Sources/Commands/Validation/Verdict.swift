/// What comes out of a check.
enum Verdict: String, Encodable, Comparable {
    case pass, warn, fail

    private var rank: Int { [Verdict.pass, .warn, .fail].firstIndex(of: self)! }
    static func < (a: Verdict, b: Verdict) -> Bool { a.rank < b.rank }
}

/// A check with its outcome in words.
struct ValidationCheck: Encodable {
    /// `dimer Si-Si`
    var name: String
    var verdict: Verdict
    var summary: String
}
