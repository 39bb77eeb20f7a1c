/// How atoms move from one moment to the next, and what they sample by it: propagators in the order of a step.
///
///     Ensemble(timestep: …, pieces: [thermostat, verlet], sequence: [0, 1, 0], …)
public struct Ensemble: Sendable {
    public let timestep: Time
    /// How many of the steps that are counted a step of this ensemble takes at once, more than one with forces of two
    /// timesteps; `timestep` is all of them.
    public let stepsAtOnce: Int
    /// Each once, with its state.
    public private(set) var pieces: [any Propagator]
    /// A step: indices of `pieces`, of which one may come several times.
    let sequence: [Int]

    /// Whether the cell changes.
    public let movesCell: Bool
    /// The temperature of the bath at the start, if there is one.
    public let temperature: Temperature?
    /// Whether the total momentum keeps its value, and with it three degrees of freedom are at rest.
    public let conservesMomentum: Bool
    /// Whether the angular momentum of an open system keeps its value, or stays zero.
    public let conservesAngularMomentum: Bool
    /// The power of the timestep that the error of the conserved energy follows.
    public let order: Int
    /// Whether the motion runs backwards when all velocities are turned.
    public let isReversible: Bool
    /// Whether nothing is drawn at random, so that equal atoms with equal velocities move alike for ever.
    public let isDeterministic: Bool

    public init(
        timestep: Time, pieces: [any Propagator], sequence: [Int]? = nil, temperature: Temperature? = nil,
        movesCell: Bool = false, conservesMomentum: Bool = true, conservesAngularMomentum: Bool = true,
        order: Int = 2,
        isReversible: Bool = true, isDeterministic: Bool = true, stepsAtOnce: Int = 1
    ) {
        let sequence = sequence ?? Array(pieces.indices)
        precondition(
            sequence.allSatisfy(pieces.indices.contains),
            "expected indices of \(pieces.count) pieces, got \(sequence)")
        self.timestep = timestep
        self.stepsAtOnce = stepsAtOnce
        self.pieces = pieces
        self.sequence = sequence
        self.temperature = temperature
        self.movesCell = movesCell
        self.conservesMomentum = conservesMomentum
        self.conservesAngularMomentum = conservesAngularMomentum
        self.order = order
        self.isReversible = isReversible
        self.isDeterministic = isDeterministic
    }

    /// How often a step asks for forces.
    public var evaluationsPerStep: Int { sequence.reduce(0) { $0 + pieces[$1].evaluations } }
}

extension Ensemble {
    /// - Throws: `SimulationError` when a parameter makes no sense.
    func validate() throws {
        try SimulationError.validate(timestep: timestep)
        for piece in pieces { try piece.validate() }
    }

    mutating func prepare(
        for motion: Motion, degreesOfFreedom: Int, evaluate: (inout Motion) throws -> Void
    ) throws {
        for index in pieces.indices {
            try pieces[index].prepare(for: motion, degreesOfFreedom: degreesOfFreedom, evaluate: evaluate)
        }
    }

    mutating func reverse() {
        for index in pieces.indices { pieces[index].reverse() }
    }

    /// Advances positions and velocities by one timestep.
    mutating func step(_ motion: inout Motion, evaluate: (inout Motion) throws -> Void) throws {
        for place in sequence.indices { try pieces[sequence[place]].propagate(&motion, evaluate: evaluate) }
    }

    /// Goes back to the states that `other`, which is this ensemble at another moment, has.
    mutating func takeStates(of other: Ensemble) {
        for index in pieces.indices where Self.remembers(pieces[index]) { pieces[index] = other.pieces[index] }
    }

    private static func remembers<Piece: Propagator>(_ piece: Piece) -> Bool { Piece.State.self != NoState.self }

    /// What a piece remembers, as text for a file.
    public struct PieceState: Sendable, Codable, Equatable {
        /// The type of the piece.
        var piece: String
        /// JSON
        var state: String
    }

    /// Of all pieces.
    func states() throws -> [PieceState] {
        do {
            return try pieces.map { PieceState(piece: Self.name(of: $0), state: try $0.encodedState()) }
        } catch {
            throw SimulationError(.notFinite, "The state of the ensemble is not a number any more (\(error)).")
        }
    }

    /// Takes back the states of pieces of the same kinds; others begin at rest.
    mutating func restore(_ states: [PieceState]) throws {
        for (index, state) in states.enumerated() where index < pieces.count {
            guard Self.name(of: pieces[index]) == state.piece else { continue }
            do {
                try pieces[index].restore(state.state)
            } catch {
                throw SimulationError(
                    .badCheckpoint, "The state of \(state.piece) in the checkpoint cannot be read (\(error)).")
            }
        }
    }

    private static func name(of piece: any Propagator) -> String { "\(type(of: piece))" }
}
