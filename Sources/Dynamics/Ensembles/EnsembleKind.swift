import Foundation
import Settings

/// An ensemble as settings ask for it, by its name and with keys of its own. A new one is a file, and an entry in
/// `Ensembles`.
public protocol EnsembleKind: Sendable {
    static var name: String { get }

    /// Reads the section `ensemble`, and the ramps that stand for some of its keys.
    init(_ settings: EnsembleSettings) throws

    /// Of the bath, or at which velocities are drawn for want of another.
    var temperature: Temperature? { get }
    /// `Langevin at 300 K, friction 1/ps`
    var description: String { get }
    /// Keys that are given and mean nothing to it.
    var unusedKeys: [String] { get }

    func ensemble(timestep: Time, seed: UInt64) -> Ensemble
}

extension EnsembleKind {
    public var unusedKeys: [String] { [] }
}

/// All that can be asked for.
public enum Ensembles {
    public static let all: [any EnsembleKind.Type] = [
        LangevinDynamics.self, ConstantEnergy.self, NoseHoover.self, CSVR.self, NPTMTK.self, NPTCellRescaling.self,
        NPTLangevin.self, NPH.self,
    ]

    /// Reads the section `ensemble`, whose `name` chooses.
    public static func read(_ settings: EnsembleSettings) throws -> any EnsembleKind {
        let name = try settings.section.choice("name", all.map { $0.name })
        guard let kind = all.first(where: { $0.name == name }) else { preconditionFailure("no ensemble \(name)") }
        return try kind.init(settings)
    }
}

extension Double {
    /// With four digits that count.
    var short: String { String(format: "%.4g", self) }
}
