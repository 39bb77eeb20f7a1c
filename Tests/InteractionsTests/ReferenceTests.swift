import Atoms
import Foundation
import Interactions
import Neighbors
import Testing

@Suite struct ReferenceTests {
    private func dimer(_ a: String, _ b: String, at r: Double, under interaction: any Interaction) throws
        -> InteractionResult
    {
        var result = InteractionResult()
        let pair = Structure(elements: [Element(a)!, Element(b)!], positions: [.zero, SIMD3(0, 0, r)], cell: nil)
        try interaction.evaluate(Configuration(pair, cutoff: interaction.cutoff), into: &result)
        return result
    }

    @Test func lennardJonesHasItsMinimumAtTheSixthRootOfTwo() throws {
        let argon = try LennardJones.argon()
        let result = try dimer("Ar", "Ar", at: 3.405 * pow(2, 1.0 / 6), under: argon)
        #expect(abs(result.energy + 119.8 * Units.boltzmann) < 1e-15)
        #expect(norm(result.forces[0]) < 1e-14)
        #expect(try abs(dimer("Ar", "Ar", at: 3.405, under: argon).energy) < 1e-15)
    }

    /// The formula of the documentation of LAMMPS' pair style zbl, term by term, for silicon and carbon at 1 Å.
    @Test func zieglerHasItsTextbookValue() throws {
        let x: Double = (pow(14, 0.23) + pow(6, 0.23)) / 0.46850
        let terms = [(0.18175, 3.19980), (0.50986, 0.94229), (0.28022, 0.40290), (0.02817, 0.20162)]
        let screening = terms.reduce(0) { $0 + $1.0 * exp(-$1.1 * x) }
        let end: Double = 1 - 28 * pow(0.25, 6) + 48 * pow(0.25, 7) - 21 * pow(0.25, 8)
        let result = try dimer("Si", "C", at: 1, under: ZBL(cutoff: 4))
        let expected = 14.399645 * 14 * 6 * screening * end
        #expect(abs(result.energy - expected) < 1e-11)
        #expect(result.atomicEnergies[0] == result.atomicEnergies[1])
        #expect(result.forces[0].z < 0, "nuclei repel")
    }

    /// As in NequIP, each of the two edges of a pair carries half of its energy and ends at its own cutoff.
    @Test func zieglerEndsEachEdgeAtItsOwnCutoff() throws {
        let (silicon, carbon) = (Element("Si")!, Element("C")!)
        let mixed = try ZBL(cutoff: 4, pairCutoffs: [silicon: [carbon: 3, silicon: 2], carbon: [silicon: 2.5]])
        for r in [1, 2.2, 2.7, 3.5] {
            let edges = try [3, 2.5].map { try dimer("Si", "C", at: r, under: ZBL(cutoff: $0)).energy / 2 }
            let result = try dimer("Si", "C", at: r, under: mixed)
            #expect(abs(result.atomicEnergies[0] - edges[0]) < 1e-14)
            #expect(abs(result.atomicEnergies[1] - edges[1]) < 1e-14)
        }
        #expect(try dimer("Si", "Si", at: 2.1, under: mixed).energy == 0)
        #expect(
            try dimer("C", "C", at: 2.1, under: mixed).energy
                == dimer("C", "C", at: 2.1, under: ZBL(cutoff: 4)).energy)
    }

    /// Forces (eV/Å) that LAMMPS (22 July 2025, `pair_style zbl 9 10`, metal units) prints, where its own switch does
    /// not act yet; the cutoff here is so far away that it does not either: 28 (r/r_c)⁶ < 10⁻¹⁵.
    @Test(arguments: [
        ("Si", "C", 1.0, 99.42495220473089), ("Au", "H", 0.6, 542.5215600322489),
        ("Si", "Si", 1.7, 15.087780242768947),
    ])
    func zieglerAgreesWithLAMMPS(a: String, b: String, r: Double, force: Double) throws {
        let result = try dimer(a, b, at: r, under: ZBL(cutoff: 1000))
        #expect(abs(result.forces[1].z / force - 1) < 1e-13)
    }

    /// φ(0) = 1: bare nuclei where they touch, `E r → k Zi Zj` (k = 14.399645 eV Å) but for r/a, a ≈ 0.1 Å.
    @Test func screeningEndsAtOne() throws {
        let r = 1e-7
        let energy = try dimer("Si", "C", at: r, under: ZBL(cutoff: 4)).energy
        #expect(abs(energy * r / (14.399645 * 14 * 6) - 1) < 1e-5)
    }

    @Test func polynomialCutoffGoesFromOneToZero() {
        let end = PolynomialCutoff(cutoff: 5, power: 6)
        #expect(end.valueAndSlope(at: 0) == (1, 0))
        #expect(end.valueAndSlope(at: 5) == (0, 0))
        for r in stride(from: 0.5, to: 5, by: 0.5) {
            let difference = (end.valueAndSlope(at: r + 1e-5).value - end.valueAndSlope(at: r - 1e-5).value) / 2e-5
            #expect(abs(difference - end.valueAndSlope(at: r).slope) < 1e-9)
        }
    }

    @Test func anUnknownElementIsNamedWithThoseThatAreKnown() throws {
        let error = #expect(throws: InteractionError.self) {
            try LennardJones.argon().check(elements: [Element("Ar")!, Element("Xe")!])
        }
        #expect(error?.message == "The Lennard-Jones potential does not know Xe; it covers Ar.")
    }

    @Test func atomsOnEachOtherAreAnErrorAndNoNaN() throws {
        #expect(throws: InteractionError.self) { try dimer("Ar", "Ar", at: 0, under: LennardJones.argon()) }
    }

    @Test func nonsenseParametersAreRefused() {
        #expect(throws: InteractionError.self) { try LennardJones([:], cutoff: 5) }
        #expect(throws: InteractionError.self) { try LennardJones.argon(cutoff: -1) }
        #expect(throws: InteractionError.self) { try ZBL(cutoff: .nan) }
        let silicon = Element("Si")!
        #expect(throws: InteractionError.self) { try ZBL(cutoff: 4, pairCutoffs: [silicon: [silicon: 4.5]]) }
        #expect(throws: InteractionError.self) { try ZBL(cutoff: 4, pairCutoffs: [silicon: [silicon: 0]]) }
    }

    @Test func resultsDoNotDependOnThreads() throws {
        // 1728 atoms: several of the ranges that threads share.
        let crystal = Samples.crystal.repeated(6, 6, 6)
        let configuration = try Configuration(crystal, cutoff: 5.1)
        var results = [InteractionResult(), InteractionResult()]
        try Samples.lennardJones(parallelism: .serial).evaluate(
            configuration, into: &results[0])
        try Samples.lennardJones(parallelism: .init(threads: 5)).evaluate(
            configuration, into: &results[1])
        #expect(results[0].energy == results[1].energy)
        #expect(results[0].virial == results[1].virial)
        #expect(results[0].forces == results[1].forces)
    }

    @Test func minimumDistancesAreSymmetric() {
        var table = MinimumDistances()
        #expect(table.isEmpty)
        table[Element("Si")!, Element("H")!] = 1.4
        #expect(abs(table[Element("H")!, Element("Si")!] - 1.4) < 1e-15)
        #expect(table[Element("H")!, Element("H")!] == 0)
        #expect(abs(table.scaled(by: 0.5)[Element("Si")!, Element("H")!] - 0.7) < 1e-15)
    }
}
