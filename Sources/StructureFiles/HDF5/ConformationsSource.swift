import Atoms

/// Reads the conformations of molecule after molecule.
///
/// | data set | elements | positions | energy | forces |
/// |---|---|---|---|---|
/// | SPICE | `atomic_numbers` | `conformations`, bohr | `dft_total_energy`, Hartree | −`dft_total_gradient`, Hartree/bohr |
/// | ANI-1x | `atomic_numbers` | `coordinates`, Å | `wb97x_dz.energy`, Hartree | `wb97x_dz.forces`, Hartree/Å |
/// | ANI-1, ANI-2x | `species` | `coordinates`, Å | `energies`, Hartree | `forces`, Hartree/Å |
///
/// Units that the file states (`units` of a dataset) go before these. Names that people give go before all.
struct ConformationsSource: DraftSource {
    private let file: HDF5File
    private let labels: LabelKeys
    /// Groups yet to be looked into, the next one last.
    private var waiting = [""]
    private var molecule: Molecule?
    private var index = 0

    private struct Molecule {
        var name: String
        var elements: [Element]
        var count: Int
        /// `[conformation][atom][axis]`, Å
        var positions: [Double]
        /// eV
        var energies: [Double]?
        /// eV/Å
        var forces: [Double]?
        var keys: [String]
    }

    init(_ file: ByteFile, labels: LabelKeys, use: StructureUse) throws {
        self.file = try HDF5File(file)
        self.labels = labels
        isForLabels = use == .labels
    }
    private let isForLabels: Bool

    var path: String { file.path }

    mutating func next() throws -> StructureDraft? {
        while true {
            if let molecule, index < molecule.count {
                defer { index += 1 }
                return draft(molecule, index)
            }
            molecule = nil
            guard let group = waiting.popLast() else { return nil }
            try look(into: group)
        }
    }

    private func draft(_ molecule: Molecule, _ index: Int) -> StructureDraft {
        var draft = StructureDraft()
        let atoms = molecule.elements.count
        func vectors(_ numbers: [Double]) -> [SIMD3<Double>] {
            (0..<atoms).map {
                let at = 3 * (index * atoms + $0)
                return SIMD3(numbers[at], numbers[at + 1], numbers[at + 2])
            }
        }
        draft.elements = molecule.elements
        draft.positions = vectors(molecule.positions)
        // NaN is what these data sets write where nothing was computed.
        draft.energy = molecule.energies.flatMap { $0[index].isNaN ? nil : $0[index] }
        draft.forces = molecule.forces.map(vectors).flatMap { $0.contains { $0.x.isNaN } ? nil : $0 }
        draft.information["molecule"] = molecule.name
        draft.keys = molecule.keys
        return draft
    }

    // MARK: Groups

    private mutating func look(into group: String) throws {
        let names = try file.names(in: group.isEmpty ? "/" : group)
        if names.contains("conformations") || names.contains("coordinates") {
            molecule = try read(group, names)
            index = 0
            return
        }
        for name in names.reversed() where file.kind(of: "\(group)/\(name)") == .group {
            guard waiting.count < 10_000_000, group.utf8.count < 1000 else {
                throw FormatProblem("expected groups of molecules, found more than can be")
            }
            waiting.append("\(group)/\(name)")
        }
    }

    private func read(_ group: String, _ names: [String]) throws -> Molecule {
        let isSPICE = names.contains("conformations")
        let place = "\(group)/\(isSPICE ? "conformations" : "coordinates")"
        let elements = try elements(group, names)
        var (shape, positions) = try file.numbers(place)
        guard shape.count == 3, shape[1] == elements.count, shape[2] == 3 else {
            throw FormatProblem("expected conformations × \(elements.count) × 3 numbers in \(place), found \(shape)")
        }
        let length = try unit(of: place, ConformationUnits.lengths, isSPICE ? nil : 1)
        for k in positions.indices { positions[k] *= length }
        var molecule = Molecule(
            name: String(group.drop { $0 == "/" }), elements: elements, count: shape[0], positions: positions,
            keys: names)
        let keys = names.filter {
            !["atomic_numbers", "species", "conformations", "coordinates", "smiles", "subset"].contains($0)
        }
        let energy = [labels.energy, "dft_total_energy", "wb97x_dz.energy", "energies"].compactMap(\.self).first(
            where: names.contains)
        let force = [labels.forces, "dft_total_gradient", "wb97x_dz.forces", "forces"].compactMap(\.self).first(
            where: names.contains)
        guard energy != nil || force != nil || !isForLabels else {
            throw FormatProblem(
                "expected energies or forces (dft_total_energy, dft_total_gradient, wb97x_dz.energy, wb97x_dz.forces, energies, forces, or the names given as label keys) of \(molecule.name), found \(keys.isEmpty ? "none of any name" : keys.joined(separator: ", "))"
            )
        }
        if labels.energy != nil, let energy, isForLabels {
            molecule.energies = try numbers(
                "\(group)/\(energy)", [shape[0]], ConformationUnits.energies, Units.hartree)
        }
        if labels.forces != nil, let force, isForLabels {
            let usual = isSPICE ? Units.hartree / Units.bohr : Units.hartree
            var numbers = try numbers("\(group)/\(force)", shape, ConformationUnits.forces, usual)
            if force.contains("gradient") { for k in numbers.indices { numbers[k] = -numbers[k] } }
            molecule.forces = numbers
        }
        return molecule
    }

    private func numbers(
        _ dataset: String, _ shape: [Int], _ units: [String: Double], _ usual: Double
    ) throws -> [Double] {
        var (found, numbers) = try file.numbers(dataset)
        // A last axis of length one says nothing.
        while found.count > shape.count, found.last == 1 { found.removeLast() }
        guard found == shape else { throw FormatProblem("expected \(shape) numbers in \(dataset), found \(found)") }
        let factor = try unit(of: dataset, units, usual)
        for k in numbers.indices { numbers[k] *= factor }
        return numbers
    }

    /// A dataset's unit; `usual` where it states none.
    private func unit(of dataset: String, _ known: [String: Double], _ usual: Double?) throws -> Double {
        guard let stated = file.texts(dataset, attribute: "units")?.first else {
            guard let usual else {
                throw FormatProblem("expected the units of \(dataset) as its attribute, found none")
            }
            return usual
        }
        guard let factor = known[stated.lowercased().filter { $0 != " " }] else {
            throw FormatProblem("expected units of \(dataset) that are known, found \(stated.prefix(40))")
        }
        return factor
    }

    private func elements(_ group: String, _ names: [String]) throws -> [Element] {
        if names.contains("atomic_numbers") {
            return try file.numbers("\(group)/atomic_numbers").numbers.map {
                guard let number = Int(exactly: $0), let element = Element(atomicNumber: number) else {
                    throw FormatProblem("expected atomic numbers in \(group), found \($0)")
                }
                return element
            }
        }
        guard names.contains("species"), let symbols = file.texts("\(group)/species") else {
            throw FormatProblem(
                "expected atomic_numbers or species in \(group), found \(names.joined(separator: ", "))")
        }
        return try symbols.map {
            guard let element = Element($0) else {
                throw FormatProblem("expected elements in \(group)/species, found \($0.prefix(20))")
            }
            return element
        }
    }
}

/// Units by the words of these files, in Å and eV.
enum ConformationUnits {
    static let lengths: [String: Double] = [
        "angstrom": 1, "angstroms": 1, "å": 1, "bohr": Units.bohr, "nanometer": 10, "nanometers": 10, "nm": 10,
    ]
    static let energies: [String: Double] = [
        "hartree": Units.hartree, "ev": 1, "kcal/mol": 1 / Units.kilocaloriePerMole,
        "kj/mol": 1 / (4.184 * Units.kilocaloriePerMole),
    ]
    static let forces: [String: Double] = {
        var forces: [String: Double] = [:]
        for (energy, factor) in energies {
            for (length, size) in lengths { forces["\(energy)/\(length)"] = factor / size }
        }
        return forces
    }()
}
