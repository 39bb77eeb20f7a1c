import Atoms
import Foundation
import Interactions
import Neighbors

/// The image-dependent pair potential: for each image of a path a surface whose minimum has the distances of pairs that
/// lie between those at the ends,
///
///     S_k = Σ_{pairs} (d⁰_k − d)² / d⁴,   d⁰_k = d_start + (k/K) (d_end − d_start),
///
/// so that no atoms run through each other. Smidstrup, Pedersen, Stokbro and Jónsson, J. Chem. Phys. 140, 214106
/// (2014).
struct PairDistanceSurface {
    private struct Pair: Hashable {
        var i, j: Int
        var image: SIMD3<Int>
    }
    private struct Target {
        var i, j: Int
        /// Of the image of j, Å.
        var offset: SIMD3<Double>
        var start, end: Double
    }

    private let targets: [Target]
    private let last: Int

    /// Å; with d⁻⁴ farther pairs say little.
    private static let reach = 6.0
    /// 1/Å³, and iterations of a band that needs to be no better than a beginning.
    private static let tolerance = 2e-3, iterations = 300

    /// - Parameter images: from end to end, each atom near to where it was before.
    init(_ images: [Structure]) throws {
        last = images.count - 1
        let ends = (images[0], images[last])
        let cell = ends.0.cell
        let inverse = cell.map(\.vectors.inverse)
        var pairs: Set<Pair> = []
        var list: [Pair] = []
        // What is near on the straight way between the ends counts too.
        for structure in images {
            let edges = try EdgeList(
                positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(Self.reach),
                parallelism: .serial)
            for e in 0..<edges.count {
                let (i, j) = (Int(edges.receivers[e]), Int(edges.sources[e]))
                guard i <= j else { continue }
                let offset =
                    SIMD3(edges.x[e], edges.y[e], edges.z[e]) - structure.positions[j] + structure.positions[i]
                let image = inverse.map { SIMD3<Int>((offset * $0).rounded(.toNearestOrEven)) } ?? SIMD3(0, 0, 0)
                let pair = Pair(i: i, j: j, image: image)
                // An atom and its own images keep their distance.
                if i != j, pairs.insert(pair).inserted { list.append(pair) }
            }
        }
        targets = list.map { pair in
            let offset = cell.map { SIMD3<Double>(pair.image) * $0.vectors } ?? .zero
            func distance(_ structure: Structure) -> Double {
                norm(structure.positions[pair.j] - structure.positions[pair.i] + offset)
            }
            return Target(i: pair.i, j: pair.j, offset: offset, start: distance(ends.0), end: distance(ends.1))
        }
    }

    /// Energies and forces of the images between the ends.
    func evaluate(_ structures: [Structure]) -> [InteractionResult] {
        structures.enumerated().map { index, structure in
            let share = Double(index + 1) / Double(last)
            var result = InteractionResult()
            result.reset(count: structure.count)
            for target in targets {
                let d = structure.positions[target.j] - structure.positions[target.i] + target.offset
                let r = max(norm(d), 1e-3)
                let gap = target.start + share * (target.end - target.start) - r
                let weight = 1 / (r * r * r * r)
                result.energy += weight * gap * gap
                let slope = -2 * weight * gap * (1 + 2 * gap / r)
                let force = d * (slope / r)
                result.forces[target.i] += force
                result.forces[target.j] -= force
            }
            return result
        }
    }

    /// A band on this surface.
    func relaxed(_ images: [Structure], fixed: Set<Int>) throws -> [Structure] {
        var settings = BandSettings()
        settings.method = .fire
        settings.fixedAtoms = fixed
        settings.forceTolerance = Self.tolerance
        settings.maximumIterations = Self.iterations
        // The surface is some hundred times softer than bonds.
        settings.springConstant = 0.02
        var ends = [InteractionResult(), InteractionResult()]
        for k in 0...1 { ends[k].reset(count: images[0].count) }
        var band = ElasticBand(images, ends: (ends[0], ends[1]), settings: settings, turnsFreely: false)
        _ = try band.relax { evaluate($0) }
        return band.images
    }
}
