import Atoms
import Compute
import Files
import InteractionTesting
import Interactions
import Testing

@testable import Layers
@testable import Models
@testable import Potentials

/// What threads and single precision may change: nothing, and little.
@Suite struct ThreadsAndPrecision {
    static let samples = [ModelSample.all[1], ModelSample.all[2], ModelSample.all[3], ModelSample.zbl]

    @Test(arguments: samples, Potential.Precision.allCases)
    func resultsDoNotDependOnTheNumberOfThreads(_ sample: ModelSample, _ precision: Potential.Precision) throws {
        let potential = try sample.potential(precision)
        let results = try [1, 2, 3].map { threads in
            try evaluate(
                ModelSample.large, under: potential.interaction(parallelism: Parallelism(threads: threads)))
        }
        for result in results.dropFirst() {
            #expect(result.energy == results[0].energy)
            #expect(result.atomicEnergies == results[0].atomicEnergies)
            #expect(result.forces == results[0].forces)
            #expect(result.virial == results[0].virial)
        }
    }

    /// 24 bits, and sums over thirty neighbours and a hundred channels in each of three layers: about a hundred
    /// roundings of 6e-8 of energies of a few eV and forces of ten eV/Å.
    @Test(arguments: samples) func singlePrecisionAgreesWithDouble(_ sample: ModelSample) throws {
        let potential = try sample.potential()
        let single = try evaluate(ModelSample.large, under: potential.interaction(precision: .float32))
        let double = try evaluate(ModelSample.large, under: potential.interaction(precision: .float64))
        let atoms = Double(ModelSample.large.count)
        #expect(abs(single.energy - double.energy) / atoms < 2e-6)
        for (a, b) in zip(single.forces, double.forces) { #expect(norm(a - b) < 2e-4) }
        #expect(single.forces != double.forces, "both were computed in the same precision")
    }
}
