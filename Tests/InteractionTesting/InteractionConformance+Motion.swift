import Atoms
import Foundation
import Interactions

/// Second derivatives and the flow of energy, of interactions that know them; others have nothing to obey.
extension InteractionConformance {
    /// Vectors of about unit length without a pattern.
    func vectors(_ count: Int, phase: Double) -> [SIMD3<Double>] {
        (0..<count).map { i in
            let x = 1.7 * Double(i) + phase
            return SIMD3(sin(3 * x), cos(5 * x + 1), sin(7 * x + 2))
        }
    }

    private func moved(_ structure: Structure, along direction: [SIMD3<Double>], by h: Double) -> Structure {
        var moved = structure
        for i in moved.positions.indices { moved.positions[i] += direction[i] * h }
        return moved
    }

    /// H d against differences of forces, and d′·H d = d·H d′.
    func deviationOfHessian() throws -> (Double, Double) {
        let (d, e) = (vectors(structure.count, phase: 0), vectors(structure.count, phase: 0.4))
        let configuration = try Configuration(structure, cutoff: interaction.cutoff)
        guard let products = try interaction.hessian(of: configuration, times: [d, e]) else { return (0, 0) }
        func product(_ a: [SIMD3<Double>], _ b: [SIMD3<Double>]) -> Double {
            zip(a, b).reduce(0) { $0 + dot($1.0, $1.1) }
        }
        var worst = abs(product(e, products[0]) - product(d, products[1]))
        for atom in Set([0, structure.count / 2, structure.count - 1]) {
            for axis in 0..<3 {
                let slope = try derivative { h in
                    try evaluate(moved(structure, along: d, by: h)).forces[atom][axis]
                }
                worst = max(worst, abs(slope + products[0][atom][axis]))
            }
        }
        return (worst, derivativeBound(scale(try evaluate(structure))))
    }

    /// dE_i/dt against differences; in an open structure also J = Σ_i r_i (dE_i/dt + F_i·v_i).
    func deviationOfEnergyFlow() throws -> (Double, Double) {
        let v = vectors(structure.count, phase: 0.2)
        let configuration = try Configuration(structure, cutoff: interaction.cutoff)
        guard let flow = try interaction.energyFlow(of: configuration, velocities: v) else { return (0, 0) }
        let result = try evaluate(structure)
        var worst = 0.0
        for atom in Set([0, structure.count / 2, structure.count - 1]) {
            let slope = try derivative { h in
                try evaluate(moved(structure, along: v, by: h)).atomicEnergies[atom]
            }
            worst = max(worst, abs(slope - flow.rates[atom]))
        }
        if structure.cell == nil {
            var flux = SIMD3<Double>.zero
            for i in v.indices { flux += structure.positions[i] * (flow.rates[i] + dot(result.forces[i], v[i])) }
            worst = max(worst, norm(flux - flow.flux))
        }
        return (worst, derivativeBound(scale(result)))
    }

    /// J is linear in the velocities: its derivative by them times them is J again.
    func deviationOfHeatDriving() throws -> (Double, Double) {
        let (v, field) = (vectors(structure.count, phase: 0.7), SIMD3(0.3, -0.5, 0.8))
        let configuration = try Configuration(structure, cutoff: interaction.cutoff)
        guard let flow = try interaction.energyFlow(of: configuration, velocities: v),
            let forces = try interaction.heatDrivingForces(of: configuration, fields: [field])?[0],
            let virials = try interaction.centroidVirials(of: configuration)
        else { return (0, 0) }
        let power = zip(forces, v).reduce(0) { $0 + dot($1.0, $1.1) }
        let flux = zip(virials, v).reduce(SIMD3<Double>.zero) { $0 + $1.1 * $1.0.transposed }
        return (
            max(abs(power - dot(flow.flux, field)), norm(flux - flow.flux)),
            100 * precision * scale(try evaluate(structure))
        )
    }

    func deviationOfHeatFluxOfSupercell() throws -> (Double, Double) {
        guard structure.cell?.isFullyPeriodic == true else { return (0, 0) }
        let v = vectors(structure.count, phase: 0.2)
        let big = structure.repeated(2, 2, 2)
        let cutoff = interaction.cutoff
        guard
            let flow = try interaction.energyFlow(of: Configuration(structure, cutoff: cutoff), velocities: v),
            let flows = try interaction.energyFlow(
                of: Configuration(big, cutoff: cutoff), velocities: (0..<8).flatMap { _ in v })
        else { return (0, 0) }
        return (norm(flows.flux / 8 - flow.flux), 10 * precision * scale(try evaluate(structure)))
    }
}
