import Atoms
import Compute
import CPUExecutor
import ExecutorTesting
import Files
import Foundation
import InteractionTesting
import Interactions
import Neighbors
import Testing

@testable import Layers
@testable import Models
@testable import Potentials
@testable import Programs

/// Agreement with NequIP itself on energies, forces, virial and atomic energies.
@Suite struct NequIPReference {
    @Test(arguments: ReferenceSystem.all) func exactRadialNetworkAgreesWithNequIP(_ reference: ReferenceSystem) throws
    {
        let (splined, parameters) = try ReferenceSystem.model(reference.model)
        let frequencies = Array(try #require(parameters["bessel_encode.bessel_weights"]))
        var configuration = splined.configuration
        configuration.nequip.radialFunctions = .exact(frequencies: frequencies)
        let model = try Model(configuration)
        let exact = NetworkInteraction<Double>(model, parameters, parallelism: .serial)
        try expectAgreement(of: Self.whole(exact, model), with: reference, energy: 1e-9, forces: 1e-8)
    }

    @Test(arguments: ReferenceSystem.all) func splineAgreesWithNequIP(_ reference: ReferenceSystem) throws {
        let (model, parameters) = try ReferenceSystem.model(reference.model)
        let spline = NetworkInteraction<Double>(model, parameters, parallelism: .serial)
        try expectAgreement(of: Self.whole(spline, model), with: reference, energy: 1e-6, forces: 1e-5)
    }

    @Test(arguments: ReferenceSystem.all) func singlePrecisionStaysClose(_ reference: ReferenceSystem) throws {
        let (model, parameters) = try ReferenceSystem.model(reference.model)
        let single = NetworkInteraction<Float>(model, parameters, parallelism: .allCores)
        let atoms = Double(try reference.structure().count)
        try expectAgreement(of: Self.whole(single, model), with: reference, energy: 2e-6 * atoms, forces: 2e-4)
    }

    /// The features after every layer, component by component.
    @Test(arguments: ["small", "medium"]) func featuresOfEveryLayerAgreeWithNequIP(_ name: String) throws {
        let reference = ReferenceSystem(model: name, system: "tri4")
        let (model, parameters) = try ReferenceSystem.model(name)
        let url = try #require(
            Bundle.module.url(
                forResource: "nequip_\(name)_tri4_intermediates", withExtension: "safetensors", subdirectory: "Data"))
        let expected = try Safetensors(contentsOf: url.path)
        var nequip = model.configuration.nequip
        nequip.radialFunctions = .exact(frequencies: (1...8).map(Double.init))
        let layers = nequip.interactionLayers(for: [.energy])
        var writer = ModelWriter(types: model.configuration.elements.count)
        let outputs = nequip.writeFeatures(of: model.configuration, with: &writer)
        _ = nequip.write(.energy, of: outputs, model.configuration, with: &writer)
        let program = writer.builder.finish(
            outputs: Dictionary(
                uniqueKeysWithValues: outputs.enumerated().map { ("layer \($0)", $1) }))
        let executor = ProcessorExecutor<Double>(program, parallelism: .serial)
        parameters.bind(to: executor)
        let structure = try reference.structure()
        let edges = try EdgeList(
            positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(model.configuration.rMax))
        let species = structure.elements.map { Int32(model.configuration.elements.firstIndex(of: $0)!) }
        let features = try layers.indices.map { try expected.values("mid_feat_layer\($0)_convnet") }
        Graph.with(species: species, edges: edges) { graph in
            executor.run(on: graph)
            for (index, layer) in layers.enumerated() {
                let found = executor.values("layer \(index)", on: graph)
                let values = features[index]
                let layout = InteractionLayer.layout(layer.output)
                var start = 0
                for block in layer.output {
                    let place = layout.blocks[InteractionLayer.block(of: block.irrep, in: layer.output)]
                    for atom in 0..<structure.count {
                        for channel in 0..<block.multiplicity {
                            for m in 0..<block.irrep.dimension {
                                let value = found[atom * layout.width + place.offset + m * place.stride + channel]
                                let e3nn =
                                    values[
                                        atom * layer.output.dimension + start + channel * block.irrep.dimension + m]
                                #expect(abs(value - e3nn) < 1e-12, "layer \(index), \(block)")
                            }
                        }
                    }
                    start += block.dimension
                }
            }
        }
    }

    /// The network with the pair potential of its model.
    private static func whole(_ network: any Interaction, _ model: Model) throws -> any Interaction {
        let pair = try model.configuration.pairInteraction(parallelism: .serial)
        return pair.map { SumOfInteractions([network, $0]) } ?? network
    }

    private func expectAgreement(
        of interaction: any Interaction, with reference: ReferenceSystem, energy: Double, forces: Double
    ) throws {
        let structure = try reference.structure()
        let result = try evaluate(structure, under: interaction)
        #expect(abs(result.energy - structure.energy!) < energy)
        for (a, b) in zip(result.atomicEnergies, try reference.atomicEnergies()) { #expect(abs(a - b) < energy) }
        for (a, b) in zip(result.forces, structure.forces!) { #expect(norm(a - b) < forces) }
        if let virial = try reference.virial() { #expect(result.virial.largestDifference(to: virial) < energy) }
        if let cell = structure.cell, let stress = try reference.stress() {
            let found = result.virial * (-1 / cell.volume)
            #expect(found.largestDifference(to: stress) < energy / cell.volume)
        }
    }
}
