import Atoms
import Compute
import Dynamics
import Foundation
import Interactions
import Models
import Neighbors
import Potentials
import Programs
import Training
import Trajectory

/// The stages, each with some number of threads.
extension Benchmark {
    typealias Stage = BenchmarkReport.Stage

    private func stage(
        _ name: Stage.Name, _ parallelism: Parallelism, seconds: [Double], atoms: Int, operations: Double? = nil,
        bytes: Int?, profile: [BenchmarkReport.Share]? = nil
    ) -> Stage {
        let perAtom = 1e6 / Double(atoms)
        return Stage(
            stage: name, threads: parallelism.threads, atoms: atoms, microsecondsPerAtom: seconds.median * perAtom,
            fastestMicrosecondsPerAtom: seconds.min()! * perAtom,
            gflops: operations.map { $0 / seconds.median * 1e-9 },
            bytesPerAtom: bytes.map { Double($0) / Double(atoms) }, profile: profile)
    }

    /// Neighbours found anew, the Verlet list brought up to date, energy with forces and virial. `counted` gets what
    /// they were measured on.
    func measureForces(
        _ parallelism: Parallelism, counted: inout (edges: Int, operations: OperationCount)
    ) throws -> [Stage] {
        let interaction = try potential.interaction(precision: precision, parallelism: parallelism)
        try interaction.check(elements: structure.elements)
        let evaluator = Evaluator(interaction, skin: skin, parallelism: parallelism)
        var result = InteractionResult()
        var (forces, updates, rebuilds) = ([Double](), [Double](), [Double]())
        let profiled = interaction as? any ProfiledInteraction
        // Two steps give every buffer its size and the processor its speed.
        for step in -2..<steps {
            if step == 0, isProfiling { profiled?.isProfiling = true }
            let positions = displaced(step: step + 2)
            let before = evaluator.clock
            try evaluator.evaluate(
                elements: structure.elements, positions: positions, cell: structure.cell, into: &result)
            guard step >= 0 else { continue }
            updates.append(evaluator.clock.neighbors - before.neighbors)
            forces.append(evaluator.clock.forces - before.forces)
        }
        var neighbors = evaluator.neighbors
        let edges = neighbors.edges.count
        for step in 0..<max(5, min(steps, 20)) {
            let positions = displaced(step: step)
            neighbors.invalidate()
            let watch = Stopwatch()
            try neighbors.update(positions: positions, cell: structure.cell)
            rebuilds.append(watch.seconds)
        }
        let operations = try Model(potential.configuration).operationCount(
            atoms: structure.count, edges: edges, members: potential.members.count)
        counted = (edges, operations)
        let atoms = structure.count
        return [
            stage(.neighbors, parallelism, seconds: rebuilds, atoms: atoms, bytes: neighbors.memoryBytes),
            stage(.neighborUpdate, parallelism, seconds: updates, atoms: atoms, bytes: neighbors.memoryBytes),
            stage(
                .forces, parallelism, seconds: forces, atoms: atoms, operations: operations.total,
                bytes: profiled?.memoryBytes, profile: profile(profiled?.profile ?? [], atoms: atoms)),
        ]
    }

    /// Velocity Verlet with guards, neighbours and forces, as `apus md` takes it. Steps so short that untrained models
    /// hold together.
    func measureDynamics(_ parallelism: Parallelism) throws -> Stage {
        let interaction = try potential.interaction(precision: precision, parallelism: parallelism)
        var guards = Guards()
        guards.highestTemperature = .kelvin(.greatestFiniteMagnitude)
        guards.minimumDistances = MinimumDistances()
        let simulation = try Simulation(
            of: structure, under: interaction, by: .velocityVerlet(timestep: .femtoseconds(0.001)), skin: skin,
            guards: guards, parallelism: parallelism)
        try simulation.drawVelocities(at: .kelvin(300), seed: 1)
        try simulation.advance(steps: 2)
        // A few steps at a time, so that the clock measures more than itself.
        let group = max(1, steps / 20)
        let seconds = try (0..<max(1, steps / group)).map { _ in
            let watch = Stopwatch()
            try simulation.advance(steps: group)
            return watch.seconds / Double(group)
        }
        return stage(.dynamics, parallelism, seconds: seconds, atoms: structure.count, bytes: nil)
    }

    /// Atoms above which a step of training would take gigabytes.
    private static let largestBatch = 5000

    /// The batch, with labels beside what the potential says, so that the optimiser has something to do. `nil` for a
    /// large one, and when the potential does not say how it was trained.
    func measureTraining(_ parallelism: Parallelism) throws -> Stage? {
        let atoms = batch.reduce(0) { $0 + $1.count }
        guard !potential.provenance.trainingConfiguration.isEmpty, atoms <= Self.largestBatch else { return nil }
        let evaluation = try Evaluation(of: potential, parallelism: parallelism)
        let pace = try potential.measureTraining(
            on: try Self.displacingLabels(of: evaluation.predict(batch)), steps: steps, isProfiling: isProfiling,
            parallelism: parallelism)
        return stage(
            .training, parallelism, seconds: pace.seconds, atoms: atoms, operations: pace.operations,
            bytes: pace.memoryBytes, profile: profile(pace.profile, atoms: atoms))
    }

    /// Errors of a training that has begun: normally distributed, 10 meV/atom in energies, 0.1 eV/Å in components of
    /// forces and 1 meV/Å³ (0.16 GPa) in those of stresses.
    private static let labelErrors = (energy: 0.01, forces: 0.1, stress: 0.001)

    /// Adds them; the same numbers for the same structures.
    private static func displacingLabels(of structures: [Structure]) -> [Structure] {
        let random = Philox(seed: 2)
        return structures.enumerated().map { number, structure in
            var structure = structure
            func normals(_ index: Int, _ stream: UInt32) -> SIMD4<Double> {
                random.normals(at: Philox.counter(step: number, index: index, stream: stream))
            }
            let atoms = Double(structure.count)
            structure.energy = structure.energy.map { $0 + labelErrors.energy * atoms * normals(0, 0).x }
            structure.forces = structure.forces?.enumerated().map { atom, force in
                let x = normals(atom, 1)
                return force + SIMD3(x.x, x.y, x.z) * labelErrors.forces
            }
            structure.stress = structure.stress.map { stress in
                let (x, y) = (normals(0, 2), normals(1, 2))
                let offset = Matrix3(
                    SIMD3(x.x, y.x, y.y), SIMD3(y.x, x.y, y.z), SIMD3(y.y, y.z, x.z))
                return stress + offset * labelErrors.stress
            }
            return structure
        }
    }

    /// Frames of coordinates, velocities and forces in single precision, handed to the operating system.
    func measureTrajectory(_ parallelism: Parallelism) throws -> Stage {
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
        let frames = min(steps, 100)
        let seconds = try (1...frames).map { step in
            let frame = Frame(structure: structure, step: step, time: Double(step))
            let watch = Stopwatch()
            try trajectory.append(frame)
            return watch.seconds
        }
        let bytes = (size() - first) / frames
        try trajectory.close()
        return stage(.trajectory, parallelism, seconds: seconds, atoms: structure.count, bytes: bytes)
    }
}
