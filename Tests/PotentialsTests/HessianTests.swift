import Atoms
import Compute
import Foundation
import InteractionTesting
import Interactions
import Testing

@testable import Models
@testable import Potentials

/// The Hessian of models by their own derivatives.
@Suite struct Hessians {
    private func columns(_ structure: Structure, _ atoms: [Int]) -> [[SIMD3<Double>]] {
        atoms.flatMap { atom in
            (0..<3).map { axis in
                var column = [SIMD3<Double>](repeating: .zero, count: structure.count)
                column[atom][axis] = 1
                return column
            }
        }
    }

    /// Columns equal differences of forces, extrapolated, to 1e-6 of the largest element.
    @Test(arguments: ModelSample.all + [.zbl], [true, false])
    func columnsAreDifferencesOfForces(_ sample: ModelSample, isSpline: Bool) throws {
        var sample = sample
        if !isSpline { sample.configuration.nequip.radialFunctions = .exact(frequencies: (1...8).map(Double.init)) }
        let evaluator = Evaluator(try sample.potential().interaction(parallelism: .serial), parallelism: .serial)
        for structure in [ModelSample.crystal, ModelSample.smallCell, ModelSample.cluster] {
            let columns = columns(structure, [0, structure.count - 1])
            let exact = try evaluator.hessian(of: structure, times: columns)
            let found = try evaluator.hessian(
                of: structure, times: columns, method: .differences, step: isSpline ? 1e-5 : 1e-3)
            #expect(exact.method == .analytic && found.method == .differences)
            let largest = exact.products.joined().reduce(0) { max($0, norm($1)) }
            for (a, b) in zip(exact.products.joined(), found.products.joined()) {
                #expect(norm(a - b) < 1e-6 * largest)
            }
            // Moving everything changes no force.
            for axis in 0..<3 {
                var shift = SIMD3<Double>.zero
                shift[axis] = 1
                let sum = try evaluator.hessian(
                    of: structure, times: [Array(repeating: shift, count: structure.count)]
                ).products[0]
                #expect(sum.allSatisfy { norm($0) < 1e-11 * largest })
            }
        }
    }

    /// Many columns are the same as one by one, for any number of threads.
    @Test func columnsDoNotDependOnOneAnother() throws {
        let sample = ModelSample.all[3]
        let structure = ModelSample.crystal.repeated(2, 2, 1)
        let columns = columns(structure, [0, 3, 7])
        let results = try [1, 3].map { threads in
            let parallelism = Parallelism(threads: threads)
            let evaluator = Evaluator(
                try sample.potential().interaction(parallelism: parallelism), parallelism: parallelism)
            let together = try evaluator.hessian(of: structure, times: columns).products
            let alone = try columns.reversed().map { try evaluator.hessian(of: structure, times: [$0]).products[0] }
            #expect(together == Array(alone.reversed()))
            return together
        }
        #expect(results[0] == results[1])
    }

    /// By operations: one column at most four evaluations of forces, further ones three each.
    @Test func columnsCostAFewEvaluationsOfForces() throws {
        var configuration = ModelSample.all[3].configuration
        for (lMax, features) in [(1, [32, 32]), (2, [32, 32, 32]), (2, [64, 32, 16])] {
            for parity in [true, false] {
                (configuration.nequip.lMax, configuration.nequip.parity) = (lMax, parity)
                (configuration.nequip.numFeatures, configuration.nequip.numLayers) = (features, 3)
                let model = try Model(configuration)
                let forces = model.evaluationProgram().operationCount(atoms: 100, edges: 3000).total
                let column = model.hessianProgram().operationCount(atoms: 100, edges: 3000).total
                #expect(column < 4 * forces, "\(column / forces)")
                #expect(column - forces < 3 * forces)
            }
        }
    }

    @Test func committees() throws {
        let sample = ModelSample.all[1]
        let structure = ModelSample.crystal
        func column(_ potential: Potential) throws -> [SIMD3<Double>] {
            let evaluator = Evaluator(try potential.interaction(parallelism: .serial), parallelism: .serial)
            return try evaluator.hessian(of: structure, times: [columns(structure, [2])[1]]).products[0]
        }
        let (a, b) = (try sample.potential(seed: 3), try sample.potential(seed: 4))
        var both = a
        both.members += b.members
        let (first, second) = (try column(a), try column(b))
        for (mean, pair) in zip(try column(both), zip(first, second)) {
            #expect(norm(mean - (pair.0 + pair.1) / 2) < 1e-12)
        }
    }
}
