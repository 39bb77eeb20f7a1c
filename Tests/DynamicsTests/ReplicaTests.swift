import Atoms
import Compute
import Foundation
import Interactions
import Testing

@testable import Dynamics

/// Several simulations in one, and exchanges between them.
@Suite struct ReplicaTests {
    private static func ensemble(_ kind: Int, _ temperature: Double, seed: UInt64) -> Ensemble {
        let bath = BathTemperature.kelvin(temperature)
        let dt = Time.femtoseconds(4)
        switch kind {
        case 0: return .langevin(timestep: dt, temperature: bath, friction: .perPicosecond(5), seed: seed)
        case 1: return .noseHoover(timestep: dt, temperature: bath, time: .femtoseconds(200))
        case 2: return .csvr(timestep: dt, temperature: bath, time: .femtoseconds(100), seed: seed)
        default:
            return .nptCellRescaling(
                timestep: dt, temperature: bath, time: .femtoseconds(100),
                target: TargetStress(pressure: .constant(0)),
                pressureTime: .femtoseconds(1000), seed: seed)
        }
    }

    private static func simulation(_ kind: Int, _ interaction: any Interaction) throws -> Simulation {
        let simulation = try Simulation(
            of: Samples.argon(), under: interaction, by: ensemble(kind, 40 + 5 * Double(kind), seed: UInt64(kind)),
            parallelism: .serial)
        try simulation.drawVelocities(at: .kelvin(40), seed: UInt64(10 + kind))
        return simulation
    }

    /// Different ensembles at once, one of them with a cell that moves.
    @Test func eachReplicaMovesAsItWouldAlone() throws {
        let replicas = try Replicas(count: 4, under: try Samples.lennardJones(), parallelism: Parallelism(threads: 3))
        {
            try Self.simulation($0, $1)
        }
        var frames = 0
        try replicas.advance(steps: 60, every: 20) { frames += $0.count }
        #expect(frames == 12)
        for kind in 0..<4 {
            let alone = try Self.simulation(kind, try Samples.lennardJones())
            try alone.advance(steps: 60)
            #expect(replicas.simulations[kind].frame == alone.frame)
            #expect(replicas.simulations[kind].motion.heat == alone.motion.heat)
        }
    }

    private static let temperatures = [40.0, 55, 75, 100].map(Temperature.kelvin)

    private static func tempering(
        every: Int, _ structure: Structure, under interaction: any Interaction, seed: UInt64 = 5,
        from set: CheckpointSet? = nil, dt: Double = 10, friction: Double = 20,
        at temperatures: [Temperature] = temperatures
    ) throws -> Replicas {
        let exchange = ReplicaExchange(temperatures: temperatures, every: every, seed: seed)
        let replicas = try Replicas(
            count: 4, under: interaction, exchange: exchange, parallelism: Parallelism(threads: 2)
        ) { index, interaction in
            let ensemble = Ensemble.langevin(
                timestep: .femtoseconds(dt), temperature: .kelvin(temperatures[index].kelvin),
                friction: .perPicosecond(friction), seed: seed + UInt64(index), keepsCentreOfMass: false)
            if let set {
                return try Simulation(
                    continuing: set.checkpoints[index], under: interaction, by: ensemble, parallelism: .serial)
            }
            let simulation = try Simulation(of: structure, under: interaction, by: ensemble, parallelism: .serial)
            try simulation.drawVelocities(at: temperatures[index], seed: seed + UInt64(index))
            return simulation
        }
        if let set { try replicas.restore(set) }
        return replicas
    }

    @Test func temperingGoesOnFromACheckpointToTheBit() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("replicas-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("set").path
        // With many degrees of freedom temperatures must be near to one another.
        let near = [40.0, 45, 50, 56].map(Temperature.kelvin)
        let whole = try Self.tempering(every: 5, Samples.argon(), under: try Samples.lennardJones(), at: near)
        var events: [ReplicaExchange.Event] = []
        try whole.advance(steps: 40) { _ in
        } exchanged: {
            events.append($0)
        }
        #expect(events.map(\.step) == [5, 10, 15, 20, 25, 30, 35])
        #expect(events.flatMap(\.pairs).contains { $0.isAccepted })

        let first = try Self.tempering(every: 5, Samples.argon(), under: try Samples.lennardJones(), at: near)
        try first.advance(steps: 20)
        try first.checkpoint().write(to: file)
        let set = try CheckpointSet(contentsOf: file)
        let second = try Self.tempering(
            every: 5, Samples.argon(), under: try Samples.lennardJones(), from: set, at: near)
        var more: [ReplicaExchange.Event] = []
        try second.advance(steps: 20) { _ in
        } exchanged: {
            more.append($0)
        }
        #expect(more == Array(events.suffix(4)))
        for (a, b) in zip(whole.simulations, second.simulations) { #expect(a.frame == b.frame) }
        #expect(whole.exchange?.state == second.exchange?.state)

        // A damaged set is found.
        var data = try Data(contentsOf: URL(fileURLWithPath: file))
        data[data.count - 100] ^= 1
        try data.write(to: URL(fileURLWithPath: file))
        #expect(throws: SimulationError.self) { try CheckpointSet(contentsOf: file) }
        try data.dropLast(9).write(to: URL(fileURLWithPath: file))
        #expect(throws: SimulationError.self) { try CheckpointSet(contentsOf: file) }
    }

    /// Springs have U ~ Γ(f/2, kT): the energies of each temperature keep mean and variance, the share of accepted
    /// attempts is that of the distributions, and configurations travel through all temperatures.
    @Test func temperingKeepsTheDistributionOfEnergies() throws {
        let structure = Samples.dimers(6)
        let replicas = try Self.tempering(
            every: 4, structure, under: Springs(constant: 0.05), seed: 11, dt: 12, friction: 15)
        var sums = [[Double]](repeating: [], count: 4)
        var visits = [Set<Int>](repeating: [], count: 4)
        try replicas.advance(steps: 60_000, every: 15) { frames in
            guard frames[0].step > 1000 else { return }
            for k in 0..<4 { sums[k].append(frames[k].structure.energy!) }
        } exchanged: { event in
            for (place, walker) in event.walkers.enumerated() { visits[walker].insert(place) }
        }
        let f = 18.0
        for k in 0..<4 {
            let kT = Units.boltzmann * Self.temperatures[k].kelvin
            let values = sums[k].map { $0 / kT }
            let n = Double(values.count)
            let mean = values.reduce(0, +) / n
            let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / n
            // Blocks of 60 frames are 11 ps, and energies forget in some 0.2 ps.
            let blocks = stride(from: 0, to: values.count - 59, by: 60).map {
                values[$0..<$0 + 60].reduce(0, +) / 60
            }
            let b = Double(blocks.count)
            let error = (blocks.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / b / (b - 1)).squareRoot()
            #expect(error < 0.02 * f)
            // BAOAB samples a harmonic potential exactly.
            #expect(abs(mean - f / 2) < 4 * error, "\(k): \(mean) ± \(error)")
            #expect(abs(variance / (f / 2) - 1) < 0.15, "\(k): \(variance)")
        }
        for (pair, share) in replicas.exchange!.acceptance.enumerated() {
            let expected = Self.acceptance(
                f, Self.temperatures[pair].kelvin / Self.temperatures[pair + 1].kelvin)
            #expect(abs(share! - expected) < 0.03, "\(pair): \(share!) \(expected)")
        }
        #expect(visits.allSatisfy { $0.count == 4 })
    }

    /// ⟨min(1, e^{(1 − ratio)(x − y/ratio)})⟩ of x, y ~ Γ(f/2, 1), by quadrature; energies in units of the lower kT.
    private static func acceptance(_ f: Double, _ ratio: Double) -> Double {
        let n = 400
        let width = 60.0 / Double(n)
        let weights = (0..<n).map { k -> Double in
            let x = (Double(k) + 0.5) * width
            return exp((f / 2 - 1) * log(x) - x - lgamma(f / 2)) * width
        }
        var sum = 0.0
        for i in 0..<n {
            for j in 0..<n {
                let (x, y) = ((Double(i) + 0.5) * width, (Double(j) + 0.5) * width / ratio)
                sum += weights[i] * weights[j] * min(1, exp((1 - ratio) * (x - y)))
            }
        }
        return sum
    }

    @Test func whatCannotBeTemperedIsRefused() throws {
        #expect(throws: SimulationError.self) {
            try Replicas(
                count: 2, under: try Samples.lennardJones(),
                exchange: ReplicaExchange(temperatures: [.kelvin(40), .kelvin(50)], every: 5, seed: 1)
            ) { index, interaction in
                try Simulation(
                    of: Samples.argon(), under: interaction, by: Self.ensemble(3, [40, 50][index], seed: 1),
                    parallelism: .serial)
            }
        }
    }
}
