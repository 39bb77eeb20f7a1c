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
    static let (sodium, chlorine) = (Element("Na")!, Element("Cl")!)

    static func lennardJones(parallelism: Parallelism = .allCores) throws -> LennardJones {
        try LennardJones(
            [
                sodium: .init(epsilon: 0.02, sigma: 2.3),
                chlorine: .init(epsilon: 0.03, sigma: 2.6),
            ], cutoff: 5.1, onset: 3.7, parallelism: parallelism)
    }

    /// A distorted rock-salt crystal in a triclinic, left-handed cell.
    static let crystal: Structure = {
        let noise = Philox(seed: 3)
        var positions: [SIMD3<Double>] = []
        var elements: [Element] = []
        let cell = Cell(Matrix3(SIMD3(0.3, 5.7, 0.1), SIMD3(5.9, -0.4, 0.2), SIMD3(0.5, 0.7, 6.1)))
        for i in 0..<8 {
            let place = SIMD3(Double(i & 1), Double(i >> 1 & 1), Double(i >> 2)) * 0.5
            let shift = noise.normals(at: Philox.counter(step: 0, index: i, stream: 0))
            positions.append(place * cell.vectors + SIMD3(shift.x, shift.y, shift.z) * 0.1)
            elements.append(i.nonzeroBitCount % 2 == 0 ? sodium : chlorine)
        }
        return Structure(elements: elements, positions: positions, cell: cell)
    }()

    /// One pair of atoms in a cell smaller than the cutoff, which must see many images of itself.
    static let smallCell = Structure(
        elements: [sodium, chlorine], positions: [SIMD3(0.1, 0, 0), SIMD3(1.6, 1.5, 1.4)],
        cell: Cell(Matrix3(SIMD3(3.1, 0.2, 0), SIMD3(0, 2.9, 0.4), SIMD3(0.3, 0, 3.3))))

    static let cluster = Structure(elements: crystal.elements, positions: crystal.positions)
}
