import Atoms

/// Reads the structure of a LAMMPS data file, with atoms in the order of their ids.
///
/// The style of its atoms is that behind `Atoms #`, or else the one that the columns leave no choice about. Elements
/// are those that people name, type labels, comments behind the masses, or the masses.
struct LAMMPSDataSource: DraftSource {
    private var lines: LineReader
    private let facts: UnstatedFacts
    private var isRead = false
    private(set) var remarks: [String] = []

    /// What the header says.
    private var count: Int?
    private var units: FileUnits?
    private var bounds: [String: (Double, Double)] = [:]
    private var tilt: [Double] = [0, 0, 0]
    private var general: [String: SIMD3<Double>] = [:]
    /// By type.
    private var masses: [Int: Double] = [:]
    private var names: [Int: String] = [:]
    private var labels: [String: Int] = [:]
    private var rows: [Row] = []
    private var velocities: [Int: SIMD3<Double>] = [:]
    private var firstAtomLine: Int?

    private struct Row {
        var id: Int
        var type: Int
        var position: SIMD3<Double>
        var charge: Double?
    }

    init(_ lines: LineReader, facts: UnstatedFacts) {
        self.lines = lines
        self.facts = facts
    }

    var path: String { lines.path }
    var line: Int? { lines.number }
    mutating func verifyRest() throws { try lines.verifyRest() }

    mutating func next() throws -> StructureDraft? {
        guard !isRead else { return nil }
        isRead = true
        guard try lines.advance() else { return nil }
        let title = lines.text
        units = facts.units ?? Self.units(ofTitle: title)
        var isHeader = true
        while try lines.advance() {
            let words = words()
            guard let first = words.first else { continue }
            if isHeader, try readHeader(words) { continue }
            isHeader = false
            switch first {
            case "Masses": try readRows { try $0.readMass() }
            case "Atom" where words.count == 3 && words[1] == "Type" && words[2] == "Labels":
                try readRows { try $0.readLabel() }
            case "Atoms": try readAtoms(hint: Self.hint(lines.text))
            case "Velocities": try readRows { try $0.readVelocity() }
            default: try skipSection()
            }
        }
        guard !rows.isEmpty else { throw FormatProblem("expected a section Atoms, found none") }
        return try draft(title: title)
    }

    // MARK: Lines

    /// Words before a comment.
    private func words() -> [Substring] {
        lines.text.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
    }

    private static func hint(_ text: String) -> String? {
        text.split(separator: "#", maxSplits: 1).dropFirst().first?.split(whereSeparator: \.isWhitespace).first.map(
            String.init)
    }

    /// `LAMMPS data file via write_data, version …, timestep = 0, units = metal`
    private static func units(ofTitle title: String) -> FileUnits? {
        guard let place = title.range(of: "units = ") else { return nil }
        return FileUnits(rawValue: String(title[place.upperBound...].prefix { $0.isLetter }))
    }

    /// Whether it is a line of the header.
    private mutating func readHeader(_ words: [Substring]) throws -> Bool {
        let numbers = words.prefix { POSCARLine.number($0) != nil }.compactMap { POSCARLine.number($0) }
        let keys = words.dropFirst(numbers.count).map(String.init)
        switch (numbers.count, keys) {
        case (1, ["atoms"]):
            guard let number = Int(words[0]), (1...Int(Int32.max)).contains(number) else {
                throw FormatProblem("expected a number of atoms, found \"\(lines.excerpt)\"")
            }
            count = number
        case (2, ["xlo", "xhi"]), (2, ["ylo", "yhi"]), (2, ["zlo", "zhi"]):
            bounds[String(keys[0].prefix(1))] = (numbers[0], numbers[1])
        case (3, ["xy", "xz", "yz"]): tilt = numbers
        case (3, ["avec"]), (3, ["bvec"]), (3, ["cvec"]), (3, ["abc", "origin"]):
            general[keys[0]] = SIMD3(numbers[0], numbers[1], numbers[2])
        default: return !numbers.isEmpty
        }
        return true
    }

    /// Calls for each line of a section, which ends where a line begins with a letter.
    private mutating func readRows(_ read: (inout Self) throws -> Void) throws {
        while try lines.advance() {
            guard let first = words().first else { continue }
            if let letter = first.first, letter.isLetter, labels[String(first)] == nil {
                lines.stepBack()
                return
            }
            try read(&self)
        }
    }

    private mutating func skipSection() throws { try readRows { _ in } }

    private mutating func readMass() throws {
        let words = words()
        guard words.count == 2, let type = type(words[0]), let mass = POSCARLine.number(words[1]) else {
            throw FormatProblem("expected a type and its mass, found \"\(lines.excerpt)\"")
        }
        masses[type] = mass
        if let name = Self.hint(lines.text) { names[type] = name }
    }

    private mutating func readLabel() throws {
        let words = words()
        guard words.count == 2, let type = Int(words[0]) else {
            throw FormatProblem("expected a type and its label, found \"\(lines.excerpt)\"")
        }
        labels[String(words[1])] = type
        names[type] = String(words[1])
    }

    private func type(_ word: Substring) -> Int? { labels[String(word)] ?? Int(word) }

    private mutating func readVelocity() throws {
        let words = words()
        guard words.count >= 4, let id = Int(words[0]), let x = POSCARLine.number(words[1]),
            let y = POSCARLine.number(words[2]), let z = POSCARLine.number(words[3])
        else { throw FormatProblem("expected an id and a velocity, found \"\(lines.excerpt)\"") }
        velocities[id] = SIMD3(x, y, z)
    }

    // MARK: Atoms

    private mutating func readAtoms(hint: String?) throws {
        guard let count else { throw FormatProblem("expected \"… atoms\" before the atoms, found none") }
        var style: LAMMPSAtomStyle?
        while try lines.advance() {
            if lines.isBlank { continue }
            if style == nil {
                style = try LAMMPSAtomStyle(hint: hint, row: words())
                firstAtomLine = lines.number
            }
            try readAtom(style!)
            if rows.count == count { return }
        }
        throw FormatProblem("expected \(count) atoms, found the end of the file after \(rows.count)")
    }

    private mutating func readAtom(_ style: LAMMPSAtomStyle) throws {
        var at = lines.line.lowerBound
        var row = Row(id: 0, type: 0, position: .zero)
        for column in 0..<style.width {
            guard let word = lines.nextWordRange(&at) else { throw atomProblem(style) }
            if column == 0 {
                guard let id = Int(lines.text(word)) else { throw atomProblem(style) }
                row.id = id
            } else if column == style.type {
                let text = lines.text(word)
                guard let type = labels[text] ?? Int(text) else { throw atomProblem(style) }
                row.type = type
            } else if (style.position..<style.position + 3).contains(column) {
                guard let number = parseDouble(lines.buffer.span, word) else { throw atomProblem(style) }
                row.position[column - style.position] = number
            } else if column == style.charge {
                guard let number = parseDouble(lines.buffer.span, word) else { throw atomProblem(style) }
                row.charge = number
            }
        }
        // Three numbers of images may follow; they do not matter in a box that repeats.
        var more = 0
        while let word = lines.nextWordRange(&at), lines.buffer[word.lowerBound] != UInt8(ascii: "#") {
            guard Int(lines.text(word)) != nil else { throw atomProblem(style) }
            more += 1
        }
        guard more == 0 || more == 3 else { throw atomProblem(style) }
        rows.append(row)
    }

    private func atomProblem(_ style: LAMMPSAtomStyle) -> FormatProblem {
        FormatProblem(
            "expected \(style.width) columns of an atom of style \(style.name), and three numbers of images or none, found \"\(lines.excerpt)\""
        )
    }

    // MARK: The structure

    private mutating func draft(title: String) throws -> StructureDraft {
        var draft = StructureDraft()
        draft.cellWord = "the bounds of the box"
        draft.information["comment"] = title.trimmingPrefix("#").trimmingPrefix(" ").description
        let sorted = rows.sorted { $0.id < $1.id }
        for (a, b) in zip(sorted, sorted.dropFirst()) where a.id == b.id {
            throw FormatProblem("expected every atom once, found id \(a.id) twice")
        }
        if sorted.map(\.id) == rows.map(\.id) { draft.firstAtomLine = firstAtomLine }
        var elements: [Int: Element] = [:]
        for type in Set(rows.map(\.type)) { elements[type] = try element(of: type) }
        var box = try box()
        let length = units?.length ?? 1
        box.scale(by: length)
        draft.vectors = box.vectors
        draft.elements = sorted.map { elements[$0.type]! }
        draft.positions = sorted.map { $0.position * length - box.origin }
        let charges = sorted.compactMap(\.charge)
        if charges.count == sorted.count { draft.properties[.charges] = charges }
        if !velocities.isEmpty {
            guard let units else {
                remarks.append(
                    "\(path): velocities are left aside: the file does not say their units; give --file-units, or write it with write_data of a recent LAMMPS"
                )
                return draft
            }
            draft.velocities = try sorted.map {
                guard let velocity = velocities[$0.id] else {
                    throw FormatProblem("expected a velocity of each atom, found none of id \($0.id)")
                }
                return velocity * units.velocity
            }
        }
        return draft
    }

    private func box() throws -> LAMMPSBox {
        if let a = general["avec"], let b = general["bvec"], let c = general["cvec"] {
            return LAMMPSBox(origin: general["abc"] ?? .zero, vectors: Matrix3(a, b, c))
        }
        guard let x = bounds["x"], let y = bounds["y"], let z = bounds["z"] else {
            throw FormatProblem("expected xlo xhi, ylo yhi and zlo zhi, found not all of them")
        }
        return LAMMPSBox(
            low: SIMD3(x.0, y.0, z.0), high: SIMD3(x.1, y.1, z.1), xy: tilt[0], xz: tilt[1], yz: tilt[2])
    }

    private func element(of type: Int) throws -> Element {
        if !facts.elements.isEmpty { return try facts.element(ofType: type - 1, numberedFrom: 1) }
        let mass = masses[type]
        if let name = names[type], let element = Element(String(name.prefix { $0.isLetter })) {
            // A label such as C1 or OW names its element where the mass agrees.
            if mass.map({ abs($0 - element.mass) < 0.5 }) ?? true { return element }
        }
        guard let mass else {
            throw FormatProblem(
                "expected the mass of type \(type), or an element as its label, found neither; name the elements of the types (--elements Si,O)"
            )
        }
        guard let element = ElementOfMass.element(mass) else {
            throw FormatProblem(
                "expected the mass of one element for type \(type), found \(mass) amu; name the elements of the types (--elements Si,O)"
            )
        }
        return element
    }
}
