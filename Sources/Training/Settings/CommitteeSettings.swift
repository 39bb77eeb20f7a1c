import Settings

/// The section `committee`: how many potentials are trained side by side, and in what they differ.
public struct CommitteeSettings: Sendable, Equatable {
    public var members = 1
    /// The part of the training structures that each member sees, drawn for each anew.
    public var share = 0.9

    init() {}

    init(_ section: Settings) throws {
        members = try section.integer("members", in: 1...100, default: 4)
        share = try section.double("share", in: 0.05...1, default: 0.9)
    }
}
