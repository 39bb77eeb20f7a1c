import Atoms
import Foundation
import Settings
import Training

/// What `apus distil` is told beside the teacher: which structures are made, which of them are learned from, what the
/// student is, and what it is compared on.
struct DistillationSettings {
    /// Structures made by displacing atoms and straining cells, of each that is given.
    struct Perturbation {
        var count: Int
        /// Å
        var amplitudes: ClosedRange<Double>
        var strain: Double
    }

    /// Runs of molecular dynamics of each structure that is given, at all temperatures and pressures.
    struct Dynamics {
        /// K
        var temperatures: [Double]
        /// GPa; nothing for runs in the cell that is given.
        var pressures: [Double]
        /// fs. What comes before, unrecorded, is `equilibration`.
        var time, equilibration, interval: Double
        /// fs; by the lightest atom where it is nil.
        var timestep: Double?

        /// Temperatures with pressures.
        var conditions: [(temperature: Double, pressure: Double?)] {
            temperatures.flatMap { t in pressures.isEmpty ? [(t, nil)] : pressures.map { (t, $0) } }
        }
    }

    /// The choice by what trial students disagree about.
    struct Disagreement {
        /// Of the structures that are chosen.
        var share: Double
        var members, epochs: Int
    }

    /// Files of structures.
    var from: [String]
    /// Of the cells that are repeated, at least.
    var atoms: Int
    var seed: UInt64
    var rattles, strains: Perturbation?
    var dynamics: Dynamics?
    /// eV/Å; structures with larger ones are not learned from.
    var largestForce: Double
    var count: Int
    /// Å, of the spectra that structures are compared by.
    var cutoff: Double
    var disagreement: Disagreement?
    var batch: Int
    var test: Dynamics
    var output: String
    /// What determines structures, choice and test, by the name of the section, as YAML.
    var texts: [String: String]
    /// The settings of the training, with files that are still to be written.
    let student: Settings

    init(_ settings: Settings) throws {
        output = try settings.file("output")
        let structures = try settings.section("structures")
        from = try structures.oneOrMore("from").map { try $0.string() }
        atoms = try structures.integer("atoms", in: 1...100_000, default: 64)
        seed = UInt64(try structures.integer("seed", in: 0...Int(Int32.max), default: 1))
        rattles = try structures.optionalSection("rattles").map {
            try Self.perturbation($0, amplitudes: 0.02...0.2, strain: nil)
        }
        strains = try structures.optionalSection("strains").map {
            try Self.perturbation($0, amplitudes: 0...0.05, strain: 0.05)
        }
        dynamics = try structures.optionalSection("dynamics").map { try Self.dynamics($0, equilibration: 0) }
        guard rattles != nil || strains != nil || dynamics != nil else {
            throw try settings.value("structures").error(
                "expected one of the sections rattles, strains and dynamics, found none: no structures would be made")
        }
        largestForce = try structures.quantity("largest_force", .force, in: .positive, default: 30)
        let choice = try settings.section("choice")
        count = try choice.integer("count", in: 10...1_000_000)
        cutoff = try choice.quantity("cutoff", .length, in: 0.5...20, default: 5)
        batch = try choice.integer("batch", in: .positive, default: 50)
        disagreement = try choice.optionalSection("disagreement").map {
            Disagreement(
                share: try $0.double("share", in: 0.01...0.9, default: 0.5),
                members: try $0.integer("members", in: 2...20, default: 3),
                epochs: try $0.integer("epochs", in: .positive))
        }
        test = try Self.dynamics(settings.section("test"), equilibration: nil)
        texts = [:]
        for name in ["structures", "choice", "test"] { texts[name] = try settings.section(name).yaml() }
        student = try settings.section("student")
        for key in ["data", "output"] where student.keys.contains(key) {
            throw try student.value(key).error("is given by what is made here; leave it out")
        }
        let folder = DistillationFolder(output)
        try student.set("data.train", to: folder.training)
        try student.set("output", to: folder.student)
        // Now rather than hours later.
        _ = try TrainingSettings(student)
        if let disagreement {
            _ = try TrainingSettings(Settings(text: training(folder, trials: disagreement), named: "trial students"))
        }
        try settings.finish()
    }

    /// The settings of a training: the student's, or those of the trial students.
    func training(_ folder: DistillationFolder, trials: Disagreement? = nil) throws -> String {
        let copy = try Settings(text: student.yaml(), named: folder.studentSettings)
        if let trials {
            try copy.set("data.train", to: folder.trialStructures)
            try copy.set("output", to: folder.trials)
            try copy.set("committee.members", to: "\(trials.members)")
            try copy.set("training.max_epochs", to: "\(trials.epochs)")
        }
        return try copy.yaml()
    }

    private static func perturbation(
        _ section: Settings, amplitudes: ClosedRange<Double>, strain: Double?
    ) throws -> Perturbation {
        let count = try section.integer("count", in: 1...1_000_000)
        var range = amplitudes
        if let value = section.optional("amplitude") {
            let ends = try value.oneOrMore().map { try $0.quantity(.length, in: 0...2) }
            guard ends.count <= 2, ends[0] <= ends.last! else {
                throw value.error("expected a length, or the smallest and the largest, such as [0.02 Å, 0.2 Å]")
            }
            range = ends[0]...ends.last!
        }
        return Perturbation(
            count: count, amplitudes: range,
            strain: try strain.map { try section.double("size", in: 0.0001...0.4, default: $0) } ?? 0)
    }

    /// - Parameter equilibration: fs; half of the time where it is nil.
    private static func dynamics(_ section: Settings, equilibration: Double?) throws -> Dynamics {
        let temperatures = try section.oneOrMore("temperatures").map { try $0.quantity(.temperature, in: 1...20_000) }
        let pressures =
            try section.optional("pressures")?.oneOrMore().map { try $0.quantity(.pressure, in: -100...1000) } ?? []
        let time = try section.quantity("time", .time, in: .positive)
        let interval = try section.quantity("every", .time, in: .positive)
        guard interval <= time else {
            throw try section.value("every").error("expected at most the time of \(Written.short(time)) fs")
        }
        return Dynamics(
            temperatures: temperatures, pressures: pressures, time: time,
            equilibration: try section.quantity(
                "equilibration", .time, in: .nonNegative, default: equilibration ?? time / 2),
            interval: interval,
            timestep: try section.optional("timestep")?.quantity(.time, in: 0.01...20))
    }
}
