import Atoms

/// What a source has gathered of one structure, in this program's units, before it is checked.
struct StructureDraft {
    var elements: [Element] = []
    var positions: [SIMD3<Double>] = []
    /// Lattice vectors; nil for an open structure.
    var vectors: Matrix3?
    var periodic = [true, true, true]
    /// What messages call the vectors.
    var cellWord = "the lattice vectors"

    var energy: Double?
    var forces: [SIMD3<Double>]?
    var stress: Matrix3?
    var velocities: [SIMD3<Double>]?
    var masses: [Double]?
    var properties: [Property: [Double]] = [:]
    var information: [String: String] = [:]
    /// `[atom]`, 0 along axes on which an atom is fixed.
    var fixed: [SIMD3<Int8>]?

    /// Names under which the file holds numbers, for the census.
    var keys: [String] = []
    var columns: [String] = []
    /// Where the atoms stand one a line: the line of the first.
    var firstAtomLine: Int?

    /// Throws a `FormatProblem` where it is no structure that could be computed with.
    func structure(for use: StructureUse) throws -> Structure {
        guard !elements.isEmpty else { throw FormatProblem("expected at least one atom, found none") }
        guard positions.count == elements.count else {
            throw FormatProblem("expected \(elements.count) positions, found \(positions.count)")
        }
        if let atom = positions.firstIndex(where: { !Self.isWithin($0) }) {
            let r = positions[atom]
            throw FormatProblem(
                "expected finite coordinates within ±\(CheckedCell.largestCoordinate) Å for atom \(atom + 1), found \(r.x), \(r.y), \(r.z)"
            )
        }
        let cell = try vectors.flatMap { try CheckedCell.cell($0, periodic: periodic, named: cellWord) }
        var structure = Structure(elements: elements, positions: positions, cell: cell)
        structure.information = information
        structure.moveMask = fixed
        if let velocities {
            try Self.check(velocities, count: elements.count, "velocity")
            structure.velocities = velocities
        }
        if use == .structureOnly {
            structure.masses = masses
            return structure
        }
        if let energy {
            guard energy.isFinite else { throw FormatProblem("expected a finite energy, found \(energy)") }
            structure.energy = energy
        }
        if let forces {
            try Self.check(forces, count: elements.count, "force")
            structure.forces = forces
        }
        if let stress { structure.stress = try Self.symmetric(stress) }
        for (property, numbers) in properties {
            guard numbers.count == property.count(atoms: elements.count), numbers.allSatisfy(\.isFinite) else {
                throw FormatProblem(
                    "expected \(property.count(atoms: elements.count)) finite numbers for \(property), found \(numbers.count)"
                )
            }
            structure.properties[property] = numbers
        }
        return structure
    }

    private static func isWithin(_ r: SIMD3<Double>) -> Bool {
        abs(r.x) <= CheckedCell.largestCoordinate && abs(r.y) <= CheckedCell.largestCoordinate
            && abs(r.z) <= CheckedCell.largestCoordinate
    }

    private static func check(_ vectors: [SIMD3<Double>], count: Int, _ what: String) throws {
        guard vectors.count == count else {
            throw FormatProblem("expected a \(what) of each of \(count) atoms, found \(vectors.count)")
        }
        if let atom = vectors.firstIndex(where: { !($0.x.isFinite && $0.y.isFinite && $0.z.isFinite) }) {
            let v = vectors[atom]
            throw FormatProblem("expected a finite \(what) of atom \(atom + 1), found \(v.x), \(v.y), \(v.z)")
        }
    }

    /// The mean with the transpose of what is symmetric to 10⁻³, as DFT codes print it.
    private static func symmetric(_ stress: Matrix3) throws -> Matrix3 {
        guard stress.elements.allSatisfy(\.isFinite) else {
            throw FormatProblem("expected a finite stress, found \(stress.elements)")
        }
        func magnitude(_ m: Matrix3) -> Double { m.elements.reduce(0) { max($0, abs($1)) } }
        guard magnitude(stress - stress.transposed) <= 1e-3 * magnitude(stress) + 1e-6 else {
            throw FormatProblem("expected a symmetric stress, found \(stress.elements)")
        }
        return (stress + stress.transposed) * 0.5
    }
}
