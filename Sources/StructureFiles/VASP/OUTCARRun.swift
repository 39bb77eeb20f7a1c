import Atoms

/// What the head of an OUTCAR says of the run.
struct OUTCARRun {
    /// Symbols by `TITEL` and `VRHFIN` of each pseudopotential, and by the lines `POTCAR:`, which come twice.
    private var titles: [String] = []
    private var kinds: [String] = []
    private var potcars: [String] = []
    /// NIONS
    var atoms: Int?
    /// Atoms of each species.
    var counts: [Int]?
    /// `[atom]`
    var elements: [Element]?
    /// NELM, and EDIFF in eV.
    var electronicLimit: Int?
    var electronicAccuracy: Double?
    /// Of each species, and of all.
    var valences: [Double]?
    var electrons: Double?
    /// The last one that was printed, Å.
    var lattice: Matrix3?

    init(datasets: [String] = []) {
        self.datasets = datasets.map { $0.split(separator: " ").joined(separator: " ") }
    }

    mutating func note(title: String) {
        titles.append(Self.symbol(ofTitle: title, after: "="))
        datasets.append(
            (title.split(separator: "=", maxSplits: 1).last ?? "").split(separator: " ").joined(separator: " "))
    }
    mutating func note(potcar: String) { potcars.append(Self.symbol(ofTitle: potcar, after: ":")) }

    /// `VRHFIN =Li: 1s2s2p`
    mutating func note(kind: String) {
        let text = kind.split(separator: "=", maxSplits: 1).last ?? ""
        kinds.append(text.prefix { $0 != ":" }.trimmingCharacters(in: .whitespaces))
    }

    /// `PAW_PBE Li_sv 23Jan2001`
    private static func symbol(ofTitle title: String, after sign: Character) -> String {
        let words = title.split(separator: sign, maxSplits: 1).last?.split(separator: " ") ?? []
        return words.count > 1 ? String(words[1].prefix { $0 != "_" && $0 != "." && !$0.isNumber }) : ""
    }

    /// Of each species, as TITEL calls it: `PAW_PBE Li_sv 23Jan2001`.
    private(set) var datasets: [String] = []

    /// ` vasp.6.3.2 27Jun22 (build …) complex`
    static func version(_ text: String) -> String {
        let word = text.split(separator: " ").first ?? ""
        return "VASP " + word.dropFirst("vasp.".count).split(separator: ".").prefix(3).joined(separator: ".")
    }

    /// `GGA     =    PE    GGA type`, where `--` is that of the pseudopotentials; METAGGA and LHFCALC stand behind it.
    func note(functional text: String, _ method: inout RunMethod) {
        let words = text.split(whereSeparator: { " =".contains($0) })
        guard words.count > 1 else { return }
        switch words[0] {
        case "GGA" where words[1] != "--" && words[1] != "GGA": method.functional = String(words[1])
        case "GGA":
            if let word = datasets.first?.split(separator: " ").first, word.contains("_") {
                method.functional = String(word.drop { $0 != "_" }.dropFirst())
            } else if let word = datasets.first?.split(separator: " ").first {
                method.functional = word == "PAW" || word == "US" ? "LDA" : nil
            }
        case "METAGGA" where !["F", "none", "--", "NONE"].contains(words[1]): method.functional = String(words[1])
        case "LHFCALC" where words[1] == "T": method.functional = "hybrid of \(method.functional ?? "unknown")"
        default: break
        }
    }

    /// `IVDW    =    12    ` or `IVDW = 11`; 0 is none.
    func note(dispersion text: String, _ method: inout RunMethod) {
        let words = text.split(whereSeparator: { " =".contains($0) })
        guard words.count > 1, let number = Int(words[1]), number > 0 else { return }
        method.dispersion =
            [1: "D2", 10: "D2", 11: "D3", 12: "D3(BJ)", 13: "D4", 2: "TS", 20: "TS", 202: "MBD"][number]
            ?? "IVDW=\(number)"
    }

    /// `k-points           NKPTS =     10   k-points in BZ     NKDIM = …`
    static func kpoints(_ text: String) -> String? {
        text.split(separator: "=").dropFirst().first?.split(separator: " ").first.map { "\($0) points" }
    }

    /// `generate k-points for:    4    4    4`
    static func grid(_ text: String) -> String? {
        let numbers = text.split(separator: ":").last?.split(separator: " ").compactMap { Int($0) } ?? []
        return numbers.count == 3 ? numbers.map(String.init).joined(separator: "x") : nil
    }

    /// Throws a `FormatProblem` where it cannot be known which atom is what.
    func species(of counts: [Int]) throws -> [Element] {
        let once = potcars.count == 2 * counts.count ? Array(potcars.prefix(counts.count)) : potcars
        let names = [titles, kinds, once].first { $0.count == counts.count }
        guard let names, atoms == nil || atoms == counts.reduce(0, +) else {
            let found = max(titles.count, kinds.count, potcars.count / 2)
            throw FormatProblem(
                "expected the number of atoms of each of \(found) species, found \(counts.count) numbers (\(counts.reduce(0, +)) of \(atoms.map(String.init) ?? "an unknown number of") atoms): which atom is what cannot be known from this file; use its vasprun.xml"
            )
        }
        return try zip(names.indices, counts).flatMap { index, count in
            // A pseudopotential of xenon calls itself X in one place, and Xe in the other.
            let stated = [names, kinds, titles].compactMap { $0.indices.contains(index) ? $0[index] : nil }
            guard let element = stated.lazy.compactMap({ Element($0) }).first else {
                throw FormatProblem("expected the symbol of species \(index + 1), found \"\(names[index])\"")
            }
            return Array(repeating: element, count: count)
        }
    }

    /// Of the cell, e; nil where it is neutral, or not said.
    var charge: String? {
        guard let valences, let counts, let electrons, valences.count == counts.count else { return nil }
        return RunStep.charge(of: zip(valences, counts).reduce(0) { $0 + $1.0 * Double($1.1) } - electrons)
    }

    /// Whether the loop of electrons was ended by NELM before the energy had settled to EDIFF.
    func endedByLimit(_ step: OUTCARStep) -> Bool {
        guard let limit = electronicLimit, step.electronicSteps >= limit else { return false }
        guard let accuracy = electronicAccuracy, let change = step.lastChange else { return true }
        return change > accuracy
    }
}

/// What is known of an ionic step.
struct OUTCARStep {
    /// Its number, and of several runs the run's.
    let place: String
    var electronicSteps = 1
    /// eV, of the last electronic step.
    var lastChange: Double?
    var isUnconverged = false
    var energy: Double?
    var energyAtZero: Double?
    var stress: Matrix3?
    var positions: [SIMD3<Double>]?
    var forces: [SIMD3<Double>]?
    var lattice: Matrix3?
    /// What could not be read.
    var flaw: String?
}

/// Lines that matter, by their first words.
enum OUTCARWord {
    case version, iteration, title, kind, potcar, atoms, counts, electronicLimit, electronicAccuracy, valences,
        electrons, cutoff, spins, noncollinear, functional, dispersion, kpoints, grid
    case lattice, energyChange, notReached, stress, table, energy, learnedEnergy, energyWithoutEntropy, end

    static let starts = LineStarts<OUTCARWord>([
        "vasp.": .version, "TITEL": .title, "VRHFIN": .kind, "POTCAR:": .potcar, "number of dos": .atoms,
        "ions per type": .counts, "NELM   =": .electronicLimit, "EDIFF  =": .electronicAccuracy,
        "ZVAL   =": .valences,
        "NELECT =": .electrons, "ENCUT  =": .cutoff, "ISPIN  =": .spins, "LNONCOLLINEAR =": .noncollinear,
        "GGA     =": .functional, "METAGGA": .functional, "LHFCALC =": .functional, "IVDW": .dispersion,
        "k-points           NKPTS =": .kpoints, "generate k-points for:": .grid,
        "direct lattice vectors": .lattice, "total energy-change (2. order)": .energyChange, "in kB": .stress,
        "POSITION  ": .table, "free  energy   TOTEN": .energy, "free  energy ML TOTEN": .learnedEnergy,
        "energy  without entropy": .energyWithoutEntropy, "General timing": .end, "----": .iteration,
    ])

    /// Of the present line; nil where it does not matter.
    static func find(in lines: borrowing LineReader) -> (word: OUTCARWord, rest: Range<Int>)? {
        guard let (word, rest) = starts.find(in: lines) else { return nil }
        guard word == .iteration else { return (word, rest) }
        // Most of them are nothing but dashes.
        guard rest.count > 36, lines.contains(" ") else { return nil }
        if lines.contains("Iteration") { return (.iteration, rest) }
        return lines.contains("EDIFF was not reached") ? (.notReached, rest) : nil
    }
}
