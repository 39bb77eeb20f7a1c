import Atoms
import Compute
import Foundation
import InteractionTesting
import Interactions
import Testing

@testable import Models
@testable import Potentials

/// The heat flux of models of several layers, by its definition.
@Suite struct EnergyFlows {
    /// Radial functions that are smooth everywhere, so that differences of sixth order are.
    private static func smooth(_ sample: ModelSample) throws -> any Interaction {
        var sample = sample
        sample.configuration.nequip.radialFunctions = .exact(frequencies: (1...8).map(Double.init))
        return try sample.potential().interaction(parallelism: .serial)
    }

    private static func velocities(_ count: Int) -> [SIMD3<Double>] {
        let noise = Philox(seed: 5)
        return (0..<count).map { i in
            let v = noise.normals(at: Philox.counter(step: 0, index: i, stream: 0))
            return SIMD3(v.x, v.y, v.z) * 0.01
        }
    }

    /// J = d/dt Σ_i r_i e_i with e_i = E_i + ½ m v_i², along the motion of an open cluster.
    @Test(arguments: ModelSample.all)
    func heatFluxOfAClusterIsTheChangeOfItsMoment(_ sample: ModelSample) throws {
        let interaction = try Self.smooth(sample)
        let cluster = ModelSample.cluster
        let (v, masses) = (Self.velocities(cluster.count), cluster.elements.map(\.mass))
        let now = try evaluate(cluster, under: interaction)
        let a = zip(now.forces, masses).map { $0 * (Units.acceleration / $1) }
        func moment(_ t: Double) throws -> SIMD3<Double> {
            var moved = cluster
            for i in v.indices { moved.positions[i] += v[i] * t + a[i] * (0.5 * t * t) }
            let energies = try evaluate(moved, under: interaction).atomicEnergies
            return v.indices.reduce(into: SIMD3<Double>.zero) { sum, i in
                let u = v[i] + a[i] * t
                sum += moved.positions[i] * (energies[i] + 0.5 * masses[i] * dot(u, u) / Units.acceleration)
            }
        }
        let flow = try #require(
            try interaction.energyFlow(of: Configuration(cluster, cutoff: interaction.cutoff), velocities: v))
        let flux = flow.heatFlux(energies: now.atomicEnergies, masses: masses, velocities: v)
        // fs; the error of the order falls with its sixth power, that of rounding is 1e-12.
        let h = 0.5
        let first = try moment(h) - moment(-h)
        let second = try moment(2 * h) - moment(-2 * h)
        let third = try moment(3 * h) - moment(-3 * h)
        let slope = (first * 45 - second * 9 + third) / (60 * h)
        #expect(norm(slope - flux) < 1e-8 * max(1, norm(flux)), "\(norm(slope - flux))")
        #expect(norm(flow.flux) > 1e-4)
    }

    /// The flow from j to i is f_ij = ∂E_i/∂r_j·v_j − ∂E_j/∂r_i·v_i; over all j it is the change of e_i.
    @Test(arguments: [1, 3, 5])
    func flowsAddUpToTheChangeOfEnergies(_ index: Int) throws {
        let interaction = try ModelSample.all[index].potential().interaction(parallelism: .serial)
        let crystal = ModelSample.crystal
        let v = Self.velocities(crystal.count)
        let configuration = try Configuration(crystal, cutoff: interaction.cutoff)
        let forces = try evaluate(crystal, under: interaction).forces
        // [j][i]: what E_i changes by when j alone moves.
        let parts = try v.indices.map { j in
            var alone = [SIMD3<Double>](repeating: .zero, count: v.count)
            alone[j] = v[j]
            return try #require(try interaction.energyFlow(of: configuration, velocities: alone)).rates
        }
        let all = try #require(try interaction.energyFlow(of: configuration, velocities: v)).rates
        for i in v.indices {
            let flow = v.indices.reduce(0.0) { $0 + parts[$1][i] - parts[i][$1] }
            #expect(abs(flow - all[i] - dot(forces[i], v[i])) < 1e-10)
        }
    }

    @Test(arguments: ModelSample.all + [.zbl])
    func heatFluxOfACellIsAnEighthOfThatOfEight(_ sample: ModelSample) throws {
        var sample = sample
        if sample.configuration.pairPotential == .zbl { sample.configuration.perEdgeTypeCutoff = [] }
        let interaction = try sample.potential().interaction(parallelism: .serial)
        for cell in [ModelSample.crystal, ModelSample.smallCell] {
            let big = cell.repeated(2, 2, 2)
            let v = Self.velocities(cell.count)
            let one = try #require(
                try interaction.energyFlow(of: Configuration(cell, cutoff: interaction.cutoff), velocities: v))
            let eight = try #require(
                try interaction.energyFlow(
                    of: Configuration(big, cutoff: interaction.cutoff), velocities: (0..<8).flatMap { _ in v }))
            #expect(norm(eight.flux / 8 - one.flux) < 1e-12 * max(1, norm(one.flux)))
            #expect(norm(one.flux) > 1e-4)
        }
    }

    /// A committee's flux is the mean of its members', and single precision agrees.
    @Test func committeesAndSinglePrecision() throws {
        let sample = ModelSample.all[3]
        let crystal = ModelSample.crystal
        let v = Self.velocities(crystal.count)
        func flux(_ potential: Potential) throws -> SIMD3<Double> {
            let interaction = try potential.interaction(parallelism: .serial)
            return try #require(
                try interaction.energyFlow(of: Configuration(crystal, cutoff: interaction.cutoff), velocities: v)
            ).flux
        }
        let (a, b) = (try sample.potential(seed: 3), try sample.potential(seed: 4))
        var both = a
        both.members += b.members
        let (first, second) = (try flux(a), try flux(b))
        #expect(try norm(flux(both) - (first + second) / 2) < 1e-12)
        #expect(try norm(flux(sample.potential(.float32, seed: 3)) - first) < 1e-4 * norm(first))
    }
}
