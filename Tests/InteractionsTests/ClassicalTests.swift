import Atoms
import Foundation
import InteractionTesting
import Interactions
import Neighbors
import Testing

/// Lennard-Jones' tails, Stillinger and Weber's silicon, and charges in periodic cells.
@Suite struct ClassicalTests {
    private static let silicon = Element("Si")!

    /// The samples as silicon at 2.4 Å and more.
    private static let silicons: [Structure] = [Samples.crystal, Samples.smallCell, Samples.cluster].map { sample in
        let scale = 0.9
        var structure = Structure(
            elements: Array(repeating: silicon, count: sample.count), positions: sample.positions.map { $0 * scale })
        structure.cell = sample.cell
        structure.cell?.vectors = sample.cell!.vectors * scale
        return structure
    }

    /// e^{σ/(r − aσ)} varies over less than the 0.3 Å of the differences' step near the cutoff.
    @Test(arguments: Law.allCases) func stillingerWeber(obeys law: Law) throws {
        let interaction = try StillingerWeber()
        for structure in Self.silicons {
            let result = try InteractionConformance(of: interaction, on: structure, step: 2e-4).measure(law)
            #expect(result.holds, "\(result)")
        }
    }

    /// Forces end with a step or a kink, which is what these tails are; no pair of the samples is at this cutoff.
    @Test(arguments: Law.allCases, [LennardJones.Tail.shifted, .forceShifted])
    func lennardJones(obeys law: Law, tail: LennardJones.Tail) throws {
        guard law != .forcesEndSmoothlyAtTheCutoff else { return }
        let interaction = try LennardJones(
            [Samples.sodium: .init(epsilon: 0.02, sigma: 2.3), Samples.chlorine: .init(epsilon: 0.03, sigma: 2.6)],
            cutoff: 4.83, tail: tail)
        for structure in [Samples.crystal, Samples.smallCell, Samples.cluster] {
            let result = try InteractionConformance(of: interaction, on: structure, step: 3e-4).measure(law)
            #expect(result.holds, "\(result)")
        }
    }

    /// But for laws that put atoms into free space. The sums leave out 10⁻¹² of what is near.
    @Test(arguments: Law.allCases) func ewald(obeys law: Law) throws {
        let inFreeSpace: [Law] = [
            .anIsolatedAtomFeelsNothing, .forcesEndSmoothlyAtTheCutoff, .noAtomsHaveNoEnergy, .resultsAreReproducible,
            .structuresTogetherAreAsAlone,
        ]
        guard !inFreeSpace.contains(law) else { return }
        let interaction = try Ewald(charges: [Samples.sodium: 1, Samples.chlorine: -1], cutoff: 5, accuracy: 1e-13)
        for structure in [Samples.crystal, Samples.smallCell] {
            let result = try InteractionConformance(of: interaction, on: structure, precision: 1e-11).measure(law)
            #expect(result.holds, "\(result)")
        }
    }

    /// Madelung's constant of rock salt, 1.747564594633182 for the nearest distance.
    @Test func rockSaltHasMadelungsConstant() throws {
        let a = 5.64
        let places = (0..<8).map { SIMD3(Double($0 & 1), Double($0 >> 1 & 1), Double($0 >> 2)) * (a / 2) }
        let salt = Structure(
            elements: (0..<8).map { $0.nonzeroBitCount % 2 == 0 ? Samples.sodium : Samples.chlorine },
            positions: places,
            cell: Cell(Matrix3(diagonal: SIMD3(repeating: a))))
        let expected = -1.747564594633182 * Ewald.coulomb / (a / 2)
        for cutoff in [4.0, 7.0] {
            let interaction = try Ewald(
                charges: [Samples.sodium: 1, Samples.chlorine: -1], cutoff: cutoff, accuracy: 1e-13)
            let result = try evaluate(salt, under: interaction)
            #expect(abs(result.energy / 4 - expected) < 1e-11 * abs(expected), "\(result.energy / 4), \(expected)")
            // E ∝ V^{−1/3}: tr W = −3 V dE/dV = E.
            #expect(abs(result.virial.trace - result.energy) < 1e-10 * abs(expected))
        }
    }

    /// The cutoff divides the work, not the result: of 10⁻⁸ of a pair's energy an error is left at most.
    @Test func theCutoffOfEwaldsSumDoesNotMatter() throws {
        let results = try [4.0, 5, 7].map {
            try evaluate(
                Samples.crystal,
                under: Ewald(charges: [Samples.sodium: 1, Samples.chlorine: -1], cutoff: $0, accuracy: 1e-9))
        }
        for result in results.dropFirst() {
            #expect(abs(result.energy - results[0].energy) < 1e-7)
            for (a, b) in zip(result.forces, results[0].forces) { #expect(norm(a - b) < 1e-6) }
        }
    }

    @Test func nonsenseIsRefused() throws {
        #expect(throws: InteractionError.self) { try Ewald(charges: [:], cutoff: 5) }
        #expect(throws: InteractionError.self) { try Ewald(charges: [Samples.sodium: 1], cutoff: -1) }
        #expect(throws: InteractionError.self) { try StillingerWeber(parameters: .init(epsilon: -1, sigma: 2)) }
        let charged = try Ewald(charges: [Samples.sodium: 1, Samples.chlorine: -2], cutoff: 5)
        #expect(throws: InteractionError.self) { try charged.check(elements: [Samples.sodium, Samples.chlorine]) }
        let neutral = try Ewald(charges: [Samples.sodium: 1, Samples.chlorine: -1], cutoff: 5)
        #expect(throws: InteractionError.self) { try evaluate(Samples.cluster, under: neutral) }
    }

    /// Diamond silicon: −2ε an atom at its lattice constant, 5.431 Å; Stillinger and Weber (1985), section II.
    @Test func siliconHasTwoWellsAnAtom() throws {
        let a = 2.0951 * pow(2, 1.0 / 6) * 4 / 3.0.squareRoot()
        let fcc = [SIMD3(0.0, 0, 0), SIMD3(0, 0.5, 0.5), SIMD3(0.5, 0, 0.5), SIMD3(0.5, 0.5, 0)]
        let crystal = Structure(
            elements: Array(repeating: Self.silicon, count: 8),
            positions: (fcc + fcc.map { $0 + 0.25 }).map { $0 * a },
            cell: Cell(Matrix3(diagonal: SIMD3(repeating: a))))
        let result = try evaluate(crystal, under: StillingerWeber())
        #expect(abs(result.energy / 8 + 2 * 2.1683) < 1e-6, "\(result.energy / 8)")
        #expect(abs(result.virial.trace) < 1e-4)
    }
}
