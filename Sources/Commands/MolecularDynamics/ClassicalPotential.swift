import Atoms
import Compute
import Foundation
import Interactions
import Settings

/// Interactions with parameters that stand in the settings instead of a potential file; several are added.
///
///     potential:
///       lennard-jones: {cutoff: 8.5 Å, elements: {Ar: {epsilon: 10.3 meV, sigma: 3.405 Å}}}
struct ClassicalPotential {
    private enum Term {
        case lennardJones([Element: LennardJones.Parameters], cutoff: Double, tail: LennardJones.Tail)
        case stillingerWeber(Element, StillingerWeber.Parameters)
        case coulomb([Element: Double], cutoff: Double, accuracy: Double)
        case ziegler(cutoff: Double)
    }

    private var terms: [Term] = []

    /// A section `potential`.
    init(_ settings: Settings) throws {
        if let section = try settings.optionalSection("lennard-jones") {
            terms.append(try Self.lennardJones(section))
        }
        if let section = try settings.optionalSection("stillinger-weber") {
            terms.append(try Self.stillingerWeber(section))
        }
        if let section = try settings.optionalSection("coulomb") { terms.append(try Self.coulomb(section)) }
        if let section = try settings.optionalSection("zbl") {
            terms.append(.ziegler(cutoff: try section.quantity("cutoff", .length, in: .positive)))
        }
        // What else stands there is an unknown key, which `finish` reports with those that are known.
        guard !terms.isEmpty || !settings.keys.isEmpty else {
            _ = try settings.value(
                "lennard-jones",
                expected: "lennard-jones, stillinger-weber, coulomb or zbl (or the name of a potential file)")
            return
        }
    }

    private static func entries(_ settings: Settings, _ key: String) throws -> [(Element, SettingsValue)] {
        try settings.section(key).entries().map { symbol, value in
            guard let element = Element(symbol) else {
                throw value.error("expected the symbol of an element, found '\(symbol)'")
            }
            return (element, value)
        }
    }

    private static func lennardJones(_ settings: Settings) throws -> Term {
        let cutoff = try settings.quantity("cutoff", .length, in: .positive)
        var parameters: [Element: LennardJones.Parameters] = [:]
        for (element, value) in try entries(settings, "elements") {
            let section = try value.section()
            parameters[element] = .init(
                epsilon: try section.quantity("epsilon", .energy, in: .nonNegative),
                sigma: try section.quantity("sigma", .length, in: .positive))
        }
        let word = try settings.choice("tail", ["switch", "cut", "shift", "force-shift"], default: "switch")
        let onset = settings.optional("onset")
        if word != "switch", let onset {
            throw onset.error("has no effect with tail: \(word); expected tail: switch")
        }
        let tail: LennardJones.Tail =
            switch word {
            case "cut": .cut
            case "shift": .shifted
            case "force-shift": .forceShifted
            default: .switched(onset: try onset?.quantity(.length, in: 0...cutoff.nextDown) ?? 0.9 * cutoff)
            }
        return .lennardJones(parameters, cutoff: cutoff, tail: tail)
    }

    private static func stillingerWeber(_ settings: Settings) throws -> Term {
        let value = settings.optional("element")
        let symbol = try value?.string() ?? "Si"
        guard let element = Element(symbol) else {
            throw value!.error("expected the symbol of an element, found '\(symbol)'")
        }
        let own = element == Element("Si") ? StillingerWeber.Parameters.silicon : nil
        return .stillingerWeber(
            element,
            .init(
                epsilon: try settings.quantity("epsilon", .energy, in: .positive, default: own?.epsilon),
                sigma: try settings.quantity("sigma", .length, in: .positive, default: own?.sigma),
                a: try settings.double("a", in: .positive, default: 1.8),
                lambda: try settings.double("lambda", in: .nonNegative, default: 21),
                gamma: try settings.double("gamma", in: .nonNegative, default: 1.2),
                A: try settings.double("A", in: .nonNegative, default: 7.049556277),
                B: try settings.double("B", in: .nonNegative, default: 0.6022245584)))
    }

    private static func coulomb(_ settings: Settings) throws -> Term {
        var charges: [Element: Double] = [:]
        for (element, value) in try entries(settings, "charges") {
            charges[element] = try value.quantity(.charge, in: -100...100)
        }
        return .coulomb(
            charges, cutoff: try settings.quantity("cutoff", .length, in: .positive),
            accuracy: try settings.double("accuracy", in: 1e-14...1e-2, default: 1e-8))
    }
}

extension ClassicalPotential {
    func interaction(parallelism: Parallelism) throws -> any Interaction {
        let interactions = try terms.map { term -> any Interaction in
            switch term {
            case .lennardJones(let parameters, let cutoff, let tail):
                try LennardJones(parameters, cutoff: cutoff, tail: tail, parallelism: parallelism)
            case .stillingerWeber(let element, let parameters):
                try StillingerWeber(element, parameters: parameters, parallelism: parallelism)
            case .coulomb(let charges, let cutoff, let accuracy):
                try Ewald(charges: charges, cutoff: cutoff, accuracy: accuracy, parallelism: parallelism)
            case .ziegler(let cutoff): try ZBL(cutoff: cutoff, parallelism: parallelism)
            }
        }
        return interactions.count == 1 ? interactions[0] : SumOfInteractions(interactions)
    }

    /// Of Coulomb's law, e; `nil` without it.
    func charges(of elements: [Element]) -> [Double]? {
        for case .coulomb(let charges, _, _) in terms { return elements.map { charges[$0] ?? 0 } }
        return nil
    }

    /// `Lennard-Jones for Ar, cutoff 8.5 Å`
    var description: String {
        terms.map { term -> String in
            switch term {
            case .lennardJones(let parameters, let cutoff, let tail):
                let end =
                    switch tail {
                    case .switched(let onset): "switched off from \(Written.short(onset)) Å"
                    case .cut: "cut: energy and forces end with a step, so that the conserved energy will drift"
                    case .shifted: "shifted: forces end with a step"
                    case .forceShifted: "force-shifted"
                    }
                return "Lennard-Jones for \(Self.names(parameters.keys)), cutoff \(Written.short(cutoff)) Å, \(end)"
            case .stillingerWeber(let element, let p):
                return "Stillinger–Weber for \(element), cutoff \(Written.short(p.a * p.sigma)) Å"
            case .coulomb(let charges, let cutoff, let accuracy):
                let list = charges.sorted { $0.key < $1.key }.map { "\($0.key) \(Written.short($0.value))" }
                return
                    "Coulomb by Ewald, charges \(list.joined(separator: ", ")), cutoff \(Written.short(cutoff)) Å, "
                    + "accuracy \(Written.scientific(accuracy))"
            case .ziegler(let cutoff): return "ZBL, cutoff \(Written.short(cutoff)) Å"
            }
        }.joined(separator: "; ")
    }

    private static func names(_ elements: some Sequence<Element>) -> String {
        elements.sorted().map(\.symbol).joined(separator: " ")
    }
}
