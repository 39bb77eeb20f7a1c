import Atoms

/// What the input of cp.x says of the atoms.
struct CPInput {
    /// `[atom]`, in the order of ATOMIC_POSITIONS.
    private(set) var labels: [String] = []
    private var places: [SIMD3<Double>] = []
    /// Of ATOMIC_SPECIES, in its order.
    private var species: [String] = []
    /// `bohr`, `angstrom`, `crystal` or `alat`.
    private var unit = "alat"
    private var alat: Double?
    private(set) var method = RunMethod()
    private let path: String

    /// Throws a `StructureFileError`.
    init(_ path: String) throws {
        self.path = path
        method.code = "Quantum ESPRESSO cp.x"
        var lines = try LineReader(path: path, chunk: 1 << 16)
        var (atoms, types, card) = (0, 0, "")
        while try lines.advance() {
            let text = lines.text.prefix { $0 != "!" && $0 != "#" }
            let words = text.words
            guard let first = words.first else { continue }
            switch first.uppercased() {
            case "ATOMIC_SPECIES", "K_POINTS", "CELL_PARAMETERS", "OCCUPATIONS", "AUTOPILOT", "CONSTRAINTS",
                "ATOMIC_VELOCITIES", "ATOMIC_FORCES":
                card = first.uppercased()
                continue
            case "ATOMIC_POSITIONS":
                card = "ATOMIC_POSITIONS"
                if words.count > 1 { unit = words[1].lowercased().filter(\.isLetter) }
                continue
            default: break
            }
            if card == "ATOMIC_SPECIES", species.count < types, words.count >= 3 {
                species.append(String(first))
                method.pseudopotentials.append(String(words[2]))
            } else if card == "ATOMIC_POSITIONS", labels.count < atoms {
                let numbers = words.dropFirst().prefix(3).compactMap { Double($0) }
                guard numbers.count == 3 else {
                    throw StructureFileError(
                        file: path, line: lines.number,
                        message: "expected a label and three numbers, found \"\(text)\"")
                }
                labels.append(String(first))
                places.append(SIMD3(numbers[0], numbers[1], numbers[2]))
            } else if card.isEmpty {
                for part in text.split(separator: ",") {
                    let sides = part.split(separator: "=").map { $0.filter { !$0.isWhitespace }.lowercased() }
                    guard sides.count == 2 else { continue }
                    let number = Double(sides[1].replacing("d", with: "e"))
                    switch sides[0] {
                    case "nat": atoms = number.flatMap { Int(exactly: $0) } ?? 0
                    case "ntyp": types = number.flatMap { Int(exactly: $0) } ?? 0
                    case "celldm(1)": alat = number.map { $0 * Units.bohr }
                    case "a": alat = number
                    case "ecutwfc": method.cutoff = number.map { $0 * Units.rydberg }
                    case "input_dft": method.functional = sides[1].filter { $0 != "'" && $0 != "\"" }
                    default: break
                    }
                }
            }
        }
        guard (1...10_000_000).contains(atoms), labels.count == atoms else {
            throw StructureFileError(
                file: path, message: "expected ATOMIC_POSITIONS of nat = \(atoms) atoms, found \(labels.count)")
        }
    }

    /// The elements in the order of a trajectory that begins with these positions, in Å.
    ///
    /// Throws a `FormatProblem` where neither order of the atoms is near them, or both.
    func elements(at found: [SIMD3<Double>], _ lattice: Matrix3) throws -> [Element] {
        let written = Array(labels.indices)
        let sorted = species.flatMap { name in written.filter { labels[$0] == name } }
        if sorted == written || Set(labels).count == 1 { return try written.map(element) }
        let near = [written, sorted].filter { order in
            order.count == found.count
                && zip(order, found).allSatisfy { index, place in
                    guard let given = position(index, lattice) else { return false }
                    let fraction = (place - given) * lattice.inverse
                    return norm((fraction - fraction.rounded(.toNearestOrEven)) * lattice) < 0.7
                }
        }
        guard near.count == 1 else {
            throw FormatProblem(
                "expected the first positions near those of \(path) in the order of the input or of the species, found "
                    + (near.isEmpty ? "neither" : "both") + ": which atom is what cannot be known")
        }
        return try near[0].map(element)
    }

    private func element(_ index: Int) throws -> Element {
        guard let element = Element(label: labels[index]) else {
            throw FormatProblem("expected the symbol of an element in \(path), found \"\(labels[index])\"")
        }
        return element
    }

    private func position(_ index: Int, _ lattice: Matrix3) -> SIMD3<Double>? {
        switch unit {
        case "bohr": places[index] * Units.bohr
        case "angstrom": places[index]
        case "crystal": places[index] * lattice
        default: alat.map { places[index] * $0 }
        }
    }
}
