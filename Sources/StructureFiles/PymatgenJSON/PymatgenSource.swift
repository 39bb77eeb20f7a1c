import Atoms

/// Reads pymatgen's `Structure`, `Molecule`, `Trajectory` and `ComputedStructureEntry`, one or a list of them.
///
/// - The energy of an entry is `energy`, as computed; corrections that mix functionals are no part of it.
/// - Frames of a trajectory with `e_fr_energy` are VASP's: its free energy, forces, and stress in kbar, positive under
///   pressure. Others have `energy` and `forces` in eV and Å; their `stress` has no unit that the file says and is left
///   aside.
/// - A site shared by species, or occupied in part, is refused.
struct PymatgenSource: DraftSource {
    let path: String
    private var parser: JSONParser
    private var isList: Bool?
    private var isAtEnd = false
    private var waiting: [StructureDraft] = []
    private(set) var remarks: [String] = []

    init(path: String, _ bytes: [UInt8]) {
        self.path = path
        parser = JSONParser(bytes)
    }

    mutating func next() throws -> StructureDraft? {
        while true {
            if !waiting.isEmpty { return waiting.removeLast() }
            guard let value = try nextValue() else { return nil }
            waiting = try drafts(value).reversed()
        }
    }

    /// The next of a list, or the one value of the file.
    private mutating func nextValue() throws -> JSONValue? {
        guard !isAtEnd else { return nil }
        if isList == nil {
            isList = parser.take("[")
            if isList == true, parser.take("]") {
                isAtEnd = true
                return nil
            }
        }
        let value = try parser.value()
        if isList == true, parser.take(",") { return value }
        if isList == true { try parser.expect("]") }
        guard parser.isAtEnd else { throw parser.problem("the end") }
        isAtEnd = true
        return value
    }

    private mutating func drafts(_ value: JSONValue) throws -> [StructureDraft] {
        switch value["@class"]?.string {
        case "Trajectory"?: return try trajectory(value)
        case "ComputedStructureEntry"?, "GibbsComputedStructureEntry"?:
            guard let structure = value["structure"] else {
                throw FormatProblem("expected the structure of an entry, found none")
            }
            var draft = try self.structure(structure)
            draft.energy = value["energy"]?.double
            for (key, name) in [("entry_id", "entry_id"), ("run_type", "run_type")] {
                if let text = value[key]?.string ?? value["parameters"]?[key]?.string {
                    draft.information[name] = text
                }
            }
            draft.keys = ["energy"]
            return [draft]
        case "Structure"?, "Molecule"?, "IStructure"?, "IMolecule"?, nil: return [try structure(value)]
        case let other?:
            throw FormatProblem(
                "expected a Structure, Molecule, Trajectory or ComputedStructureEntry, found a \(other.prefix(60))")
        }
    }

    // MARK: Structures

    private func structure(_ value: JSONValue) throws -> StructureDraft {
        guard let sites = value["sites"]?.elements else {
            throw FormatProblem("expected sites of a structure, found none")
        }
        var draft = StructureDraft()
        draft.cellWord = "lattice"
        if let lattice = value["lattice"] { (draft.vectors, draft.periodic) = try self.lattice(lattice) }
        var (forces, selective) = ([SIMD3<Double>](), [SIMD3<Int8>]())
        for (index, site) in sites.enumerated() {
            draft.elements.append(try element(site["species"] ?? site["name"], index))
            if let xyz = site["xyz"]?.flat, xyz.count == 3 {
                draft.positions.append(SIMD3(xyz[0], xyz[1], xyz[2]))
            } else if let abc = site["abc"]?.flat, abc.count == 3, let vectors = draft.vectors {
                draft.positions.append(SIMD3(abc[0], abc[1], abc[2]) * vectors)
            } else {
                throw FormatProblem("expected three coordinates of site \(index + 1), found none")
            }
            if let force = site["properties"]?["forces"]?.flat, force.count == 3 {
                forces.append(SIMD3(force[0], force[1], force[2]))
            }
            if let free = site["properties"]?["selective_dynamics"]?.flat, free.count == 3 {
                selective.append(SIMD3(free[0] != 0 ? 1 : 0, free[1] != 0 ? 1 : 0, free[2] != 0 ? 1 : 0))
            }
        }
        if forces.count == sites.count, !forces.isEmpty { draft.forces = forces }
        if selective.count == sites.count, selective.contains(where: { $0 != SIMD3(1, 1, 1) }) {
            draft.fixed = selective
        }
        if let energy = value["properties"]?["energy"]?.double { draft.energy = energy }
        if let charge = value["charge"]?.double, charge != 0 {
            draft.information[Structure.chargeKeys[0]] = "\(charge)"
        }
        draft.keys = draft.energy == nil ? [] : ["energy"]
        return draft
    }

    private func lattice(_ value: JSONValue) throws -> (Matrix3, [Bool]) {
        guard let numbers = (value["matrix"] ?? value).flat, numbers.count == 9 else {
            throw FormatProblem("expected nine numbers of the lattice, found something else")
        }
        let periodic = value["pbc"]?.flat.map { $0.map { $0 != 0 } } ?? [true, true, true]
        guard periodic.count == 3 else {
            throw FormatProblem("expected three truth values of pbc, found \(periodic.count)")
        }
        return (Matrix3(elements: numbers), periodic)
    }

    /// `[{"element": "Li", "occu": 1}]`, `Li`, `Li+`.
    private func element(_ species: JSONValue?, _ index: Int) throws -> Element {
        var name = species?.string
        if let list = species?.elements {
            let occupied = list.map { $0["occu"]?.double ?? 1 }
            guard list.count == 1, abs(occupied[0] - 1) < 1e-3 else {
                throw FormatProblem(
                    "expected one element on each site, found site \(index + 1) shared or occupied in part (\(list.count) species, \(occupied)): that is an average and no structure"
                )
            }
            name = list[0]["element"]?.string
        } else if let table = species?.table, species?["element"] != nil {
            name = table["element"]?.string
        }
        let letters = (name ?? "").prefix { $0.isASCII && $0.isLetter }
        if ["D", "T"].contains(letters) { return Element("H")! }
        guard let element = Element(String(letters)) else {
            throw FormatProblem("expected an element on site \(index + 1), found \(name?.prefix(20) ?? "none")")
        }
        return element
    }

    // MARK: Trajectories

    private mutating func trajectory(_ value: JSONValue) throws -> [StructureDraft] {
        guard let species = value["species"]?.elements, let frames = value["coords"]?.elements else {
            throw FormatProblem("expected species and coords of a trajectory, found not both")
        }
        let elements = try species.enumerated().map { try element($1, $0) }
        let isDisplaced = value["coords_are_displacement"]?.bool ?? false
        guard !isDisplaced || value["base_positions"] != nil else {
            throw FormatProblem("expected base_positions of a trajectory of displacements, found none")
        }
        let lattices = value["lattice"]?.elements
        let isConstant = value["constant_lattice"]?.bool ?? (value["lattice"]?.flat?.count == 9)
        let properties = value["frame_properties"]?.elements
        var base = value["base_positions"]?.vectors
        var toldOfStress = false
        var drafts: [StructureDraft] = []
        for (index, frame) in frames.enumerated() {
            guard var coordinates = frame.vectors, coordinates.count == elements.count else {
                throw FormatProblem(
                    "expected coordinates of \(elements.count) atoms in frame \(index + 1), found something else")
            }
            if isDisplaced, let start = base {
                // Each frame is displaced from the one before it.
                guard start.count == coordinates.count else {
                    throw FormatProblem("expected base_positions of all atoms")
                }
                coordinates = zip(start, coordinates).map { $0 + $1 }
                base = coordinates
            }
            var draft = StructureDraft()
            draft.cellWord = "lattice"
            draft.elements = elements
            if let lattice = value["lattice"] {
                let own: JSONValue? =
                    isConstant ? nil : lattices.flatMap { $0.indices.contains(index) ? $0[index] : nil }
                let numbers = (own ?? lattice).flat
                guard let numbers, numbers.count >= 9 else {
                    throw FormatProblem("expected a lattice of frame \(index + 1), found none")
                }
                let vectors = Matrix3(elements: Array(numbers.prefix(9)))
                draft.vectors = vectors
                if let periodic = value["pbc"]?.flat, periodic.count == 3 {
                    draft.periodic = periodic.map { $0 != 0 }
                }
                draft.positions = coordinates.map { $0 * vectors }
            } else {
                draft.positions = coordinates
            }
            if let properties, properties.indices.contains(index) {
                try add(properties[index], to: &draft, &toldOfStress)
            }
            drafts.append(draft)
        }
        return drafts
    }

    private mutating func add(_ properties: JSONValue, to draft: inout StructureDraft, _ told: inout Bool) throws {
        draft.keys = properties.table.map { $0.keys.sorted() } ?? []
        let isVASP = properties["e_fr_energy"]?.double != nil
        draft.energy = properties["e_fr_energy"]?.double ?? properties["energy"]?.double
        if isVASP, let other = properties["e_0_energy"]?.double {
            draft.information["energy_sigma_to_0"] = "\(other)"
        }
        draft.forces = properties["forces"]?.vectors
        guard let stress = properties["stress"]?.flat, stress.count == 9 else { return }
        if isVASP {
            draft.stress = Matrix3(elements: stress) * (-1 / (10 * Units.gigapascal))
        } else if !told {
            told = true
            remarks.append("\(path): the stress of its frames is left aside: the file does not say its unit and sign")
        }
    }
}
