import Atoms
import Compute
import DataSets
import Dynamics
import Files
import Foundation
import Potentials
import StructureFiles
import Training

/// The part of a distillation before its training: structures made, chosen and labelled, each piece a file that is not
/// made again where it is there.
struct Distillation {
    let settings: DistillationSettings
    let folder: DistillationFolder
    let teacher: Potential
    /// As they were given.
    let given: [Structure]
    let log: DistillationLog
    let parallelism: Parallelism

    /// Of the labelled structures.
    struct Labels: Encodable {
        /// Structures to choose from.
        var candidates: Int
        /// Chosen because they differ, and because trial students disagreed about them.
        var chosenByDistance, chosenByDisagreement: Int
        /// Left out because a force was too large.
        var leftOut: Int
        var trainedOn: Int
    }

    /// A piece that is made by itself.
    private struct Piece {
        var name: String
        var title: String
        var dynamics: TeacherDynamics?
        var perturbed: (start: Structure, around: PerturbedStructures, count: Int)?
        var work: Double { dynamics?.atomSteps ?? 0 }
    }

    /// Repeated.
    var starts: [Structure] { given.map { $0.repeated(toAtoms: settings.atoms) } }

    /// Names of pieces begin with what they are.
    private static let test = "test"

    private var pieces: [Piece] {
        var pieces: [Piece] = []
        func add(_ name: String, _ perturbation: DistillationSettings.Perturbation?, seed: UInt64) {
            guard let perturbation else { return }
            for (k, start) in starts.enumerated() {
                let around = PerturbedStructures(
                    amplitudes: perturbation.amplitudes, strain: perturbation.strain, seed: seed &+ UInt64(k) << 32)
                pieces.append(
                    Piece(
                        name: "\(name)-\(k + 1)", title: "\(name) of \(start.formula)",
                        perturbed: (start, around, perturbation.count)))
            }
        }
        add("rattles", settings.rattles, seed: settings.seed)
        add("strains", settings.strains, seed: settings.seed &+ 1 << 48)
        if let dynamics = settings.dynamics {
            for (k, run) in runs(dynamics, seed: settings.seed &+ 2 << 48).enumerated() {
                pieces.append(
                    Piece(name: "md-\(k + 1)", title: "md of \(run.start.formula), \(run.name)", dynamics: run))
            }
        }
        for (k, run) in testRuns.enumerated() {
            pieces.append(
                Piece(
                    name: "\(Self.test)-\(k + 1)", title: "md to be compared on, \(run.start.formula), \(run.name)",
                    dynamics: run))
        }
        return pieces
    }

    /// Of the teacher, which nothing is learned from.
    var testRuns: [TeacherDynamics] { runs(settings.test, seed: settings.seed &+ 3 << 48) }

    private func runs(_ dynamics: DistillationSettings.Dynamics, seed: UInt64) -> [TeacherDynamics] {
        var runs: [TeacherDynamics] = []
        for start in starts {
            for (temperature, pressure) in dynamics.conditions {
                runs.append(
                    TeacherDynamics(
                        start: start, temperature: temperature, pressure: pressure, settings: dynamics,
                        seed: seed &+ UInt64(runs.count)))
            }
        }
        return runs
    }

    var guards: Guards {
        var guards = Guards()
        guards.minimumDistances = teacher.minimumDistances
        return guards
    }

    // MARK: Structures

    /// How many structures there will be to choose from, where no run breaks off.
    var planned: Int {
        pieces.filter { !$0.name.hasPrefix(Self.test) }
            .reduce(0) { $0 + ($1.perturbed?.count ?? $1.dynamics?.frames ?? 0) }
    }

    /// Makes what is not there yet.
    ///
    /// - Throws: where nothing would be left to compare on, before anything is learned.
    func makeStructures() throws {
        try makeMissing()
        guard try testRuns.indices.contains(where: { try !testFrames($0).isEmpty }) else {
            throw CommandError(
                "test: no run of the teacher lasted until its first frame, so there is nothing to compare on; see the warnings, and begin anew with other settings and --overwrite"
            )
        }
    }

    private func makeMissing() throws {
        let open = pieces.filter { !DistillationFolder.exists(folder.piece($0.name)) }
        guard !open.isEmpty else { return }
        let interaction = try teacher.interaction(parallelism: parallelism)
        let whole = open.reduce(0) { $0 + $1.work }
        var (done, status) = (0.0, StatusLine())
        let watch = Stopwatch()
        for piece in open {
            var frames: [Structure] = []
            var ending = ""
            if let (start, around, count) = piece.perturbed {
                frames = (0..<count).map { around($0, around: start) }
            } else if let run = piece.dynamics {
                let outcome = try run.run(under: interaction, guards: guards, parallelism: parallelism) {
                    status.show("\(piece.title): \($0)")
                }
                frames = outcome.frames
                done += piece.work
                if let failure = outcome.failure { log.warn("\(piece.title): broke off: \(failure)") }
                let left = watch.seconds * (whole - done) / done
                ending = " in \(Written.duration(watch.seconds)), \(Written.duration(left)) left"
            }
            try ExtendedXYZWriter.write(frames, to: folder.piece(piece.name))
            log.line("\(piece.title): \(Written.count(frames.count, "structure"))\(ending)")
        }
    }

    private func read(_ name: String) throws -> [Structure] {
        let file = folder.piece(name)
        // A run that broke off at once.
        if let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int, size == 0 { return [] }
        let reader = try StructureFormats.open(file)
        var structures: [Structure] = []
        while let next = try reader.next() { structures.append(next) }
        return structures
    }

    /// Frames of a run that nothing is learned from, by its number from 0.
    func testFrames(_ number: Int) throws -> [Structure] { try read("\(Self.test)-\(number + 1)") }

    // MARK: Choice and labels

    /// Chooses, labels and writes what the student learns from.
    ///
    /// - Parameter trainTrials: trains the trial students on what is labelled by then.
    func chooseAndLabel(trainTrials: () throws -> Void) throws -> Labels {
        var candidates: [Structure] = []
        for piece in pieces where !piece.name.hasPrefix(Self.test) {
            for structure in try read(piece.name) {
                var bare = Structure(
                    elements: structure.elements, positions: structure.positions, cell: structure.cell)
                bare.information["config_type"] = String(piece.name.prefix { $0 != "-" })
                candidates.append(bare)
            }
        }
        // Runs that broke off have fewer than was planned.
        let wanted = min(settings.count, candidates.count)
        if wanted < settings.count {
            log.warn("only \(wanted) structures were made, and all of them are chosen, not \(settings.count)")
        }
        let later = settings.disagreement.map { Int(($0.share * Double(wanted)).rounded()) } ?? 0
        let first = try choose(wanted - later, of: candidates)
        log.line("")
        log.line("\(first.count) of \(candidates.count) structures chosen by distance")
        var labels = Labels(
            candidates: candidates.count, chosenByDistance: first.count, chosenByDisagreement: 0, leftOut: 0,
            trainedOn: 0)
        var labelled = try label(first.map { candidates[$0] }, round: 1, &labels)
        if let trials = settings.disagreement, later > 0 {
            let name = "chosen-by-disagreement"
            if !DistillationFolder.exists(folder.piece(name)) {
                try write(labelled, to: folder.trialStructures)
                try OutputFile.write(settings.training(folder, trials: trials), to: folder.trialSettings)
                try trainTrials()
                let chosen = Set(first)
                let rest = candidates.indices.filter { !chosen.contains($0) }.map { candidates[$0] }
                try ExtendedXYZWriter.write(try disputed(later, of: rest), to: folder.piece(name))
            }
            let second = try read(name)
            labels.chosenByDisagreement = second.count
            log.line("\(second.count) chosen by the disagreement of \(trials.members) trial students")
            labelled += try label(second, round: 2, &labels)
        }
        guard labelled.count >= 2 else {
            throw CommandError(
                "structures.largest_force: all chosen structures have larger forces; make milder ones, or raise it")
        }
        labels.trainedOn = labelled.count
        if labels.leftOut > 0 {
            log.line(
                "\(Written.count(labels.leftOut, "structure")) left out for forces above \(Written.short(settings.largestForce)) eV/Å"
            )
        }
        try write(labelled, to: folder.training)
        return labels
    }

    /// Not where the same is there: a training that goes on compares its data by their bytes, which are the same too.
    private func write(_ structures: [Structure], to path: String) throws {
        guard !DistillationFolder.exists(path) else { return }
        try ExtendedXYZWriter.write(structures, to: path)
    }

    /// Those that differ most, in the order of choice.
    private func choose(_ count: Int, of structures: [Structure]) throws -> [Int] {
        let elements = Set(given.flatMap(\.elements)).sorted()
        let spectrum = PowerSpectrum(cutoff: settings.cutoff, elements: elements)
        var vectors = [Result<[Float], any Error>](repeating: .success([]), count: structures.count)
        parallelism.update(&vectors, by: 1) { range, vectors in
            for k in vectors.indices {
                vectors[k] = Result { try spectrum(structures[range.lowerBound + k]) }
            }
        }
        let store = VectorStore<Float>(width: spectrum.count, beside: folder.training)
        for vector in vectors { try store.append(vector.get()) }
        return try DiverseChoice(
            count, of: store, by: .farthest, tolerance: 1e-6, beside: folder.training, parallelism: parallelism
        ).chosen
    }

    /// Of the structures that trial students disagree most about, three times as many as are wanted, those that differ.
    private func disputed(_ count: Int, of structures: [Structure]) throws -> [Structure] {
        let trials = try Potential(verifying: OutputFolder(folder.trials).potential)
        let evaluation = try Evaluation(of: trials, parallelism: parallelism)
        var (next, deviations) = (0, [Double]())
        try evaluation.predict {
            defer { next += 1 }
            return next < structures.count ? structures[next] : nil
        } _: { _, prediction in
            deviations.append(prediction.deviation?.largestOfForces ?? 0)
        }
        let order = structures.indices.sorted { (deviations[$1], $0) < (deviations[$0], $1) }
        let most = order.prefix(3 * count).map { structures[$0] }
        return try choose(count, of: most).map { most[$0] }
    }

    /// Labels in batches, each a file; those of another run are taken as they are.
    private func label(_ structures: [Structure], round: Int, _ labels: inout Labels) throws -> [Structure] {
        let batches = (structures.count + settings.batch - 1) / settings.batch
        let names = (0..<batches).map { "labels-\(round)-\($0 + 1)" }
        let open = names.indices.filter { !DistillationFolder.exists(folder.piece(names[$0])) }
        if !open.isEmpty {
            let evaluation = try Evaluation(of: teacher, parallelism: parallelism)
            let watch = Stopwatch()
            for (k, batch) in open.enumerated() {
                let range = batch * settings.batch..<min(structures.count, (batch + 1) * settings.batch)
                let predicted = try evaluation.predict(Array(structures[range]))
                try ExtendedXYZWriter.write(
                    predicted.map {
                        var labelled = $0
                        labelled.deviation = nil
                        return labelled
                    }, to: folder.piece(names[batch]))
                if let code = Interruption.exitCode { throw CommandExit(code) }
                let left = watch.seconds * Double(open.count - k - 1) / Double(k + 1)
                log.line(
                    "labels \(batch + 1)/\(batches): \(Written.count(range.count, "structure")), \(Written.duration(left)) left"
                )
            }
        }
        let all = try names.flatMap(read)
        let kept = all.filter { $0.forces?.allSatisfy { norm($0) <= settings.largestForce } ?? true }
        labels.leftOut += all.count - kept.count
        return kept
    }
}
