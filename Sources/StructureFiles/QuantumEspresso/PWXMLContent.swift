import Atoms

/// What the elements of an XML file of pw.x say, step by step.
final class PWXMLContent: XMLContent {
    /// An element `step`, or `output`. Hartree atomic units.
    struct Step {
        let number: Int
        let isFinal: Bool
        var isConverged: Bool?
        var energy: Double?
        var atoms: Int?
        var names: [String] = []
        var places: [SIMD3<Double>] = []
        var axes: [SIMD3<Double>] = []
        var forces, stress: [SIMD3<Double>]?
        var magnetization: String?
        var flaw: String?
    }

    private(set) var units: String?
    private(set) var method = RunMethod()
    private(set) var charge: String?
    /// Of `free_positions`; where all atoms are free, nil.
    private(set) var moveMask: [SIMD3<Int8>]?
    private(set) var stepsBegun = 0
    private var open: [String] = []
    private var label = ""
    private var text: [UInt8] = []
    private var step: Step?
    private var finished: [Step] = []

    var endsInside: Bool { !open.isEmpty && (step != nil || stepsBegun > 0) }

    func takeStep() -> Step? { finished.isEmpty ? nil : finished.removeFirst() }

    /// Elements whose text matters.
    private static let leaves: Set<String> = [
        "atom", "a1", "a2", "a3", "etot", "forces", "stress", "convergence_achieved", "functional", "ecutwfc",
        "pseudo_file", "vdw_corr", "tot_charge", "lsda", "noncolin", "total", "free_positions",
    ]

    func begin(_ element: String, attributes: XMLAttributes) {
        open.append(element)
        text.removeAll(keepingCapacity: true)
        switch element {
        case "espresso": units = attributes["Units"]
        case "creator": method.code = "Quantum ESPRESSO \(attributes["VERSION"] ?? "")"
        case "step", "output":
            guard open.count == 2 else { return }
            stepsBegun += 1
            step = Step(number: stepsBegun, isFinal: element == "output")
        case "atomic_structure": step?.atoms = attributes["nat"].flatMap { Int($0) }
        case "atom": label = attributes["name"] ?? ""
        case "monkhorst_pack":
            let grid = [attributes["nk1"], attributes["nk2"], attributes["nk3"]].compactMap { $0 }
            if grid.count == 3, grid.allSatisfy({ Int($0) != nil }) { method.kpoints = grid.joined(separator: "x") }
        default: break
        }
    }

    func text(_ bytes: UnsafeBufferPointer<UInt8>) {
        if let element = open.last, Self.leaves.contains(element) { text += bytes }
    }

    func end(_ element: String) {
        guard open.popLast() != nil else { return }
        let parent = open.last
        switch element {
        case "atom":
            let rows = triples("positions")
            step?.names.append(label)
            step?.places += rows
        case "a1", "a2", "a3":
            let rows = parent == "cell" ? triples("cell") : []
            step?.axes += rows
        case "etot":
            guard parent == "total_energy", step != nil else { return }
            let energy = number
            step!.energy = energy
            if energy == nil { step!.flaw = "its energy is no number" }
        case "forces", "stress":
            guard parent == "step" || parent == "output" else { return }
            let rows = triples(element)
            if element == "forces" { step?.forces = rows } else { step?.stress = rows }
        case "convergence_achieved":
            let isTrue = word == "true" ? true : word == "false" ? false : nil
            if parent == "scf_conv" { step?.isConverged = isTrue }
        case "total":
            let moment = parent == "magnetization" && number != nil ? word : nil
            if moment != nil { step?.magnetization = moment }
        case "step", "output":
            guard open.count == 1, let step else { return }
            finished.append(step)
            self.step = nil
        default: header(element)
        }
    }

    private func header(_ element: String) {
        switch element {
        case "free_positions":
            let bytes = flat
            let flags = (FortranNumbers.parse(bytes.span, 0..<bytes.count) ?? []).map { Int8($0 == 0 ? 0 : 1) }
            guard flags.count % 3 == 0, flags.contains(0) else { return }
            moveMask = stride(from: 0, to: flags.count, by: 3).map { SIMD3(flags[$0], flags[$0 + 1], flags[$0 + 2]) }
        case "functional": method.functional = word
        case "ecutwfc": method.cutoff = number.map { $0 * Units.hartree }
        case "pseudo_file":
            if !method.pseudopotentials.contains(word) { method.pseudopotentials.append(word) }
        case "vdw_corr": method.dispersion = word.isEmpty || word == "none" ? nil : word
        case "tot_charge": charge = number.flatMap { RunStep.charge(of: $0) }
        case "lsda": if method.spins != 4 { method.spins = word == "true" ? 2 : 1 }
        case "noncolin": if word == "true" { method.spins = 4 }
        default: break
        }
    }

    private var word: String {
        String(decoding: text, as: UTF8.self).words.joined(separator: " ")
    }

    private var number: Double? {
        let bytes = flat
        guard let numbers = FortranNumbers.parse(bytes.span, 0..<bytes.count), numbers.count == 1, numbers[0].isFinite
        else { return nil }
        return numbers[0]
    }

    private var flat: [UInt8] { text.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } }

    /// The numbers of the text by threes; none where they are not.
    private func triples(_ what: String) -> [SIMD3<Double>] {
        guard step != nil else { return [] }
        let bytes = flat
        guard let numbers = FortranNumbers.parse(bytes.span, 0..<bytes.count), numbers.count % 3 == 0 else {
            step!.flaw = "its \(what) are no numbers"
            return []
        }
        return stride(from: 0, to: numbers.count, by: 3).map {
            SIMD3(numbers[$0], numbers[$0 + 1], numbers[$0 + 2])
        }
    }
}
