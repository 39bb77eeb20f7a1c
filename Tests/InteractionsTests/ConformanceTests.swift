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
            // The third derivative of the energy jumps by 60 u/w³ at the ends of the switch, here by 0.2 eV/Å³, and a
            // five-point difference of forces across it errs by up to a sixth of that times h: 3e-7 eV/Å² with 1e-5 Å,
            // where rounding may make 10·ε·E/h, some 5e-6.
            let step = law == .hessianIsTheSlopeOfForces ? 1e-5 : nil
            let result = try InteractionConformance(of: interaction, on: structure, step: step).measure(law)
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
