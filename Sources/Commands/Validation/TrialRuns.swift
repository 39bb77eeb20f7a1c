import Atoms
import Compute
import Dynamics
import Foundation
import Interactions
import Potentials

/// Runs of molecular dynamics that a potential has to stand.
struct TrialRuns {
    /// At constant energy with one timestep.
    struct Conservation: Encodable {
        /// fs
        var timestep: Double
        var steps: Int
        /// eV/atom/ps; none where the run broke off.
        var drift: Double?
        /// About the drift, eV/atom.
        var scatter: Double?
        /// ps, and eV/atom from the start, for a picture.
        var times: [Double]
        var deviations: [Double]
        /// Why it broke off.
        var failure: String?
        var microsecondsPerAtomAndStep: Double?
    }

    /// At one temperature.
    struct Survival: Encodable {
        /// K
        var bath: Double
        /// fs
        var timestep: Double
        /// ps
        var wanted, survived: Double
        /// K, of the second half.
        var temperature: Double?
        var times: [Double]
        /// K and eV/atom, for a picture.
        var temperatures, energies: [Double]
        var failure: String?
    }

    let start: Structure
    let interaction: any Interaction
    let guards: Guards
    let seed: UInt64
    let parallelism: Parallelism

    /// fs: a twentieth of the shortest vibration or less; half for hydrogen.
    var usualTimestep: Double { (start.elements.map(\.mass).min() ?? 1) < 5 ? 0.5 : 1 }

    /// Numbers that a picture of a run is made of.
    private static let points = 200

    private func simulation(_ structure: Structure, _ ensemble: Ensemble) throws -> Simulation {
        try Simulation(
            of: structure, under: interaction, by: ensemble, guards: guards, cancellation: Interruption.cancellation,
            parallelism: parallelism)
    }

    private func langevin(_ kelvin: Double, _ timestep: Double) -> Ensemble {
        .langevin(
            timestep: .femtoseconds(timestep), temperature: .kelvin(kelvin), friction: .perPicosecond(10), seed: seed)
    }

    /// Runs at constant energy from one thermal state, each for so many ps.
    func conservation(at kelvin: Double, picoseconds: Double) -> [Conservation] {
        let base = usualTimestep
        let timesteps = [0.5, 1, 2, 4].map { $0 * base }
        let thermal: Structure
        do {
            let warming = try simulation(start, langevin(kelvin, base))
            try warming.drawVelocities(at: .kelvin(kelvin), seed: seed)
            try warming.advance(steps: Int(300 / base))
            thermal = warming.frame.structure
        } catch {
            return timesteps.map {
                Conservation(
                    timestep: $0, steps: 0, drift: nil, scatter: nil, times: [], deviations: [],
                    failure: "no thermal start: \(CommandError.message(of: error))", microsecondsPerAtomAndStep: nil)
            }
        }
        return timesteps.map { conservation(thermal, $0, picoseconds) }
    }

    private func conservation(_ structure: Structure, _ timestep: Double, _ picoseconds: Double) -> Conservation {
        let steps = max(20, Int((picoseconds * 1000 / timestep).rounded()))
        var outcome = Conservation(
            timestep: timestep, steps: 0, drift: nil, scatter: nil, times: [], deviations: [], failure: nil,
            microsecondsPerAtomAndStep: nil)
        let atoms = Double(structure.count)
        do {
            let run = try simulation(structure, .velocityVerlet(timestep: .femtoseconds(timestep)))
            let first = run.conservedEnergy
            outcome.steps = try run.advance(steps: steps, every: max(1, steps / Self.points)) { frame in
                outcome.times.append(frame.time * 1e-3)
                outcome.deviations.append(((frame.conservedEnergy ?? .nan) - first) / atoms)
            }
            outcome.drift = run.drift
            outcome.scatter = run.driftFit.scatter.map { $0 / atoms }
            outcome.microsecondsPerAtomAndStep = run.pace.microsecondsPerAtomAndStep
        } catch {
            outcome.failure = CommandError.message(of: error)
        }
        return outcome
    }

    /// A run at each temperature, from the start.
    func survival(at temperatures: [Double], picoseconds: Double) -> [Survival] {
        temperatures.map { kelvin in
            let timestep = usualTimestep * (kelvin > 1500 ? 0.5 : 1)
            let steps = max(20, Int((picoseconds * 1000 / timestep).rounded()))
            var outcome = Survival(
                bath: kelvin, timestep: timestep, wanted: Double(steps) * timestep * 1e-3, survived: 0,
                temperature: nil, times: [], temperatures: [], energies: [], failure: nil)
            var kept: [Double] = []
            var run: Simulation?
            do {
                let simulation = try simulation(start, langevin(kelvin, timestep))
                run = simulation
                try simulation.drawVelocities(at: .kelvin(kelvin), seed: seed)
                let interval = max(1, steps / Self.points)
                try simulation.advance(steps: steps, every: interval) { frame in
                    outcome.times.append(frame.time * 1e-3)
                    outcome.temperatures.append(frame.temperature ?? 0)
                    outcome.energies.append((frame.structure.energy ?? 0) / Double(start.count))
                    if frame.step > steps / 2 { kept.append(frame.temperature ?? 0) }
                }
            } catch {
                outcome.failure = CommandError.message(of: error)
            }
            outcome.survived = (run?.motion.time ?? 0) * 1e-3
            if !kept.isEmpty { outcome.temperature = kept.reduce(0, +) / Double(kept.count) }
            return outcome
        }
    }
}

extension TrialRuns {
    /// eV/atom/ps at the usual timestep: a tenth warms a solid by a kelvin in ps.
    private static let smallDrift = 1e-4, largeDrift = 1e-3

    func checks(_ runs: [Conservation]) -> [ValidationCheck] {
        let usual = usualTimestep
        return runs.map { run in
            let name = "nve \(Written.short(run.timestep)) fs"
            if let failure = run.failure {
                return ValidationCheck(
                    name: name, verdict: run.timestep <= usual ? .fail : .warn, summary: "broke off: \(failure)")
            }
            let drift = run.drift ?? .nan
            var verdict: Verdict =
                abs(drift) <= Self.smallDrift ? .pass : abs(drift) <= Self.largeDrift ? .warn : .fail
            // A long timestep is there to be tried.
            if run.timestep > usual { verdict = min(verdict, .warn) }
            return ValidationCheck(
                name: name, verdict: verdict,
                summary:
                    "drift \(Written.scientific(drift)) eV/atom/ps, scatter about it \(Written.short((run.scatter ?? .nan) * 1e3, 2)) meV/atom in \(Written.count(run.steps, "step"))"
            )
        }
    }

    func checks(_ runs: [Survival]) -> [ValidationCheck] {
        runs.map { run in
            let name = "md \(Written.short(run.bath)) K"
            guard let failure = run.failure else {
                return ValidationCheck(
                    name: name, verdict: .pass,
                    summary:
                        "\(Written.short(run.survived, 3)) ps, \(run.temperature.map { Written.fixed($0, 0) } ?? "-") K in the second half"
                )
            }
            return ValidationCheck(
                name: name, verdict: run.bath <= 300 ? .fail : .warn,
                summary:
                    "broke off after \(Written.short(run.survived, 3)) of \(Written.short(run.wanted, 3)) ps: \(failure)"
            )
        }
    }
}
