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

    /// The sixth order of the chain's own steps, (w Δt/4τ)⁷ ≈ 10⁻⁹, is what the heat is known to.
    @Test(arguments: EnsembleConformance.Law.allCases, [1, 3])
    func noseHoover(obeys law: EnsembleConformance.Law, length: Int) throws {
        let suite = EnsembleConformance(heatError: 1e-7) {
            .noseHoover(
                timestep: $0, temperature: EnsembleConformance.temperature, time: .femtoseconds(200), length: length)
        }
        // One thermostat alone is not ergodic: of cold argon it does not give the canonical ensemble.
        if length == 1, law == .kineticEnergiesAreCanonical { return }
        let result = try suite.measure(law)
        #expect(result.holds, "\(result)")
    }
}
