import Atoms
import Compute
import Foundation
import Interactions
import Sockets
import Testing

/// The protocol as i-PI and ASE speak it, and as nobody should.
@Suite(.timeLimit(.minutes(1))) struct IPIDriverTests {
    private let positions = [SIMD3(0.0, 0, 0), SIMD3(1.5, -2, 3)]
    private let vectors = Matrix3(SIMD3(10, 0, 0), SIMD3(1, 9, 0), SIMD3(2, 3, 8))

    private func pair(_ cancellation: Cancellation = Cancellation()) -> (FakeServer, IPIDriver) {
        let server = FakeServer(cancellation: cancellation)
        return (server, IPIDriver(server.connection, atomCount: 2))
    }

    @Test func positionsAndCellAreTurnedIntoAngstrom() throws {
        let (server, driver) = pair()
        server.send(Message.positions(positions, vectors: vectors))
        #expect(try driver.next() == .positions)
        #expect(driver.positions == positions.map { $0 * Units.bohr })
        #expect(driver.vectors == vectors * Units.bohr)
    }

    @Test func answersAreInAtomicUnits() throws {
        let (server, driver) = pair()
        server.send(Message.positions(positions, vectors: vectors) + Message.header("GETFORCE"))
        #expect(try driver.next() == .positions)
        try driver.provide(.sample)
        server.send(Message.header("EXIT"))
        #expect(try driver.next() == .end(.exit))
        let (answer, result) = (Answer(server.received()), InteractionResult.sample)
        #expect(answer.header == "FORCEREADY  " && answer.count == 2 && answer.rest.isEmpty)
        #expect(answer.energy == -3 / Units.hartree)
        for (found, expected) in zip(answer.forces, result.forces.flatMap { [$0.x, $0.y, $0.z] }) {
            #expect(abs(found * Units.hartree / Units.bohr - expected) <= 1e-15)
        }
        for (found, expected) in zip(answer.virial, result.virial.elements) {
            #expect(abs(found * Units.hartree - expected) <= 1e-14)
        }
    }

    @Test func extrasAreJSONWithEveryDigit() throws {
        let (server, driver) = pair()
        var result = InteractionResult.sample
        result.atomicEnergies = [-1e-17, 2.0 / 3]
        result.deviation = Structure.Deviation(energy: 0.1, forces: [0, 1.0 / 3])
        server.send(Message.positions(positions, vectors: vectors) + Message.header("GETFORCE"))
        _ = try driver.next()
        try driver.provide(result)
        server.send(Message.header("EXIT"))
        #expect(try driver.next() == .end(.exit))
        let text = Answer(server.received()).text
        #expect(text.utf8.count >= 1)
        let extras = try JSONDecoder().decode(Extras.self, from: Data(text.utf8))
        #expect(extras.atomic_energies == result.atomicEnergies.map { $0 / Units.hartree })
        #expect(extras.energy_deviation == 0.1 / Units.hartree)
        #expect(extras.forces_deviation == result.deviation!.forces.map { $0 / (Units.hartree / Units.bohr) })
    }

    private struct Extras: Decodable {
        var atomic_energies: [Double]
        var energy_deviation: Double?
        var forces_deviation: [Double]?
    }

    /// As i-PI does: positions and the request in one piece, status afterwards.
    @Test func messagesMayComeTogether() throws {
        let (server, driver) = pair()
        let step =
            Message.positions(positions, vectors: vectors) + Message.header("GETFORCE") + Message.header("STATUS")
        server.send(Message.header("STATUS") + step + step + Message.header("EXIT"))
        var steps = 0
        while case .positions = try driver.next() {
            steps += 1
            try driver.provide(.sample)
        }
        #expect(steps == 2)
        let ready = Message.header("READY")
        let bytes = server.received()
        #expect(Array(bytes.prefix(12)) == ready)
        let first = Answer(Array(bytes.dropFirst(12)))
        #expect(Array(first.rest.prefix(12)) == ready)
        let second = Answer(Array(first.rest.dropFirst(12)))
        #expect(second.rest == ready)
    }

    /// As ASE does.
    @Test func theStatusSaysWhetherThereAreForces() throws {
        let (server, driver) = pair()
        server.send(Message.header("STATUS") + Message.positions(positions, vectors: vectors))
        _ = try driver.next()
        #expect(server.received() == Message.header("READY"))
        try driver.provide(.sample)
        server.send(Message.header("STATUS") + Message.header("STATUS") + Message.header("GETFORCE"))
        server.send(Message.header("STATUS"))
        server.send(Message.positions(positions, vectors: vectors))
        #expect(try driver.next() == .positions)
        let bytes = server.received()
        #expect(Array(bytes.prefix(24)) == Message.header("HAVEDATA") + Message.header("HAVEDATA"))
        #expect(Answer(Array(bytes.dropFirst(24))).rest == Message.header("READY"))
    }

    @Test func bytesMayComeOneByOne() throws {
        let (server, driver) = pair()
        let bytes =
            Message.initialize("some words") + Message.positions(positions, vectors: vectors)
            + Message.header("GETFORCE")
        let thread = Thread {
            for byte in bytes {
                server.send([byte])
                if byte & 15 == 0 { usleep(100) }
            }
        }
        thread.start()
        #expect(try driver.next() == .positions)
        #expect(driver.positions == positions.map { $0 * Units.bohr })
        try driver.provide(.sample)
        while !thread.isFinished { usleep(1000) }
        server.send(Message.header("EXIT"))
        #expect(try driver.next() == .end(.exit))
        #expect(Answer(server.received()).energy == -3 / Units.hartree)
    }

    @Test func initializationMayComeAtAnyTime() throws {
        let (server, driver) = pair()
        server.send(Message.initialize(" ") + Message.initialize("") + Message.positions(positions, vectors: vectors))
        #expect(try driver.next() == .positions)
        try driver.provide(.sample)
        server.send(Message.initialize("cutoff:3") + Message.header("STATUS") + Message.header("EXIT"))
        #expect(try driver.next() == .end(.exit))
        #expect(server.received() == Message.header("HAVEDATA"))
    }

    @Test func manyStepsLeaveNothingBehindInTheInbox() throws {
        // Together they are longer than the inbox, so that messages lie across its end.
        let (server, driver) = pair()
        for step in 0..<2000 {
            let moved = positions.map { $0 + SIMD3(repeating: Double(step)) }
            server.send(Message.positions(moved, vectors: vectors) + Message.header("STATUS"))
            #expect(try driver.next() == .positions)
            #expect(driver.positions == moved.map { $0 * Units.bohr })
            if step > 0 { #expect(server.received() == Message.header("READY")) }
        }
    }

    @Test func aServerMayCloseBetweenMessages() throws {
        let (server, driver) = pair()
        server.send(Message.header("STATUS"))
        server.close()
        // The answer to STATUS finds nobody any more.
        #expect(throws: SocketError.self) { try driver.next() }
        let (second, other) = pair()
        second.close()
        #expect(try other.next() == .end(.closed))
    }

    @Test(arguments: [1, 11, 12, 13, 100, 12 + 148, 12 + 148 + 47])
    func aMessageThatEndsTooSoonIsAnError(length: Int) throws {
        let (server, driver) = pair()
        server.send(Array(Message.positions(positions, vectors: vectors).prefix(length)))
        server.close()
        let error = #expect(throws: SocketError.self) { try driver.next() }
        #expect(error?.code == .lost)
        #expect(error?.message == "the connection was closed in the middle of a message")
    }

    @Test(arguments: [0, 1, 3, Int(Int32.max), -1]) func anotherNumberOfAtomsIsRefused(count: Int) throws {
        let (server, driver) = pair()
        server.send(Message.positions(positions, vectors: vectors, count: count))
        let error = #expect(throws: SocketError.self) { try driver.next() }
        #expect(error?.code == .atomCount)
        #expect(error?.message.contains("expected positions of 2 atoms, found \(count)") == true)
    }

    @Test(arguments: ["FROBNICATE", "READY", "status", "GET / HTTP/1", "\u{0}\u{1}"])
    func anUnknownMessageIsQuoted(name: String) throws {
        let (server, driver) = pair()
        server.send(Message.header(name))
        let error = #expect(throws: SocketError.self) { try driver.next() }
        #expect(error?.code == .badMessage)
        #expect(error?.message.contains("found \(name.debugDescription)") == true)
    }

    @Test(arguments: [-1, Int(Int32.max)]) func aTextOfUnreasonableLengthIsRefused(length: Int) throws {
        let (server, driver) = pair()
        server.send(Message.initialize("x", length: length))
        #expect(throws: SocketError.self) { try driver.next() }
    }

    @Test func severalStructuresAtOnceAreRefused() throws {
        let (server, driver) = pair()
        server.send(Message.initialize("cutoff:3, batch_size:4"))
        #expect((#expect(throws: SocketError.self) { try driver.next() })?.message.contains("batch_size") == true)
        // Not announced: the number of atoms comes first.
        let (second, other) = pair()
        second.send(Message.header("POSDATA") + Message.bytes([Int32(2)]) + Array(repeating: 7, count: 400))
        #expect((#expect(throws: SocketError.self) { try other.next() })?.message.contains("batch_size") == true)
    }

    @Test func forcesBeforePositionsAreAnError() throws {
        let (server, driver) = pair()
        server.send(Message.header("GETFORCE"))
        let error = #expect(throws: SocketError.self) { try driver.next() }
        #expect(error?.code == .badMessage)
        #expect(server.received().isEmpty)
    }

    @Test func whatIsNoNumberIsNeitherTakenNorGiven() throws {
        for broken in [Double.nan, .infinity] {
            let (server, driver) = pair()
            server.send(Message.positions([.zero, SIMD3(0, broken, 0)], vectors: vectors))
            let error = #expect(throws: SocketError.self) { try driver.next() }
            #expect(error?.code == .notFinite && error?.message.contains("atom 2") == true)
            for change: (inout InteractionResult) -> Void in [
                { $0.energy = broken }, { $0.forces[1].z = broken }, { $0.virial[1, 2] = broken },
            ] {
                var result = InteractionResult.sample
                change(&result)
                let error = #expect(throws: SocketError.self) { try driver.provide(result) }
                #expect(error?.code == .notFinite)
            }
            #expect(server.received().isEmpty)
        }
    }

    @Test(arguments: [0, 5, 100]) func aDriverThatWaitsCanBeCancelled(received: Int) throws {
        let cancellation = Cancellation()
        let (server, driver) = pair(cancellation)
        server.send(Array(Message.positions(positions, vectors: vectors).prefix(received)))
        Thread {
            usleep(50_000)
            cancellation.cancel()
        }.start()
        #expect(try driver.next() == .end(.cancelled))
    }

    @Test func theAnswerBegunIsFinishedBeforeAnEnd() throws {
        let cancellation = Cancellation()
        let (server, driver) = pair(cancellation)
        let step = Message.positions(positions, vectors: vectors) + Message.header("GETFORCE")
        server.send(step + step)
        #expect(try driver.next() == .positions)
        cancellation.cancel()
        try driver.provide(.sample)
        #expect(try driver.next() == .end(.cancelled))
        #expect(Answer(server.received()).count == 2)
    }
}
