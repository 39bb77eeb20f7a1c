import Foundation
import Atoms
import Network
import Settings

/// The section `model`: hyperparameters as NequIP names them, and what is to be taken from the data.
public struct ModelSettings {
    /// Hyperparameters; elements, shifts, scales and neighbours are filled in by `configuration(from:)`.
    private var base: ModelConfiguration
    public var elements: [Element]?
    /// Å
    public var rMax: Double { base.rMax }
    private var averageNeighbors: ByElement?
    private var scales: ByElement?
    private var shifts: ByElement?
    /// `[receiver][source]` Å
    private var pairCutoffs: [Element: [Element: Double]] = [:]
    private let place: SettingsValue?

    /// One number for all elements, or one for each.
    private enum ByElement {
        case all(Double)
        case each([Element: Double], SettingsValue)
    }

    init(_ model: Settings) throws {
        let rMax = try model.quantity("r_max", .length, in: 0.1...50)
        base = ModelConfiguration(rMax: rMax, elements: [], avgNumNeighbors: [1])
        base.numLayers = try model.integer("num_layers", in: 1...20, default: 4)
        base.lMax = try model.integer("l_max", in: 0...ModelConfiguration.largestDegree, default: 1)
        base.parity = try model.boolean("parity", default: true)
        base.numFeatures = Array(repeating: 32, count: base.lMax + 1)
        if let value = model.optional("num_features") {
            let numbers = try value.oneOrMore().map { try $0.integer(in: 1...1024) }
            guard numbers.count == 1 || numbers.count == base.lMax + 1 else {
                throw value.error(
                    "expected one number, or \(base.lMax + 1) for l = 0…\(base.lMax), found \(numbers.count)")
            }
            base.numFeatures = numbers.count == 1 ? Array(repeating: numbers[0], count: base.lMax + 1) : numbers
        }
        base.typeEmbedNumFeatures = try model.integer(
            "type_embed_num_features", in: 1...1024, default: base.numFeatures[0])
        base.radialMLPDepth = try model.integer("radial_mlp_depth", in: 0...8, default: 1)
        base.radialMLPWidth = try model.integer("radial_mlp_width", in: 1...4096, default: 128)
        base.numBessels = try model.integer("num_bessels", in: 1...64, default: 8)
        base.besselTrainable = try model.boolean("bessel_trainable", default: false)
        base.polynomialCutoffP = try model.double("polynomial_cutoff_p", in: 2...64, default: 6)
        base.readoutMLPHiddenLayersDepth = try model.integer(
            "readout_mlp_hidden_layers_depth", in: 0...8, default: 0)
        if model.optional("readout_mlp_hidden_layers_width") != nil {
            base.readoutMLPHiddenLayersWidth = try model.integer("readout_mlp_hidden_layers_width", in: 1...4096)
        }
        base.splineIntervals = try model.integer("spline_intervals", in: 8...8192, default: 256)
        if model.optional("pair_potential") != nil {
            base.pairPotential = try model.choice("pair_potential", of: ModelConfiguration.PairPotential.self)
        }
        if let value = model.optional("type_names") {
            elements = try value.oneOrMore().map { name in
                guard let element = Element(try name.string()) else {
                    throw name.error("expected the symbol of an element, found \(try name.string())")
                }
                return element
            }
            guard let elements, !elements.isEmpty, Set(elements).count == elements.count else {
                throw value.error(
                    "expected each element once, found \(elements?.map(\.symbol).joined(separator: ", ") ?? "none")")
            }
        }
        averageNeighbors = try Self.byElement(model.optional("avg_num_neighbors"), words: ["auto"], in: .positive)
        scales = try Self.byElement(model.optional("per_type_energy_scales"), words: ["forces_rms"])
        shifts = try Self.byElement(model.optional("per_type_energy_shifts"), words: ["least_squares"])
        place = model.optional("per_edge_type_cutoff")
        for (name, value) in try place?.section().entries() ?? [] {
            let receiver = try Self.element(name, value)
            if value.isSection {
                for (other, cutoff) in try value.section().entries() {
                    pairCutoffs[receiver, default: [:]][try Self.element(other, cutoff)] =
                        try cutoff.quantity(.length, in: 0.1...rMax)
                }
            } else {
                // One number serves every neighbour of this type.
                let cutoff = try value.quantity(.length, in: 0.1...rMax)
                for number in 1...118 { pairCutoffs[receiver, default: [:]][Element(atomicNumber: number)!] = cutoff }
            }
        }
    }

    private static func element(_ name: String, _ value: SettingsValue) throws -> Element {
        guard let element = Element(name) else {
            throw value.error("expected the symbol of an element, found \(name)")
        }
        return element
    }

    /// `nil` for one of the words, which stand for "from the data".
    private static func byElement(
        _ value: SettingsValue?, words: [String], in range: ClosedRange<Double> = .all
    ) throws -> ByElement? {
        guard let value else { return nil }
        if value.isSection {
            var numbers: [Element: Double] = [:]
            for (name, number) in try value.section().entries() {
                numbers[try element(name, number)] = try number.double(in: range)
            }
            return .each(numbers, value)
        }
        if words.contains(try value.string()) { return nil }
        guard Double(try value.string()) != nil else {
            throw value.error(
                "expected a number, a number for each element ({Si: …}), or \(words.joined(separator: ", ")); found \(try value.string())"
            )
        }
        return .all(try value.double(in: range))
    }

    private static func numbers(_ choice: ByElement, _ elements: [Element]) throws -> [Double] {
        switch choice {
        case .all(let number): elements.map { _ in number }
        case .each(let numbers, let value):
            try elements.map { element in
                guard let number = numbers[element] else { throw value.error("there is no number for \(element)") }
                return number
            }
        }
    }

    /// The configuration completed from training structures, with remarks for people on what was chosen.
    public func configuration(
        from structures: [Structure], _ statistics: DataStatistics
    ) throws -> (configuration: ModelConfiguration, remarks: [String]) {
        var remarks: [String] = []
        var configuration = base
        let elements = elements ?? statistics.elements
        configuration.typeNames = elements.map(\.symbol)
        configuration.avgNumNeighbors =
            try averageNeighbors.map { choice in
                if case .all(let number) = choice { [number] } else { try Self.numbers(choice, elements) }
            } ?? [statistics.averageNeighbors]
        configuration.perTypeEnergyScales =
            try scales.map { try Self.numbers($0, elements) } ?? elements.map { _ in statistics.forcesRMS }
        if let shifts {
            configuration.perTypeEnergyShifts = try Self.numbers(shifts, elements)
        } else {
            let fit = try DataStatistics.isolatedAtomEnergies(structures, elements: elements)
            configuration.perTypeEnergyShifts = fit.energies
            let list = zip(elements, fit.energies).map { "\($0) \(String(format: "%.4f", $1))" }.joined(
                separator: ", ")
            remarks.append("energy shifts by least squares: \(list) eV")
            if !fit.isDetermined {
                remarks.append(
                    "warning: the compositions do not determine the shifts of all elements; give per_type_energy_shifts if isolated atoms matter"
                )
            }
        }
        if !pairCutoffs.isEmpty {
            configuration.perEdgeTypeCutoff = elements.map { a in
                elements.map { b in pairCutoffs[a]?[b] ?? configuration.rMax }
            }
        }
        try configuration.validate()
        return (configuration, remarks)
    }
}
