/// Why a simulation cannot begin or go on.
public struct SimulationError: Error, Equatable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// A setting or a structure that makes no sense.
        case invalidSetting
        /// A position, an energy or a velocity is not a number any more.
        case notFinite
        /// Two atoms are closer than any pair of their elements that the potential learned from.
        case tooClose
        case tooHot
        /// Bonds that cannot be kept at their lengths.
        case brokenConstraint
        /// The members of a committee disagree more than is allowed.
        case uncertain
        /// A checkpoint that is damaged or belongs to another simulation.
        case badCheckpoint
    }

    public let code: Code
    public let step: Int
    /// What is wrong and what to do about it.
    public let message: String
    public var description: String { message }

    public init(_ code: Code, step: Int = 0, _ message: String) {
        self.code = code
        self.step = step
        self.message = message
    }
}
