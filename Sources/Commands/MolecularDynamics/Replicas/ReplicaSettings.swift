import Dynamics
import Foundation
import Settings

/// The configuration of several runs at once: `replicas`, `tempering`, and for each the settings that it would have
/// alone.
struct ReplicaSettings {
    struct Tempering {
        var every: Int
        /// The table of exchanges.
        var file: String?
    }

    let source: Settings
    /// Each as it would be alone, without a checkpoint; its files are numbered.
    let replicas: [MDSettings]
    let seeds: [UInt64]
    /// Where they differ.
    let temperatures: [Temperature]?
    let tempering: Tempering?
    /// Of all.
    let checkpoint: MDSettings.Stream?

    static func areAsked(in settings: Settings) -> Bool {
        settings.optional("replicas") != nil || settings.optional("tempering") != nil
    }

    private static let largestCount = 4096

    /// - Parameter overrides: of the command line.
    init(_ settings: Settings, config: String, overrides: [String]) throws {
        source = settings
        let tempering = try settings.optionalSection("tempering")
        var (count, seeds, temperatures) = try Self.replicas(settings)
        if let tempering {
            let value = try tempering.value("temperatures", expected: "a list of temperatures")
            if temperatures != nil {
                throw value.error("expected replicas.temperatures or tempering.temperatures, found both")
            }
            temperatures = try Self.temperatures(value)
            guard temperatures!.count >= 2 else {
                throw value.error("expected at least two temperatures, found \(temperatures!.count)")
            }
            for (a, b) in zip(temperatures!, temperatures!.dropFirst()) where a >= b {
                throw value.error("expected rising temperatures, found \(a.kelvin) K before \(b.kelvin) K")
            }
            if let count, count != temperatures!.count {
                throw try settings.value("replicas").error(
                    "expected as many replicas as tempering.temperatures (\(temperatures!.count)), found \(count)")
            }
            count = temperatures!.count
            self.tempering = Tempering(
                every: try tempering.integer("every", in: .positive), file: try tempering.optional("file")?.file())
        } else {
            self.tempering = nil
        }
        if temperatures != nil, let own = try settings.section("ensemble").optional("temperature") {
            throw own.error("expected ensemble.temperature or the temperatures of replicas, found both")
        }
        let number = count ?? seeds?.count ?? temperatures!.count
        let first = UInt64(try settings.integer("seed", in: .nonNegative, default: 0))
        let allSeeds = seeds ?? (0..<number).map { first &+ UInt64($0) }
        self.seeds = allSeeds
        self.temperatures = temperatures
        // What is wrong with all of them is told of the configuration itself.
        let common = overrides + ["replicas=", "tempering="]
        func alone(_ index: Int, _ more: [String]) throws -> MDSettings {
            let bath = temperatures.map { ["ensemble.temperature=\($0[index].kelvin) K"] } ?? []
            return try MDSettings(
                Settings(contentsOf: config, overrides: common + bath + ["seed=\(allSeeds[index])"] + more))
        }
        let base = try alone(0, [])
        checkpoint = base.checkpoint
        let files = NumberedFiles(count: number)
        replicas = try (0..<number).map { index in
            let names: [(String, String?)] = [
                ("thermo.file", base.thermo?.file), ("trajectory.file", base.trajectory?.stream.file),
                ("trajectory.topology", base.trajectory?.topology), ("candidates.file", base.candidates?.stream.file),
            ]
            let renamed = try names.compactMap { key, file in
                try file.map { "\(key)=\(try Self.quoted(files.name($0, index)))" }
            }
            return try alone(index, renamed + ["checkpoint=false"])
        }
        try refuse(settings, base)
    }

    private func refuse(_ settings: Settings, _ base: MDSettings) throws {
        let place = settings.optional("replicas") ?? settings.optional("tempering")
        if base.pathIntegral != nil {
            throw place!.error("expected one run of a path integral, found several replicas")
        }
        if let properties = base.trajectory?.properties, properties != .none {
            throw try settings.section("trajectory").value("properties").error(
                "expected false beside several replicas")
        }
        if base.potential.shortSteps != nil {
            throw place!.error("expected one potential beside replicas, found two timesteps")
        }
    }

    /// `replicas: 4`, `{count: 4}`, `{seeds: […]}` or `{temperatures: […]}`.
    private static func replicas(_ settings: Settings) throws -> (Int?, [UInt64]?, [Temperature]?) {
        guard let value = settings.optional("replicas") else { return (nil, nil, nil) }
        guard value.isSection else { return (try value.integer(in: 1...largestCount), nil, nil) }
        let section = try value.section()
        var count = try section.optional("count")?.integer(in: 1...largestCount)
        let seeds = try section.optional("seeds")?.list().map { UInt64(try $0.integer(in: .nonNegative)) }
        let temperatures = try section.optional("temperatures").map { try Self.temperatures($0) }
        for (key, other) in [("seeds", seeds?.count), ("temperatures", temperatures?.count)] {
            guard let other else { continue }
            guard other >= 1, other <= largestCount, count ?? other == other else {
                throw try section.value(key).error(
                    "expected \(count.map { "\($0), as many as there are replicas" } ?? "1…\(largestCount)"), found \(other)"
                )
            }
            count = other
        }
        guard count != nil else {
            throw value.error("expected a number of replicas, or a section with count, seeds or temperatures")
        }
        if let seeds, Set(seeds).count < seeds.count {
            throw try section.value("seeds").error("expected different seeds, found one twice")
        }
        return (count, seeds, temperatures)
    }

    private static func temperatures(_ value: SettingsValue) throws -> [Temperature] {
        try value.list().map { .kelvin(try $0.quantity(.temperature, in: .positive)) }
    }

    /// As a value of YAML.
    private static func quoted(_ text: String) throws -> String {
        String(decoding: try JSONEncoder().encode(text), as: UTF8.self).replacingOccurrences(of: "\\/", with: "/")
    }
}
