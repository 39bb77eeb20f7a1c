import Atoms
import Compute
import Files
import Interactions
import InteractionTesting
import Neighbors
import Testing

@testable import Layers
@testable import Models
@testable import Potentials

/// The laws of every interaction, obeyed by NequIP models of all kinds.
@Suite struct NetworkConformance {
    typealias Law = InteractionConformance.Law

    /// Radial functions are cubic splines, whose third derivatives jump at every knot. The jump is the spacing d times
    /// the fourth derivative, and a difference of step h across it errs by d·f⁗·h²: with h = 1e-5 Å and f⁗ below
    /// 1e3 eV/Å⁴ that is 1e-9, as is the rounding error ε·E/h. The bound of the suite, 10·precision·scale/h, is 1e-6
    /// of the forces.
    private func expect(_ law: Law, of interaction: any Interaction, on structure: Structure) throws {
        let result = try InteractionConformance(of: interaction, on: structure, precision: 1e-12, step: 1e-5).measure(
            law)
        #expect(result.holds, "\(result)")
    }

    @Test(arguments: ModelSample.all + ModelSample.variants, Law.allCases)
    func model(_ sample: ModelSample, obeys law: Law) throws {
        let interaction = try sample.potential().interaction(parallelism: .serial)
        for structure in [ModelSample.crystal, ModelSample.smallCell, ModelSample.cluster] {
            try expect(law, of: interaction, on: structure)
        }
    }

    @Test(arguments: Law.allCases) func modelWithPairPotential(obeys law: Law) throws {
        let interaction = try ModelSample.zbl.potential().interaction(parallelism: .serial)
        for structure in [ModelSample.crystal, ModelSample.smallCell] {
            try expect(law, of: interaction, on: structure)
        }
    }

    /// A model without parities tells a structure from its mirror image, and is turned with it all the same.
    @Test func handednessCountsWithoutParity() throws {
        let interaction = try ModelSample.withoutParity.potential().interaction(parallelism: .serial)
        let mirror = Matrix3(diagonal: SIMD3(1, -1, 1))
        let turn = Matrix3(SIMD3(0, 1, 0), SIMD3(-1, 0, 0), SIMD3(0, 0, 1))
        func energy(_ matrix: Matrix3) throws -> Double {
            var changed = ModelSample.cluster
            changed.positions = changed.positions.map { $0 * matrix }
            return try evaluate(changed, under: interaction).energy
        }
        let original = try evaluate(ModelSample.cluster, under: interaction).energy
        #expect(try abs(energy(turn) - original) < 1e-10)
        #expect(try abs(energy(mirror) - original) > 1e-10)
    }

    /// Mirrors are rotations and inversions together; here one is tried by itself, with both parities of features.
    @Test(arguments: ModelSample.all) func reflectionChangesNothing(_ sample: ModelSample) throws {
        let interaction = try sample.potential().interaction(parallelism: .serial)
        let mirror = Matrix3(diagonal: SIMD3(1, -1, 1))
        var mirrored = ModelSample.cluster
        mirrored.positions = mirrored.positions.map { $0 * mirror }
        let (a, b) = try (evaluate(ModelSample.cluster, under: interaction), evaluate(mirrored, under: interaction))
        let size = a.forces.reduce(1) { $0 + norm($1) }
        #expect(abs(a.energy - b.energy) < 1e-12 * size)
        for (f, g) in zip(a.forces, b.forces) { #expect(norm(f * mirror - g) < 1e-12 * size) }
    }

    @Test(arguments: ModelSample.all + [ModelSample.zbl])
    func anIsolatedAtomHasExactlyItsShift(_ sample: ModelSample) throws {
        for precision in Potential.Precision.allCases {
            let interaction = try sample.potential(precision).interaction(parallelism: .serial)
            for (type, element) in sample.configuration.elements.enumerated() {
                let result = try evaluate(
                    Structure(elements: [element], positions: [SIMD3(1, 2, 3)]), under: interaction)
                #expect(result.energy == sample.configuration.perTypeEnergyShifts[type])
                #expect(result.forces == [.zero] && result.virial == .zero)
            }
        }
    }

    /// Atoms beyond the cutoff of their pair of types do not see each other, though they are within r_max.
    @Test func pairsOfTypesHaveTheirOwnCutoffs() throws {
        let interaction = try ModelSample.all[7].potential().interaction(parallelism: .serial)
        func energy(_ a: String, _ b: String, _ r: Double) throws -> Double {
            let pair = Structure(elements: [Element(a)!, Element(b)!], positions: [.zero, SIMD3(r, 0, 0)])
            return try evaluate(pair, under: interaction).energy
        }
        let (sodium, chlorine) = (-3.25, 1.125)
        #expect(try energy("Na", "Na", 2.95) == 2 * sodium)
        #expect(try energy("Na", "Na", 2.8) != 2 * sodium)
        #expect(try energy("Cl", "Cl", 3.35) == 2 * chlorine)
        #expect(try energy("Cl", "Cl", 3.2) != 2 * chlorine)
        // Sodium receives from chlorine up to 4 Å, chlorine from sodium up to 3.7 Å.
        #expect(try energy("Na", "Cl", 3.9) != sodium + chlorine)
    }

    @Test func anUnknownElementIsNamed() throws {
        let interaction = try ModelSample.all[0].potential().interaction(parallelism: .serial)
        let error = #expect(throws: InteractionError.self) { try interaction.check(elements: [Element("Au")!]) }
        #expect(error?.code == .unknownElement)
        #expect(error?.message.contains("Au") == true && error?.message.contains("Na, Cl") == true)
    }

    /// A workspace that has seen a large system serves a small one with the same bits, and elements may change.
    @Test func earlierSystemsLeaveNoTrace() throws {
        let potential = try ModelSample.all[3].potential(.float32)
        let used = try potential.interaction(parallelism: .serial)
        _ = try evaluate(ModelSample.large, under: used)
        var swapped = ModelSample.crystal
        swapped.elements.reverse()
        for structure in [ModelSample.crystal, swapped, ModelSample.smallCell, ModelSample.cluster] {
            let fresh = try evaluate(structure, under: potential.interaction(parallelism: .serial))
            let again = try evaluate(structure, under: used)
            #expect(again.energy == fresh.energy && again.forces == fresh.forces && again.virial == fresh.virial)
        }
    }
}
