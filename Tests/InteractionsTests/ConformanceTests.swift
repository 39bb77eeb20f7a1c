import Atoms
import Compute
import InteractionTesting
import Interactions
import Testing

typealias Law = InteractionConformance.Law

@Suite struct ConformanceTests {
    @Test(arguments: Law.allCases) func lennardJones(obeys law: Law) throws {
        let interaction = try Samples.lennardJones()
        for structure in [Samples.crystal, Samples.smallCell, Samples.cluster] {
            let result = try InteractionConformance(of: interaction, on: structure).measure(law)
            #expect(result.holds, "\(result)")
        }
    }

    @Test(arguments: Law.allCases) func ziegler(obeys law: Law) throws {
        let interaction = try ZBL(cutoff: 4.3)
        for structure in [Samples.crystal, Samples.smallCell, Samples.cluster] {
            let result = try InteractionConformance(of: interaction, on: structure).measure(law)
            #expect(result.holds, "\(result)")
        }
    }

    /// Cutoffs of their own for pairs, and not the same for both edges of one.
    @Test(arguments: Law.allCases) func zieglerWithPairCutoffs(obeys law: Law) throws {
        let interaction = try ZBL(
            cutoff: 4.3,
            pairCutoffs: [
                Samples.sodium: [Samples.sodium: 3.1, Samples.chlorine: 4.1], Samples.chlorine: [Samples.sodium: 3.6],
            ])
        for structure in [Samples.crystal, Samples.smallCell, Samples.cluster] {
            let result = try InteractionConformance(of: interaction, on: structure).measure(law)
            #expect(result.holds, "\(result)")
        }
    }

    @Test(arguments: Law.allCases) func sum(obeys law: Law) throws {
        let interaction = try SumOfInteractions([ZBL(cutoff: 3.9), Samples.lennardJones()])
        let result = try InteractionConformance(of: interaction, on: Samples.crystal).measure(law)
        #expect(result.holds, "\(result)")
    }
}

enum Samples {
    static let (sodium, chlorine) = (RockSalt.sodium, RockSalt.chlorine)

    static func lennardJones(parallelism: Parallelism = .allCores) throws -> LennardJones {
        try LennardJones(
            [
                sodium: .init(epsilon: 0.02, sigma: 2.3),
                chlorine: .init(epsilon: 0.03, sigma: 2.6),
            ], cutoff: 5.1, onset: 3.7, parallelism: parallelism)
    }

    static let crystal = RockSalt.crystal(noise: 0.1)
    static let smallCell = RockSalt.smallCell
    static let cluster = Structure(elements: crystal.elements, positions: crystal.positions)
}
