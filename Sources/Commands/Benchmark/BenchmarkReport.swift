import Potentials

/// What `apus benchmark` measured.
struct BenchmarkReport: Encodable {
    struct Share: Encodable {
        var name: String
        var microsecondsPerAtom: Double
    }

    struct Rate: Encodable {
        var threads: Int
        var gflops: Double
    }

    /// Operations that energies, forces and virial need.
    struct Operations: Encodable {
        var convolutions: Double
        var convolutionDerivatives: Double
        var linearMaps: Double
        var total: Double
    }

    struct Stage: Encodable {
        enum Name: String, Encodable {
            case neighbors = "neighbours"
            case neighborUpdate = "neighbour update"
            case forces
            case dynamics
            case training
            case trajectory

            /// What the stage is.
            var explanation: String {
                switch self {
                case .neighbors: "all neighbours found anew"
                case .neighborUpdate: "the Verlet list after a small move"
                case .forces: "energy, forces and virial for given neighbours"
                case .dynamics: "a whole step of molecular dynamics"
                case .training: "loss, gradient and change of the weights"
                case .trajectory: "a frame of coordinates, velocities and forces into netCDF"
                }
            }
        }

        var stage: Name
        var threads: Int
        /// In the structure, or in the batch.
        var atoms: Int
        /// The median of the steps.
        var microsecondsPerAtom: Double
        var fastestMicrosecondsPerAtom: Double
        var gflops: Double?
        /// Of matrix products on as many threads.
        var fractionOfSgemm: Double?
        /// Of memory, or of the file.
        var bytesPerAtom: Double?
        var profile: [Share]?
    }

    var atoms: Int
    var edges: Int
    /// Bits that the program was built for.
    var simdWidth: Int
    var blas: String
    var precision: Potential.Precision
    var steps: Int
    var flopsPerAtom: Operations
    /// The best rate of matrix products, every thread with its own at the same time.
    var sgemm: [Rate]
    var stages: [Stage]
    var peakMemoryBytes: Int

    var lines: [String] {
        let flops = flopsPerAtom
        func mega(_ operations: Double) -> String { Written.fixed(operations * 1e-6, 3) }
        let rows = [
            [
                "structure",
                "\(atoms) atoms, \(edges) edges (\(Written.fixed(Double(edges) / Double(atoms), 1)) per atom)",
            ],
            ["machine", "built for \(simdWidth)-bit SIMD, OpenBLAS for \(blas)"],
            [
                "sgemm",
                sgemm.map { "\(Written.fixed($0.gflops, 1)) GFLOP/s on \(Written.count($0.threads, "thread"))" }
                    .joined(separator: ", "),
            ],
            ["precision", precision.rawValue],
            [
                "operations",
                "\(mega(flops.total)) MFLOP/atom for forces (convolutions \(mega(flops.convolutions)), their derivatives \(mega(flops.convolutionDerivatives)), linear maps \(mega(flops.linearMaps)))",
            ],
            [
                "memory",
                "\(Written.bytes(peakMemoryBytes)) at most, \(Written.bytes(peakMemoryBytes / atoms)) per atom",
            ],
        ]
        var lines = Terminal.table(rows, leftAligned: [0, 1]) + [""] + table
        for stage in stages {
            guard let profile = stage.profile else { continue }
            let total = profile.reduce(0) { $0 + $1.microsecondsPerAtom }
            lines += ["", "\(stage.stage.rawValue), \(Written.count(stage.threads, "thread"))"]
            lines += Terminal.table(
                [["instruction", "µs/atom", "share"]]
                    + profile.map {
                        [
                            $0.name, Written.fixed($0.microsecondsPerAtom, 3),
                            "\(Written.fixed(100 * $0.microsecondsPerAtom / total, 0)) %",
                        ]
                    })
        }
        return lines
    }

    private var table: [String] {
        func f(_ value: Double?, _ digits: Int) -> String { value.map { Written.fixed($0, digits) } ?? "" }
        let rows = stages.map { stage in
            [
                stage.stage.rawValue, "\(stage.threads)", f(stage.microsecondsPerAtom, 3),
                f(stage.fastestMicrosecondsPerAtom, 3), f(stage.gflops, 1),
                stage.fractionOfSgemm.map { "\(Written.fixed(100 * $0, 0)) %" } ?? "", f(stage.bytesPerAtom, 0),
                stage.stage.explanation,
            ]
        }
        let header = ["stage", "threads", "µs/atom", "fastest", "GFLOP/s", "of sgemm", "bytes/atom", ""]
        return Terminal.table([header] + rows, leftAligned: [0, 7])
    }
}
