import Atoms

/// Reads the frames of one molecule from arrays: `nuclear_charges`, `coords`, `energies`, `forces` of rMD17, or `z`,
/// `R`, `E`, `F` of sGDML.
///
/// The units of rMD17 are those of its publication (Å, kcal/mol: Christensen and von Lilienfeld, Mach. Learn.: Sci.
/// Technol. 1, 045018 (2020)); it is known by its `old_energies`. sGDML states `r_unit` and `e_unit`. Others people
/// must give.
struct NPZSource: DraftSource {
    let path: String
    private let elements: [Element]
    private let frames: Int
    private let keys: [String]
    private let positions: [Double]
    private let energies: [Double]?
    private let forces: [Double]?
    private let vectors: Matrix3?
    private var index = 0

    /// Throws a `FormatProblem`.
    init(_ file: ByteFile, units: FileUnits?) throws {
        path = file.path
        let zip = try ZipFile(file)
        let arrays = NPZArrays(zip)
        keys = arrays.names
        let names =
            arrays.has("nuclear_charges")
            ? (z: "nuclear_charges", r: "coords", e: "energies", f: "forces") : (z: "z", r: "R", e: "E", f: "F")
        guard arrays.has(names.z), arrays.has(names.r) else {
            throw FormatProblem(
                "expected arrays nuclear_charges, coords, energies, forces (rMD17) or z, R, E, F (sGDML), found \(keys.joined(separator: ", "))"
            )
        }
        let scale = try Self.units(arrays, given: units)
        let elements: [Element] = try arrays.numbers(names.z).numbers.map {
            guard let number = Int(exactly: $0), let element = Element(atomicNumber: number) else {
                throw FormatProblem("expected atomic numbers in \(names.z), found \($0)")
            }
            return element
        }
        let (shape, r) = try arrays.numbers(names.r)
        guard shape.count == 3, shape[1] == elements.count, shape[2] == 3 else {
            throw FormatProblem("expected frames × \(elements.count) × 3 numbers in \(names.r), found \(shape)")
        }
        self.elements = elements
        frames = shape[0]
        positions = r.map { $0 * scale.length }
        energies = try arrays.has(names.e) ? arrays.numbers(names.e, count: shape[0]).map { $0 * scale.energy } : nil
        let force = scale.energy / scale.length
        forces = try arrays.has(names.f) ? arrays.numbers(names.f, count: r.count).map { $0 * force } : nil
        if arrays.has("lattice") {
            // The vectors are its columns.
            vectors = Matrix3(elements: try arrays.numbers("lattice", count: 9).map { $0 * scale.length }).transposed
        } else {
            vectors = nil
        }
    }

    private static func units(_ arrays: NPZArrays, given: FileUnits?) throws -> (length: Double, energy: Double) {
        if let given { return (given.length, given.energy) }
        if arrays.has("old_energies") || arrays.has("old_indices") {
            return (FileUnits.real.length, FileUnits.real.energy)
        }
        guard let length = arrays.text("r_unit"), let energy = arrays.text("e_unit") else {
            throw FormatProblem(
                "expected to be told the units of this file, which does not say them (r_unit, e_unit): give --file-units (or data.file_units of a training) \(FileUnits.names)"
            )
        }
        guard let r = ConformationUnits.lengths[length.lowercased() == "ang" ? "angstrom" : length.lowercased()],
            let e = ConformationUnits.energies[energy.lowercased()]
        else { throw FormatProblem("expected units that are known, found r_unit \(length) and e_unit \(energy)") }
        return (r, e)
    }

    mutating func next() throws -> StructureDraft? {
        guard index < frames else { return nil }
        defer { index += 1 }
        var draft = StructureDraft()
        let count = elements.count
        func vectors(_ numbers: [Double]) -> [SIMD3<Double>] {
            (0..<count).map {
                let at = 3 * (index * count + $0)
                return SIMD3(numbers[at], numbers[at + 1], numbers[at + 2])
            }
        }
        draft.elements = elements
        draft.positions = vectors(positions)
        draft.vectors = self.vectors
        draft.energy = energies?[index]
        draft.forces = forces.map(vectors)
        draft.keys = keys
        return draft
    }
}

/// The arrays of an archive by their names.
private struct NPZArrays {
    private let zip: ZipFile

    init(_ zip: ZipFile) { self.zip = zip }

    var names: [String] { zip.entries.map { $0.name.hasSuffix(".npy") ? String($0.name.dropLast(4)) : $0.name } }

    func has(_ name: String) -> Bool { zip.entries.contains { $0.name == "\(name).npy" } }

    private func content(_ name: String) throws -> (NumPyHeader, [UInt8]) {
        guard let entry = zip.entries.first(where: { $0.name == "\(name).npy" }) else {
            throw FormatProblem("expected an array \(name), found none")
        }
        let bytes = try zip.content(entry)
        let header = try NumPyHeader(bytes)
        guard bytes.count >= header.length + header.count * header.size else {
            throw FormatProblem("expected \(header.count) numbers in \(name), found fewer")
        }
        return (header, bytes)
    }

    func numbers(_ name: String) throws -> (shape: [Int], numbers: [Double]) {
        let (header, bytes) = try content(name)
        guard !header.isColumnMajor || header.shape.count < 2 else {
            throw FormatProblem(
                "expected the array \(name) in the order of C, found Fortran's; write it again by numpy.ascontiguousarray"
            )
        }
        guard let numbers = header.numbers(Array(bytes[header.length..<header.length + header.count * header.size]))
        else {
            throw FormatProblem("expected numbers in \(name), found type \(header.kind)\(header.size)")
        }
        return (header.shape, numbers)
    }

    func numbers(_ name: String, count: Int) throws -> [Double] {
        let numbers = try numbers(name).numbers
        guard numbers.count == count else {
            throw FormatProblem("expected \(count) numbers in \(name), found \(numbers.count)")
        }
        return numbers
    }

    /// A single text; nil where there is none.
    func text(_ name: String) -> String? {
        guard has(name), let (header, bytes) = try? content(name), header.count == 1 else { return nil }
        let content = bytes[header.length...].prefix(header.size * (header.kind == "U" ? 4 : 1))
        return String(decoding: content.filter { $0 != 0 }, as: UTF8.self)
    }
}
