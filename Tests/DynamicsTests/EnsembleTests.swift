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
                timestep: $0, temperature: BathTemperature(EnsembleConformance.temperature),
                friction: .perPicosecond(10), seed: 4,
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
                timestep: $0, temperature: BathTemperature(EnsembleConformance.temperature), time: .femtoseconds(200),
                length: length)
        }
        let result = try suite.measure(law)
        let isExpected = length > 1 || law != .kineticEnergiesAreCanonical
        #expect(result.holds == isExpected, "\(result)")
    }

    /// Without forces a cell changes by some 10⁻² in a step of 5 fs over its 600 fs, of which (νΔt)² is left in 200
    /// steps.
    private static let cellError = 5e-4
    private static let bath = BathTemperature(EnsembleConformance.temperature)

    @Test(arguments: EnsembleConformance.Law.allCases)
    func velocityRescaling(obeys law: EnsembleConformance.Law) throws {
        let suite = EnsembleConformance(orderError: 0.6) {
            .csvr(timestep: $0, temperature: Self.bath, time: .femtoseconds(200), seed: 3)
        }
        let result = try suite.measure(law)
        #expect(result.holds, "\(result)")
    }

    @Test(arguments: EnsembleConformance.Law.allCases, [CellFreedom.Mode.isotropic, .triclinic])
    func martynaTobiasKlein(obeys law: EnsembleConformance.Law, cell: CellFreedom.Mode) throws {
        let suite = EnsembleConformance(heatError: Self.cellError, orderError: 0.6) {
            .nptMTK(
                timestep: $0, temperature: Self.bath, time: .femtoseconds(200), target: .gigapascal(0.05),
                pressureTime: .femtoseconds(600), freedom: CellFreedom(cell))
        }
        let result = try suite.measure(law)
        #expect(result.holds, "\(result)")
    }

    @Test(arguments: EnsembleConformance.Law.allCases, [CellFreedom.Mode.isotropic, .triclinic])
    func cellRescaling(obeys law: EnsembleConformance.Law, cell: CellFreedom.Mode) throws {
        let suite = EnsembleConformance(heatError: Self.cellError, orderError: 0.6) {
            .nptCellRescaling(
                timestep: $0, temperature: Self.bath, time: .femtoseconds(200), target: .gigapascal(0.05),
                pressureTime: .femtoseconds(600), freedom: CellFreedom(cell), seed: 5)
        }
        let result = try suite.measure(law)
        #expect(result.holds, "\(result)")
    }

    @Test(arguments: EnsembleConformance.Law.allCases, [CellFreedom.Mode.isotropic, .triclinic])
    func langevinPiston(obeys law: EnsembleConformance.Law, cell: CellFreedom.Mode) throws {
        let suite = EnsembleConformance(heatError: Self.cellError, orderError: 0.6) {
            .nptLangevin(
                timestep: $0, temperature: Self.bath, friction: .perPicosecond(5), target: .gigapascal(0.05),
                pressureTime: .femtoseconds(600), freedom: CellFreedom(cell), seed: 6)
        }
        let result = try suite.measure(law)
        #expect(result.holds, "\(result)")
    }

    @Test(arguments: EnsembleConformance.Law.allCases, [CellFreedom.Mode.isotropic, .triclinic])
    func constantEnthalpy(obeys law: EnsembleConformance.Law, cell: CellFreedom.Mode) throws {
        let suite = EnsembleConformance(heatError: Self.cellError, orderError: 0.6) {
            .nph(
                timestep: $0, temperature: Self.bath, target: .gigapascal(0.05), pressureTime: .femtoseconds(600),
                freedom: CellFreedom(cell))
        }
        let result = try suite.measure(law)
        #expect(result.holds, "\(result)")
    }
}
