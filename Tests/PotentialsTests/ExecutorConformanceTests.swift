import Atoms
import CPUExecutor
import Compute
import ExecutorTesting
import Layers
import Models
import Neighbors
import Programs
import Testing

/// The processor computes what the reference executor does: models of all kinds, as they are evaluated and trained.
@Suite struct ExecutorConformanceOfModels {
    /// Two structures, with enough edges for several threads.
    private static let structures = [ModelSample.crystal.repeated(2, 2, 2), ModelSample.cluster]

    /// - Parameter loss: by how much second derivatives lose more digits than first ones, through splines above all.
    private func expect(_ program: Program, _ sample: ModelSample, prefixes: [String] = [""], loss: Double = 1) throws
    {
        let configuration = sample.configuration
        let edges = try Self.structures.map {
            try EdgeList(positions: $0.positions, cell: $0.cell, cutoffs: Cutoffs(configuration.rMax))
        }
        let species = Self.structures.flatMap(\.elements).map { Int32(configuration.elements.firstIndex(of: $0)!) }
        let owners = Self.structures.enumerated().flatMap { Array(repeating: Int32($0), count: $1.count) }
        // Weights as they are drawn for a training, so that numbers have the sizes that they have there.
        var inputs = ["scales": configuration.perTypeEnergyScales]
        let model = try Model(configuration)
        for (index, prefix) in prefixes.enumerated() {
            let binding = ReferenceExecutor(program)
            ParameterSet(model.parameters, seed: UInt64(index)).bind(to: binding, prefix: prefix)
            for parameter in model.parameters {
                binding.withInput(prefix + parameter.name) { inputs[prefix + parameter.name] = Array($0) }
            }
        }
        Graph.with(
            species: species, structureOfAtom: owners, structures: 2, edges: EdgeList(joining: edges)
        ) { graph in
            let suite = ExecutorConformance(program, on: graph, given: inputs)
            func expect<T: ExecutableScalar>(_: T.Type) {
                let outputs = [1, 3].map { threads in
                    suite.outputs(of: ProcessorExecutor<T>(program, parallelism: Parallelism(threads: threads)))
                }
                #expect(outputs[0] == outputs[1], "three threads")
                for result in suite.compare(outputs[0]) {
                    #expect(result.deviation <= loss * result.bound, "\(T.self): \(result)")
                }
            }
            expect(Double.self)
            expect(Float.self)
        }
    }

    @Test(arguments: ModelSample.all + ModelSample.variants + [ModelSample.withoutParity]) func evaluation(
        _ sample: ModelSample
    ) throws {
        try expect(Model(sample.configuration).evaluationProgram(), sample)
    }

    @Test(arguments: ModelSample.all + ModelSample.variants + [ModelSample.withoutParity]) func training(
        _ sample: ModelSample
    ) throws {
        try expect(Model(sample.configuration).trainingProgram(), sample)
    }

    @Test(arguments: ModelSample.all) func hessianAndEnergyFlow(_ sample: ModelSample) throws {
        try expect(Model(sample.configuration).hessianProgram(), sample, loss: 30)
        try expect(Model(sample.configuration).energyFlowProgram(), sample, loss: 30)
        try expect(Model(sample.configuration).heatDrivingProgram(), sample, loss: 30)
    }

    @Test func committee() throws {
        let sample = ModelSample.all[1]
        try expect(
            Model(sample.configuration).evaluationProgram(members: 2), sample,
            prefixes: (0..<2).map { Model.prefix($0, of: 2) })
    }

    @Test func exactRadialNetwork() throws {
        let sample = ModelSample.all[7]
        var configuration = sample.configuration
        configuration.nequip.radialFunctions = .exact(frequencies: (1...8).map(Double.init))
        for program in try [
            Model(configuration).evaluationProgram(), Model(configuration).hessianProgram(),
            Model(configuration).energyFlowProgram(),
        ] {
            try expect(program, sample)
        }
    }
}
