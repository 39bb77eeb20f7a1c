import Network

/// What `apus benchmark` measured.
struct BenchmarkReport: Encodable {
    struct Share: Encodable {
        var name: String
        var microsecondsPerAtomStep: Double
    }

    var atoms: Int
    var edges: Int
    var threads: Int
    /// Bits that the program was built for.
    var simdWidth: Int
    var blas: String
    var precision: Potential.Precision
    var steps: Int
    /// Neighbour update, energy, forces and virial: the median of the steps.
    var microsecondsPerAtomStep: Double
    var fastestMicrosecondsPerAtomStep: Double
    /// What updating the Verlet list takes of a step.
    var neighborUpdateMicrosecondsPerAtom: Double
    /// Finding all neighbours anew.
    var neighborListMicrosecondsPerAtom: Double
    var flopsPerAtom: Double
    var flopsOfConvolutionsPerAtom: Double
    var flopsOfDerivativesPerAtom: Double
    var flopsOfLinearMapsPerAtom: Double
    var gflops: Double
    /// One thread's best rate of matrix products, times the threads.
    var sgemmGflops: Double
    var peakMemoryBytes: Int
    var profile: [Share]?
    /// A whole step of molecular dynamics.
    var microsecondsPerAtomDynamicsStep: Double?
    /// Loss, gradient and change of the weights with this structure as the batch.
    var microsecondsPerAtomTrainingStep: Double?
    /// Coordinates, velocities and forces into netCDF.
    var microsecondsPerAtomTrajectoryFrame: Double?
    var bytesPerAtomTrajectoryFrame: Double?

    var lines: [String] {
        func f(_ value: Double, _ digits: Int = 1) -> String { Written.fixed(value, digits) }
        let rows = [
            ["structure", "\(atoms) atoms, \(edges) edges (\(f(Double(edges) / Double(atoms))) per atom)"],
            [
                "machine",
                "\(Written.count(threads, "thread")), built for \(simdWidth)-bit SIMD, OpenBLAS for \(blas)",
            ],
            ["precision", precision.rawValue],
            [
                "step",
                "\(f(microsecondsPerAtomStep, 2)) µs/atom (median of \(steps); fastest \(f(fastestMicrosecondsPerAtomStep, 2)))",
            ],
            [
                "neighbours",
                "\(f(neighborUpdateMicrosecondsPerAtom, 2)) µs/atom of it; \(f(neighborListMicrosecondsPerAtom, 2)) µs/atom to find all anew",
            ],
            [
                "operations",
                "\(f(flopsPerAtom * 1e-6, 3)) MFLOP/atom (convolutions \(f(flopsOfConvolutionsPerAtom * 1e-6, 3)), their derivatives \(f(flopsOfDerivativesPerAtom * 1e-6, 3)), linear maps \(f(flopsOfLinearMapsPerAtom * 1e-6, 3)))",
            ],
            [
                "rate",
                "\(f(gflops)) GFLOP/s, \(f(100 * gflops / sgemmGflops, 0)) % of that of matrix products (sgemm \(f(sgemmGflops)) GFLOP/s)",
            ],
            [
                "memory",
                "\(Written.bytes(peakMemoryBytes)) at most, \(Written.bytes(peakMemoryBytes / atoms)) per atom",
            ],
        ]
        var lines = Terminal.table(rows + stages, leftAligned: [0, 1])
        if let profile {
            let total = profile.reduce(0) { $0 + $1.microsecondsPerAtomStep }
            let table =
                [["instruction", "µs/atom", "share"]]
                + profile.map {
                    [$0.name, f($0.microsecondsPerAtomStep, 3), "\(f(100 * $0.microsecondsPerAtomStep / total)) %"]
                }
            lines += [""] + Terminal.table(table)
        }
        return lines
    }

    private var stages: [[String]] {
        func f(_ value: Double, _ digits: Int = 2) -> String { Written.fixed(value, digits) }
        var rows: [[String]] = []
        if let time = microsecondsPerAtomDynamicsStep {
            rows.append(["dynamics", "\(f(time)) µs/atom for a whole step"])
        }
        if let time = microsecondsPerAtomTrainingStep {
            let ratio = f(time / microsecondsPerAtomStep, 1)
            rows.append([
                "training", "\(f(time)) µs/atom for a step with this structure as the batch, \(ratio) times as long",
            ])
        }
        if let time = microsecondsPerAtomTrajectoryFrame, let bytes = bytesPerAtomTrajectoryFrame {
            rows.append([
                "trajectory",
                "\(f(time, 3)) µs/atom for a frame of coordinates, velocities and forces, \(f(bytes, 0)) bytes/atom",
            ])
        }
        return rows
    }
}
