/// What a file of runs held: how many steps, how many of them are structures, and which are not.
public struct RunSummary: Sendable, Equatable, Codable {
    /// Steps that are no structures, of one reason.
    public struct LeftOut: Sendable, Equatable, Codable {
        /// `unconverged`, `notPrinted`, `cut`, `unreadable`, `superseded`, `machineLearned`.
        public var reason: String
        /// As the file counts them.
        public var steps: [String]
    }

    /// Seen so far.
    public internal(set) var steps = 0
    /// Handed over as structures.
    public internal(set) var read = 0
    public internal(set) var leftOut: [LeftOut] = []
    /// Of the structures: true where the file says of all that their electrons have converged, false where it says of
    /// one that they have not (and unconverged ones were asked for), nil where it does not say of all.
    public private(set) var converged: Bool?
    private var isFirst = true

    mutating func note(converged one: Bool?) {
        if isFirst {
            converged = one
        } else if converged == true {
            converged = one
        } else if converged == nil, one == false {
            converged = false
        }
        isFirst = false
    }

    private enum CodingKeys: String, CodingKey { case steps, read, leftOut = "left_out", converged }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(steps, forKey: .steps)
        try container.encode(read, forKey: .read)
        try container.encode(leftOut, forKey: .leftOut)
        // null where the file does not say.
        try container.encode(converged, forKey: .converged)
    }
}
