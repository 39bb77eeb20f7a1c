import Atoms

/// What the elements of a vasprun.xml say, step by step.
final class VasprunContent: XMLContent {
    /// An element `calculation`.
    struct Step {
        let number: Int
        var electronicSteps = 0
        /// eV, of the step itself and of its last electronic step.
        var energy: Double?
        var energyAtZero: Double?
        /// Å, fractions, eV/Å and kB.
        var basis, positions, forces, stress: [SIMD3<Double>]?
        var flaw: String?
    }

    private(set) var electronicLimit: Int?
    private var electrons: Double?
    /// Words of the header by name: version, GGA, METAGGA, LHFCALC, IVDW, ENMAX, ISPIN, LNONCOLLINEAR, divisions.
    private var header: [String: String] = [:]
    /// Of `atoms`: symbol and number of the type; of `atomtypes`: number of atoms, symbol, mass, valence, title.
    private var atoms: [[String]] = []
    private var types: [[String]] = []
    private var known: [Element]?
    private var knownMethod: RunMethod?
    /// Of selective dynamics.
    private(set) var flags: [(Bool, Bool, Bool)] = []

    private var open: [(element: String, name: String?)] = []
    private var text: [UInt8] = []
    private var cells: [String] = []
    private var rows: [SIMD3<Double>] = []
    private var step: Step?
    private var finished: [Step] = []
    private var steps = 0

    /// The number of the step that the file ends in or before, where it does not end as a whole one does.
    var stepThatTheFileEndsIn: Int? { step?.number ?? (open.isEmpty ? nil : steps + 1) }
    var hasSteps: Bool { !finished.isEmpty }

    func takeStep() -> Step? { finished.isEmpty ? nil : finished.removeFirst() }

    // MARK: Elements

    func begin(_ element: String, attributes: XMLAttributes) {
        open.append((element, attributes["name"]))
        text.removeAll(keepingCapacity: true)
        switch element {
        case "calculation":
            steps += 1
            step = Step(number: steps)
        case "scstep": step?.electronicSteps += 1
        case "varray":
            rows = []
            // The last before the first step counts.
            if steps == 0, attributes["name"] == "selective" { flags = [] }
        case "rc": cells = []
        default: break
        }
    }

    func text(_ bytes: UnsafeBufferPointer<UInt8>) {
        switch open.last?.element {
        case "i", "v", "c": text += bytes
        default: break
        }
    }

    func end(_ element: String) {
        guard let (_, name) = open.popLast() else { return }
        switch element {
        case "i": value(name)
        case "v":
            if name == "divisions", steps == 0 { header["divisions"] = String(decoding: text, as: UTF8.self) }
            row()
        case "c": cells.append(String(decoding: text, as: UTF8.self).trimmingWhitespace)
        case "rc": tableRow()
        case "varray": array(name)
        case "calculation":
            if let step { finished.append(step) }
            step = nil
        default: break
        }
    }

    private func value(_ name: String?) {
        switch name {
        case "version", "GGA", "METAGGA", "LHFCALC", "IVDW", "ENMAX", "ISPIN", "LNONCOLLINEAR":
            // The first of them is the input's, and the last what VASP made of it.
            if steps == 0, let name { header[name] = String(decoding: text, as: UTF8.self).trimmingWhitespace }
        case "NELM":
            if step == nil, electronicLimit == nil { electronicLimit = number().flatMap { Int(exactly: $0) } }
        case "NELECT":
            if step == nil { electrons = number() }
        case "e_fr_energy", "e_0_energy":
            // Of electronic steps, and of the ionic one.
            guard step != nil, open.last?.element == "energy" else { return }
            let isElectronic = open.contains { $0.element == "scstep" }
            let value = number()
            if name == "e_fr_energy", !isElectronic {
                step?.energy = value
                if value == nil { step?.flaw = "its energy is no number" }
            }
            if name == "e_0_energy", isElectronic { step?.energyAtZero = value }
        default: break
        }
    }

    private func row() {
        if steps == 0, open.last?.name == "selective" {
            let words = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isWhitespace)
            if words.count == 3 { flags.append((words[0] == "T", words[1] == "T", words[2] == "T")) }
            return
        }
        guard step != nil, open.last?.element == "varray" else { return }
        let bytes = text
        guard let row = FortranNumbers.three(bytes.span, 0..<bytes.count) else {
            if let name = open.last?.name, ["basis", "positions", "forces", "stress"].contains(name) {
                step?.flaw = "its \(name) are no numbers"
            }
            return
        }
        rows.append(row)
    }

    private func array(_ name: String?) {
        let parent = open.last?.element
        switch (name, parent) {
        case ("basis", "crystal"): step?.basis = rows
        case ("positions", "structure"): step?.positions = rows
        case ("forces", "calculation"): step?.forces = rows
        case ("stress", "calculation"): step?.stress = rows
        default: break
        }
    }

    private func tableRow() {
        switch open.last(where: { $0.element == "array" })?.name {
        case "atoms": atoms.append(cells)
        case "atomtypes": types.append(cells)
        default: break
        }
    }

    private func number() -> Double? {
        let bytes = text
        guard let numbers = FortranNumbers.parse(bytes.span, 0..<bytes.count), numbers.count == 1, numbers[0].isFinite
        else { return nil }
        return numbers[0]
    }

    // MARK: What the head says

    /// `[atom]`. Throws a `FormatProblem` where a symbol is none.
    func elements() throws -> [Element] {
        if let known { return known }
        let found = try atoms.enumerated().map { index, cells in
            let symbol = cells.first ?? ""
            if let element = Element(symbol) { return element }
            // Xenon's pseudopotential calls itself X, and its title says Xe; nothing else is made of a symbol.
            let type = cells.count > 1 ? Int(cells[1]) ?? 0 : 0
            let title = types.indices.contains(type - 1) ? types[type - 1].last ?? "" : ""
            let words = title.split(separator: " ")
            let named = words.count > 1 ? String(words[1].prefix { $0 != "_" && $0 != "." }) : ""
            guard symbol == "X", named.hasPrefix(symbol), let element = Element(named) else {
                throw FormatProblem(
                    "expected the symbol of an element for atom \(index + 1), found unknown element \"\(symbol)\"")
            }
            return element
        }
        known = found
        return found
    }

    /// What the header says of the level of theory.
    var method: RunMethod {
        if let knownMethod { return knownMethod }
        var method = RunMethod()
        let run = OUTCARRun(datasets: types.compactMap(\.last))
        method.code = header["version"].map { OUTCARRun.version("vasp." + $0) }
        method.pseudopotentials = run.datasets
        for word in ["GGA", "METAGGA", "LHFCALC"] {
            run.note(functional: "\(word) = \(header[word] ?? "--")", &method)
        }
        run.note(dispersion: "IVDW = \(header["IVDW"] ?? "0")", &method)
        method.cutoff = header["ENMAX"].flatMap { Double($0) }
        method.kpoints = header["divisions"].flatMap { OUTCARRun.grid(":" + $0) }
        method.spins = header["LNONCOLLINEAR"] == "T" ? 4 : header["ISPIN"].flatMap { Int($0) }
        knownMethod = method
        return method
    }

    /// Of the cell, e; nil where it is neutral, or not said.
    var charge: String? {
        guard let electrons, !types.isEmpty else { return nil }
        var sum = 0.0
        for type in types {
            guard type.count >= 4, let count = Double(type[0]), let valence = Double(type[3]) else { return nil }
            sum += count * valence
        }
        return RunStep.charge(of: sum - electrons)
    }
}

extension String {
    fileprivate var trimmingWhitespace: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
