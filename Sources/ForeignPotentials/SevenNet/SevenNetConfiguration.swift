import Atoms
import Equivariance
import Foundation

/// The hyperparameters of a checkpoint of SevenNet, with the defaults of that program (`sevenn/_const.py`, 0.13).
struct SevenNetConfiguration {
    let version: String
    /// In the order of types.
    let elements: [Element]
    let cutoff: Double
    let layers: Int
    let lMax: Int
    let ignoresParity: Bool
    let bessels: Int
    let trainsBessels: Bool
    /// Å, where an X-PLOR cutoff begins; the power of a polynomial otherwise.
    let xplorStart: Double?
    let cutoffPower: Double
    let radialWidths: [Int]
    /// By layer: whether the self-connection is linear; by type otherwise.
    let linearSelfConnections: [Bool]
    let normalizesHarmonics: Bool
    /// Names of levels of theory in order; none where there is one.
    let modalities: [String]
    /// Which linear maps know the modality.
    let modalEmbedding, modalBefore, modalAfter, modalReadout: Bool
    /// Whether the readout is a network with activations.
    let hasReadoutNetwork: Bool
    /// The features before the first and after each layer.
    let irreps: [Irreps]
    /// Whether radial weights stand in the order of the sorted paths.
    let sortsPaths: Bool
    let epochs: Int

    init(_ config: PickleDictionary, epochs: Int) throws {
        func value(_ key: String) -> PickleValue? { config[key].flatMap { $0.isNone ? nil : $0 } }
        func integer(_ key: String, _ absent: Int? = nil) throws -> Int {
            if value(key) == nil, let absent { return absent }
            guard let found = value(key)?.integer else { throw Self.missing(key, "an integer") }
            return found
        }
        func boolean(_ key: String, _ absent: Bool) -> Bool { value(key)?.boolean ?? absent }

        self.epochs = epochs
        guard let version = value("version")?.text else { throw Self.missing("version", "a text") }
        self.version = version
        let numbers = version.split(separator: ".").compactMap { Int($0) }
        // 0.11 sorts the paths of its convolutions; a version that cannot be read is taken for a new one.
        sortsPaths = !(numbers.count >= 2 && (numbers[0], numbers[1]) < (0, 11))
        guard let map = value("_type_map")?.dictionary else { throw Self.missing("_type_map", "numbers by type") }
        let types = map.entries.compactMap { entry in
            entry.key.integer.flatMap { number in entry.value.integer.map { (number: number, type: $0) } }
        }.sorted { $0.type < $1.type }
        elements = types.compactMap { Element(atomicNumber: $0.number) }
        guard elements.count == map.entries.count, types.map(\.type) == Array(0..<elements.count), !elements.isEmpty
        else { throw Self.missing("_type_map", "elements by type from 0") }
        guard let cutoff = value("cutoff")?.number, cutoff > 0, cutoff <= 50 else {
            throw Self.missing("cutoff", "a length of 0…50 Å")
        }
        self.cutoff = cutoff
        layers = try integer("num_convolution_layer")
        guard (1...20).contains(layers) else { throw Self.missing("num_convolution_layer", "1…20") }
        let degree = try integer("lmax")
        lMax = try integer("lmax_edge", -1) > 0 ? try integer("lmax_edge") : degree
        let nodeDegree = try integer("lmax_node", -1) > 0 ? try integer("lmax_node") : degree
        guard lMax == nodeDegree, (0...4).contains(lMax) else {
            throw Self.missing("lmax", "the same degree of features and harmonics, up to 4")
        }
        ignoresParity = !boolean("is_parity", true)

        guard let radial = value("radial_basis")?.dictionary, radial["radial_basis_name"]?.text == "bessel" else {
            throw Self.missing("radial_basis", "bessel")
        }
        bessels = radial["bessel_basis_num"]?.integer ?? 8
        trainsBessels = radial["trainable_coeff"]?.boolean ?? true
        guard let envelope = value("cutoff_function")?.dictionary else {
            throw Self.missing("cutoff_function", "poly_cut or XPLOR")
        }
        switch envelope["cutoff_function_name"]?.text {
        case "XPLOR":
            guard let start = envelope["cutoff_on"]?.number, start > 0, start < cutoff else {
                throw Self.missing("cutoff_function.cutoff_on", "a length below the cutoff")
            }
            (xplorStart, cutoffPower) = (start, 6)
        case "poly_cut": (xplorStart, cutoffPower) = (nil, envelope["poly_cut_p_value"]?.number ?? 6)
        default: throw Self.missing("cutoff_function", "poly_cut or XPLOR")
        }
        guard
            let widths = (value("weight_nn_hidden_neurons")?.items ?? [.integer(64), .integer(64)])
                .map(\.integer) as? [Int], Set(widths).count <= 1
        else { throw Self.missing("weight_nn_hidden_neurons", "layers of one width") }
        radialWidths = widths

        for (key, function) in [("act_radial", "silu")] where value(key).map({ $0.text != function }) ?? false {
            throw Self.missing(key, function)
        }
        for key in ["act_scalar", "act_gate"] {
            guard let functions = value(key)?.dictionary else { continue }
            guard functions["e"]?.text ?? "silu" == "silu", functions["o"]?.text ?? "tanh" == "tanh" else {
                throw Self.missing(key, "silu of even and tanh of odd scalars")
            }
        }
        guard value("interaction_type")?.text ?? "nequip" == "nequip" else {
            throw Self.missing("interaction_type", "nequip")
        }
        let kinds = value("self_connection_type").map { kind in
            kind.items?.map(\.text) ?? Array(repeating: kind.text, count: 1)
        }
        let names = kinds ?? ["nequip"]
        let all = names.count == 1 ? Array(repeating: names[0], count: layers) : names
        guard all.count == layers, all.allSatisfy({ $0 == "nequip" || $0 == "linear" }), Set(all).count == 1 else {
            throw Self.missing("self_connection_type", "nequip or linear, the same in all layers")
        }
        linearSelfConnections = all.map { $0 == "linear" }
        // Versions up to 0.9 did not, unless they say so.
        normalizesHarmonics = boolean(
            "_normalize_sph", !(numbers.count >= 2 && (numbers[0], numbers[1]) < (0, 10)))
        hasReadoutNetwork = boolean("readout_as_fcn", false)

        if boolean("use_modality", false), let map = value("_modal_map")?.dictionary {
            let names = map.entries.compactMap { entry in
                entry.key.text.flatMap { name in entry.value.integer.map { (name: name, index: $0) } }
            }.sorted { $0.index < $1.index }
            guard names.map(\.index) == Array(0..<names.count), !names.isEmpty else {
                throw Self.missing("_modal_map", "names of modalities by number")
            }
            modalities = names.map(\.name)
        } else {
            modalities = []
        }
        modalEmbedding = boolean("use_modal_node_embedding", false)
        modalBefore = boolean("use_modal_self_inter_intro", false)
        modalAfter = boolean("use_modal_self_inter_outro", false)
        modalReadout = boolean("use_modal_output_block", false)

        if let manual = value("irreps_manual")?.items {
            irreps = try manual.map { item in
                guard let text = item.text, let irreps = Irreps(text) else {
                    throw Self.missing("irreps_manual", "irreps such as 128x0e+64x1e")
                }
                return irreps
            }
            guard irreps.count == layers + 1 else { throw Self.missing("irreps_manual", "\(layers + 1) irreps") }
        } else {
            irreps = Self.inferred(
                channels: try integer("channel"), lMax: lMax, layers: layers, ignoresParity: ignoresParity)
        }
    }

    /// All irreps that paths reach, with the same number of channels.
    private static func inferred(channels: Int, lMax: Int, layers: Int, ignoresParity: Bool) -> [Irreps] {
        let harmonics = Irreps.sphericalHarmonics(lMax: lMax, parity: ignoresParity ? .even : .odd)
        var irreps = [Irreps([.init(channels, .scalar)])]
        for layer in 0..<layers {
            let isLast = layer == layers - 1
            let reached = Set(irreps[layer].flatMap { block in harmonics.flatMap { block.irrep * $0.irrep } })
                .filter { $0.l <= (isLast ? 0 : lMax) && !(isLast && $0.parity == .odd) }
            irreps.append(Irreps(reached.sorted().map { .init(channels, $0) }))
        }
        return irreps
    }

    static func missing(_ key: String, _ expected: String) -> ForeignPotentialError {
        ForeignPotentialError("its configuration has no \(key) that this program can use, expected \(expected)")
    }
}
