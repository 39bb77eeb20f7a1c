import Atoms
import Compute
import CPUExecutor
import Files
import Foundation
import Interactions
import Neighbors
import Testing

@testable import Layers
@testable import Models
@testable import Potentials

/// Energies and forces computed by NequIP 0.19.1 in double precision with given weights (see Data/README.md).
struct ReferenceSystem: CustomTestStringConvertible, Sendable {
    var model: String
    var system: String
    var testDescription: String { "\(model) \(system)" }

    static let all = ["small", "medium", "l3_features", "l3_parity", "zbl_pairs", "deep_radial"].flatMap { model in
        ["si8", "acac", "tri4"].map { ReferenceSystem(model: model, system: $0) }
    }

    static func json(_ name: String) throws -> [String: Any] {
        let url = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Data"))
        return try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    }

    /// The model with the reference's hyperparameters and weights.
    static func model(_ name: String) throws -> (Model, ParameterSet) {
        let description = try json("nequip_\(name)")
        let types = try #require(description["types"] as? [String])
        let config = try #require(description["config"] as? [String: Any])
        let common = try #require(description["common"] as? [String: Any])
        func byType(_ key: String) throws -> [Double] {
            let map = try #require(description[key] as? [String: Double])
            return types.map { map[$0]! }
        }
        var configuration = ModelConfiguration(
            NequIP(), rMax: try #require(common["r_max"] as? Double), elements: types.map { Element($0)! },
            avgNumNeighbors: [try #require(description["avg_num_neighbors"] as? Double)])
        configuration.nequip.numLayers = try #require(config["num_layers"] as? Int)
        configuration.nequip.lMax = try #require(config["l_max"] as? Int)
        configuration.nequip.parity = try #require(config["parity"] as? Bool)
        configuration.nequip.numFeatures =
            try config["num_features"] as? [Int]
            ?? Array(repeating: #require(config["num_features"] as? Int), count: configuration.nequip.lMax + 1)
        func set(_ key: String, _ path: WritableKeyPath<NequIP, Int>) {
            if let value = config[key] as? Int { configuration.nequip[keyPath: path] = value }
        }
        configuration.nequip.typeEmbedNumFeatures = configuration.nequip.numFeatures[0]
        set("type_embed_num_features", \.typeEmbedNumFeatures)
        set("radial_mlp_depth", \.radialMLPDepth)
        set("radial_mlp_width", \.radialMLPWidth)
        set("num_bessels", \.numBessels)
        // Deeper radial networks bend more; what splines leave out falls with the fourth power of the intervals.
        if configuration.nequip.radialMLPDepth > 1 { configuration.nequip.splineIntervals = 512 }
        set("readout_mlp_hidden_layers_depth", \.readoutMLPHiddenLayersDepth)
        configuration.nequip.readoutMLPHiddenLayersWidth = config["readout_mlp_hidden_layers_width"] as? Int
        configuration.nequip.besselTrainable = config["bessel_trainable"] as? Bool ?? false
        configuration.nequip.polynomialCutoffP = config["polynomial_cutoff_p"] as? Double ?? 6
        configuration.pairPotential = (config["pair_potential"] as? String).flatMap { .init(rawValue: $0) }
        if let cutoffs = config["per_edge_type_cutoff"] as? [String: [String: Double]] {
            configuration.perEdgeTypeCutoff = types.map { receiver in types.map { cutoffs[receiver]![$0]! } }
        }
        configuration.perTypeEnergyScales = try byType("scales")
        configuration.perTypeEnergyShifts = try byType("shifts")
        let model = try Model(configuration)
        let url = try #require(
            Bundle.module.url(
                forResource: "nequip_\(name)_parameters", withExtension: "safetensors", subdirectory: "Data"))
        return (model, try ParameterSet(model.parameters, from: Safetensors(contentsOf: url.path)))
    }

    /// Atoms, and what NequIP computed for them.
    func structure() throws -> Structure {
        let data = try Self.json("nequip_\(model)_\(system)")
        let types = try #require(try Self.json("nequip_\(model)")["types"] as? [String])
        let positions = try #require(data["in_pos"] as? [[Double]])
        let vectors = (data["in_cell"] as? [[[Double]]])?.first.map { Matrix3(elements: $0.flatMap(\.self)) } ?? .zero
        var structure = Structure(
            elements: try #require(data["in_atom_types"] as? [Int]).map { Element(types[$0])! },
            positions: positions.map { SIMD3($0) }, cell: vectors.determinant == 0 ? nil : Cell(vectors))
        structure.energy = try #require((data["out_total_energy"] as? [[Double]])?.first?.first)
        structure.forces = try #require(data["out_forces"] as? [[Double]]).map { SIMD3($0) }
        return structure
    }

    func atomicEnergies() throws -> [Double] {
        try #require(try Self.json("nequip_\(model)_\(system)")["out_atomic_energy"] as? [[Double]]).map { $0[0] }
    }

    /// eV/Å³ with ASE's sign; none without a cell.
    func stress() throws -> Matrix3? {
        let data = try Self.json("nequip_\(model)_\(system)")
        return (data["out_stress"] as? [[[Double]]])?.first.map { Matrix3(elements: $0.flatMap(\.self)) }
    }

    /// eV; not given for all molecules.
    func virial() throws -> Matrix3? {
        let data = try Self.json("nequip_\(model)_\(system)")
        return (data["out_virial"] as? [[[Double]]])?.first.map { Matrix3(elements: $0.flatMap(\.self)) }
    }
}

extension Matrix3 {
    func largestDifference(to other: Matrix3) -> Double {
        zip(elements, other.elements).map { abs($0 - $1) }.max()!
    }
}
