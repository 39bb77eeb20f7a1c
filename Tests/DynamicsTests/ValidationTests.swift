import Atoms
import Foundation
import InteractionTesting
import Interactions
import Testing

@testable import Dynamics

/// Long statistics, which `make validate` runs and keeps the lines of. Four atoms of argon, because the laws hold for
/// any number and few atoms are sampled fast; 32 where the cell may shear, since four flow until it is flat. Seeds are
/// fixed, bounds are 3 σ as printed.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["APUS_VALIDATE"] != nil), .serialized)
struct ValidationTests {
    private static func crystal(_ mode: CellFreedom.Mode) -> Structure { Samples.argon(mode == .triclinic ? 2 : 1) }

    private func tell(_ name: String, _ found: Double, _ sigma: Double, _ expected: Double, _ unit: String) {
        func number(_ x: Double) -> String { String(format: "%.4g", x) }
        let (share, error) = (String(format: "%.4f", found / expected), String(format: "%.4f", sigma / abs(expected)))
        let line =
            "validate: \(name): \(number(found)) ± \(number(sigma)) \(unit), expected \(number(expected)): \(share) ± \(error)"
        print(line)
        #expect(abs(found - expected) < 3 * sigma, "\(line)")
        #expect(sigma < 0.03 * abs(expected), "\(line)")
    }

    private func series(
        _ ensemble: Ensemble, _ structure: Structure = Samples.argon(1), samples: Int = 24_000,
        every interval: Int = 60, _ value: (Frame) -> Double
    ) throws -> [Double] {
        let run = try PressureTests.run(ensemble, structure)
        var values: [Double] = []
        try run.advance(steps: samples * interval, every: interval) { values.append(value($0)) }
        return values
    }

    enum Thermostat: String, CaseIterable { case langevin, noseHoover = "nose-hoover", csvr }

    @Test(arguments: Thermostat.allCases) func energiesAtTwoTemperatures(thermostat: Thermostat) throws {
        let temperatures = [30.0, 54.0]
        let series = try temperatures.map { kelvin in
            let (step, bath) = (Time.femtoseconds(4), BathTemperature.kelvin(kelvin))
            let ensemble: Ensemble =
                switch thermostat {
                case .langevin:
                    .langevin(timestep: step, temperature: bath, friction: .perPicosecond(5), seed: 3)
                case .noseHoover: .noseHoover(timestep: step, temperature: bath, time: .femtoseconds(200))
                case .csvr: .csvr(timestep: step, temperature: bath, time: .femtoseconds(100), seed: 3)
                }
            return try self.series(ensemble) { $0.totalEnergy! }
        }
        let test = RatioTest(series[0], series[1])
        let expected = -(1 / temperatures[1] - 1 / temperatures[0]) / Units.boltzmann
        tell("\(thermostat.rawValue), energies at 30 K and 54 K, −Δβ", test.slope, test.sigma, expected, "1/eV")
    }

    @Test(arguments: PressureTests.Kind.allCases) func enthalpiesAtTwoTemperatures(kind: PressureTests.Kind) throws {
        let (temperatures, pressure) = ([30.0, 54.0], 0.1 / Units.gigapascal)
        let series = try temperatures.map { kelvin in
            try self.series(kind.ensemble(.gigapascal(0.1), CellFreedom(.isotropic), kelvin: kelvin)) {
                $0.totalEnergy! + pressure * $0.structure.cell!.volume
            }
        }
        let test = RatioTest(series[0], series[1])
        let expected = -(1 / temperatures[1] - 1 / temperatures[0]) / Units.boltzmann
        tell("\(kind), enthalpies at 30 K and 54 K, −Δβ", test.slope, test.sigma, expected, "1/eV")
    }

    @Test(arguments: PressureTests.Kind.allCases, CellFreedom.Mode.allCases)
    func volumesAtTwoPressures(kind: PressureTests.Kind, mode: CellFreedom.Mode) throws {
        // As far apart as the distributions overlap, whose width is that of the root of the number of atoms.
        let pressures = mode == .triclinic ? [0.1, 0.15] : [0.05, 0.2]
        let series = try pressures.map { pressure in
            try self.series(
                kind.ensemble(.gigapascal(pressure), CellFreedom(mode)), Self.crystal(mode),
                samples: mode == .triclinic ? 16_000 : 48_000
            ) { $0.structure.cell!.volume }
        }
        let test = RatioTest(series[0], series[1])
        let expected =
            -(pressures[1] - pressures[0]) / Units.gigapascal / (Units.boltzmann * PressureTests.temperature)
        let name = "\(kind), \(mode.rawValue), volumes at \(pressures[0]) and \(pressures[1]) GPa, −βΔP"
        tell(name, test.slope, test.sigma, expected, "1/Å³")
    }

    /// Light and heavy atoms, bound alike, have the same temperature.
    @Test(arguments: PressureTests.Kind.allCases) func elementsHaveTheSameTemperature(kind: PressureTests.Kind) throws
    {
        var structure = Self.crystal(.triclinic)
        let light = 0..<structure.count / 4
        var masses = Array(repeating: 39.948, count: structure.count)
        for atom in light { masses[atom] = 10 }
        structure.masses = masses
        let run = try PressureTests.run(kind.ensemble(.gigapascal(0.1), CellFreedom(.triclinic)), structure)
        var energies: [Double] = []
        try run.advance(steps: 2000 * 60, every: 60) { frame in
            let v = frame.structure.velocities!
            energies.append(light.reduce(0) { $0 + masses[$1] * dot(v[$1], v[$1]) / Units.acceleration })
        }
        // The centre of mass rests: of each light atom's 3 kT the share 1 − m/M is left.
        let expected =
            3 * Units.boltzmann * PressureTests.temperature * Double(light.count)
            * (1 - masses[0] / masses.reduce(0, +))
        let mean = RatioTest.mean(of: energies)
        tell("\(kind), triclinic, 2K of light atoms among heavy ones", mean.value, mean.sigma, expected, "eV")
    }
}
