import Atoms
import Settings

/// What an ensemble is made from: the section `ensemble`, and `ramp`, which may stand for some of its keys.
public struct EnsembleSettings {
    public let section: Settings
    private let ramp: Settings?
    private let steps: Int

    /// - Parameter steps: of the run, over which targets change unless `ramp.steps` says otherwise.
    public init(_ section: Settings, ramp: Settings? = nil, steps: Int = 1) throws {
        self.section = section
        self.ramp = ramp
        self.steps = try ramp?.optional("steps")?.integer(in: .positive) ?? max(1, steps)
    }

    /// `ensemble.temperature`, or `ramp.temperature: [300 K, 1500 K]`.
    func temperature(in range: ClosedRange<Double> = .nonNegative) throws -> BathTemperature {
        BathTemperature(
            try ramped("temperature", .temperature, in: range) {
                try section.quantity("temperature", .temperature, in: range)
            })
    }

    /// `ensemble.pressure`, `ensemble.stress` or `ramp.pressure`.
    func stress() throws -> TargetStress {
        if let value = section.optional("stress") {
            if let pressure = section.optional("pressure") {
                throw pressure.error("expected pressure or stress, found both")
            }
            if let ramp = ramp?.optional("pressure") {
                throw ramp.error("expected ramp.pressure or stress, found both")
            }
            let numbers = try value.list().map { try $0.quantity(.pressure) / Units.gigapascal }
            guard numbers.count == 6 else {
                throw value.error("expected six numbers (xx, yy, zz, yz, xz, xy), found \(numbers.count)")
            }
            return TargetStress(voigt: numbers)
        }
        let ramp = try ramped("pressure", .pressure, in: .all) { try section.quantity("pressure", .pressure) }
        let unit = 1 / Units.gigapascal
        return TargetStress(
            pressure: Ramp(from: ramp.start * unit, to: ramp.end * unit, steps: ramp.steps))
    }

    /// `cell` and `axes`.
    func cell() throws -> CellFreedom {
        let mode = try section.choice("cell", of: CellFreedom.Mode.self, default: .isotropic)
        guard let value = section.optional("axes") else { return CellFreedom(mode) }
        guard mode != .xy else { throw value.error("expected cell: anisotropic with axes, found cell: xy") }
        let text = try value.isList ? value.list().map { try $0.string() }.joined() : value.string()
        let axes = text.filter { !" ,".contains($0) }
        guard !axes.isEmpty, axes.allSatisfy({ "xyz".contains($0) }), Set(axes).count == axes.count else {
            throw value.error("expected some of x, y and z, such as axes: xy, found '\(text)'")
        }
        return CellFreedom(
            mode, axes: SIMD3(axes.contains("x") ? 1 : 0, axes.contains("y") ? 1 : 0, axes.contains("z") ? 1 : 0))
    }

    /// - Throws: an error for a ramp of what the ensemble does not have.
    func refuseRamps(_ keys: [String], of ensemble: String) throws {
        for key in keys {
            if let value = ramp?.optional(key) {
                throw value.error("expected an ensemble with a \(key) to change; \(ensemble) has none")
            }
        }
    }

    private func ramped(
        _ key: String, _ quantity: Quantity, in range: ClosedRange<Double>, otherwise: () throws -> Double
    ) throws -> Ramp {
        guard let value = ramp?.optional(key) else { return .constant(try otherwise()) }
        if let own = section.optional(key) {
            throw own.error("expected ensemble.\(key) or ramp.\(key), found both")
        }
        let ends = try value.list().map { try $0.quantity(quantity, in: range) }
        guard ends.count == 2 else {
            throw value.error("expected the first and the last value, found \(ends.count)")
        }
        return Ramp(from: ends[0], to: ends[1], steps: steps)
    }
}
