import Atoms
import Foundation
import Models
import Programs

/// A checkpoint of NequIP's trainings (0.7 to 0.19, PyTorch Lightning): its model's settings and weights have our
/// names.
struct NequIPCheckpoint {
    private let model: PickleDictionary
    private let state: PickleDictionary
    private let file: TorchFile
    let version: String
    let epochs: Int

    static func recognizes(_ file: TorchFile) -> Bool {
        guard let content = file.content.dictionary else { return false }
        return content["state_dict"] != nil && content["hyper_parameters"] != nil
    }

    init(_ file: TorchFile) throws(ForeignPotentialError) {
        guard let content = file.content.dictionary, let state = content["state_dict"]?.dictionary,
            let settings = content["hyper_parameters"]?.dictionary, let model = settings["model"]?.dictionary
        else {
            throw ForeignPotentialError("is no checkpoint of NequIP: it holds no hyper_parameters with a model")
        }
        (self.file, self.state, self.model) = (file, state, model)
        version = settings["info_dict"]?.dictionary?["versions"]?.dictionary?["nequip"]?.text ?? "of unknown version"
        epochs = (content["epoch"]?.integer ?? -1) + 1
        guard model["_target_"]?.text?.hasSuffix("NequIPGNNModel") ?? false else {
            throw Self.missing("_target_", "nequip.model.NequIPGNNModel", model["_target_"])
        }
    }

    private static func missing(_ key: String, _ expected: String, _ found: PickleValue?) -> ForeignPotentialError {
        let what = found.map { $0.text ?? $0.number.map { "\($0)" } ?? "something else" } ?? "nothing"
        return ForeignPotentialError("its model.\(key): expected \(expected), found \(what)")
    }

    /// The model and its weights by name.
    func read() throws -> (configuration: ModelConfiguration, weights: [String: [Double]]) {
        var asked: Set<String> = ["_target_", "seed", "model_dtype", "type_names", "r_max", "compile_mode"]
        func value(_ key: String) -> PickleValue? {
            asked.insert(key)
            return model[key].flatMap { $0.isNone ? nil : $0 }
        }
        func integer(_ key: String, _ absent: Int) throws -> Int {
            guard let found = value(key) else { return absent }
            guard let integer = found.integer else { throw Self.missing(key, "an integer", found) }
            return integer
        }
        guard let names = model["type_names"]?.items?.compactMap(\.text), let rMax = model["r_max"]?.number else {
            throw Self.missing("type_names", "elements, and a cutoff r_max", model["r_max"])
        }
        let elements = names.compactMap { Element($0) }
        guard elements.count == names.count else { throw Self.missing("type_names", "elements", nil) }

        var nequip = NequIP()
        nequip.numLayers = try integer("num_layers", 4)
        nequip.lMax = try integer("l_max", 1)
        nequip.parity = value("parity")?.boolean ?? true
        let features = value("num_features")
        nequip.numFeatures =
            features?.items?.compactMap(\.integer)
            ?? Array(repeating: features?.integer ?? 32, count: nequip.lMax + 1)
        nequip.typeEmbedNumFeatures = try integer("type_embed_num_features", nequip.numFeatures.first ?? 32)
        nequip.radialMLPDepth = try integer("radial_mlp_depth", 1)
        nequip.radialMLPWidth = try integer("radial_mlp_width", 128)
        nequip.numBessels = try integer("num_bessels", 8)
        nequip.besselTrainable = value("bessel_trainable")?.boolean ?? false
        nequip.polynomialCutoffP = value("polynomial_cutoff_p")?.number ?? 6
        nequip.readoutMLPHiddenLayersDepth = try integer("readout_mlp_hidden_layers_depth", 0)
        nequip.readoutMLPHiddenLayersWidth = value("readout_mlp_hidden_layers_width")?.integer

        let neighbors = try numbers(value("avg_num_neighbors"), names, "avg_num_neighbors") ?? [1]
        var configuration = ModelConfiguration(nequip, rMax: rMax, elements: elements, avgNumNeighbors: neighbors)
        if let cutoffs = value("per_edge_type_cutoff") {
            configuration.perEdgeTypeCutoff = try matrix(of: cutoffs, names, rMax)
        }
        if let pair = value("pair_potential") {
            guard pair.dictionary?["_target_"]?.text?.hasSuffix("ZBL") ?? false else {
                throw Self.missing("pair_potential", "ZBL", pair)
            }
            configuration.pairPotential = .zbl
        }
        // Their values stand among the weights.
        for key in ["per_type_energy_scales", "per_type_energy_shifts"] {
            _ = value(key)
            asked.insert(key + "_trainable")
        }
        if let other = model.entries.first(where: { entry in
            !entry.value.isNone && !(entry.key.text.map(asked.contains) ?? false)
        }) {
            throw ForeignPotentialError(
                "its model has \(other.key.text ?? "a setting"), which this program does not know")
        }
        let weights = try weights(of: Model(configuration))
        configuration.perTypeEnergyScales = try perType("scales", absent: 1, elements.count)
        configuration.perTypeEnergyShifts = try perType("shifts", absent: 0, elements.count)
        return (configuration, weights)
    }

    // MARK: Settings

    /// One number, or one for each type.
    private func numbers(_ value: PickleValue?, _ types: [String], _ key: String) throws -> [Double]? {
        guard let value else { return nil }
        if let number = value.number { return [number] }
        guard let found = value.dictionary.map({ entries in types.map { entries[$0]?.number } }) as? [Double] else {
            throw Self.missing(key, "a number, or one for each type", value)
        }
        return found
    }

    /// By receiver and sender; one number of a receiver is for all senders, and what is not there is the cutoff.
    private func matrix(of value: PickleValue, _ types: [String], _ rMax: Double) throws -> [[Double]] {
        guard let rows = value.dictionary else {
            throw Self.missing("per_edge_type_cutoff", "cutoffs by type", value)
        }
        return types.map { receiver in
            guard let row = rows[receiver] else { return types.map { _ in rMax } }
            if let number = row.number { return types.map { _ in number } }
            return types.map { row.dictionary?[$0]?.number ?? rMax }
        }
    }

    // MARK: Weights

    private func array(_ value: PickleValue, _ name: String) throws -> [Double] {
        guard let tensor = file.tensor(value) else { throw ForeignPotentialError("\(name): is no array") }
        return try file.values(tensor, named: name)
    }

    /// By our names. Of a training that keeps an average of weights this is taken, as NequIP does.
    private func weights(of model: Model) throws -> [String: [Double]] {
        let names = Dictionary(uniqueKeysWithValues: model.parameters.map { ($0.name, $0) })
        var found: [String: [Double]] = [:]
        /// Those of which there are averages, in order.
        var trained: [String] = []
        for entry in state.entries {
            guard let key = entry.key.text, let range = key.range(of: ".func."), key.hasPrefix("model.") else {
                continue
            }
            let name = String(key[range.upperBound...])
            guard let parameter = names[name] else { continue }
            found[name] = try array(entry.value, name)
            if parameter.isTrainable { trained.append(name) }
        }
        let isHolding = state["ema._extra_state"]?.dictionary?["is_holding_ema_weights"]?.boolean ?? false
        guard isHolding else { return found }
        for (index, name) in trained.enumerated() {
            guard let value = state["ema.ema_weight_\(index)"] else {
                throw ForeignPotentialError("has no average of \(name) (ema_weight_\(index))")
            }
            let average = try array(value, "ema_weight_\(index)")
            guard average.count == found[name]!.count else {
                throw ForeignPotentialError(
                    "ema_weight_\(index): expected the average of \(name), found \(average.count) numbers")
            }
            found[name] = average
        }
        return found
    }

    private func perType(_ name: String, absent: Double, _ types: Int) throws -> [Double] {
        guard
            let entry = state.entries.last(where: {
                $0.key.text?.hasSuffix("per_type_energy_scale_shift.\(name)") ?? false
            })
        else { return Array(repeating: absent, count: types) }
        let values = try array(entry.value, name)
        guard values.count == types || values.count == 1 else {
            throw ForeignPotentialError("\(name): expected \(types) numbers, found \(values.count)")
        }
        return values.count == types ? values : Array(repeating: values[0], count: types)
    }
}
