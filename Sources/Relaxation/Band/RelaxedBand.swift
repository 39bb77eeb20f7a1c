import Atoms
import Interactions

/// What became of a path.
public struct RelaxedBand: Sendable {
    /// From end to end, with energies and forces.
    public let images: [Structure]
    public let isConverged: Bool
    public let iterations: Int
    /// Of structures, the ends included.
    public let evaluations: Int
    /// `[image]` — the longest force of the band on an atom, eV/Å; at the ends of the forces themselves.
    public let largestForces: [Double]
    /// `[image]` — of the path up to there, Å.
    public let lengths: [Double]
    /// `[image]` — the slope of the energy along the path, eV/Å.
    public let slopes: [Double]
    /// From 0.
    public let climbing: Int?

    init(_ band: ElasticBand, _ outcome: ElasticBand.Outcome, evaluations: Int) {
        images = zip(band.images, band.results).map { image, result in
            var structure = image
            structure.energy = result.energy
            structure.forces = result.forces
            structure.stress =
                image.cell?.isFullyPeriodic == true ? image.cell?.stress(ofVirial: result.virial) : nil
            structure.deviation = result.deviation
            return structure
        }
        isConverged = outcome.isConverged
        iterations = outcome.iterations
        self.evaluations = evaluations
        let fixed = band.settings.fixedAtoms
        let ends = [0, band.images.count - 1].map { end in
            band.results[end].forces.enumerated().filter { !fixed.contains($0.offset) }.map { norm($0.element) }.max()
                ?? 0
        }
        largestForces = [ends[0]] + band.largestForces + [ends[1]]
        lengths = band.lengths
        slopes = band.images.indices.map(band.slope)
        climbing = band.climbing
    }

    /// Of the images between the ends, eV/Å.
    public var largestForce: Double { largestForces.dropFirst().dropLast().max() ?? 0 }
    public var energies: [Double] { images.map { $0.energy ?? 0 } }
    /// The energy of the last image over the first, eV.
    public var reactionEnergy: Double { energies[energies.count - 1] - energies[0] }

    /// The highest place on the path by a cubic between every two images, through energies and slopes: energy over the
    /// first image in eV, and length in Å.
    public var summit: (height: Double, length: Double) {
        var best = (height: -Double.infinity, length: 0.0)
        for (image, energy) in energies.enumerated() where energy - energies[0] > best.height {
            best = (energy - energies[0], lengths[image])
        }
        for image in 1..<energies.count {
            let width = lengths[image] - lengths[image - 1]
            let (a, b) = (energies[image - 1] - energies[0], energies[image] - energies[0])
            let (m, n) = (slopes[image - 1] * width, slopes[image] * width)
            // a + m t + (3 (b − a) − 2m − n) t² + (m + n − 2 (b − a)) t³
            let (c2, c3) = (3 * (b - a) - 2 * m - n, m + n - 2 * (b - a))
            let discriminant = c2 * c2 - 3 * c3 * m
            guard discriminant >= 0 else { continue }
            let root = discriminant.squareRoot()
            // Both roots without cancellation.
            let q = -(c2 + (c2 < 0 ? -root : root))
            for t in [q / (3 * c3), m / q] where t > 0 && t < 1 {
                let height = a + t * (m + t * (c2 + t * c3))
                if height > best.height { best = (height, lengths[image - 1] + t * width) }
            }
        }
        return best
    }

    /// eV
    public var forwardBarrier: Double { summit.height }
    public var backwardBarrier: Double { summit.height - reactionEnergy }
}
