import Atoms
import Testing

/// The constants from those that define the SI (CODATA 2018).
@Suite struct UnitsTests {
    private let electronVolt = 1.602176634e-19
    private let avogadro = 6.02214076e23
    private let dalton = 1.66053906660e-27

    @Test func boltzmannsConstant() { #expect(abs(Units.boltzmann / (1.380649e-23 / electronVolt) - 1) < 1e-9) }

    @Test func accelerationsComeFromForceAndMass() {
        // (eV/Å)/amu in m/s², and 1 m/s² = 1e-20 Å/fs².
        let expected = electronVolt / 1e-10 / dalton * 1e-20
        #expect(abs(Units.acceleration / expected - 1) < 1e-9)
    }

    @Test func pressures() { #expect(abs(Units.gigapascal / (electronVolt / 1e-30 / 1e9) - 1) < 1e-12) }

    @Test func kilocalories() {
        #expect(abs(Units.kilocaloriePerMole / (electronVolt * avogadro / 4184) - 1) < 1e-9)
    }

    @Test func atomicUnits() {
        // With ħ, the electron's mass and 1/(4π ε₀) times e², all in SI units: a₀ = ħ²/(m e²/4πε₀), E_h = ħ²/(m a₀²).
        let (planck, mass, permittivity) = (6.62607015e-34 / (2 * Double.pi), 9.1093837015e-31, 8.8541878128e-12)
        let bohr = planck * planck * 4 * .pi * permittivity / (mass * electronVolt * electronVolt)
        #expect(abs(Units.bohr / (bohr * 1e10) - 1) < 1e-9)
        #expect(abs(Units.hartree / (planck * planck / (mass * bohr * bohr) / electronVolt) - 1) < 1e-9)
    }
}
