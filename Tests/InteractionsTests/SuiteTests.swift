import Atoms
import InteractionTesting
import Interactions
import Neighbors
import Testing

/// The conformance suite itself: every kind of mistake must be seen by the law that forbids it.
@Suite struct SuiteTests {
    enum Mistake: CaseIterable {
        case wrongForce, wrongVirial, dependsOnAxes, dependsOnOrder, ignoresCutoff, steps, remembers, missesImages
    }

    @Test(arguments: [
        (Mistake.wrongForce, Law.forcesAreMinusTheGradient),
        (.wrongVirial, .virialIsMinusTheStrainDerivative),
        (.dependsOnAxes, .energyIsInvariantUnderRotation),
        (.dependsOnOrder, .resultsFollowAPermutationOfAtoms),
        (.ignoresCutoff, .longerEdgesContributeNothing),
        (.steps, .forcesEndSmoothlyAtTheCutoff),
        (.remembers, .resultsAreReproducible),
        (.missesImages, .aSupercellIsTheSumOfItsParts),
    ])
    func sees(mistake: Mistake, by law: Law) throws {
        let result = try InteractionConformance(of: Mistaken(mistake), on: Samples.crystal).measure(law)
        #expect(!result.holds, "\(mistake) was not seen: \(result)")
    }

    private final class Mistaken: Interaction {
        let mistake: Mistake
        let inner: LennardJones
        var calls = 0.0
        var cutoff: Double { inner.cutoff }

        init(_ mistake: Mistake) throws {
            self.mistake = mistake
            inner = try Samples.lennardJones()
        }

        func check(elements: [Element]) {}

        func evaluate(_ configuration: Configuration, into result: inout InteractionResult) throws {
            try inner.evaluate(configuration, into: &result)
            let edges = configuration.edges
            calls += 1
            switch mistake {
            case .wrongForce: for i in result.forces.indices { result.forces[i] *= 1 + 1e-6 }
            case .wrongVirial: result.virial[0, 1] *= 1 + 1e-4
            case .dependsOnAxes: result.energy += 1e-9 * edges.x.reduce(0) { $0 + abs($1) }
            case .dependsOnOrder: result.forces[0] *= 1 + 1e-9
            case .ignoresCutoff: result.energy += 1e-6 * Double(edges.count)
            case .steps: for e in edges.x.indices { result.forces[Int(edges.receivers[e])].x += 1e-6 * edges.x[e] }
            case .remembers: result.energy += 1e-15 * calls
            case .missesImages: result.energy += 1e-6 * result.energy * result.energy
            }
        }
    }
}
