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

    mutating func note(title: String) { titles.append(Self.symbol(ofTitle: title, after: "=")) }
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
    var charge: Double? {
        guard let valences, let counts, let electrons, valences.count == counts.count else { return nil }
        let charge = zip(valences, counts).reduce(0) { $0 + $1.0 * Double($1.1) } - electrons
        return abs(charge) > 1e-4 ? (charge * 1e4).rounded() / 1e4 : nil
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
enum OUTCARWords {
    case version, iteration, title, kind, potcar, atoms, counts, electronicLimit, electronicAccuracy, valences,
        electrons
    case lattice, energyChange, notReached, stress, table, energy, learnedEnergy, energyWithoutEntropy, end

    private static let starts: [(String, OUTCARWords)] = [
        ("vasp.", .version), ("TITEL", .title), ("VRHFIN", .kind), ("POTCAR:", .potcar), ("number of dos", .atoms),
        ("ions per type", .counts),
        ("NELM   =", .electronicLimit), ("EDIFF  =", .electronicAccuracy), ("ZVAL   =", .valences),
        ("NELECT =", .electrons), ("direct lattice vectors", .lattice),
        ("total energy-change (2. order)", .energyChange), ("in kB", .stress), ("POSITION  ", .table),
        ("free  energy   TOTEN", .energy), ("free  energy ML TOTEN", .learnedEnergy),
        ("energy  without entropy", .energyWithoutEntropy), ("General timing", .end),
    ]

    /// `[first byte]`, so that most lines are passed over by one look.
    private static let byFirst: [[(bytes: [UInt8], word: OUTCARWords)]] = {
        var table = [[(bytes: [UInt8], word: OUTCARWords)]](repeating: [], count: 256)
        for (text, word) in starts { table[Int(text.utf8.first!)].append((Array(text.utf8), word)) }
        return table
    }()

    /// Of a line without its blanks in front; nil where it does not matter.
    init?(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        let first = bytes[range.lowerBound]
        if first == UInt8(ascii: "-") {
            guard range.count > 40 else { return nil }
            let text = String(decoding: (range.lowerBound..<range.upperBound).map { bytes[$0] }, as: UTF8.self)
            if text.contains("Iteration") {
                self = .iteration
            } else if text.contains("EDIFF was not reached") {
                self = .notReached
            } else {
                return nil
            }
            return
        }
        for (start, word) in Self.byFirst[Int(first)] where start.count <= range.count {
            if start.indices.allSatisfy({ start[$0] == bytes[range.lowerBound + $0] }) {
                self = word
                return
            }
        }
        return nil
    }
}
