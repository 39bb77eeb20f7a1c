import Atoms
import Compute
import Files
import Foundation
import Layers
import Models
import Neighbors
import Potentials
import Settings
import StructureFiles
import TestSupport

@testable import DataSets
@testable import Training

extension TemporaryFolder {
    /// Writes structures with their labels and returns the file's path.
    func write(_ structures: [Structure], to name: String = "data.xyz") throws -> String {
        let writer = try ExtendedXYZWriter(path: file(name), mode: .replacing)
        for structure in structures { try writer.write(structure) }
        try writer.close()
        return file(name)
    }
}

enum Samples {
    static let (hydrogen, carbon, silicon) = (Element("H")!, Element("C")!, Element("Si")!)

    /// Standard normal numbers, the same for the same seed.
    struct Noise {
        private let random: Philox
        private var index = 0

        init(_ seed: UInt64) { random = Philox(seed: seed) }

        mutating func next() -> Double {
            defer { index += 1 }
            return random.normals(at: Philox.counter(step: 0, index: index, stream: 7)).x
        }

        mutating func vector(_ size: Double) -> SIMD3<Double> { SIMD3(next(), next(), next()) * size }
    }

    /// A triclinic cell of two species that is smaller than a cutoff of 3.4 Å in every direction.
    static let crystal = Structure(
        elements: [carbon, hydrogen, carbon],
        positions: [SIMD3(0.1, 0, 0.05), SIMD3(1.3, 1.1, 0.2), SIMD3(0.4, 1.5, 1.6)],
        cell: Cell(Matrix3(SIMD3(2.8, 0.3, 0), SIMD3(0.4, 2.9, 0.2), SIMD3(-0.5, 0.1, 3.1))))
    static let molecule = Structure(
        elements: [carbon, hydrogen, hydrogen, carbon, hydrogen],
        positions: [
            SIMD3(0, 0, 0), SIMD3(0.9, 0.4, 0.3), SIMD3(-0.8, 0.5, -0.4), SIMD3(0.1, -1.4, 0.5),
            SIMD3(1.1, -1.6, 1.9),
        ])
    static let atom = Structure(elements: [hydrogen], positions: [SIMD3(3, 4, 5)])

    /// `structure` with random labels of the size of 1: any numbers will do for a derivative.
    static func labelled(
        _ structure: Structure, energy: Bool = true, forces: Bool = true, stress: Bool = true, seed: UInt64 = 1
    ) -> Structure {
        var noise = Noise(seed)
        var structure = structure
        if energy { structure.energy = noise.next() }
        if forces { structure.forces = structure.positions.map { _ in noise.vector(0.5) } }
        if stress, structure.cell != nil {
            let a = Matrix3(noise.vector(0.02), noise.vector(0.02), noise.vector(0.02))
            structure.stress = a + a.transposed
        }
        return structure
    }

    /// Diamond with `cells`³ × 8 atoms, displaced by `noise` (Å), with the energy, forces and stress of springs along
    /// its bonds, `E = Σ k/2 (r − r₀)²`.
    static func diamond(cells: Int, noise size: Double, seed: UInt64) throws -> Structure {
        let a = 5.43
        let sites: [SIMD3<Double>] = [SIMD3(0, 0, 0), SIMD3(0, 0.5, 0.5), SIMD3(0.5, 0, 0.5), SIMD3(0.5, 0.5, 0)]
        let unit = Structure(
            elements: Array(repeating: silicon, count: 8),
            positions: (sites + sites.map { $0 + SIMD3(repeating: 0.25) }).map { $0 * a },
            cell: Cell(Matrix3(diagonal: SIMD3(repeating: a))))
        let structure = unit.repeated(cells, cells, cells)
        var noise = Noise(seed)
        return try relabelled(structure.positions.map { $0 + noise.vector(size) }, structure.cell!)
    }

    /// Silicon at these places with the energy, forces and stress of springs along its bonds, `E = Σ k/2 (r − r₀)²`.
    static func relabelled(_ positions: [SIMD3<Double>], _ cell: Cell) throws -> Structure {
        let a = 5.43
        var structure = Structure(
            elements: Array(repeating: silicon, count: positions.count), positions: positions, cell: cell)
        // Half way between the first shell of neighbours (2.35 Å) and the second (3.84 Å).
        let bonds = try EdgeList(positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(3.1))
        let (stiffness, length) = (8.0, a * 3.0.squareRoot() / 4)
        var (energy, virial) = (-5.4 * Double(structure.count), Matrix3.zero)
        var forces = [SIMD3<Double>](repeating: .zero, count: structure.count)
        // Every bond stands in the list twice.
        for edge in 0..<bonds.count {
            let r = SIMD3(bonds.x[edge], bonds.y[edge], bonds.z[edge])
            let stretch = norm(r) - length
            energy += stiffness / 4 * stretch * stretch
            forces[Int(bonds.receivers[edge])] += r * (stiffness * stretch / norm(r))
            virial = virial - Matrix3.outer(r, r) * (stiffness / 2 * stretch / norm(r))
        }
        (structure.energy, structure.forces) = (energy, forces)
        structure.stress = virial * (-1 / structure.cell!.volume)
        return structure
    }

    /// The settings of a small model, with `training` in place of or beside the defaults (YAML in braces).
    static func settings(
        data: String = "data.xyz", validation: String = "0.25", model: String = "", training: String = "",
        output: String = "run"
    ) throws -> TrainingSettings {
        try TrainingSettings(
            Settings(
                text: """
                    data: {train: "\(data)", validation: \(validation)}
                    model: {r_max: 3.4, num_layers: 2, l_max: 1, num_features: 4, radial_mlp_width: 8, spline_intervals: 32\(model.isEmpty ? "" : ", " + model)}
                    training: {\(training)}
                    output: "\(output)"
                    """, named: "train.yaml"))
    }

    /// A trainer of a model on structures, without a validation set.
    static func trainer<T>(
        _ type: T.Type, _ configuration: ModelConfiguration, on structures: [Structure], training: String,
        parallelism: Parallelism = .serial
    ) throws -> Trainer<T> {
        let data = try DataSet(structures, for: configuration, parallelism: .serial)
        let empty = try DataSet([], for: configuration, parallelism: .serial)
        let (settings, model) = (try settings(training: training), try Model(configuration))
        return Trainer(
            settings, model, ParameterSet(model.parameters, seed: settings.seed), seed: settings.seed,
            training: data, validation: empty, parallelism: parallelism)
    }
}

extension DataSet {
    /// All of it as one batch.
    func batch() throws -> Batch { Batch(try items(0..<count, .serial)) }
}

extension TrainingRun {
    convenience init(_ settings: TrainingSettings, parallelism: Parallelism) throws {
        try self.init(TrainingPreparation(settings, parallelism: parallelism), parallelism: parallelism)
    }

    /// A trainer as `run` makes it.
    func trainer<T>(_ type: T.Type) -> Trainer<T> {
        Trainer(
            settings, model, preparation.firstWeights(seed: settings.seed), frozen: frozen, seed: settings.seed,
            training: training, replay: preparation.replay, validation: validation, parallelism: .serial)
    }
}
