import Atoms

/// Reads the snapshots of a LAMMPS dump, with atoms in the order of their ids.
struct DumpSource: DraftSource {
    private var lines: LineReader
    private let facts: UnstatedFacts
    /// As `ITEM: UNITS` says.
    private var units: FileUnits?
    private var lastColumns: (text: String, columns: DumpColumns)?
    private(set) var remarks: [String] = []

    init(_ lines: LineReader, facts: UnstatedFacts) {
        self.lines = lines
        self.facts = facts
    }

    var path: String { lines.path }
    var line: Int? { lines.number }
    mutating func verifyRest() throws { try lines.verifyRest() }

    mutating func next() throws -> StructureDraft? {
        var draft = StructureDraft()
        draft.cellWord = "BOX BOUNDS"
        var (count, box): (Int?, LAMMPSBox?) = (nil, nil)
        var hasBegun = false
        while try lines.advance() {
            if lines.isBlank { continue }
            guard lines.begins(with: "ITEM: ") else {
                throw FormatProblem(
                    "expected ITEM: …, found \"\(lines.excerpt)\": the snapshot before has more atoms than it says, or is damaged"
                )
            }
            let words = lines.words()
            hasBegun = true
            switch words.count > 1 ? words[1] : "" {
            case "UNITS": try readUnits()
            case "TIME": draft.information["time"] = try readWord("the time")
            case "TIMESTEP": draft.information["timestep"] = try readWord("the number of the step")
            case "NUMBER":
                let word = try readWord("the number of atoms")
                guard let number = Int(word), (1...Int(Int32.max)).contains(number) else {
                    throw FormatProblem("expected a number of atoms, found \"\(word.prefix(40))\"")
                }
                count = number
            case "BOX": box = try readBox(words.dropFirst(2).filter { $0 != "BOUNDS" }, &draft)
            case "ATOMS":
                guard let count, let box else {
                    throw FormatProblem(
                        "expected NUMBER OF ATOMS and BOX BOUNDS before the atoms, found no such item")
                }
                try readAtoms(count, in: box, words.dropFirst(2), into: &draft)
                return draft
            default: throw FormatProblem("expected an item of a dump, found \"\(lines.excerpt)\"")
            }
        }
        guard hasBegun else { return nil }
        throw FormatProblem("expected the atoms of a snapshot, found the end of the file: it was cut off")
    }

    // MARK: Items

    private mutating func readWord(_ what: String) throws -> String {
        guard try lines.advance(), let word = lines.words().first else {
            throw FormatProblem("expected \(what), found none")
        }
        return String(word)
    }

    private mutating func readUnits() throws {
        let word = try readWord("the units")
        guard let known = FileUnits(rawValue: word) else {
            throw FormatProblem("expected units \(FileUnits.names), found \(word.prefix(40))")
        }
        guard facts.units == nil || facts.units == known else {
            throw FormatProblem("expected units \(facts.units!.rawValue), as was asked for, found \(word)")
        }
        units = known
    }

    /// `xy xz yz pp pp pp`, `abc origin pp pp pp`, or only how the box ends.
    private mutating func readBox(_ words: [Substring], _ draft: inout StructureDraft) throws -> LAMMPSBox {
        let ends = words.filter { $0.count == 2 && $0.allSatisfy { "pfsm".contains($0) } }
        if ends.count == 3 { draft.periodic = ends.map { $0 == "pp" } }
        let isTilted = words.contains("xy")
        let isGeneral = words.contains("abc")
        var rows: [[Double]] = []
        for _ in 0..<3 {
            guard try lines.advance(), let numbers = lines.numbers() else {
                throw FormatProblem("expected three lines of bounds, found \"\(lines.excerpt)\"")
            }
            // A tilt of zero may be left out.
            guard numbers.count == (isGeneral ? 4 : isTilted ? 3 : 2) else {
                throw FormatProblem(
                    "expected \(isGeneral ? 4 : isTilted ? 3 : 2) numbers in a line of bounds, found \(numbers.count)"
                )
            }
            rows.append(numbers)
        }
        if isGeneral {
            return LAMMPSBox(
                origin: SIMD3(rows[0][3], rows[1][3], rows[2][3]),
                vectors: Matrix3(
                    SIMD3(rows[0][0], rows[0][1], rows[0][2]), SIMD3(rows[1][0], rows[1][1], rows[1][2]),
                    SIMD3(rows[2][0], rows[2][1], rows[2][2])))
        }
        let tilt = isTilted ? rows.map { $0[2] } : [0, 0, 0]
        return LAMMPSBox(
            boundsLow: SIMD3(rows[0][0], rows[1][0], rows[2][0]),
            boundsHigh: SIMD3(rows[0][1], rows[1][1], rows[2][1]),
            xy: tilt[0], xz: tilt[1], yz: tilt[2])
    }

    private mutating func columns(_ names: ArraySlice<Substring>) throws -> DumpColumns {
        let text = names.joined(separator: " ")
        if let lastColumns, lastColumns.text == text { return lastColumns.columns }
        let columns = try DumpColumns(Array(names))
        lastColumns = (text, columns)
        return columns
    }

    private mutating func readAtoms(
        _ count: Int, in box: LAMMPSBox, _ names: ArraySlice<Substring>, into draft: inout StructureDraft
    ) throws {
        let columns = try columns(names)
        let units = units ?? facts.units
        if units == nil { tellOfUnits(columns) }
        var box = box
        let (length, force, velocity) = (units?.length ?? 1, units?.force ?? 1, units?.velocity ?? 1e-3)
        box.scale(by: length)
        draft.vectors = box.vectors
        draft.columns = names.map(String.init)
        let (hasForces, hasVelocities) = (
            columns.hasVector(DumpColumns.force), columns.hasVector(DumpColumns.velocity)
        )
        let first = columns.coordinates.first
        var (ids, forces, velocities, charges) = ([Int](), [SIMD3<Double>](), [SIMD3<Double>](), [Double]())
        var isSorted = true
        draft.elements.reserveCapacity(min(count, 1 << 16))
        draft.positions.reserveCapacity(min(count, 1 << 16))
        let firstLine = lines.number + 1
        let slots = columns.slots
        for atom in 1...count {
            guard try lines.advance() else {
                throw FormatProblem(
                    "expected \(count) atoms, found the end of the file after \(atom - 1): it was cut off")
            }
            var at = lines.line.lowerBound
            var numbers = InlineArray<20, Double>(repeating: 0)
            var (type, element): (Int?, Element?) = (nil, nil)
            for slot in slots {
                guard let word = lines.nextWordRange(&at) else {
                    throw FormatProblem(
                        "expected \(slots.count) columns of atom \(atom), found fewer: \"\(lines.excerpt)\"")
                }
                switch slot {
                case .number(let index):
                    guard let number = parseDouble(lines.buffer.span, word) else {
                        throw FormatProblem(
                            "expected a number for atom \(atom), found \"\(lines.text(word).prefix(40))\"")
                    }
                    numbers[index] = number
                case .id:
                    guard let id = lines.integer(word) else {
                        throw FormatProblem("expected the id of an atom, found \"\(lines.text(word).prefix(40))\"")
                    }
                    if let last = ids.last, last >= id { isSorted = false }
                    ids.append(id)
                case .type: type = lines.integer(word)
                case .element: element = ElementWord.element(lines.buffer.span, word)
                case .ignored: break
                }
            }
            guard lines.nextWordRange(&at) == nil else {
                throw FormatProblem(
                    "expected \(slots.count) columns of atom \(atom), found more: \"\(lines.excerpt)\"")
            }
            draft.elements.append(try element ?? self.element(type, columns, numbers[DumpColumns.mass]))
            let r = SIMD3(numbers[first], numbers[first + 1], numbers[first + 2])
            draft.positions.append(columns.coordinates.isScaled ? r * box.vectors : r * length - box.origin)
            if hasForces {
                let f = DumpColumns.force
                forces.append(SIMD3(numbers[f], numbers[f + 1], numbers[f + 2]) * force)
            }
            if hasVelocities {
                let v = DumpColumns.velocity
                velocities.append(SIMD3(numbers[v], numbers[v + 1], numbers[v + 2]) * velocity)
            }
            if columns.has[DumpColumns.charge] { charges.append(numbers[DumpColumns.charge]) }
        }
        if hasForces { draft.forces = forces }
        if hasVelocities { draft.velocities = velocities }
        if !charges.isEmpty { draft.properties[.charges] = charges }
        if columns.hasID, !isSorted { try sort(&draft, by: ids, firstLine) } else { draft.firstAtomLine = firstLine }
    }

    /// Atoms of a parallel run are written in any order.
    private func sort(_ draft: inout StructureDraft, by ids: [Int], _ firstLine: Int) throws {
        let order = ids.indices.sorted { (ids[$0], $0) < (ids[$1], $1) }
        for (earlier, later) in zip(order, order.dropFirst()) where ids[earlier] == ids[later] {
            throw StructureFileError(
                file: path, line: firstLine + later,
                message: "expected every atom once, found id \(ids[later]) at line \(firstLine + earlier) and again")
        }
        draft.elements = order.map { [elements = draft.elements] in elements[$0] }
        draft.positions = order.map { [positions = draft.positions] in positions[$0] }
        draft.forces = draft.forces.map { forces in order.map { forces[$0] } }
        draft.velocities = draft.velocities.map { velocities in order.map { velocities[$0] } }
        if let charges = draft.properties[.charges] { draft.properties[.charges] = order.map { charges[$0] } }
    }

    private func element(_ type: Int?, _ columns: DumpColumns, _ mass: Double) throws -> Element {
        if columns.hasElement {
            throw FormatProblem("expected the symbol of an element, found another word in \"\(lines.excerpt)\"")
        }
        if !facts.elements.isEmpty || !columns.has[DumpColumns.mass] {
            guard columns.hasType else {
                throw FormatProblem(
                    "expected a column element, or type, found neither; write the dump with dump_modify element and the column element"
                )
            }
            guard let type, type >= 1 else {
                throw FormatProblem("expected a type, found another word in \"\(lines.excerpt)\"")
            }
            return try facts.element(ofType: type - 1, numberedFrom: 1)
        }
        guard let element = ElementOfMass.element(mass) else {
            throw FormatProblem(
                "expected the mass of one element, found \(mass); name the elements of the types (--elements)")
        }
        return element
    }

    /// Å is the same in the units that potentials of this kind are run with; forces and velocities are not.
    private mutating func tellOfUnits(_ columns: DumpColumns) {
        let words = [(DumpColumns.force, "forces are taken as eV/Å"), (DumpColumns.velocity, "velocities as Å/ps")]
            .filter {
                columns.hasVector($0.0)
            }
        guard !words.isEmpty, remarks.isEmpty else { return }
        remarks.append(
            "\(path): the dump does not say its units: \(words.map(\.1).joined(separator: ", ")) (metal); for others give --file-units, or write it with dump_modify units yes"
        )
    }
}
