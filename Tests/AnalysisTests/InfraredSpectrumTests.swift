import Atoms
import Foundation
import Testing

@testable import Analysis

@Suite struct InfraredSpectrumTests {
    /// A charge that oscillates along z with ⟨(dμ/dt)²⟩ = A² ω² / 2 absorbs at its frequency, N_A/(12 ε₀ c² kT) times
    /// that.
    @Test(arguments: [1.0, 4.0]) func aLineHasItsPlaceAndArea(interval: Double) throws {
        let (wavenumber, amplitude, temperature) = (1650.0, 0.07, 310.0)
        let omega = 2 * .pi * wavenumber * 29_979_245_800e-15
        let dipoles = (0..<20_000).map {
            SIMD3(0.3, -0.1, 1.2 + amplitude * cos(omega * Double($0) * interval + 0.4))
        }
        let found = try #require(
            InfraredSpectrum(dipoles, interval: interval, temperature: temperature, length: 4000))
        // 42.2561 km/mol for 1 D²/(Å² u): 1 e·Å = 4.80320 D, 1 eV = 0.00964853 u Å²/fs².
        let constant = 42.2561 * 4.80320 * 4.80320 / 0.00964853
        let expected =
            constant * 0.5 * amplitude * amplitude * omega * omega / (Units.boltzmann * temperature)
        // Pieces of 4 ps hold whole waves but for one in 200.
        #expect(abs(found.total / expected - 1) < 0.01)
        let peak = try #require(found.points.max { $0.absorption < $1.absorption })
        #expect(abs(peak.wavenumber - wavenumber) < found.resolution)
        #expect(
            found.points.filter { abs($0.wavenumber - wavenumber) > 5 * found.resolution }
                .allSatisfy { $0.absorption < 1e-3 * peak.absorption })
        #expect(abs(InfraredSpectrum.kilometresPerMole / constant - 1) < 1e-4)
    }

    @Test func whatDoesNotMoveAbsorbsNothing() {
        let rest = Array(repeating: SIMD3(0.1, 0.2, 0.3), count: 100)
        #expect(InfraredSpectrum(rest, interval: 1, temperature: 300, length: 50) == nil)
        #expect(InfraredSpectrum(Array(rest.prefix(3)), interval: 1, temperature: 300, length: 50) == nil)
    }
}
