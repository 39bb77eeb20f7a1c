import Atoms
import Compute
import Foundation
import Interactions
import Models
import Potentials
import Sockets

/// `apus serve`: forces for a server that moves the atoms.
public struct ServeJob {
    let potential: String
    let structure: String
    let socket: String
    let socketsPrefix: String
    let frame: Int
    let precision: Potential.Precision?
    let wait: Double
    let parallelism: Parallelism

    public init(
        potential: String, structure: String, socket: String, socketsPrefix: String, frame: Int,
        precision: Potential.Precision?, wait: Double, parallelism: Parallelism
    ) {
        self.potential = potential
        self.structure = structure
        self.socket = socket
        self.socketsPrefix = socketsPrefix
        self.frame = frame
        self.precision = precision
        self.wait = wait
        self.parallelism = parallelism
    }

    public func run() throws {
        let address = try SocketAddress(socket, prefix: socketsPrefix)
        let loaded = try Potential(verifying: potential, withEnergiesFor: "apus serve")
        let start = try StartingStructure(file: structure, frame: frame).read()
        let interaction = try loaded.interaction(precision: precision, parallelism: parallelism)
        do {
            try interaction.check(elements: start.elements)
        } catch let error as InteractionError {
            throw CommandError("\(structure): \(error.message) (\(potential))")
        }
        Interruption.watch()
        let introduction = ServeIntroduction(
            potential: (potential, loaded), structure: (structure, start), precision: precision ?? loaded.precision,
            threads: parallelism.threads)
        for line in introduction.lines { Terminal.print(line) }
        if let connection = try connect(to: address) {
            Terminal.print("connected to \(address)")
            var run = ServeRun(
                connection, structure: start, interaction, limits: loaded.minimumDistances,
                isCommittee: loaded.members.count > 1, parallelism: parallelism)
            do {
                try run.run()
            } catch {
                throw CommandError("\(source(of: error, address)): \(CommandError.message(of: error))\(run.served)")
            }
        }
        if let code = Interruption.exitCode { throw CommandExit(code) }
    }

    /// `nil` when interrupted before a server was there.
    private func connect(to address: SocketAddress) throws -> SocketConnection? {
        do {
            return try SocketConnection.open(address, patience: wait, cancellation: Interruption.cancellation) {
                Terminal.print("waiting up to \(Written.short(wait)) s for a server at \(address) (\($0))")
            }
        } catch let error as SocketError where error.code == .cancelled {
            Terminal.print("Interrupted before a server was there")
            return nil
        }
    }

    /// Whom an error is about: the structure file when its atoms are not the server's.
    private func source(of error: any Error, _ address: SocketAddress) -> String {
        (error as? SocketError)?.code == .atomCount ? structure : "\(address)"
    }
}
