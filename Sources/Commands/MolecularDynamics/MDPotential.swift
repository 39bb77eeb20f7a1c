import Atoms
import Compute
import Foundation
import Interactions
import Potentials
import Settings

/// What moves the atoms of a run: a potential file, or interactions that the settings describe.
struct MDPotential {
    /// As settings name it.
    enum Source {
        case file(String)
        /// With the file that holds it, if it is one of its own.
        case classical(ClassicalPotential, file: String?)

        /// A file, a file of settings (`.yaml`, `.yml` or `.json`), or a section.
        init(_ settings: Settings) throws {
            let value = try settings.value("potential", expected: "the name of a file, or a section")
            guard !value.isSection else {
                self = .classical(try ClassicalPotential(value.section()), file: nil)
                return
            }
            let file = try value.file()
            guard ["yaml", "yml", "json"].contains((file as NSString).pathExtension.lowercased()) else {
                self = .file(file)
                return
            }
            let own = try Settings(contentsOf: file)
            self = .classical(try ClassicalPotential(own), file: file)
            try own.finish()
        }

        var file: String? {
            switch self {
            case .file(let file): file
            case .classical(_, let file): file
            }
        }

        /// For messages.
        var name: String { file ?? "potential" }
    }

    let source: Source
    /// `nil` for classical interactions.
    let learned: Potential?

    /// Throws when the file is none, or is damaged.
    init(_ source: Source) throws {
        self.source = source
        if case .file(let file) = source {
            learned = try Potential(verifying: file, withEnergiesFor: "molecular dynamics")
        } else {
            learned = nil
        }
    }

    func interaction(precision: Potential.Precision?, parallelism: Parallelism) throws -> any Interaction {
        switch source {
        case .file: try learned!.interaction(precision: precision, parallelism: parallelism)
        case .classical(let classical, _): try classical.interaction(parallelism: parallelism)
        }
    }

    var isCommittee: Bool { (learned?.members.count ?? 1) > 1 }

    /// How close atoms may come; classical interactions have no such limit.
    var minimumDistances: MinimumDistances { learned?.minimumDistances ?? MinimumDistances() }

    /// Of atoms, e, where they are constant.
    func charges(of elements: [Element]) -> [Double]? {
        if case .classical(let classical, _) = source { classical.charges(of: elements) } else { nil }
    }

    /// What the introduction says of it.
    var rows: [[String]] {
        switch source {
        case .file(let file):
            let summary = PotentialSummary(learned!)
            let more = [summary.errors, summary.unknownDistances].compactMap(\.self).map { ["", $0] }
            return [["potential", "\(file): \(summary.line)"]] + more
        case .classical(let classical, let file):
            return [["potential", (file.map { "\($0): " } ?? "") + classical.description]]
        }
    }

    /// What a run should go on with and the settings do not say.
    func identity(precision: Potential.Precision?) -> [String: String] {
        switch source {
        case .file(let file):
            [
                "potential": "\(learned!.provenance.created) (\(file))", "potential.sha256": learned!.checksum ?? "",
                "precision": (precision ?? learned!.precision).rawValue,
            ]
        case .classical(let classical, _): ["potential": classical.description, "precision": "float64"]
        }
    }
}
