import Atoms

/// Reads the images of an ASE trajectory.
struct TrajectorySource: DraftSource {
    private let ulm: ULMFile
    private var index = 0
    /// What the first image says for all that say nothing.
    private var header: (numbers: [Double], periodic: [Bool], masses: [Double]?, constraints: JSONValue?)?

    init(_ file: ByteFile) throws { ulm = try ULMFile(file) }

    var path: String { ulm.file.path }

    mutating func next() throws -> StructureDraft? {
        guard index < ulm.count else { return nil }
        defer { index += 1 }
        return try ASEImage.draft(ulm.item(index), header: &header)
    }
}

/// An image of a trajectory, or the atoms of a GPAW file.
enum ASEImage {
    static func draft(
        _ item: ULMItem,
        header: inout (numbers: [Double], periodic: [Bool], masses: [Double]?, constraints: JSONValue?)?
    ) throws -> StructureDraft {
        var atoms = try self.atoms(item, header: &header)
        if let calculator = item.child("calculator") { try add(calculator, to: &atoms) }
        return try atoms.draft()
    }

    static func atoms(
        _ item: ULMItem,
        header: inout (numbers: [Double], periodic: [Bool], masses: [Double]?, constraints: JSONValue?)?
    ) throws -> ASEAtoms {
        if let numbers = try item.numbers("numbers") {
            guard let periodic = try item.numbers("pbc")?.map({ $0 != 0 }), periodic.count == 3 else {
                throw FormatProblem("expected pbc beside numbers, found none")
            }
            let constraints = try item.value["constraints"]?.string.map { try JSONParser.value(of: Array($0.utf8)) }
            header = (numbers, periodic, try item.numbers("masses"), constraints)
        }
        guard let header else { throw FormatProblem("expected the atomic numbers in the first image, found none") }
        var atoms = ASEAtoms()
        (atoms.numbers, atoms.periodic) = (header.numbers, header.periodic)
        (atoms.masses, atoms.constraints) = (header.masses, header.constraints)
        guard let positions = try item.vectors("positions") else {
            throw FormatProblem("expected positions, found none")
        }
        atoms.positions = positions
        atoms.cell = try item.numbers("cell")
        atoms.momenta = try item.vectors("momenta")
        for (key, value) in item.value["info"]?.table ?? [:] {
            switch value {
            case .text(let text): atoms.information[key] = text
            case .number(let number):
                atoms.information[key] = Int(exactly: number).map(String.init) ?? "\(number)"
            case .truth(let truth): atoms.information[key] = truth ? "T" : "F"
            default: break
            }
        }
        return atoms
    }

    /// What a calculator has computed.
    static func add(_ calculator: ULMItem, to atoms: inout ASEAtoms) throws {
        func number(_ name: String) throws -> Double? { try calculator.numbers(name)?.first }
        atoms.energy = try number("energy")
        atoms.freeEnergy = try number("free_energy")
        atoms.forces = try calculator.vectors("forces")
        atoms.stress = try calculator.numbers("stress")
        atoms.dipole = try calculator.numbers("dipole")
        atoms.charges = try calculator.numbers("charges")
        if let name = calculator.value["name"]?.string { atoms.information["calculator"] = name }
        atoms.keys = ["energy", "free_energy", "forces", "stress", "dipole", "charges"].filter(calculator.contains)
    }
}
