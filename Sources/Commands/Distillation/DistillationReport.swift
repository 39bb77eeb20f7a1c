import Analysis
import Atoms
import Files
import Foundation
import Training

/// What came of a distillation, for programs and for people.
struct DistillationReport: Encodable {
    struct Side: Encodable {
        var potential, summary: String
        /// Per atom and step.
        var microseconds: Double
    }

    /// Of the student against the teacher, on molecular dynamics that was not learned from.
    struct Errors: Encodable {
        var structures: Int
        /// meV/Å
        var forcesRMS: Double
        /// Of the force error, of the forces.
        var forcesRelative: Double?
        var values: [String: Double?]
        /// meV/Å, by temperature and pressure.
        var forcesByRun: [String: Double]
        private let lines: [String]

        private enum CodingKeys: String, CodingKey {
            case structures
            case forcesRMS = "forcesRmsMevPerAngstrom"
            case forcesRelative, values, forcesByRun
        }

        init(_ errors: GroupedErrors, forcesRMS: Double, _ structures: Int) {
            self.structures = structures
            self.forcesRMS = forcesRMS
            forcesRelative = errors.all.forcesRMSE.map { $0 / forcesRMS }
            values = Dictionary(uniqueKeysWithValues: errors.all.named.map { ($0.name, $0.value) })
            forcesByRun = [:]
            for (name, group) in errors[.configType] { forcesByRun[name] = group.forcesRMSE }
            lines = ErrorTable.lines(errors)
        }

        var text: [String] {
            [
                "errors of the student on \(Written.count(structures, "structure")) of molecular dynamics that was not learned from"
            ] + lines + [
                "forces of \(Written.fixed(forcesRMS, 1)) meV/Å (rms), their error is \(forcesRelative.map { Written.fixed(100 * $0, 2) } ?? "-") % of that"
            ]
        }
    }

    struct Crystal: Encodable {
        var formula: String
        var teacher, student: CrystalTrial

        var text: [String] {
            var rows: [[String]] = [["\(formula)", "teacher", "student", "difference"]]
            func add(
                _ name: String, _ digits: Int, isRelative: Bool = true, _ value: (CrystalTrial) -> Double?
            ) {
                let (a, b) = (value(teacher), value(student))
                guard a != nil || b != nil else { return }
                func cell(_ x: Double?) -> String { x.map { Written.fixed($0, digits) } ?? "-" }
                var difference = "-"
                if let a, let b {
                    difference =
                        isRelative && abs(a) > 1e-9
                        ? "\(Written.fixed(100 * (b - a) / abs(a), 2)) %" : Written.fixed(b - a, digits)
                }
                rows.append([name, cell(a), cell(b), difference])
            }
            for (k, axis) in ["a", "b", "c"].enumerated() { add("\(axis), Å", 4) { $0.relaxed?.lengths[k] } }
            // A difference of energies means something, a share of one does not.
            add("energy, eV/atom", 4, isRelative: false) { $0.energy }
            for (i, j) in [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2), (3, 3), (4, 4), (5, 5)] {
                add("C\(i + 1)\(j + 1), GPa", 2) { $0.elastic?.c[i][j] }
            }
            add("bulk modulus, GPa", 2) { $0.elastic?.moduli["bulk_hill_gpa"] }
            add("highest phonon, THz", 3) { $0.phonons?.highest }
            add("lowest phonon, THz", 3, isRelative: false) { $0.phonons?.lowest }
            return Terminal.table(rows)
        }
    }

    struct Distribution: Encodable {
        var run: String
        var teacher: RadialDistribution
        /// Of the teacher's run.
        var halves: (RadialDistribution, RadialDistribution)
        /// nil where it broke off before its first frame.
        var student: RadialDistribution?
        var failure: String?

        /// Means of |Δg| over distances, of the pair that differs most.
        private static func difference(_ a: RadialDistribution, _ b: RadialDistribution) -> Double {
            a.pairs.indices.map { pair in
                zip(a.values(pair), b.values(pair)).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(a.bins)
            }.max() ?? 0
        }
        var difference: Double? { student.map { Self.difference(teacher, $0) } }
        var noise: Double { Self.difference(halves.0, halves.1) }

        private enum CodingKeys: String, CodingKey { case run, pairs, difference, noise, failure }
        private struct Pair: Encodable {
            var elements: [String]
            var teacherPeak, studentPeak, teacherCoordination, studentCoordination: Double?
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(run, forKey: .run)
            try container.encode(
                teacher.pairs.indices.map { pair in
                    let (a, b) = (teacher.firstShell(pair), student?.firstShell(pair))
                    return Pair(
                        elements: [teacher.pairs[pair].a.symbol, teacher.pairs[pair].b.symbol], teacherPeak: a?.peak,
                        studentPeak: b?.peak, teacherCoordination: a?.coordination,
                        studentCoordination: b?.coordination)
                }, forKey: .pairs)
            try container.encode(difference, forKey: .difference)
            try container.encode(noise, forKey: .noise)
            try container.encode(failure, forKey: .failure)
        }
    }

    var teacher, student: Side
    var threads: Int
    var labels: Distillation.Labels
    var errors: Errors
    var crystals: [Crystal] = []
    var distributions: [Distribution] = []
    /// How many times the teacher's speed the student has.
    var speedup: Double { teacher.microseconds / student.microseconds }

    private enum CodingKeys: CodingKey {
        case teacher, student, threads, labels, errors, crystals, distributions, speedup
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(teacher, forKey: .teacher)
        try container.encode(student, forKey: .student)
        try container.encode(threads, forKey: .threads)
        try container.encode(labels, forKey: .labels)
        try container.encode(errors, forKey: .errors)
        try container.encode(crystals, forKey: .crystals)
        try container.encode(distributions, forKey: .distributions)
        try container.encode(speedup, forKey: .speedup)
    }
}

extension DistillationReport {
    var lines: [String] {
        var lines = Terminal.table(
            [
                ["", "µs/atom/step", ""],
                ["teacher", Written.short(teacher.microseconds, 3), teacher.summary],
                ["student", Written.short(student.microseconds, 3), student.summary],
            ], leftAligned: [0, 2])
        lines += [
            "the student takes 1/\(Written.fixed(speedup, 1)) of the teacher's time (\(Written.count(threads, "thread")))",
            "it learned from \(labels.trainedOn) of \(labels.candidates) structures, \(labels.chosenByDistance) chosen by distance, \(labels.chosenByDisagreement) by disagreement, \(labels.leftOut) left out",
            "",
        ]
        lines += errors.text
        for crystal in crystals { lines += [""] + crystal.text }
        if !distributions.isEmpty {
            lines += [
                "", "radial distributions: the mean of |Δg| up to 6 Å, and that of two halves of the teacher's run",
            ]
            lines += Terminal.table(
                [["", "student", "noise", ""]]
                    + distributions.map { run in
                        [
                            run.run, run.difference.map { Written.fixed($0, 4) } ?? "-", Written.fixed(run.noise, 4),
                            run.failure.map { "broke off: \($0)" } ?? "",
                        ]
                    }, leftAligned: [0, 3])
        }
        return lines
    }

    /// r, and g of teacher and student for each run and pair of elements.
    func writeDistributions(to path: String) throws {
        var text = "run,pair,r_angstrom,g_teacher,g_student\n"
        for distribution in distributions {
            for (k, pair) in distribution.teacher.pairs.enumerated() {
                let (r, a) = (distribution.teacher.distances, distribution.teacher.values(k))
                let b = distribution.student?.values(k)
                for bin in r.indices {
                    text +=
                        "\"\(distribution.run)\",\(pair.a)-\(pair.b),\(Written.fixed(r[bin], 3)),\(Written.short(a[bin], 6)),\(b.map { Written.short($0[bin], 6) } ?? "")\n"
                }
            }
        }
        try OutputFile.write(text, to: path)
    }
}
