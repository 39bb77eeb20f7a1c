import Atoms
import Foundation

/// Reads the frames of a DeePMD folder, set after set, from arrays of NumPy or from text.
///
/// Å, eV, eV/Å; the virial is in eV and positive in compression, so that stress = −virial / volume.
struct DeePMDSource: DraftSource {
    let path: String
    private(set) var remarks: [String] = []
    private let types: [Int]
    private let elements: DeePMDElements
    private let isOpen: Bool
    private var sets: [DeePMDSet]
    private var set = 0
    private var frame = 0

    /// Throws a `FormatProblem`.
    init(_ folder: String, facts: UnstatedFacts) throws {
        path = folder
        types = try Self.words(of: "\(folder)/type.raw").map {
            guard let type = Int($0), type >= 0 else {
                throw FormatProblem("type.raw: expected numbers of types, found \"\($0.prefix(40))\"")
            }
            return type
        }
        guard !types.isEmpty else { throw FormatProblem("type.raw: expected the type of each atom, found none") }
        isOpen = access("\(folder)/nopbc", F_OK) == 0
        let map = access("\(folder)/type_map.raw", F_OK) == 0 ? try Self.words(of: "\(folder)/type_map.raw") : nil
        elements = DeePMDElements(names: map, facts: facts)
        let folders = DeePMDFormat.sets(in: folder)
        let count = types.count
        sets =
            try folders.isEmpty
            ? [DeePMDSet(text: folder, atoms: count)] : folders.map { try DeePMDSet(arrays: $0, atoms: count) }
        // Where the types are no elements it is said at once, not after a thousand frames.
        for type in Set(types) where !sets.contains(where: { $0.types != nil }) { _ = try elements[type] }
        let renamed = elements.renamed
        if !renamed.isEmpty {
            remarks.append(
                "\(path): types \(renamed.map { "\($0.0) (\($0.1))" }.joined(separator: ", ")) are elements by the letters of their names: their numbers are left out"
            )
        }
    }

    static func words(of path: String) throws -> [String] {
        var lines = try LineReader(path: path)
        var words: [String] = []
        while try lines.advance() {
            words += lines.words().map(String.init)
            guard words.count < 100_000_000 else { throw FormatProblem("\(path): expected less than 10⁸ words") }
        }
        return words
    }

    mutating func next() throws -> StructureDraft? {
        while set < sets.count, frame >= sets[set].frames {
            set += 1
            frame = 0
        }
        guard set < sets.count else { return nil }
        defer { frame += 1 }
        return try draft()
    }

    private mutating func draft() throws -> StructureDraft {
        var draft = StructureDraft()
        draft.cellWord = "box"
        let place = sets[set]
        let types = try place.types?.row(frame).map { Int($0) } ?? types
        draft.elements = try types.map { try elements[$0] }
        draft.positions = Self.vectors(try place.coordinates.row(frame))
        var vectors: Matrix3?
        if !isOpen {
            guard let box = try place.box?.row(frame) else {
                throw FormatProblem(
                    "expected box in \(place.name), found none; put an empty file nopbc beside type.raw for open structures"
                )
            }
            vectors = Matrix3(elements: Array(box))
        }
        draft.vectors = vectors
        draft.energy = try place.energy?.row(frame).first
        draft.forces = try place.forces.map { Self.vectors(try $0.row(frame)) }
        if let virial = try place.virial?.row(frame), let vectors {
            let cell = Cell(vectors)
            guard cell.volume > 0 else {
                throw FormatProblem("expected a cell with a volume, found box \(vectors.elements)")
            }
            draft.stress = cell.stress(ofVirial: Matrix3(elements: Array(virial)))
        }
        return draft
    }

    private static func vectors(_ numbers: ArraySlice<Double>) -> [SIMD3<Double>] {
        let start = numbers.startIndex
        return (0..<numbers.count / 3).map {
            SIMD3(numbers[start + 3 * $0], numbers[start + 3 * $0 + 1], numbers[start + 3 * $0 + 2])
        }
    }
}

/// Which element each type is.
struct DeePMDElements {
    private let names: [String]?
    private let facts: UnstatedFacts

    init(names: [String]?, facts: UnstatedFacts) {
        (self.names, self.facts) = (names, facts)
    }

    subscript(type: Int) -> Element {
        get throws {
            guard facts.elements.isEmpty, let names else { return try facts.element(ofType: type, numberedFrom: 0) }
            guard names.indices.contains(type) else {
                throw FormatProblem("type_map.raw: expected a name for type \(type), found \(names.count) names")
            }
            guard let element = Self.element(names[type]) else {
                throw FormatProblem(
                    "type_map.raw: expected elements, found \"\(names[type].prefix(40))\"; name the elements of the types (--elements)"
                )
            }
            return element
        }
    }

    /// Names such as `Fe2`, and what they are taken for.
    var renamed: [(String, String)] {
        guard facts.elements.isEmpty else { return [] }
        return (names ?? []).compactMap { name in
            guard Element(name) == nil, let element = Self.element(name) else { return nil }
            return (name, element.symbol)
        }
    }

    /// Of `O`, or of `Fe2`: spins or surroundings told apart by a number.
    private static func element(_ name: String) -> Element? {
        let letters = name.prefix { $0.isASCII && $0.isLetter }
        guard name.dropFirst(letters.count).allSatisfy({ $0.isNumber || $0 == "_" || $0 == "-" || $0 == "+" }) else {
            return nil
        }
        return Element(String(letters))
    }
}
