import Atoms
import InteractionTesting
import Neighbors
import Testing

@testable import Interactions

/// Sums of interactions of which one is a committee, and what a result keeps from an earlier one.
@Suite struct SumTests {
    /// Two members with energies 1 and 3 eV, whose forces differ by 0.5 eV/Å.
    private final class Committee: Interaction {
        var cutoff: Double { 3 }

        func check(elements: [Element]) {}

        func evaluate(_ configuration: Configuration, into result: inout InteractionResult) {
            result.reset(count: configuration.edges.atomCount, members: 2)
            result.energy = 2
            result.memberEnergies = [1, 3]
            result.deviation!.energy = 1
            for i in result.forces.indices { result.deviation!.forces[i] = 0.5 }
        }
    }

    private func dimer(under interaction: any Interaction, into result: inout InteractionResult) throws {
        let pair = Structure(
            elements: Array(repeating: Element("Ar")!, count: 2), positions: [.zero, SIMD3(0, 0, 2)], cell: nil)
        try interaction.evaluate(Configuration(pair, cutoff: interaction.cutoff), into: &result)
    }

    @Test(arguments: [true, false]) func aCommitteeMayBeAnyTerm(isFirst: Bool) throws {
        var (pair, sum) = (InteractionResult(), InteractionResult())
        let argon = try LennardJones.argon()
        try dimer(under: argon, into: &pair)
        let terms: [any Interaction] = isFirst ? [Committee(), argon] : [argon, Committee()]
        try dimer(under: SumOfInteractions(terms), into: &sum)
        #expect(pair.energy != 0 && sum.energy == 2 + pair.energy)
        #expect(sum.memberEnergies == [1 + pair.energy, 3 + pair.energy])
        #expect(sum.deviation?.energy == 1 && sum.deviation?.forces == [0.5, 0.5])
    }

    @Test func nothingOfACommitteeIsLeftForTheNextInteraction() throws {
        var result = InteractionResult()
        try dimer(under: Committee(), into: &result)
        try dimer(under: LennardJones.argon(), into: &result)
        #expect(result.deviation == nil && result.memberEnergies.isEmpty)
    }
}
