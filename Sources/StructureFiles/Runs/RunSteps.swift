import Atoms

/// The steps of a file of runs: which of them are structures, and which are left out, and why.
struct RunSteps {
    let path: String
    let use: StructureUse
    /// What the program calls a step, for messages: `ionic step`.
    let word: String
    /// Whether steps whose electrons have not converged are structures all the same, with `converged=F`.
    let keepsUnconverged: Bool
    /// Of the run whose lines are read now.
    var method = RunMethod() {
        didSet { if method != oldValue { methodInformation = method.information } }
    }
    private var methodInformation: [String: String] = [:]
    /// Runs begun. Places of the second and further ones name their run.
    private(set) var runs = 0
    private(set) var summary = RunSummary()
    private var leftOut: [RunStepReason: [String]] = [:]
    /// Sentences about what was understood although it could mean something else.
    private(set) var notes: [String] = []
    private var waiting: [Structure] = []
    private var coincidences = CoincidenceCheck()

    init(path: String, labels: LabelKeys, use: StructureUse, word: String = "step") {
        self.path = path
        keepsUnconverged = labels.keepsUnconverged
        self.use = use
        self.word = word
    }

    /// Of steps begun, the number of the next one.
    var nextNumber: Int { summary.steps + 1 }

    mutating func beginRun() {
        runs += 1
        method = RunMethod()
    }

    /// A place for messages: `3`, or `3 of run 2`.
    func place(_ number: String) -> String { runs > 1 ? "\(number) of run \(runs)" : number }

    mutating func note(_ sentence: String) {
        let whole = "\(path): \(sentence)"
        if !notes.contains(whole), notes.count < 20 { notes.append(whole) }
    }

    /// Counts a step as left out without judging it.
    mutating func leaveOut(_ place: String, _ reason: RunStepReason, _ detail: String? = nil) {
        summary.steps += 1
        // Of places beyond those that are named, the count is enough.
        leftOut[reason, default: []].append(place + (detail.map { " (\($0))" } ?? ""))
    }

    /// Judges a step: a structure to be handed over, or one that is left out.
    ///
    /// Throws a `FormatProblem` for what makes the whole file doubtful: a cell without volume, atoms at the same place,
    /// numbers of atoms that do not agree.
    mutating func finish(_ step: RunStep) throws {
        if let (reason, detail) = step.reason, reason != .unconverged || !keepsUnconverged {
            return leaveOut(step.place, reason, detail)
        }
        guard let positions = step.positions, let elements = step.elements else { return }
        do {
            waiting.append(try structure(of: step, elements, positions))
        } catch let problem as FormatProblem {
            throw FormatProblem("\(word) \(step.place): \(problem.message)")
        }
        summary.steps += 1
        summary.read += 1
        summary.note(converged: step.isConverged)
    }

    private mutating func structure(
        of step: RunStep, _ elements: [Element], _ positions: [SIMD3<Double>]
    ) throws -> Structure {
        guard positions.count == elements.count, step.forces == nil || step.forces!.count == elements.count else {
            throw FormatProblem(
                "expected positions and forces of \(elements.count) atoms, found \(positions.count) and "
                    + "\(step.forces?.count ?? 0)")
        }
        let cell = try step.lattice.flatMap {
            try CheckedCell.cell($0, periodic: step.periodic, named: "the lattice vectors")
        }
        var structure = Structure(elements: elements, positions: positions, cell: cell)
        if let pair = coincidences.firstPair(in: positions, cell: cell) { throw FormatProblem(pair.message) }
        if use == .labels {
            structure.energy = step.energy
            structure.forces = step.forces
            structure.stress = step.stress.map { ($0 + $0.transposed) * 0.5 }
            structure.properties = step.properties
        }
        structure.velocities = step.velocities
        structure.information = methodInformation
        structure.information.merge(step.information) { $1 }
        structure.isConverged = step.isConverged
        structure.moveMask = step.moveMask
        return structure
    }

    mutating func takeStructure() -> Structure? { waiting.isEmpty ? nil : waiting.removeFirst() }

    // MARK: What is said at the end

    var remarks: [String] {
        leftOut.sorted { $0.key.rawValue < $1.key.rawValue }.map { reason, places in
            "\(path): left out \(places.count) of \(summary.steps) \(word)s, \(reason.rawValue): "
                + RunStepReason.list(places)
        } + notes
    }

    var wholeSummary: RunSummary {
        var whole = summary
        whole.leftOut = RunStepReason.allCases.compactMap { reason in
            leftOut[reason].map { .init(reason: "\(reason)", steps: $0) }
        }
        return whole
    }

    /// Why there is no structure in the file.
    var nothing: String {
        let reasons = leftOut.sorted { $0.key.rawValue < $1.key.rawValue }.map { reason, places in
            "\(places.count) \(reason.rawValue) (\(RunStepReason.list(places)))"
        }
        return "expected a whole, converged \(word), found "
            + (summary.steps == 0
                ? "none: the file ends before the first" : "none of \(summary.steps): ")
            + reasons.joined(separator: "; ")
    }
}
