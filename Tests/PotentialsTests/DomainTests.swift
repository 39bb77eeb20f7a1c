import Atoms
import Files
import Interactions
import InteractionTesting
import Neighbors
import Testing

@testable import Layers
@testable import Models
@testable import Potentials

/// A structure that is distributed over processes gives the same energies, forces and virials as the whole.
@Suite struct DomainTests {
    /// Rounding of sums in another order.
    private static let precision = 1e-12

    private func compare(_ sample: ModelSample, _ potential: Potential, _ structure: Structure, _ count: Int) throws {
        func interaction() throws -> any Interaction { try potential.interaction(parallelism: .serial) }
        // Neighbouring atoms in different domains, and the last domain empty.
        let owner = structure.positions.indices.map { count > 1 ? $0 * 7 % 5 % (count - 1) : 0 }
        let cutoff = try interaction().cutoff
        let parts = try Domains(structure, owner: owner, count: count, cutoff: cutoff).evaluate(under: interaction)
        var whole = InteractionResult()
        whole.wantsAtomicVirials = true
        try interaction().evaluate(Configuration(structure, cutoff: cutoff), into: &whole)
        let size = whole.forces.reduce(abs(whole.energy)) { $0 + norm($1) }
        let bound = Self.precision * size
        #expect(abs(parts.energy - whole.energy) < bound)
        #expect(whole.virial.elements.contains { abs($0) > 1e-3 })
        for (a, b) in zip(parts.virial.elements, whole.virial.elements) { #expect(abs(a - b) < bound) }
        for atom in structure.elements.indices {
            #expect(norm(parts.forces[atom] - whole.forces[atom]) < bound)
            #expect(abs(parts.atomicEnergies[atom] - whole.atomicEnergies[atom]) < bound)
            for (a, b) in zip(parts.atomicVirials[atom].elements, whole.atomicVirials[atom].elements) {
                #expect(abs(a - b) < bound)
            }
        }
        #expect(parts.memberEnergies.count == whole.memberEnergies.count)
        for (a, b) in zip(parts.memberEnergies, whole.memberEnergies) { #expect(abs(a - b) < bound) }
        if let (a, b) = parts.deviation.flatMap({ a in whole.deviation.map { (a, $0) } }) {
            for (x, y) in zip(a.forces, b.forces) { #expect(abs(x - y) < bound && y > 0) }
        }
    }

    @Test(arguments: ModelSample.all + [ModelSample.zbl], 1...4)
    func domainsGiveTheWhole(_ sample: ModelSample, count: Int) throws {
        for structure in [ModelSample.crystal, ModelSample.smallCell, ModelSample.cluster] {
            try compare(sample, sample.potential(), structure, count)
        }
    }

    @Test func domainsOfACommitteeGiveTheWhole() throws {
        let sample = ModelSample.all[2]
        let committee = try Potential(joining: [sample.potential(seed: 3), sample.potential(seed: 4)])
        try compare(sample, committee, ModelSample.crystal, 3)
    }
}
