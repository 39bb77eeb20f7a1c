import Dynamics
import InteractionTesting
import Testing

/// Every integrator against the laws of all.
@Suite struct IntegratorTests {
    @Test(arguments: IntegratorConformance.Law.allCases)
    func velocityVerlet(obeys law: IntegratorConformance.Law) throws {
        let result = try IntegratorConformance { VelocityVerlet(timestep: $0) }.measure(law)
        #expect(result.holds, "\(result)")
    }

    @Test(arguments: IntegratorConformance.Law.allCases, [true, false])
    func langevin(obeys law: IntegratorConformance.Law, keepsCentreOfMass: Bool) throws {
        let suite = IntegratorConformance {
            Langevin(
                timestep: $0, temperature: IntegratorConformance.temperature, friction: .perPicosecond(10), seed: 4,
                keepsCentreOfMass: keepsCentreOfMass)
        }
        let result = try suite.measure(law)
        #expect(result.holds, "\(result)")
    }
}
