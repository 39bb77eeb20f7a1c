import Atoms
import CPUExecutor
import ExecutorTesting
import Layers
import Models
import Neighbors
import Testing

@testable import Programs

/// The programs that models are: simplified without a change of results, nothing unread, no memory shared.
@Suite struct ModelPrograms {
    enum Kind: CaseIterable, Sendable { case evaluation, training }

    struct Sample: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var configuration: ModelConfiguration

        init(_ name: String, _ change: (inout ModelConfiguration) -> Void) {
            testDescription = name
            var model = ModelConfiguration(
                NequIP(), rMax: 3.4, elements: [Element("H")!, Element("C")!], avgNumNeighbors: [14])
            (model.nequip.numLayers, model.nequip.typeEmbedNumFeatures, model.nequip.radialMLPWidth) = (2, 5, 8)
            (model.perTypeEnergyScales, model.nequip.splineIntervals) = ([0.4, 0.6], 32)
            change(&model)
            configuration = model
        }
    }

    static let samples = [
        Sample("l_max 0, one layer") {
            ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures, $0.nequip.numLayers) = (0, false, [7], 1)
        },
        Sample("l_max 1, parity, neighbours by type") {
            ($0.nequip.lMax, $0.nequip.numFeatures, $0.avgNumNeighbors) = (1, [5, 3], [9, 12])
        },
        Sample("l_max 2, no parity, trainable Bessel frequencies") {
            ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures, $0.nequip.besselTrainable) = (
                2, false, [17, 3, 1], true
            )
        },
        Sample("l_max 2, parity, three layers, readout MLP") {
            ($0.nequip.lMax, $0.nequip.numFeatures, $0.nequip.numLayers, $0.nequip.readoutMLPHiddenLayersDepth) = (
                2, [3, 2, 1], 3, 1
            )
        },
    ]

    /// A cell smaller than the cutoff, and a molecule.
    static let structures = [
        Structure(
            elements: ["C", "H", "C"].map { Element($0)! },
            positions: [SIMD3(0.1, 0, 0.05), SIMD3(1.3, 1.1, 0.2), SIMD3(0.4, 1.5, 1.6)],
            cell: Cell(Matrix3(SIMD3(2.8, 0.3, 0), SIMD3(0.4, 2.9, 0.2), SIMD3(-0.5, 0.1, 3.1)))),
        Structure(
            elements: ["C", "H", "H"].map { Element($0)! },
            positions: [SIMD3(0, 0, 0), SIMD3(0.9, 0.4, 0.3), SIMD3(-0.8, 0.5, -0.4)]),
    ]

    /// The program of a model, or as it was written, before simplification.
    private func program(_ kind: Kind, _ model: Model, simplifying: Bool = true) -> Program {
        kind == .evaluation
            ? model.evaluationProgram(simplifying: simplifying) : model.trainingProgram(simplifying: simplifying)
    }

    private func run(_ program: Program, _ parameters: ParameterSet, _ configuration: ModelConfiguration) throws
        -> [String: [Double]]
    {
        let structures = Self.structures
        let edges = try structures.map {
            try EdgeList(positions: $0.positions, cell: $0.cell, cutoffs: Cutoffs(configuration.rMax))
        }
        let species = structures.flatMap(\.elements).map { Int32(configuration.elements.firstIndex(of: $0)!) }
        let owners = structures.enumerated().flatMap { Array(repeating: Int32($0), count: $1.count) }
        return Graph.with(
            species: species, structureOfAtom: owners, structures: 2, edges: EdgeList(joining: edges)
        ) { graph in
            let executor = ProcessorExecutor<Double>(program, parallelism: .serial)
            parameters.bind(to: executor)
            executor.set("scales", to: configuration.perTypeEnergyScales)
            executor.run(on: graph)
            if program.stages > 1 {
                for name in program.inputs.keys where name.hasSuffix(" cotangent") {
                    executor.withInput(name, on: graph) { for k in $0.indices { $0[k] = Double(k % 7) - 2.5 } }
                }
                executor.run(on: graph, stage: 1)
            }
            return Dictionary(
                uniqueKeysWithValues: program.outputs.keys.map { ($0, executor.values($0, on: graph)) })
        }
    }

    @Test(arguments: samples, Kind.allCases)
    func simplificationChangesNoResult(_ sample: Sample, _ kind: Kind) throws {
        let model = try Model(sample.configuration)
        let parameters = ParameterSet(model.parameters, seed: 2)
        let (long, short) = (program(kind, model, simplifying: false), program(kind, model))
        #expect(short.instructions.count < long.instructions.count)
        let expected = try run(long, parameters, sample.configuration)
        let found = try run(short, parameters, sample.configuration)
        #expect(expected.keys.sorted() == found.keys.sorted())
        for (name, values) in expected {
            let size = values.reduce(1e-3) { max($0, abs($1)) }
            #expect(size.isFinite)
            // Sums over a thousand edges and 257 knots in another order.
            for (a, b) in zip(values, found[name]!) { #expect(abs(a - b) < 1e-11 * size, "\(name)") }
        }
    }

    @Test(arguments: samples, Kind.allCases)
    func everythingThatIsComputedIsRead(_ sample: Sample, _ kind: Kind) throws {
        let program = try program(kind, Model(sample.configuration))
        program.expectWellFormed()
        program.expectAllIsRead()
        #expect(program.stages == 2)
    }

    @Test(arguments: samples, Kind.allCases)
    func buffersOfLiveValuesDoNotOverlap(_ sample: Sample, _ kind: Kind) throws {
        let model = try Model(sample.configuration)
        for program in [program(kind, model, simplifying: false), program(kind, model)] {
            program.expectNoOverlap(atoms: 10, structures: 2, edges: 300)
            program.expectNoOverlap(atoms: 1, structures: 1, edges: 0)
        }
    }

    /// Memory is used again: without a plan the values of a training would take several times as much.
    @Test func placesAreUsedAgain() throws {
        let program = try Model(Self.samples[3].configuration).trainingProgram()
        let size = Graph.Size(atoms: 1000, edges: 30_000)
        let plan = BufferPlan(
            program, Placements(program, isStatic: program.staticValues), isStatic: program.staticValues, for: size)
        let all = program.instructions.flatMap(\.results).filter { plan.offsets[$0.index] >= 0 }.reduce(0) {
            $0 + size.rows(program.shape(of: $1).axis) * program.shape(of: $1).layout.width
        }
        #expect(plan.size * 2 < all)
    }
}
