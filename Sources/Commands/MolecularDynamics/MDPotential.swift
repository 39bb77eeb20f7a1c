import Atoms
import Compute
import Dynamics
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
        /// A cheap one that moves atoms between the kicks of a dear one every so many steps.
        indirect case split(inner: Source, outer: Source, every: Int)

        /// A file, a file of settings (`.yaml`, `.yml` or `.json`), or a section.
        init(_ settings: Settings) throws {
            let value = try settings.value("potential", expected: "the name of a file, or a section")
            guard !value.isSection else {
                let section = try value.section()
                self =
                    try Self.split(section) ?? .classical(try ClassicalPotential(section), file: nil)
                return
            }
            try self.init(value)
        }

        /// The name of a file.
        init(_ value: SettingsValue) throws {
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
            case .split(_, let outer, _): outer.file
            }
        }

        /// For messages.
        var name: String { file ?? "potential" }
    }

    let source: Source
    /// `nil` for classical interactions; of two the dear one.
    let learned: Potential?
    /// The cheap one of two.
    let inner: Cheap?

    /// A potential beside another.
    final class Cheap {
        let potential: MDPotential
        init(_ potential: MDPotential) { self.potential = potential }
    }

    /// Throws when the file is none, or is damaged.
    init(_ source: Source) throws {
        self.source = source
        switch source {
        case .file(let file):
            learned = try Potential(verifying: file, withEnergiesFor: "molecular dynamics")
            inner = nil
        case .classical: (learned, inner) = (nil, nil)
        case .split(let cheap, let dear, _):
            learned = try MDPotential(dear).learned
            inner = Cheap(try MDPotential(cheap))
        }
    }

    func interaction(precision: Potential.Precision?, parallelism: Parallelism) throws -> any Interaction {
        switch source {
        case .file: try learned!.interaction(precision: precision, parallelism: parallelism)
        case .classical(let classical, _): try classical.interaction(parallelism: parallelism)
        case .split(_, let outer, _):
            TwoTimescales(
                dear: try MDPotential(outer, learned: learned).interaction(
                    precision: precision, parallelism: parallelism),
                cheap: try inner!.potential.interaction(precision: nil, parallelism: parallelism))
        }
    }

    private init(_ source: Source, learned: Potential?) {
        (self.source, self.learned, inner) = (source, learned, nil)
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
        case .split(_, let outer, let every):
            let cheap = inner!.potential.rows.map { [$0[0].isEmpty ? "" : "inner", $0[1]] }
            return MDPotential(outer, learned: learned).rows
                + [["", "every \(Written.count(every, "step")), the inner potential in each (r-RESPA)"]] + cheap
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
        case .split(_, let outer, _):
            MDPotential(outer, learned: learned).identity(precision: precision).merging(
                ["inner potential": inner!.potential.identity(precision: nil)["potential"] ?? ""]) { $1 }
        }
    }
}
