import Atoms

/// Why an interaction cannot give energies and forces.
public struct InteractionError: Error, Equatable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        case unknownElement
        case notFinite
        case invalidParameter
        /// Something is asked for that it does not compute.
        case notPredicted
    }

    public let code: Code
    /// What is wrong and what to do about it.
    public let message: String
    public var description: String { message }

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// `elements` that `interaction` does not cover.
    public static func unknown(elements: [Element], to interaction: String, covering known: [Element])
        -> InteractionError
    {
        let missing = Set(elements).subtracting(known).sorted().map(\.symbol).joined(separator: ", ")
        let covered = known.sorted().map(\.symbol).joined(separator: ", ")
        return InteractionError(
            .unknownElement, "\(interaction) does not know \(missing); it covers \(covered).")
    }
}
