import Foundation
import Settings

extension MDPotential.Source {
    /// `{inner: a, outer: b, every: 4}`; nil for a section that is something else.
    static func split(_ section: Settings) throws -> MDPotential.Source? {
        guard section.keys.contains("inner") || section.keys.contains("outer") else { return nil }
        func source(_ key: String) throws -> MDPotential.Source {
            let value = try section.value(
                key, expected: "a potential (a file, or a section of classical interactions)")
            return value.isSection ? .classical(try ClassicalPotential(value.section()), file: nil) : try .init(value)
        }
        return .split(
            inner: try source("inner"), outer: try source("outer"),
            every: try section.integer("every", in: 1...1000))
    }

    /// How many steps lie between two evaluations of the dear potential; nil with one potential.
    var shortSteps: Int? { if case .split(_, _, let every) = self { every } else { nil } }
}

extension MDPotential {
    /// A potential file, or a YAML file of classical interactions, as a command line names it.
    ///
    /// Throws when it is none, or damaged.
    init(file: String) throws {
        guard ["yaml", "yml", "json"].contains((file as NSString).pathExtension.lowercased()) else {
            try self.init(.file(file))
            return
        }
        let settings = try Settings(contentsOf: file)
        let classical = try ClassicalPotential(settings)
        try settings.finish()
        try self.init(.classical(classical, file: file))
    }
}
