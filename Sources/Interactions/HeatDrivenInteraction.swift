import Atoms
import Neighbors

/// An interaction with forces that drive heat through the structure, F_i + ∂(J·field)/∂v_i less their mean: what the
/// homogeneous method of molecular dynamics out of equilibrium adds (Evans, Phys. Lett. A 91, 457 (1982); Fan et al.,
/// Phys. Rev. B 99, 064308 (2019)). Energy and virial are those without; the forces are no derivatives of an energy,
/// and a thermostat must take away the heat that they bring.
public final class HeatDrivenInteraction: Interaction {
    public let base: any Interaction
    /// 1/Å
    public let field: SIMD3<Double>

    public init(_ base: any Interaction, field: SIMD3<Double>) {
        self.base = base
        self.field = field
    }

    public var cutoff: Double { base.cutoff }
    public var properties: [Property] { base.properties }
    public var minimumDistances: MinimumDistances? { base.minimumDistances }
    public func check(elements: [Element]) throws { try base.check(elements: elements) }
    public func memoryEstimate(atoms: Int, edges: Int) -> Double {
        4 * base.memoryEstimate(atoms: atoms, edges: edges)
    }

    public func evaluate(_ configuration: Configuration, into result: inout InteractionResult) throws {
        try base.evaluate(configuration, into: &result)
        guard let driving = try base.heatDrivingForces(of: configuration, fields: [field])?[0] else {
            throw InteractionError(
                .notPredicted, "This potential does not know how energy flows, so that nothing can drive heat.")
        }
        guard !driving.isEmpty else { return }
        let mean = driving.reduce(SIMD3<Double>.zero, +) / Double(driving.count)
        for atom in driving.indices { result.forces[atom] += driving[atom] - mean }
    }

    public func energyFlow(of configuration: Configuration, velocities: [SIMD3<Double>]) throws -> EnergyFlow? {
        try base.energyFlow(of: configuration, velocities: velocities)
    }
}
