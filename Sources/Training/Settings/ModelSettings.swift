import Atoms
import DataSets
import Foundation
import Interactions
import Layers
import Models
import Potentials
import Programs
import Settings

/// The section `model`: hyperparameters as NequIP names them, and what is to be taken from the data.
public struct ModelSettings: Sendable {
    /// Hyperparameters; elements, shifts, scales and neighbours are filled in by `configuration(from:)`.
    private var base: ModelConfiguration
    public var elements: [Element]?
    /// Å
    public var rMax: Double { base.rMax }
    private var averageNeighbors: ByElement?
    private var scales: ByElement?
    private var shifts: ByElement?
    /// Whether all shifts must be those of isolated atoms in the data.
    private let shiftsAreIsolatedAtoms: SettingsPlace?
    /// `[receiver]`, by source; Å.
    private var pairCutoffs: [Element: ByElement] = [:]
    private let pairCutoffsPlace: SettingsPlace?

    /// One number for all elements, or one for each.
    private enum ByElement: Sendable {
        case all(Double)
        case each([Element: Double], SettingsPlace)
    }

    init(_ model: Settings) throws {
        let rMax = try model.quantity("r_max", .length, in: 0.1...50)
        base = ModelConfiguration(try Architectures.read(model), rMax: rMax, elements: [], avgNumNeighbors: [1])
        let pairPotentials = ModelConfiguration.PairPotential.allCases.map(\.rawValue)
        base.pairPotential = .init(
            rawValue: try model.choice("pair_potential", pairPotentials + ["none"], default: "none"))
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
        // In single precision its square must be a number too.
        scales = try Self.byElement(
            model.optional("per_type_energy_scales"), words: ["forces_rms"], in: 1e-8...1e8)
        let shiftsValue = model.optional("per_type_energy_shifts")
        shifts = try Self.byElement(shiftsValue, words: ["least_squares", "isolated_atoms"])
        shiftsAreIsolatedAtoms = shiftsValue.flatMap { (try? $0.string()) == "isolated_atoms" ? $0.place : nil }
        let cutoffs = model.optional("per_edge_type_cutoff")
        pairCutoffsPlace = cutoffs?.place
        for (name, value) in try cutoffs?.section().entries() ?? [] {
            let receiver = try Self.element(name, value)
            if value.isSection {
                var cutoffs: [Element: Double] = [:]
                for (other, cutoff) in try value.section().entries() {
                    cutoffs[try Self.element(other, cutoff)] = try cutoff.quantity(.length, in: 0.1...rMax)
                }
                pairCutoffs[receiver] = .each(cutoffs, value.place)
            } else {
                pairCutoffs[receiver] = .all(try value.quantity(.length, in: 0.1...rMax))
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
            return .each(numbers, value.place)
        }
        if words.contains(try value.string()) { return nil }
        guard Double(try value.string()) != nil else {
            throw value.error(
                "expected a number, a number for each element ({Si: …}), or \(words.joined(separator: ", ")); found \(try value.string())"
            )
        }
        return .all(try value.double(in: range))
    }

    private static func numbers(_ choice: ByElement, _ elements: [Element], absent: Double? = nil) throws -> [Double]
    {
        switch choice {
        case .all(let number): return elements.map { _ in number }
        case .each(let numbers, let place):
            try check(numbers.keys.sorted(), among: elements, place)
            return try elements.map { element in
                guard let number = numbers[element] ?? absent else {
                    throw place.error("there is no number for \(element)")
                }
                return number
            }
        }
    }

    private static func check(_ named: [Element], among elements: [Element], _ place: SettingsPlace) throws {
        guard let stranger = named.first(where: { !elements.contains($0) }) else { return }
        throw place.error(
            "\(stranger) is not among the model's elements \(elements.map(\.symbol).joined(separator: ", "))")
    }

    /// The pair potential of a model of these elements, which the labels are learned without.
    func pairInteraction(_ elements: [Element]) throws -> ZBL? {
        var configuration = base
        configuration.typeNames = elements.map(\.symbol)
        configuration.perEdgeTypeCutoff = try cutoffs(elements)
        return try configuration.pairInteraction(parallelism: .serial)
    }

    /// How far atoms of the elements that have cutoffs of their own see each other, before it is known which elements
    /// the data hold.
    var elementCutoffs: ElementCutoffs {
        get throws {
            guard let elements else {
                var named = Set(pairCutoffs.keys)
                for case .each(let cutoffs, _) in pairCutoffs.values { named.formUnion(cutoffs.keys) }
                let known = named.sorted()
                // Towards elements without a name a receiver of one cutoff has that too.
                var cutoffs = ElementCutoffs(rMax, try self.cutoffs(known), of: known)
                for case (let receiver, .all(let cutoff)) in pairCutoffs { cutoffs.set(cutoff, for: receiver) }
                return cutoffs
            }
            return ElementCutoffs(rMax, try cutoffs(elements), of: elements)
        }
    }

    /// `[receiver][source]` in Å, or empty where one cutoff serves all.
    private func cutoffs(_ elements: [Element]) throws -> [[Double]] {
        guard let place = pairCutoffsPlace, !pairCutoffs.isEmpty else { return [] }
        try Self.check(pairCutoffs.keys.sorted(), among: elements, place)
        return try elements.map { receiver in
            try pairCutoffs[receiver].map { try Self.numbers($0, elements, absent: rMax) }
                ?? elements.map { _ in rMax }
        }
    }

    /// The configuration completed from training structures, with remarks for people on what was chosen.
    ///
    /// - Parameters:
    ///   - outputs: what is to be predicted.
    ///   - isolatedAtoms: eV, of elements that the data hold single atoms of.
    public func configuration(
        from structures: some Collection<Structure>, _ statistics: DataStatistics, outputs: [Output] = [.energy],
        isolatedAtoms: [Element: Double] = [:]
    ) throws -> (configuration: ModelConfiguration, remarks: [Remark]) {
        var configuration = base
        let elements = elements ?? statistics.elements
        configuration.typeNames = elements.map(\.symbol)
        configuration.outputs = outputs
        configuration.avgNumNeighbors =
            try averageNeighbors.map { choice in
                if case .all(let number) = choice { [number] } else { try Self.numbers(choice, elements) }
            } ?? [statistics.averageNeighbors]
        configuration.perEdgeTypeCutoff = try cutoffs(elements)
        guard configuration.predictsEnergy else {
            configuration.perTypeEnergyScales = elements.map { _ in 1 }
            configuration.perTypeEnergyShifts = elements.map { _ in 0 }
            try configuration.validate()
            return (configuration, [])
        }
        configuration.perTypeEnergyScales =
            try scales.map { try Self.numbers($0, elements) } ?? elements.map { _ in statistics.forcesRMS }
        var (energies, remarks) = try energyShifts(elements, structures, statistics, isolatedAtoms)
        if scales == nil, let rms = statistics.vanishingForces {
            remarks.append(
                .warning(
                    "all forces are zero, or nearly (\(String(format: "%.1g", rms)) eV/Å rms): they give no per_type_energy_scales, which are 1 eV; forces near to these structures are not learned from them"
                ))
        }
        configuration.perTypeEnergyShifts = energies
        try configuration.validate()
        return (configuration, remarks)
    }

    private func energyShifts(
        _ elements: [Element], _ structures: some Collection<Structure>, _ statistics: DataStatistics,
        _ isolatedAtoms: [Element: Double]
    ) throws -> (energies: [Double], remarks: [Remark]) {
        if let shifts { return (try Self.numbers(shifts, elements), []) }
        func list(_ elements: [Element], _ energies: [Double]) -> String {
            zip(elements, energies).map { "\($0) \(String(format: "%.4f", $1))" }.joined(separator: ", ")
        }
        let known = isolatedAtoms.filter { elements.contains($0.key) }
        let missing = elements.filter { known[$0] == nil }
        if let place = shiftsAreIsolatedAtoms, !missing.isEmpty {
            throw place.error(
                "expected training structures of one atom with an energy for every element, found none for \(missing.map(\.symbol).joined(separator: ", "))"
            )
        }
        var remarks: [Remark] = []
        if !known.isEmpty {
            let present = elements.filter { known[$0] != nil }
            remarks.append(
                .notice("energy shifts of isolated atoms: \(list(present, present.map { known[$0]! })) eV"))
        }
        if missing.isEmpty { return (elements.map { known[$0]! }, remarks) }
        guard structures.contains(where: { $0.energy != nil }) else {
            remarks.append(
                .notice(
                    "no energies in the data: energy shifts 0 eV for \(missing.map(\.symbol).joined(separator: ", "))"
                ))
            return (elements.map { known[$0] ?? 0 }, remarks)
        }
        let fit = try DataStatistics.isolatedAtomEnergies(
            structures, elements: elements, known: known, pairEnergies: statistics.pairEnergies)
        let fitted = zip(elements, fit.energies).filter { missing.contains($0.0) }
        remarks.append(.notice("energy shifts by least squares: \(list(fitted.map(\.0), fitted.map(\.1))) eV"))
        if !fit.isDetermined {
            remarks.append(
                .warning(
                    "the compositions do not determine the shifts of all elements; give per_type_energy_shifts if isolated atoms matter"
                ))
        }
        return (fit.energies, remarks)
    }
}
