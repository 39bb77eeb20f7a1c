import Relaxation

/// What `apus neb` says of a path.
struct NEBReport: Encodable {
    /// Energies in eV, forces in eV/Å, lengths in Å.
    struct Image: Encodable {
        /// From 0, the first end.
        var image: Int
        var pathLength: Double
        var energy: Double
        /// Over the first end.
        var relativeEnergy: Double
        /// dE/ds along the path.
        var slope: Double
        var largestForce: Double
        var positions: [[Double]]?
    }

    var converged: Bool
    /// eV, from a cubic through energies and slopes; with --climb that of the climbing image.
    var barrierForwardEv: Double
    var barrierBackwardEv: Double
    var reactionEnergyEv: Double
    var highestImage: Int
    var climbingImage: Int?
    var iterations: Int
    /// Of structures, the ends and their relaxation included.
    var evaluations: Int
    var largestForce: Double
    /// eV, `[image]`
    var energiesEv: [Double]
    var images: [Image]

    init(_ band: RelaxedBand, evaluationsOfEnds: Int, isDetailed: Bool) {
        let energies = band.energies
        converged = band.isConverged
        barrierForwardEv = band.forwardBarrier
        barrierBackwardEv = band.backwardBarrier
        reactionEnergyEv = band.reactionEnergy
        highestImage = energies.indices.max { energies[$0] < energies[$1] } ?? 0
        climbingImage = band.climbing
        iterations = band.iterations
        evaluations = band.evaluations + evaluationsOfEnds
        largestForce = band.largestForce
        energiesEv = energies
        images = band.images.indices.map { index in
            Image(
                image: index, pathLength: band.lengths[index], energy: energies[index],
                relativeEnergy: energies[index] - energies[0], slope: band.slopes[index],
                largestForce: band.largestForces[index],
                positions: isDetailed ? band.images[index].positions.map(\.numbers) : nil)
        }
    }

    /// Images lower than both neighbours by more than rounding (0.5 meV).
    var minimaBetween: [Int] {
        energiesEv.indices.dropFirst().dropLast().filter {
            energiesEv[$0] < min(energiesEv[$0 - 1], energiesEv[$0 + 1]) - 5e-4
        }
    }

    func lines(writtenTo output: String) -> [String] {
        let table = RunningTable<Image>([
            .init(title: "image", width: 6) { "\($0.image)" },
            .init(title: "length", unit: "Å", width: 9) { Written.fixed($0.pathLength, 4) },
            .init(title: "energy", unit: "eV", width: 11) { Written.fixed($0.relativeEnergy, 5) },
            .init(title: "slope", unit: "eV/Å", width: 10) { Written.fixed($0.slope, 4) },
            .init(title: "max force", unit: "eV/Å", width: 10) { Written.scientific($0.largestForce) },
        ])
        let how = climbingImage.map { "image \($0), which has climbed" } ?? "a cubic between the images"
        return [""] + table.header + images.map(table.line) + [
            "",
            "\(converged ? "Converged" : "NOT converged") after \(Written.count(iterations, "iteration")), \(evaluations) evaluations",
            "barrier \(Written.fixed(barrierForwardEv, 4)) eV forward, \(Written.fixed(barrierBackwardEv, 4)) eV back, by \(how); the last structure lies \(Written.fixed(reactionEnergyEv, 4)) eV over the first",
            "path written to \(output)",
        ]
    }

    static var progressTable: RunningTable<BandProgress> {
        RunningTable([
            .init(title: "iteration", width: 9) { "\($0.iteration)" },
            .init(title: "max force", unit: "eV/Å", width: 10) { Written.scientific($0.largestForce) },
            .init(title: "highest", unit: "eV", width: 10) { Written.fixed($0.height, 5) },
        ])
    }

    /// The first ten iterations, and every tenth.
    static func isShown(_ iteration: Int) -> Bool { iteration <= 10 || iteration.isMultiple(of: 10) }
}
