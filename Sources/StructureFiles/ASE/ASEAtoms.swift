import Atoms

/// What ASE's `Atoms` and their calculator hold, whatever file they stand in, in ASE's units: Å, eV, √(eV·amu).
struct ASEAtoms {
    var numbers: [Double] = []
    var positions: [SIMD3<Double>] = []
    /// Nine numbers, or three lengths; nil or zero for none.
    var cell: [Double]?
    var periodic: [Bool] = [false, false, false]
    var momenta: [SIMD3<Double>]?
    var masses: [Double]?
    /// As ASE lists them: tables with `name` and `kwargs`.
    var constraints: JSONValue?
    var energy: Double?
    var freeEnergy: Double?
    var forces: [SIMD3<Double>]?
    /// Nine numbers, or six: xx yy zz yz xz xy.
    var stress: [Double]?
    var dipole: [Double]?
    var charges: [Double]?
    var information: [String: String] = [:]
    var keys: [String] = []

    /// Throws a `FormatProblem`.
    func draft() throws -> StructureDraft {
        var draft = StructureDraft()
        draft.cellWord = "cell"
        draft.elements = try numbers.map {
            guard let number = Int(exactly: $0), let element = Element(atomicNumber: number) else {
                throw FormatProblem("expected an atomic number from 1 to \(Element.count), found \($0)")
            }
            return element
        }
        guard positions.count == numbers.count else {
            throw FormatProblem("expected positions of \(numbers.count) atoms, found \(positions.count)")
        }
        draft.positions = positions
        draft.periodic = periodic
        if let cell, cell.contains(where: { $0 != 0 }) || periodic.contains(true) {
            switch cell.count {
            case 9: draft.vectors = Matrix3(elements: cell)
            case 3: draft.vectors = Matrix3(SIMD3(cell[0], 0, 0), SIMD3(0, cell[1], 0), SIMD3(0, 0, cell[2]))
            default: throw FormatProblem("expected nine numbers of the cell, found \(cell.count)")
            }
        } else if periodic.contains(true) {
            throw FormatProblem("expected a cell of a structure that repeats, found none")
        }
        // The forces are derivatives of the free energy, where there is one.
        draft.energy = freeEnergy ?? energy
        if let energy, let freeEnergy, energy != freeEnergy { draft.information["energy_sigma_to_0"] = "\(energy)" }
        draft.forces = forces
        if let stress { draft.stress = try Self.tensor(stress) }
        draft.masses = masses
        if let momenta { draft.velocities = try velocities(momenta, draft.elements) }
        if let dipole, dipole.count == 3, !periodic.contains(true) { draft.properties[.dipole] = dipole }
        if let charges, charges.count == numbers.count { draft.properties[.charges] = charges }
        draft.information.merge(information) { $1 }
        draft.keys = keys
        draft.fixed = try constraints.flatMap { try mask($0) }
        return draft
    }

    private static func tensor(_ numbers: [Double]) throws -> Matrix3 {
        if numbers.count == 9 { return Matrix3(elements: numbers) }
        guard numbers.count == 6 else {
            throw FormatProblem("expected six or nine numbers of stress, found \(numbers.count)")
        }
        return Matrix3(
            SIMD3(numbers[0], numbers[5], numbers[4]), SIMD3(numbers[5], numbers[1], numbers[3]),
            SIMD3(numbers[4], numbers[3], numbers[2]))
    }

    private func velocities(_ momenta: [SIMD3<Double>], _ elements: [Element]) throws -> [SIMD3<Double>]? {
        guard momenta.count == elements.count else {
            throw FormatProblem("expected momenta of \(elements.count) atoms, found \(momenta.count)")
        }
        guard momenta.contains(where: { $0 != .zero }) else { return nil }
        let factor = Units.acceleration.squareRoot()
        return zip(momenta.indices, momenta).map { index, momentum in
            let mass = masses.flatMap { $0.indices.contains(index) ? $0[index] : nil } ?? elements[index].mass
            return momentum * (factor / mass)
        }
    }

    /// Of `FixAtoms` and `FixCartesian`; others do not fix coordinates.
    private func mask(_ constraints: JSONValue) throws -> [SIMD3<Int8>]? {
        guard let list = constraints.elements, !list.isEmpty else { return nil }
        var mask = [SIMD3<Int8>](repeating: SIMD3(1, 1, 1), count: numbers.count)
        var fixes = false
        for constraint in list {
            let kwargs = constraint["kwargs"] ?? constraint
            // Of FixCartesian `mask` is true where an axis is fixed.
            let fixed = kwargs["mask"]?.flat ?? [1, 1, 1]
            let name = constraint["name"]?.string ?? ""
            guard ["FixAtoms", "FixCartesian"].contains(name), fixed.count == 3,
                let indices = kwargs["indices"]?.flat ?? kwargs["a"]?.flat
            else { continue }
            for index in indices {
                guard let index = Int(exactly: index), mask.indices.contains(index) else {
                    throw FormatProblem("expected fixed atoms among \(numbers.count), found number \(index)")
                }
                for axis in 0..<3 where name == "FixAtoms" || fixed[axis] != 0 { mask[index][axis] = 0 }
                fixes = true
            }
        }
        return fixes ? mask : nil
    }
}
