import Atoms
import Compute
import Foundation
import Interactions
import Neighbors
import Network

/// Measures a potential on a structure, step by step, as molecular dynamics calls it.
struct Benchmark {
    let potential: Potential
    let structure: Structure
    private let precision: Potential.Precision
    let skin: Double
    let parallelism: Parallelism
    let interaction: any Interaction

    /// Largest displacement from the start along each axis, Å: that of a crystal at some hundred kelvin.
    private static let amplitude = 0.05

    init(
        _ potential: Potential, _ structure: Structure, precision: Potential.Precision, skin: Double,
        parallelism: Parallelism
    ) throws {
        self.potential = potential
        self.structure = structure
        self.precision = precision
        self.skin = skin
        self.parallelism = parallelism
        interaction = try potential.interaction(precision: precision, parallelism: parallelism)
        try interaction.check(elements: structure.elements)
    }

    func run(steps: Int, isProfiling: Bool, measuresStages: Bool) throws -> BenchmarkReport {
        var neighbors = VerletList(cutoffs: Cutoffs(interaction.cutoff), skin: skin, parallelism: parallelism)
        var result = InteractionResult()
        var (whole, updates, rebuilds) = ([Double](), [Double](), [Double]())
        let profiled = interaction.profiled
        // Two steps give every buffer its size and the processor its speed.
        for step in -2..<steps {
            if step == 0, isProfiling { profiled?.isProfiling = true }
            let positions = displaced(step: step + 2)
            let watch = Stopwatch()
            try neighbors.update(positions: positions, cell: structure.cell)
            let updated = watch.seconds
            try interaction.evaluate(elements: structure.elements, edges: neighbors.edges, into: &result)
            let end = watch.seconds
            guard step >= 0 else { continue }
            whole.append(end)
            updates.append(updated)
        }
        profiled?.isProfiling = false
        let edges = neighbors.edges.count
        for step in 0..<max(5, min(steps, 20)) {
            let positions = displaced(step: step)
            neighbors.invalidate()
            let watch = Stopwatch()
            try neighbors.update(positions: positions, cell: structure.cell)
            rebuilds.append(watch.seconds)
        }
        let memory = Self.peakMemory
        let operations = try NequIPModel(potential.configuration).operationCount(atoms: structure.count, edges: edges)
        let perAtom = 1e6 / Double(structure.count)
        let flops = operations.total / Double(structure.count)
        var report = BenchmarkReport(
            atoms: structure.count, edges: edges, threads: parallelism.threads, simdWidth: BuildTarget.simdBits,
            blas: BLAS.kernels, precision: precision, steps: steps,
            microsecondsPerAtomStep: whole.median * perAtom, fastestMicrosecondsPerAtomStep: whole.min()! * perAtom,
            neighborUpdateMicrosecondsPerAtom: updates.median * perAtom,
            neighborListMicrosecondsPerAtom: rebuilds.median * perAtom,
            flopsPerAtom: flops, flopsOfConvolutionsPerAtom: operations.convolution / Double(structure.count),
            flopsOfDerivativesPerAtom: operations.convolutionDerivatives / Double(structure.count),
            flopsOfLinearMapsPerAtom: operations.linear / Double(structure.count),
            gflops: operations.total / whole.median * 1e-9,
            sgemmGflops: MatrixProduct.rate() * Double(parallelism.threads), peakMemoryBytes: memory,
            profile: isProfiling ? profile(profiled?.profile ?? [], steps: steps) : nil)
        if measuresStages {
            report.microsecondsPerAtomDynamicsStep = try measureDynamics(steps: steps)
            report.microsecondsPerAtomTrainingStep = try measureTraining(steps: min(steps, 10))
            let frames = try measureTrajectory(frames: steps)
            report.microsecondsPerAtomTrajectoryFrame = frames.microsecondsPerAtom
            report.bytesPerAtomTrajectoryFrame = frames.bytesPerAtom
        }
        return report
    }

    func displaced(step: Int) -> [SIMD3<Double>] {
        let random = Philox(seed: 1)
        return structure.positions.enumerated().map { index, position in
            let x = random.uniforms(at: Philox.counter(step: step, index: index, stream: 0))
            return position + (SIMD3(x.x, x.y, x.z) * 2 - 1) * Self.amplitude
        }
    }

    /// Instructions of the same name together, the most expensive first.
    private func profile(_ seconds: [(name: String, seconds: Double)], steps: Int) -> [BenchmarkReport.Share] {
        var sums: [String: Double] = [:]
        for entry in seconds { sums[entry.name, default: 0] += entry.seconds }
        let scale = 1e6 / Double(steps * structure.count)
        return sums.filter { $0.value > 0 }.map { .init(name: $0.key, microsecondsPerAtomStep: $0.value * scale) }
            .sorted { ($1.microsecondsPerAtomStep, $0.name) < ($0.microsecondsPerAtomStep, $1.name) }
    }

    private static var peakMemory: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}

/// Matrix products as a yardstick.
enum MatrixProduct {
    /// The best GFLOP/s of one thread over square matrices of single precision.
    static func rate() -> Double {
        BLAS.prepare()
        var best = 0.0
        for size in [512, 768, 1024] {
            let buffers = (0..<3).map { _ in AlignedBuffer<Float>(capacity: size * size) }
            for buffer in buffers.prefix(2) {
                for i in 0..<size * size { buffer.pointer[i] = Float(i % 17) / 17 }
            }
            for _ in 0..<4 {
                let watch = Stopwatch()
                Float.multiply(
                    transposeA: false, m: size, n: size, k: size, alpha: 1, a: buffers[0].pointer,
                    strideA: size, b: buffers[1].pointer, strideB: size, beta: 0, c: buffers[2].pointer, strideC: size
                )
                best = max(best, 2 * Double(size * size * size) / watch.seconds * 1e-9)
            }
        }
        return best
    }
}

/// An interaction that can tell where its time goes.
protocol ProfiledInteraction: AnyObject {
    var isProfiling: Bool { get set }
    var profile: [(name: String, seconds: Double)] { get }
}

extension NetworkInteraction: ProfiledInteraction {}

extension Interaction {
    fileprivate var profiled: (any ProfiledInteraction)? {
        if let sum = self as? SumOfInteractions {
            return sum.terms.lazy.compactMap { $0 as? any ProfiledInteraction }.first
        }
        return self as? any ProfiledInteraction
    }
}

extension [Double] {
    var median: Double {
        let sorted = sorted()
        return sorted.count.isMultiple(of: 2) ? (sorted[count / 2 - 1] + sorted[count / 2]) / 2 : sorted[count / 2]
    }
}
