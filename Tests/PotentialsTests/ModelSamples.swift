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

    /// What other programs do otherwise.
    static let variants = [
        ModelSample("SevenNet's choices, with parity") {
            ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures, $0.nequip.radialMLPDepth) = (
                2, false, [7, 3, 2], 2
            )
            ($0.nequip.variant.xplorStart, $0.nequip.variant.outerSplineIntervals) = (3.4, 48)
            ($0.nequip.variant.selfConnection, $0.nequip.variant.firstSelfConnection) = (.linear, true)
            ($0.nequip.variant.neighborNormalization, $0.nequip.variant.scalarBiases) = (.mean, true)
            $0.nequip.variant.normalizedHarmonics = false
        },
        ModelSample("Nequix' choices, matrices by type") {
            ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures, $0.nequip.numLayers) = (2, false, [5, 3, 2], 3)
            ($0.nequip.variant.selfConnection, $0.nequip.variant.firstSelfConnection) = (.types, true)
            $0.nequip.variant.layerNorm = true
        },
        ModelSample("both parities, linear self-connections, neighbours by type") {
            ($0.nequip.lMax, $0.nequip.numFeatures, $0.avgNumNeighbors) = (1, [5, 3], [11, 16])
            ($0.nequip.variant.selfConnection, $0.nequip.variant.neighborNormalization) = (.linear, .mean)
            ($0.nequip.variant.scalarBiases, $0.nequip.variant.layerNorm) = (true, true)
        },
    ]

    /// Its energies change with the handedness of a structure.
    static let withoutParity = ModelSample("no parity at all") {
        ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures, $0.nequip.numLayers) = (2, false, [5, 3, 2], 3)
        $0.nequip.variant.ignoresParity = true
    }

    static let zbl = ModelSample("ZBL beside the network") {
        ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures, $0.pairPotential) = (1, false, [6, 3], .zbl)
    }

    func potential(_ precision: Potential.Precision = .float64, seed: UInt64 = 3) throws -> Potential {
        let model = try Model(configuration)
        var parameters = ParameterSet(model.parameters, seed: seed)
        // Also what trainings begin with zeros and ones for.
        for (parameter, offset) in zip(parameters.parameters, parameters.offsets)
        where parameter.name.hasSuffix("bias") || parameter.name.hasSuffix("norm.weight") {
            for k in 0..<parameter.count { parameters.values[offset + k] += 0.3 * sin(Double(k + 1)) }
        }
        return Potential(configuration: configuration, parameters: parameters, precision: precision)
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
