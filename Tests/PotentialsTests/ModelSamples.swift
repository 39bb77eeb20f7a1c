import Atoms
import Compute
import Files
import Foundation
import InteractionTesting
import Interactions
import Neighbors
import Programs
import Testing

@testable import Layers
@testable import Models
@testable import Potentials

/// Small models with random weights, and structures to try them on.
struct ModelSample: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var configuration: ModelConfiguration

    init(_ name: String, rMax: Double = 4, _ change: (inout ModelConfiguration) -> Void) {
        testDescription = name
        var model = ModelConfiguration(
            NequIP(), rMax: rMax, elements: [Element("Na")!, Element("Cl")!], avgNumNeighbors: [14])
        (model.nequip.numLayers, model.nequip.typeEmbedNumFeatures, model.nequip.radialMLPWidth) = (2, 5, 8)
        (model.perTypeEnergyScales, model.perTypeEnergyShifts) = ([0.4, 0.6], [-3.25, 1.125])
        change(&model)
        configuration = model
    }

    /// Multiplicities that are no multiples of a SIMD width.
    static let all = [
        ModelSample("l_max 0") { ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures) = (0, false, [7]) },
        ModelSample("l_max 1, parity") { ($0.nequip.lMax, $0.nequip.numFeatures) = (1, [5, 3]) },
        ModelSample("l_max 2, no parity, neighbours by type") {
            ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures, $0.avgNumNeighbors) = (
                2, false, [17, 3, 1], [11, 16]
            )
        },
        ModelSample("l_max 2, parity, three layers, readout MLP") {
            ($0.nequip.lMax, $0.nequip.numFeatures, $0.nequip.numLayers) = (2, [3, 2, 1], 3)
            ($0.nequip.readoutMLPHiddenLayersDepth, $0.nequip.readoutMLPHiddenLayersWidth) = (1, 5)
        },
        ModelSample("l_max 3, no parity") {
            ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures) = (3, false, [4, 3, 2, 1])
        },
        ModelSample("l_max 3, parity") {
            ($0.nequip.lMax, $0.nequip.numFeatures, $0.nequip.radialMLPDepth) = (3, [3, 2, 2, 1], 0)
        },
        ModelSample("l_max 4, no parity") {
            ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures) = (4, false, [4, 2, 2, 1, 1])
        },
        ModelSample("cutoffs by pair of types") {
            ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures) = (1, false, [6, 3])
            $0.perEdgeTypeCutoff = [[2.9, 4], [3.7, 3.3]]
        },
        ModelSample("dipoles and charges beside energies") {
            ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures) = (1, true, [6, 3])
            $0.outputs = [
                .energy, Output(.dipole, scale: 0.7), Output(.charges, scale: 0.2, perTypeShifts: [1, -1]),
            ]
        },
    ]

    static let zbl = ModelSample("ZBL beside the network") {
        ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures, $0.pairPotential) = (1, false, [6, 3], .zbl)
    }

    func potential(_ precision: Potential.Precision = .float64, seed: UInt64 = 3) throws -> Potential {
        let model = try Model(configuration)
        return Potential(
            configuration: configuration, parameters: ParameterSet(model.parameters, seed: seed), precision: precision
        )
    }

    // MARK: Structures

    static let crystal = RockSalt.crystal(noise: 0.15)
    static let smallCell = RockSalt.smallCell
    static let cluster = Structure(elements: crystal.elements, positions: crystal.positions)

    /// 512 atoms.
    static let large: Structure = {
        let noise = Philox(seed: 8)
        var large = crystal.repeated(4, 4, 4)
        for i in large.positions.indices {
            let shift = noise.normals(at: Philox.counter(step: 0, index: i, stream: 0))
            large.positions[i] += SIMD3(shift.x, shift.y, shift.z) * 0.1
        }
        return large
    }()
}
