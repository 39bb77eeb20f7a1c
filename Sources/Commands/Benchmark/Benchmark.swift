import Atoms
import Compute
import Foundation
import Interactions
import Potentials
import Programs

/// Measures a potential on a structure, stage by stage, as molecular dynamics and training call it.
struct Benchmark {
    let potential: Potential
    let structure: Structure
    /// What a step of training takes at once.
    let batch: [Structure]
    let precision: Potential.Precision
    let skin: Double
    let steps: Int
    let isProfiling: Bool

    /// Largest displacement from the start along each axis, Å: that of a crystal at some hundred kelvin.
    private static let amplitude = 0.05

    /// Everything, with one thread and with all that are given, or energies and forces alone with the latter.
    func run(measuresAll: Bool, parallelism: Parallelism) throws -> BenchmarkReport {
        let counts = measuresAll && parallelism.threads > 1 ? [1, parallelism.threads] : [parallelism.threads]
        let sgemm = counts.map { BenchmarkReport.Rate(threads: $0, gflops: MatrixProduct.rate(threads: $0)) }
        var stages: [BenchmarkReport.Stage] = []
        var counted = (edges: 0, operations: OperationCount())
        for (threads, sgemm) in zip(counts, sgemm) {
            let parallelism = Parallelism(threads: threads)
            var measured = try measureForces(parallelism, counted: &counted)
            if measuresAll {
                measured.append(try measureDynamics(parallelism))
                if let training = try measureTraining(parallelism) { measured.append(training) }
                measured.append(try measureTrajectory(parallelism))
            }
            for index in measured.indices {
                measured[index].fractionOfSgemm = measured[index].gflops.map { $0 / sgemm.gflops }
            }
            stages += measured
        }
        let (edges, operations) = counted
        let atoms = Double(structure.count)
        return BenchmarkReport(
            atoms: structure.count, edges: edges, simdWidth: BuildTarget.simdBits, blas: BLAS.kernels,
            precision: precision, steps: steps,
            flopsPerAtom: .init(
                convolutions: operations.convolution / atoms,
                convolutionDerivatives: operations.convolutionDerivatives / atoms,
                linearMaps: operations.linear / atoms, total: operations.total / atoms),
            sgemm: sgemm, stages: stages, peakMemoryBytes: ProcessMemory.peak)
    }

    func displaced(step: Int) -> [SIMD3<Double>] {
        let random = Philox(seed: 1)
        return structure.positions.enumerated().map { index, position in
            let x = random.uniforms(at: Philox.counter(step: step, index: index, stream: 0))
            return position + (SIMD3(x.x, x.y, x.z) * 2 - 1) * Self.amplitude
        }
    }

    /// Instructions of the same name together, the most expensive first; `nil` if there is no profile.
    func profile(_ seconds: [(name: String, seconds: Double)], atoms: Int) -> [BenchmarkReport.Share]? {
        var sums: [String: Double] = [:]
        for entry in seconds { sums[entry.name, default: 0] += entry.seconds }
        let scale = 1e6 / Double(steps * atoms)
        let shares = sums.filter { $0.value > 0 }.map {
            BenchmarkReport.Share(name: $0.key, microsecondsPerAtom: $0.value * scale)
        }
        return isProfiling
            ? shares.sorted { ($1.microsecondsPerAtom, $0.name) < ($0.microsecondsPerAtom, $1.name) } : nil
    }
}

/// Matrix products as a yardstick.
enum MatrixProduct {
    /// The best GFLOP/s over square matrices of single precision, every thread with its own at the same time.
    static func rate(threads: Int) -> Double {
        BLAS.prepare()
        var best = 0.0
        for size in [512, 768, 1024] {
            let operands = (0..<threads).map { _ in (0..<3).map { _ in AlignedBuffer<Float>(capacity: size * size) } }
            for buffer in operands.flatMap({ $0.prefix(2) }) {
                for i in 0..<size * size { buffer.pointer[i] = Float(i % 17) / 17 }
            }
            for _ in 0..<4 {
                let watch = Stopwatch()
                Parallelism(threads: threads).forEach(chunks: threads) { chunk, _ in
                    let (a, b, c) = (operands[chunk][0], operands[chunk][1], operands[chunk][2])
                    Float.multiply(
                        transposeA: false, m: size, n: size, k: size, alpha: 1, a: a.pointer, strideA: size,
                        b: b.pointer, strideB: size, beta: 0, c: c.pointer, strideC: size)
                }
                best = max(best, 2 * Double(threads * size * size * size) / watch.seconds * 1e-9)
            }
        }
        return best
    }
}

extension [Double] {
    var median: Double {
        let sorted = sorted()
        return sorted.count.isMultiple(of: 2) ? (sorted[count / 2 - 1] + sorted[count / 2]) / 2 : sorted[count / 2]
    }
}
