import Atoms
import Compute
import Dynamics
import Foundation
import Interactions
import Potentials

/// Molecular dynamics of a potential at one temperature and pressure, of which frames are kept.
struct TeacherDynamics {
    let start: Structure
    let temperature: Double
    let pressure: Double?
    let settings: DistillationSettings.Dynamics
    let seed: UInt64

    /// What came of it. A run that a guard stopped has fewer frames and says why.
    struct Outcome {
        var frames: [Structure]
        var failure: String?
    }

    /// fs: a twentieth of the shortest vibration or less; half for hydrogen.
    var timestep: Double { settings.timestep ?? ((start.elements.map(\.mass).min() ?? 1) < 5 ? 0.5 : 1) }
    var steps: Int { Int((settings.time / timestep).rounded()) }
    var equilibration: Int { Int((settings.equilibration / timestep).rounded()) }
    var interval: Int { max(1, Int((settings.interval / timestep).rounded())) }
    /// How many are kept.
    var frames: Int { (steps + equilibration) / interval - equilibration / interval }
    /// A measure of the work.
    var atomSteps: Double { Double(start.count * (steps + equilibration)) }
    /// `900 K, 5 GPa`
    var name: String {
        "\(Written.short(temperature)) K" + (pressure.map { ", \(Written.short($0)) GPa" } ?? "")
    }

    private var ensemble: Ensemble {
        guard let pressure else {
            return .langevin(
                timestep: .femtoseconds(timestep), temperature: .kelvin(temperature), friction: .perPicosecond(5),
                seed: seed)
        }
        return .nptCellRescaling(
            timestep: .femtoseconds(timestep), temperature: .kelvin(temperature), time: .femtoseconds(100),
            target: .gigapascal(pressure), pressureTime: .femtoseconds(500), seed: seed)
    }

    /// Frames carry energy, forces and (in a cell) stress as the potential gives them.
    ///
    /// - Throws: a `CommandExit` where it was interrupted.
    func run(
        under interaction: any Interaction, guards: Guards, parallelism: Parallelism, status: (String) -> Void
    ) throws -> Outcome {
        var outcome = Outcome(frames: [], failure: nil)
        do {
            let run = try Simulation(
                of: start, under: interaction, by: ensemble, guards: guards, cancellation: Interruption.cancellation,
                parallelism: parallelism)
            try run.drawVelocities(at: .kelvin(temperature), seed: seed)
            let whole = steps + equilibration
            try run.advance(steps: whole, every: interval) { frame in
                status("\(name), step \(frame.step) of \(whole)")
                guard frame.step > equilibration else { return }
                var structure = frame.structure
                structure.velocities = nil
                structure.deviation = nil
                structure.information["config_type"] = name
                outcome.frames.append(structure)
            }
        } catch let error as SimulationError where error.code != .invalidSetting || error.step > 0 {
            outcome.failure = CommandError.message(of: error)
        }
        if let code = Interruption.exitCode { throw CommandExit(code) }
        return outcome
    }
}
