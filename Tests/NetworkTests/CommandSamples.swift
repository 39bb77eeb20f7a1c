import Atoms
import Foundation
import Interactions
import Testing

@testable import Network

/// Writes the potential that `Tests/python` runs the commands with: random weights, energies scaled down so that
/// crystals hold together, and ZBL against overlaps. The folder is named by the environment variable
/// `APUS_COMMAND_SAMPLES`.
@Suite struct CommandSamples {
    static let folder = ProcessInfo.processInfo.environment["APUS_COMMAND_SAMPLES"]

    @Test(.enabled(if: folder != nil)) func writePotential() throws {
        let folder = try #require(Self.folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let silicon = try #require(Element("Si"))
        var configuration = ModelConfiguration(rMax: 4, elements: [silicon], avgNumNeighbors: [16])
        configuration.numLayers = 2
        configuration.numFeatures = [8, 8]
        configuration.typeEmbedNumFeatures = 8
        configuration.radialMLPWidth = 16
        configuration.perTypeEnergyScales = [0.05]
        configuration.perTypeEnergyShifts = [-100]
        configuration.pairPotential = .zbl
        let model = try NequIPModel(configuration)
        var potential = Potential(
            configuration: configuration, parameters: ParameterSet(model.parameters, seed: 1), precision: .float32,
            shortestDistances: ["Si-Si": 2])
        potential.provenance.validationErrors = ["forces_mae_mev_per_angstrom": 12.5]
        let diamond = Structure(
            elements: [silicon, silicon], positions: [.zero, SIMD3(1.36, 1.34, 1.36)],
            cell: Cell(a: SIMD3(0, 2.7, 2.7), b: SIMD3(2.7, 0, 2.7), c: SIMD3(2.7, 2.7, 0)))
        potential.references = [
            try ReferenceStructure(diamond, under: potential.interaction(parallelism: .serial))
        ]
        try potential.write(to: folder + "/silicon.safetensors")
    }
}
