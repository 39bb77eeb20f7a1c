/// A structure whose neighbours cannot be found: coordinates that are no numbers, a cell without volume, or one so
/// flat or so full that the list would not fit.
public struct NeighborError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: Sendable { case position, cell, size, index }

    public let code: Code
    public let message: String

    public var description: String { message }

    static func position(_ atom: Int, _ position: SIMD3<Double>) -> NeighborError {
        NeighborError(
            code: .position,
            message: "expected finite coordinates within ±\(Site.largestCoordinate) Å, found atom \(atom + 1) at "
                + "\(position.x), \(position.y), \(position.z); has the simulation become unstable?")
    }

    static func cell(_ message: String) -> NeighborError { NeighborError(code: .cell, message: message) }
    static func size(_ message: String) -> NeighborError { NeighborError(code: .size, message: message) }
}
