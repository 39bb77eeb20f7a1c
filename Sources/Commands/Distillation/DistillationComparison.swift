import Analysis
import Atoms
import Compute
import DataSets
import Dynamics
import Foundation
import Interactions
import Potentials
import Training

/// Teacher and student side by side: speed, errors on molecular dynamics that nothing was learned from, crystals, and
/// distributions of distances.
struct DistillationComparison {
    let work: Distillation
    let student: Potential
    let parallelism: Parallelism

    /// Å, and bins, of radial distributions.
    private static let (cutoff, bins) = (6.0, 120)
    /// Steps of a measurement of speed, and how often it is repeated in turns.
    private static let (steps, repetitions) = (10, 4)
    /// Larger crystals take too long.
    private static let largestCrystal = 100

    func report(teacher: String, student name: String, _ labels: Distillation.Labels) throws -> DistillationReport {
        var status = StatusLine()
        func show(_ text: String) { status.show("comparing: \(text)") }
        show("errors")
        var errors = GroupedErrors()
        var (squares, components) = (0.0, 0)
        let evaluation = try Evaluation(of: student, parallelism: parallelism)
        let runs = work.testRuns
        let frames = try runs.indices.map(work.testFrames)
        for structure in frames.joined() {
            let found = try evaluation.predict(structure)
            errors.add(found, for: structure)
            for force in structure.forces ?? [] { squares += dot(force, force) }
            components += 3 * (structure.forces?.count ?? 0)
        }
        try stopIfInterrupted()
        show("speed")
        let (slow, fast) = try speeds()
        var report = DistillationReport(
            teacher: .init(potential: teacher, summary: PotentialSummary(work.teacher).line, microseconds: slow),
            student: .init(potential: name, summary: PotentialSummary(student).line, microseconds: fast),
            threads: parallelism.threads, labels: labels,
            errors: .init(
                errors, forcesRMS: 1000 * (squares / Double(max(1, components))).squareRoot(), frames.joined().count))
        for start in work.given where start.cell?.isFullyPeriodic == true && start.count <= Self.largestCrystal {
            func trial(_ potential: Potential) throws -> CrystalTrial {
                let exact = try potential.interaction(precision: .float64, parallelism: parallelism)
                return CrystalTrial(
                    start, by: Evaluator(exact, parallelism: parallelism), supercell: nil, parallelism: parallelism
                ) { show("\(start.formula): \($0)") }
            }
            report.crystals.append(
                .init(formula: start.formula, teacher: try trial(work.teacher), student: try trial(student)))
            try stopIfInterrupted()
        }
        let interaction = try student.interaction(parallelism: parallelism)
        var guards = Guards()
        guards.minimumDistances = student.minimumDistances
        for (run, frames) in zip(runs, frames) where run.start.cell?.isFullyPeriodic == true && frames.count > 1 {
            // Other velocities, so that the student walks a path of its own.
            let other = TeacherDynamics(
                start: run.start, temperature: run.temperature, pressure: run.pressure, settings: run.settings,
                seed: run.seed &+ 1 << 40)
            let outcome = try other.run(under: interaction, guards: guards, parallelism: parallelism) { show($0) }
            let title = "\(run.start.formula), \(run.name)"
            if let failure = outcome.failure {
                work.log.warn("the student's \(title) broke off: \(failure)")
            }
            report.distributions.append(
                .init(
                    run: title, teacher: try distribution(frames), halves: try halves(frames),
                    student: outcome.frames.isEmpty ? nil : try distribution(outcome.frames), failure: outcome.failure
                ))
        }
        try report.writeDistributions(to: work.folder.distributions)
        return report
    }

    private func stopIfInterrupted() throws { if let code = Interruption.exitCode { throw CommandExit(code) } }

    private func distribution(_ frames: some Collection<Structure>) throws -> RadialDistribution {
        var rdf = RadialDistribution(of: frames.first!.elements, cutoff: Self.cutoff, bins: Self.bins)
        for frame in frames { try rdf.add(frame, parallelism: parallelism) }
        return rdf
    }

    /// The first and the second half of a run, whose difference is noise.
    private func halves(_ frames: [Structure]) throws -> (RadialDistribution, RadialDistribution) {
        (try distribution(frames.prefix(frames.count / 2)), try distribution(frames.dropFirst(frames.count / 2)))
    }

    /// µs per atom and step of teacher and student: the least of several measurements in turns, since another program
    /// can only make one longer. Atoms stay near to where they were, so that it does not matter where a student drives
    /// them; the list of neighbours is that of molecular dynamics.
    private func speeds() throws -> (teacher: Double, student: Double) {
        let start = work.starts.max { $0.count < $1.count }!
        let around = PerturbedStructures(amplitudes: 0.02...0.02, seed: 1)
        let evaluators = try [work.teacher, student].map {
            Evaluator(try $0.interaction(parallelism: parallelism), skin: 0.5, parallelism: parallelism)
        }
        var result = InteractionResult()
        func seconds(_ evaluator: Evaluator, steps: Int) throws -> Double {
            let places = (0..<steps).map { around($0, around: start).positions }
            let watch = Stopwatch()
            for positions in places {
                try evaluator.evaluate(
                    elements: start.elements, positions: positions, cell: start.cell, into: &result)
            }
            return watch.seconds / Double(steps * start.count)
        }
        var least = [Double.infinity, .infinity]
        for repetition in 0...Self.repetitions {
            for (k, evaluator) in evaluators.enumerated() {
                // Short steps of a small student would measure the clock.
                let found = try seconds(evaluator, steps: k == 0 ? Self.steps : 10 * Self.steps)
                // The first time memory is taken.
                if repetition > 0 { least[k] = min(least[k], found) }
            }
        }
        return (1e6 * least[0], 1e6 * least[1])
    }
}
