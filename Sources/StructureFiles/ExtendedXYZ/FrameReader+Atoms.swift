import Atoms

/// The atom lines of a frame, by column.
struct AtomColumns {
    var elements: [Element] = []
    var positions: [SIMD3<Double>] = []
    var forces: [SIMD3<Double>] = []
    /// Å/fs
    var velocities: [SIMD3<Double>] = []
    /// amu
    var masses: [Double] = []
    /// eV/Å
    var deviations: [Double] = []
    /// `[property of Columns.properties]`
    var properties: [[Double]] = []
    /// 1 where an atom is free.
    var moveMask: [SIMD3<Int8>] = []
    var forceWeights: [SIMD3<Double>] = []
}

extension FrameReader {
    /// Reads the lines of all atoms. Room is made for what the count announces only within reason: it may lie.
    mutating func readAtoms(_ count: Int, columns: Columns) throws -> AtomColumns {
        var atoms = AtomColumns()
        let room = min(count, 1 << 16)
        atoms.elements.reserveCapacity(room)
        atoms.positions.reserveCapacity(room)
        let slots = columns.slots
        // Most columns are components: their places by themselves, −1 for other columns.
        let places = slots.map { if case .component(let place) = $0 { place } else { -1 } }
        atoms.properties = Array(repeating: [], count: columns.properties.count)
        if columns.hasForces { atoms.forces.reserveCapacity(room) }
        if columns.hasVelocities || columns.hasMomenta { atoms.velocities.reserveCapacity(room) }

        for atom in 1...count {
            guard try lines.advance() else {
                throw error(
                    "expected \(count) atom lines as announced at line \(countLine), found the end of the file "
                        + "after \(atom - 1)")
            }
            let bytes = lines.buffer.span
            let end = lines.line.upperBound
            var at = lines.line.lowerBound
            var element: Element?
            var values = InlineArray<14, Double>(repeating: 0)
            for column in 0..<places.count {
                guard let word = nextWord(bytes, from: at, to: end) else {
                    throw columnError(slots.count, column, atom, count)
                }
                at = word.upperBound
                let place = places[column]
                if place >= 0 {
                    guard let value = parseDouble(bytes, word) else {
                        throw error(
                            "expected a number in column \(column + 1) of atom \(atom), found "
                                + "\"\(text(bytes, word))\"")
                    }
                    values[place] = value
                    continue
                }
                switch slots[column] {
                case .component: break
                case .property(let index):
                    guard let value = parseDouble(bytes, word), value.isFinite else {
                        throw error(
                            "expected a finite number for \(columns.properties[index]) in column \(column + 1) of atom "
                                + "\(atom), found \"\(text(bytes, word))\"; correct it, or leave the column out of the "
                                + "label keys")
                    }
                    atoms.properties[index].append(value)
                case .symbol:
                    element = ElementWord.element(bytes, word)
                    if element == nil {
                        throw error(
                            "expected a chemical symbol for atom \(atom), found unknown element "
                                + "\"\(text(bytes, word))\"")
                    }
                case .atomicNumber:
                    element = Int(text(bytes, word)).flatMap { Element(atomicNumber: $0) }
                    if element == nil {
                        throw error(
                            "expected an atomic number from 1 to 118 for atom \(atom), found "
                                + "\"\(text(bytes, word))\"")
                    }
                case .moveMask(let axis):
                    let bit: Int8
                    switch text(bytes, word).lowercased() {
                    case "t", "true", "1": bit = 1
                    case "f", "false", "0": bit = 0
                    default:
                        throw error(
                            "expected T or F for move_mask of atom \(atom), found \"\(text(bytes, word))\"")
                    }
                    if atoms.moveMask.count < atom { atoms.moveMask.append(SIMD3(1, 1, 1)) }
                    if let axis { atoms.moveMask[atom - 1][axis] = bit } else { atoms.moveMask[atom - 1] &*= bit }
                case .forceWeight(let axis):
                    // A column of truth values says which forces count.
                    let truth = ["T": 1.0, "True": 1, "F": 0, "False": 0][text(bytes, word)]
                    guard let value = truth ?? parseDouble(bytes, word), value >= 0, value <= 1e6 else {
                        throw error(
                            "expected a weight from 0 to 10⁶ in column \(column + 1) of atom \(atom), found "
                                + "\"\(text(bytes, word))\"")
                    }
                    if atoms.forceWeights.count < atom { atoms.forceWeights.append(SIMD3(1, 1, 1)) }
                    if let axis {
                        atoms.forceWeights[atom - 1][axis] = value
                    } else {
                        atoms.forceWeights[atom - 1] *= value
                    }
                case .ignored: break
                }
            }
            if nextWord(bytes, from: at, to: end) != nil {
                throw columnError(slots.count, lines.text.words.count, atom, count)
            }
            // `Columns` has made sure of a column that names the element.
            atoms.elements.append(element!)
            let position = SIMD3(values[0], values[1], values[2])
            guard abs(position.x) <= CheckedCell.largestCoordinate, abs(position.y) <= CheckedCell.largestCoordinate,
                abs(position.z) <= CheckedCell.largestCoordinate
            else {
                throw error(
                    "expected finite coordinates within ±\(CheckedCell.largestCoordinate) Å for atom \(atom), "
                        + "found \(position.x), \(position.y), \(position.z)")
            }
            atoms.positions.append(position)
            if columns.hasForces {
                let force = SIMD3(values[3], values[4], values[5])
                guard force.x.isFinite && force.y.isFinite && force.z.isFinite else {
                    throw error(
                        "expected a finite force on atom \(atom), found \(force.x), \(force.y), \(force.z); "
                            + "remove the frame")
                }
                atoms.forces.append(force)
            }
            if columns.hasMasses && use == .structureOnly {
                try check(values[Columns.mass], atom)
                atoms.masses.append(values[Columns.mass])
            }
            if columns.hasDeviations { atoms.deviations.append(values[Columns.deviation]) }
            if columns.hasVelocities || columns.hasMomenta {
                atoms.velocities.append(try velocity(of: element!, atom, values, columns))
            }
        }
        return atoms
    }

    /// In Å/fs, from the velocities or ASE's momenta; with both, they must agree.
    private func velocity(
        of element: Element, _ atom: Int, _ values: InlineArray<14, Double>, _ columns: Columns
    ) throws -> SIMD3<Double> {
        var velocity = SIMD3(values[6], values[7], values[8])
        if columns.hasMomenta {
            let mass = columns.hasMasses ? values[Columns.mass] : element.mass
            try check(mass, atom)
            let momentum = SIMD3(values[11], values[12], values[13])
            // ASE: momenta in √(eV·amu), so p / m is in √(eV/amu) = √(Units.acceleration) Å/fs.
            let fromMomentum = momentum * (Units.acceleration.squareRoot() / mass)
            // Both printed with eight digits or so.
            guard !columns.hasVelocities || norm(velocity - fromMomentum) <= 1e-3 * norm(fromMomentum) + 1e-6 else {
                throw error(
                    "expected momenta = mass × velocities for atom \(atom), found velocities \(velocity.x), \(velocity.y), "
                        + "\(velocity.z) Å/fs, but momenta of \(fromMomentum.x), \(fromMomentum.y), \(fromMomentum.z) Å/fs; "
                        + "remove the wrong column")
            }
            if !columns.hasVelocities { velocity = fromMomentum }
        }
        guard velocity.x.isFinite && velocity.y.isFinite && velocity.z.isFinite else {
            throw error("expected a finite velocity of atom \(atom), found \(velocity); correct the column")
        }
        return velocity
    }

    private func check(_ mass: Double, _ atom: Int) throws {
        guard Self.masses.contains(mass) else {
            throw error(
                "expected a mass of \(Self.masses.lowerBound)…\(Self.masses.upperBound) amu for atom \(atom), "
                    + "found \(mass); correct or remove the column masses")
        }
    }

    /// Of anything from a muon to artificially heavy atoms, in amu.
    private static let masses = 0.1...1000.0

    private func columnError(_ expected: Int, _ found: Int, _ atom: Int, _ count: Int) -> StructureFileError {
        error(
            "expected \(expected) columns for atom \(atom) of \(count), found \(found); check Properties and the "
                + "atom count at line \(countLine)")
    }
}

/// Chemical symbols by their letters, without making a string of each.
enum ElementWord {
    /// The element of a symbol in any letter case, or of an atomic number.
    static func element(_ bytes: borrowing Span<UInt8>, _ word: Range<Int>) -> Element? {
        if bytes[word.lowerBound] &- UInt8(ascii: "0") < 10 {
            return Int(text(bytes, word)).flatMap { Element(atomicNumber: $0) }
        }
        return symbol(bytes, word)
    }

    /// The element of a symbol in any letter case.
    static func symbol(_ bytes: borrowing Span<UInt8>, _ word: Range<Int>) -> Element? {
        guard let first = letter(bytes[word.lowerBound]), word.count <= 2 else { return nil }
        guard word.count == 2 else { return table[27 * first] }
        return letter(bytes[word.lowerBound + 1]).flatMap { table[27 * first + $0] }
    }

    /// `[27 · first letter + second letter]`, letters from 1, no second letter being 0.
    private static let table: [Element?] = {
        var table: [Element?] = Array(repeating: nil, count: 27 * 27)
        for number in 1...118 {
            guard let element = Element(atomicNumber: number) else { continue }
            let letters = element.symbol.utf8.compactMap(letter)
            table[27 * letters[0] + (letters.count > 1 ? letters[1] : 0)] = element
        }
        return table
    }()

    private static func letter(_ byte: UInt8) -> Int? {
        let index = Int(byte | 0x20) - 0x60
        return (1...26).contains(index) && byte >= 0x41 ? index : nil
    }
}
