import Dynamics
import InteractionTesting
import Testing

/// Every ensemble against the laws of all.
@Suite struct EnsembleTests {
    @Test(arguments: EnsembleConformance.Law.allCases)
    func velocityVerlet(obeys law: EnsembleConformance.Law) throws {
        let result = try EnsembleConformance { .velocityVerlet(timestep: $0) }.measure(law)
        #expect(result.holds, "\(result)")
    }

    @Test(arguments: EnsembleConformance.Law.allCases, [true, false])
    func langevin(obeys law: EnsembleConformance.Law, keepsCentreOfMass: Bool) throws {
        let suite = EnsembleConformance {
            .langevin(
                timestep: $0, temperature: EnsembleConformance.temperature, friction: .perPicosecond(10), seed: 4,
                keepsCentreOfMass: keepsCentreOfMass)
        }
        let result = try suite.measure(law)
        #expect(result.holds, "\(result)")
    }

    /// The heat is known to the sixth order of the chain's own steps, 200 (w Δt/τ)⁷ ≈ 10⁻⁸ at most. One thermostat
    /// alone is not ergodic, least of all in a solid, which shows that the law of the distribution can fail.
    @Test(arguments: EnsembleConformance.Law.allCases, [1, 3])
    func noseHoover(obeys law: EnsembleConformance.Law, length: Int) throws {
        let suite = EnsembleConformance(heatError: 1e-8) {
            .noseHoover(
                timestep: $0, temperature: EnsembleConformance.temperature, time: .femtoseconds(200), length: length)
        }
        let result = try suite.measure(law)
        let isExpected = length > 1 || law != .kineticEnergiesAreCanonical
        #expect(result.holds == isExpected, "\(result)")
    }
}
