import Atoms
import Compute
import Dynamics
import Foundation
import Network
import Training
import Trajectory

/// What else takes time: whole steps of molecular dynamics, training, trajectories.
extension Benchmark {
    /// Velocity Verlet with guards, neighbours and forces, as `apus md` takes it. Steps so short that untrained models
    /// hold together.
    func measureDynamics(steps: Int) throws -> Double {
        var guards = Guards()
        guards.highestTemperature = .kelvin(.greatestFiniteMagnitude)
        let simulation = try Simulation(
            of: structure, under: interaction, by: .velocityVerlet(timestep: .femtoseconds(0.1)), skin: skin,
            guards: guards, parallelism: parallelism)
        simulation.drawVelocities(at: .kelvin(300), seed: 1)
        try simulation.advance(steps: 2)
        simulation.resetStatistics()
        try simulation.advance(steps: steps)
        return simulation.pace.microsecondsPerAtomAndStep
    }

    /// Atoms above which a step of training would take gigabytes.
    private static let largestBatch = 5000

    /// The displaced structure as a batch, labelled by the potential itself. `nil` for a large structure, and when the
    /// potential does not say how it was trained.
    func measureTraining(steps: Int) throws -> Double? {
        guard !potential.provenance.trainingConfiguration.isEmpty, structure.count <= Self.largestBatch else {
            return nil
        }
        var batch = structure
        batch.positions = displaced(step: 0)
        let labelled = try Evaluation(of: potential, parallelism: parallelism).predict(batch)
        let seconds = try potential.measureTraining(on: [labelled], steps: steps, parallelism: parallelism)
        return seconds.median * 1e6 / Double(structure.count)
    }

    /// A frame of coordinates, velocities and forces in single precision, handed to the operating system.
    func measureTrajectory(frames: Int) throws -> (microsecondsPerAtom: Double, bytesPerAtom: Double) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("benchmark.nc").path
        var structure = structure
        structure.velocities = structure.positions
        structure.forces = structure.positions
        let trajectory = try NetCDFTrajectory(path)
        func size() -> Int { (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0 }
        try trajectory.append(Frame(structure: structure, step: 0, time: 0))
        let first = size()
        var seconds: [Double] = []
        for step in 1...frames {
            let frame = Frame(structure: structure, step: step, time: Double(step))
            let watch = Stopwatch()
            try trajectory.append(frame)
            seconds.append(watch.seconds)
        }
        let bytes = Double(size() - first) / Double(frames * structure.count)
        try trajectory.close()
        return (seconds.median * 1e6 / Double(structure.count), bytes)
    }
}
