import Atoms
import Compute
import InteractionTesting
import Interactions
import Testing

@testable import Dynamics

/// Ensembles of constant pressure against what statistical mechanics says of them, on four atoms of argon at 40 K.
/// Errors of 4.5 σ: with some fifty bounds in this file, a chance of 4·10⁻⁴ of being wrong; seeds are fixed.
@Suite struct PressureTests {
    static let sigmas = 4.5
    static let temperature = 40.0

    enum Kind: CaseIterable {
        case chains, rescaling, piston

        func ensemble(_ target: TargetStress, _ freedom: CellFreedom, timestep: Double = 4, kelvin: Double = 40)
            -> Ensemble
        {
            let (step, bath) = (Time.femtoseconds(timestep), BathTemperature.kelvin(kelvin))
            let (time, pressureTime) = (Time.femtoseconds(150), Time.femtoseconds(300))
            switch self {
            case .chains:
                return .nptMTK(
                    timestep: step, temperature: bath, time: time, target: target, pressureTime: pressureTime,
                    freedom: freedom)
            case .rescaling:
                return .nptCellRescaling(
                    timestep: step, temperature: bath, time: time, target: target, pressureTime: pressureTime,
                    freedom: freedom, compressibility: 0.4 * Units.gigapascal, seed: 7)
            case .piston:
                return .nptLangevin(
                    timestep: step, temperature: bath, friction: .perPicosecond(4), target: target,
                    pressureTime: pressureTime, freedom: freedom, seed: 8)
            }
        }
    }

    static func run(_ ensemble: Ensemble, _ structure: Structure = Samples.argon(1)) throws -> Simulation {
        let run = try Simulation(
            of: structure, under: Samples.lennardJones(), by: ensemble, skin: 1, parallelism: .serial)
        try run.drawVelocities(at: .kelvin(temperature), seed: 2)
        try run.advance(steps: 1000)
        return run
    }

    /// The distributions of the volume at two pressures have the ratio e^{−βΔP V}, and the mean of the pressure inside
    /// is that outside.
    @Test(arguments: Kind.allCases, [CellFreedom.Mode.isotropic, .triclinic])
    func volumesHaveTheirDistribution(kind: Kind, mode: CellFreedom.Mode) throws {
        let pressures = [0.05, 0.2]
        var volumes: [[Double]] = []
        for pressure in pressures {
            let run = try Self.run(kind.ensemble(.gigapascal(pressure), CellFreedom(mode)))
            var (own, inside) = ([Double](), [Double]())
            try run.advance(steps: 400 * 40, every: 40) {
                own.append($0.structure.cell!.volume)
                // Of what the cell can follow.
                let axes = CellFreedom(mode).axes
                let stress = $0.totalStress!
                let along = SIMD3(stress[0, 0], stress[1, 1], stress[2, 2])
                inside.append(-(along * axes).sum() / axes.sum() * Units.gigapascal)
            }
            let mean = RatioTest.mean(of: inside)
            #expect(abs(mean.value - pressure) < Self.sigmas * mean.sigma, "\(mean) GPa at \(pressure) GPa")
            #expect(mean.sigma < 0.03)
            volumes.append(own)
        }
        let test = RatioTest(volumes[0], volumes[1])
        let expected = -(pressures[1] - pressures[0]) / Units.gigapascal / (Units.boltzmann * Self.temperature)
        #expect(abs(test.slope - expected) < Self.sigmas * test.sigma, "\(test) where \(expected) is right")
        #expect(test.sigma < 0.25 * abs(expected), "\(test)")
    }

    /// The distributions of the enthalpy at two temperatures have the ratio e^{−Δβ H}.
    @Test(arguments: Kind.allCases) func enthalpiesHaveTheirDistribution(kind: Kind) throws {
        let pressure = 0.1 / Units.gigapascal
        let temperatures = [30.0, 54.0]
        let series = try temperatures.map { kelvin in
            let run = try Self.run(
                kind.ensemble(.gigapascal(0.1), CellFreedom(.isotropic), kelvin: kelvin))
            var own: [Double] = []
            try run.advance(steps: 400 * 40, every: 40) {
                own.append($0.totalEnergy! + pressure * $0.structure.cell!.volume)
            }
            return own
        }
        let test = RatioTest(series[0], series[1])
        let expected = -(1 / temperatures[1] - 1 / temperatures[0]) / Units.boltzmann
        #expect(abs(test.slope - expected) < Self.sigmas * test.sigma, "\(test) where \(expected) is right")
        #expect(test.sigma < 0.2 * abs(expected), "\(test)")
    }

    /// Every allowed motion of the cell has kT/2, and none that is not allowed happens.
    @Test(arguments: [Kind.chains, .piston], [CellFreedom.Mode.anisotropic, .triclinic, .xy])
    func cellsHaveTheirShareOfEnergy(kind: Kind, mode: CellFreedom.Mode) throws {
        let freedom = CellFreedom(mode)
        let run = try Self.run(kind.ensemble(.gigapascal(0), freedom))
        let mass = MovingCell.mass(
            degrees: run.degreesOfFreedom, kT: Units.boltzmann * Self.temperature, time: .femtoseconds(300))
        var (energies, largest) = ([Double](), 0.0)
        try run.advance(steps: 300 * 40, every: 40) { _ in
            let rate: Matrix3
            switch run.ensemble.pieces.last {
            case let piece as MartynaTobiasKlein: rate = piece.state.cell.rate
            case let piece as LangevinPiston: rate = piece.state.cell.rate
            default: rate = .zero
            }
            largest = max(largest, (rate - freedom.project(rate)).elements.map { abs($0) }.max()!)
            energies.append(mass * (rate * rate).trace / (Units.boltzmann * Self.temperature))
        }
        #expect(largest < 1e-15, "rates are 10⁻³/fs")
        let mean = RatioTest.mean(of: energies)
        #expect(abs(mean.value - Double(freedom.count)) < Self.sigmas * mean.sigma, "\(mean) of \(freedom.count)")
        #expect(mean.sigma < 0.25 * Double(freedom.count))
    }

    // MARK: - Targets

    /// A crystal under pressure and sheared, whose mean stress inside must be that outside.
    @Test(arguments: Kind.allCases) func stressesAreHeld(kind: Kind) throws {
        let target = [-0.295, -0.30, -0.305, 0.0, 0.015, -0.01]
        var structure = Samples.argon()
        // About the volume at this pressure, so that the strain since the start is small.
        structure.positions = structure.positions.map { $0 * 0.985 }
        structure.cell!.vectors = structure.cell!.vectors * 0.985
        let stress = TargetStress(voigt: target.map { $0 / Units.gigapascal })
        let run = try Self.run(kind.ensemble(stress, CellFreedom(.triclinic), kelvin: 20), structure)
        var series = Array(repeating: [Double](), count: 6)
        try run.advance(steps: 500 * 40, every: 40) {
            let s = $0.totalStress! * Units.gigapascal
            for (k, (i, j)) in [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)].enumerated() {
                series[k].append(s[i, j])
            }
        }
        for k in 0..<6 {
            let mean = RatioTest.mean(of: series[k])
            // Strains of some per cent change the stress of the start by as much of itself.
            #expect(abs(mean.value - target[k]) < Self.sigmas * mean.sigma + 0.003, "\(k): \(mean), \(target[k])")
            #expect(mean.sigma < 0.01)
        }
    }

    /// More than the crystal bears: said before anything is not a number.
    @Test(arguments: [Kind.chains, .piston]) func aCellThatRunsAwayIsToldAsSuch(kind: Kind) throws {
        let pull = TargetStress(voigt: [2, 0, 0, 0, 0, 0].map { $0 / Units.gigapascal })
        let error = #expect(throws: SimulationError.self) {
            try Self.run(kind.ensemble(pull, CellFreedom(.anisotropic))).advance(steps: 5000)
        }
        #expect(error?.message.contains("at once") == true, "\(error?.message ?? "")")
    }

    @Test func aRampOfPressureAndTemperatureIsFollowedAndAccountedFor() throws {
        for kind in Kind.allCases {
            func drift(_ timestep: Double) throws -> (scatter: Double, run: Simulation) {
                let steps = Int(12000 / timestep)
                let pressure = Ramp(from: 0, to: 0.3 / Units.gigapascal, steps: steps)
                let bath = BathTemperature(Ramp(from: 40, to: 20, steps: steps))
                let step = Time.femtoseconds(timestep)
                let (time, pressureTime) = (Time.femtoseconds(150), Time.femtoseconds(300))
                let target = TargetStress(pressure: pressure)
                let freedom = CellFreedom(.isotropic)
                let ensemble =
                    switch kind {
                    case .chains:
                        Ensemble.nptMTK(
                            timestep: step, temperature: bath, time: time, target: target, pressureTime: pressureTime,
                            freedom: freedom)
                    case .rescaling:
                        Ensemble.nptCellRescaling(
                            timestep: step, temperature: bath, time: time, target: target, pressureTime: pressureTime,
                            freedom: freedom, seed: 7)
                    case .piston:
                        Ensemble.nptLangevin(
                            timestep: step, temperature: bath, friction: .perPicosecond(4), target: target,
                            pressureTime: pressureTime, freedom: freedom, seed: 8)
                    }
                let run = try Simulation(
                    of: Samples.argon(), under: Samples.lennardJones(), by: ensemble, parallelism: .serial)
                try run.drawVelocities(at: .kelvin(40), seed: 2)
                let volume = run.motion.cell!.volume
                try run.advance(steps: steps)
                #expect(run.motion.cell!.volume < 0.95 * volume)
                return (run.driftFit.scatter!, run)
            }
            let (coarse, fine) = (try drift(8).scatter, try drift(4).scatter)
            #expect(coarse < 0.003 && fine < 0.4 * coarse, "\(kind): \(coarse), \(fine) eV")
        }
    }

    // MARK: - What is refused

    @Test func cellsThatCannotMoveAreRefused() throws {
        func refusal(_ structure: Structure, _ ensemble: Ensemble, fixed: FixedAtoms = FixedAtoms()) -> String? {
            let error = #expect(throws: SimulationError.self) {
                try Simulation(
                    of: structure, under: Samples.lennardJones(), by: ensemble,
                    constraints: Constraints(fixed: fixed), parallelism: .serial)
            }
            return error?.message
        }
        let isotropic = Kind.chains.ensemble(.gigapascal(0), CellFreedom(.isotropic))
        #expect(refusal(Samples.cluster, isotropic)?.contains("periodic cell") == true)
        var slab = Samples.argon()
        slab.cell!.isPeriodic = SIMD3(1, 1, 0)
        #expect(refusal(slab, isotropic)?.contains("open along vector 3") == true)
        let plane = CellFreedom(.xy)
        #expect(refusal(slab, Kind.piston.ensemble(.gigapascal(1), plane))?.contains("0 GPa") == true)
        var fixed = FixedAtoms()
        try fixed.fix(0)
        #expect(refusal(Samples.argon(), isotropic, fixed: fixed)?.contains("Fixed atoms") == true)
        let shear = TargetStress(voigt: [0, 0, 0, 0, 0, 0.001])
        #expect(
            refusal(Samples.argon(), Kind.chains.ensemble(shear, CellFreedom(.isotropic)))?.contains("triclinic")
                == true)
        // A free slab under no pressure relaxes in its plane and nowhere else.
        let run = try Self.run(Kind.chains.ensemble(.gigapascal(0), plane), slab)
        let (before, after) = (slab.cell!.vectors, run.motion.cell!.vectors)
        #expect(after[2, 2] == before[2, 2] && after[0, 0] != before[0, 0])
        #expect(abs(after[0, 0] / before[0, 0] - after[1, 1] / before[1, 1]) < 1e-12)
    }
}
