import Atoms
import Compute
import Foundation
import InteractionTesting
import Interactions
import Testing

@testable import Models
@testable import Potentials

/// The scalars behind the last layer, from which readouts make energies.
@Suite struct FeatureTests {
    /// Turning, moving and renumbering change no number; other positions do.
    @Test(arguments: ModelSample.all + ModelSample.variants)
    func featuresAreInvariant(_ sample: ModelSample) throws {
        let features = try AtomFeatures(sample.potential(), parallelism: .serial)
        let structure = ModelSample.cluster
        let rows = try features(structure)
        #expect(rows.count == structure.count && Set(rows.map(\.count)).count == 1 && rows[0].count > 0)
        let order = Array(structure.positions.indices.reversed())
        let (c, s) = (cos(0.7), sin(0.7))
        let turned = Structure(
            elements: order.map { structure.elements[$0] },
            positions: order.map {
                let r = structure.positions[$0]
                return SIMD3(c * r.x - s * r.y + 1.5, s * r.x + c * r.y, r.z - 0.25)
            })
        let size = rows.joined().map { abs($0) }.max()!
        for (row, index) in zip(try features(turned), order) {
            for (a, b) in zip(row, rows[index]) { #expect(abs(a - b) < 2e-4 * size) }
        }
        var moved = structure
        moved.positions[0] += SIMD3(0.2, 0, 0)
        #expect(zip(try features(moved)[0], rows[0]).contains { abs($0 - $1) > 1e-4 * size })
    }

    /// Without a perceptron the energy of an atom less its shift is a linear function of them, the same for all atoms
    /// of a type: a fit of as many numbers as there are channels leaves nothing of hundreds of atoms.
    @Test func energiesAreReadFromThem() throws {
        let sample = ModelSample.all[1]
        let potential = try sample.potential()
        let structure = ModelSample.large
        let rows = try AtomFeatures(potential, parallelism: .serial)(structure).map { $0.map(Double.init) }
        let evaluator = Evaluator(try potential.interaction(parallelism: .serial), parallelism: .serial)
        var result = InteractionResult()
        try evaluator.evaluate(
            elements: structure.elements, positions: structure.positions, cell: structure.cell, into: &result)
        let type = structure.elements[0]
        let shift = sample.configuration.perTypeEnergyShifts[0]
        let atoms = structure.elements.indices.filter { structure.elements[$0] == type }
        let width = rows[0].count
        var (products, target) = (
            [[Double]](repeating: [Double](repeating: 0, count: width), count: width),
            [Double](repeating: 0, count: width)
        )
        for atom in atoms {
            for i in 0..<width {
                for j in 0..<width { products[i][j] += rows[atom][i] * rows[atom][j] }
                target[i] += rows[atom][i] * (result.atomicEnergies[atom] - shift)
            }
        }
        for i in 0..<width {
            for k in 0..<width where k != i {
                let factor = products[k][i] / products[i][i]
                for j in 0..<width { products[k][j] -= factor * products[i][j] }
                target[k] -= factor * target[i]
            }
        }
        let weights = (0..<width).map { target[$0] / products[$0][$0] }
        let energies = atoms.map { result.atomicEnergies[$0] - shift }
        let spread = energies.max()! - energies.min()!
        #expect(spread > 1e-3)
        for (atom, energy) in zip(atoms, energies) {
            let read = zip(rows[atom], weights).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(read - energy) < 1e-3 * spread)
        }
    }
}
