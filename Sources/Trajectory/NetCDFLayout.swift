import Atoms
import CNetCDF

/// The variables of a trajectory file: the AMBER convention 1.0 with the names and units that its readers compare
/// letter by letter, and beside them what the convention has no name for.
/// http://ambermd.org/netcdf/nctraj.xhtml
struct NetCDFLayout {
    /// What the frames of a file carry. All frames carry the same, so none has holes.
    struct Contents: OptionSet, CustomStringConvertible {
        let rawValue: Int
        static let velocities = Contents(rawValue: 1)
        static let forces = Contents(rawValue: 2)
        static let potentialEnergy = Contents(rawValue: 4)
        static let kineticEnergy = Contents(rawValue: 8)
        static let conservedEnergy = Contents(rawValue: 16)
        static let temperature = Contents(rawValue: 32)
        static let stress = Contents(rawValue: 64)
        static let totalStress = Contents(rawValue: 128)
        static let cell = Contents(rawValue: 256)
        static let deviation = Contents(rawValue: 512)

        /// One of `Property.others`, whose bits stand above all these.
        static func property(_ property: Property) -> Contents {
            Contents(rawValue: 1024 << Property.others.firstIndex(of: property)!)
        }

        var description: String {
            let names =
                [
                    "velocities", "forces", "a potential energy", "a kinetic energy", "a conserved energy",
                    "a temperature", "a stress", "a total stress", "a cell", "the deviation of a committee",
                ] + Property.others.map(\.name)
            return names.enumerated().filter { contains(Contents(rawValue: 1 << $0.offset)) }.map(\.element)
                .joined(separator: ", ")
        }
    }

    let contents: Contents
    let atomCount: Int
    /// Whether `atom_types` has a row for each frame.
    let hasTypesByFrame: Bool
    /// Variable numbers; `nil` for what this file does not carry.
    let time, coordinates, atomTypes: Int32
    let masses: Int32?
    let step, cellLengths, cellAngles, cellVectors, cellPeriodicity: Int32?
    let velocities, forces: Int32?
    let potentialEnergy, kineticEnergy, totalEnergy, conservedEnergy, temperature, pressure: Int32?
    let stress, totalStress: Int32?
    let energyDeviation, forcesDeviation: Int32?
    /// In the order of `Property.others`.
    let properties: [(property: Property, variable: Int32)]
}

extension NetCDFLayout.Contents {
    init(of frame: Frame) {
        self = []
        if frame.structure.velocities != nil { insert(.velocities) }
        if frame.structure.forces != nil { insert(.forces) }
        if frame.structure.energy != nil { insert(.potentialEnergy) }
        if frame.kineticEnergy != nil { insert(.kineticEnergy) }
        if frame.conservedEnergy != nil { insert(.conservedEnergy) }
        if frame.temperature != nil { insert(.temperature) }
        if frame.structure.stress != nil { insert(.stress) }
        if frame.totalStress != nil { insert(.totalStress) }
        if frame.structure.cell != nil { insert(.cell) }
        if frame.structure.deviation != nil { insert(.deviation) }
        for property in Property.others where frame.structure.properties[property] != nil {
            insert(.property(property))
        }
    }
}

extension Property {
    /// Of one frame in a file.
    func shape(atoms: Int) -> [Int] {
        (scope == .atom ? [atoms] : []) + [Int](repeating: 3, count: shape.rank)
    }
}

extension NetCDFLayout {
    /// Writes the header of a new file.
    init(
        defining contents: Contents, atomCount: Int, hasMasses: Bool = false, in file: NetCDFFile,
        precision: NetCDFTrajectory.Precision,
        title: String, programVersion: String
    ) throws {
        self.contents = contents
        self.atomCount = atomCount
        hasTypesByFrame = false
        let real = precision == .single ? NC_FLOAT : NC_DOUBLE

        try file.setAttribute("Conventions", "AMBER")
        try file.setAttribute("ConventionVersion", "1.0")
        try file.setAttribute("application", "Apus")
        try file.setAttribute("program", "apus")
        try file.setAttribute("programVersion", programVersion)
        try file.setAttribute("title", title)

        let frame = try file.defineDimension("frame", NC_UNLIMITED)
        let atom = try file.defineDimension("atom", atomCount)
        let spatial = try file.defineDimension("spatial", 3)
        let cellSpatial = try file.defineDimension("cell_spatial", 3)
        let cellAngular = try file.defineDimension("cell_angular", 3)
        let label = try file.defineDimension("label", 5)

        let spatialNames = try file.defineVariable("spatial", NC_CHAR, [spatial])
        let cellNames = try file.defineVariable("cell_spatial", NC_CHAR, [cellSpatial])
        let angleNames = try file.defineVariable("cell_angular", NC_CHAR, [cellAngular, label])
        atomTypes = try file.defineVariable("atom_types", NC_INT, [atom])
        try file.setAttribute("comment", "atomic numbers", of: atomTypes)

        masses = hasMasses ? try file.defineVariable("masses", NC_DOUBLE, [atom], units: "amu") : nil

        func define(_ name: String, _ type: nc_type, _ rest: [Int32], _ units: String, if part: Contents = []) throws
            -> Int32?
        {
            guard contents.isSuperset(of: part) else { return nil }
            let variable = try file.defineVariable(name, type, [frame] + rest, units: units)
            if rest.first == atom {
                try file.compress(variable, chunk: [1, atomCount] + rest.dropFirst().map { _ in 3 })
            }
            return variable
        }
        time = try file.defineVariable("time", NC_DOUBLE, [frame], units: "picosecond")
        step = try file.defineVariable("step", NC_DOUBLE, [frame])
        coordinates = try define("coordinates", real, [atom, spatial], "angstrom")!
        // Open systems have no cell variables, as the convention says. ASE 3.29 wants cell_lengths all the same, but
        // MDAnalysis 2.11 fails on lengths of zero.
        cellLengths = try define("cell_lengths", NC_DOUBLE, [cellSpatial], "angstrom", if: .cell)
        cellAngles = try define("cell_angles", NC_DOUBLE, [cellAngular], "degree", if: .cell)
        cellVectors = try define("cell_vectors", NC_DOUBLE, [cellSpatial, spatial], "angstrom", if: .cell)
        cellPeriodicity = try define("cell_periodicity", NC_INT, [cellSpatial], "1", if: .cell)
        velocities = try define("velocities", real, [atom, spatial], "angstrom/picosecond", if: .velocities)
        forces = try define("forces", real, [atom, spatial], "kilocalorie/mole/angstrom", if: .forces)
        potentialEnergy = try define("potential_energy", NC_DOUBLE, [], "electronvolt", if: .potentialEnergy)
        kineticEnergy = try define("kinetic_energy", NC_DOUBLE, [], "electronvolt", if: .kineticEnergy)
        totalEnergy = try define(
            "total_energy", NC_DOUBLE, [], "electronvolt", if: [.potentialEnergy, .kineticEnergy])
        conservedEnergy = try define("conserved_energy", NC_DOUBLE, [], "electronvolt", if: .conservedEnergy)
        temperature = try define("temperature", NC_DOUBLE, [], "kelvin", if: .temperature)
        pressure = try define("pressure", NC_DOUBLE, [], "gigapascal", if: .totalStress)
        stress = try define("stress", NC_DOUBLE, [spatial, spatial], "electronvolt/angstrom^3", if: .stress)
        totalStress = try define(
            "total_stress", NC_DOUBLE, [spatial, spatial], "electronvolt/angstrom^3", if: .totalStress)
        energyDeviation = try define("energy_deviation", NC_DOUBLE, [], "electronvolt", if: .deviation)
        forcesDeviation = try define("forces_deviation", NC_FLOAT, [atom], "electronvolt/angstrom", if: .deviation)
        properties = try Property.others.compactMap { property in
            let rest =
                (property.scope == .atom ? [atom] : []) + [Int32](repeating: spatial, count: property.shape.rank)
            let units = property.unitWord.replacing("_per_", with: "/").replacing("_", with: "*")
            return try define(property.name, NC_DOUBLE, rest, units, if: .property(property)).map { (property, $0) }
        }
        if let cellVectors {
            try file.setAttribute(
                "comment",
                "The cell in the orientation of the simulation. Coordinates, velocities, forces and stresses are "
                    + "rotated so that a lies along x and b in the xy plane, as cell_lengths and cell_angles imply; "
                    + "these describe (a, b, -c) when the cell is left-handed.", of: cellVectors)
        }
        if let stress { try file.setAttribute("comment", "of the potential, positive in tension", of: stress) }
        if let totalStress {
            try file.setAttribute("comment", "with the kinetic part, positive in tension", of: totalStress)
        }
        try file.write("the header") { nc_enddef(file.id) }
        try file.write("labels") { nc_put_var_text(file.id, spatialNames, "xyz") }
        try file.write("labels") { nc_put_var_text(file.id, cellNames, "abc") }
        try file.write("labels") { nc_put_var_text(file.id, angleNames, "alphabeta gamma") }
    }

    /// Finds the variables of an existing file, ours or another program's.
    ///
    /// - Throws: `TrajectoryError` when it is not of the AMBER convention, or when its sizes cannot be true.
    init(of file: NetCDFFile) throws {
        func malformed(_ message: String) -> TrajectoryError { TrajectoryError(.malformed, file.path, message) }
        let conventions = (file.text("Conventions") ?? "").split { $0 == "," || $0 == " " }
        guard conventions.contains("AMBER") else {
            throw malformed("the file does not follow the AMBER convention, the only one for trajectories read here.")
        }
        guard let frames = try file.length(of: "frame"), let atoms = try file.length(of: "atom"),
            try file.length(of: "spatial") == 3, let coordinates = file.variable("coordinates")
        else { throw malformed("the file has no coordinates of atoms in three dimensions.") }
        guard atoms < Int(Int32.max) else { throw malformed("\(atoms) atoms cannot be true.") }

        func find(_ name: String, _ shape: [Int]) throws -> Int32? {
            guard let variable = file.variable(name) else { return nil }
            let found = try file.shape(of: variable)
            guard found == shape else {
                throw malformed("variable \(name) has shape \(found) where \(shape) is expected.")
            }
            return variable
        }
        guard try find("coordinates", [frames, atoms, 3]) != nil else { fatalError("found above") }
        self.coordinates = coordinates
        atomCount = atoms
        // A file may lack times and atomic numbers; −1 stands for that, because writing always has them.
        time = try find("time", [frames]) ?? -1
        // Some programs, ASE among them, write the types of the atoms for each frame.
        hasTypesByFrame = try file.variable("atom_types").map { try file.shape(of: $0) } == [frames, atoms]
        atomTypes = try find("atom_types", hasTypesByFrame ? [frames, atoms] : [atoms]) ?? -1
        masses = try find("masses", [atoms])
        step = try find("step", [frames])
        cellLengths = try find("cell_lengths", [frames, 3])
        cellAngles = try find("cell_angles", [frames, 3])
        cellVectors = try find("cell_vectors", [frames, 3, 3])
        cellPeriodicity = try find("cell_periodicity", [frames, 3])
        velocities = try find("velocities", [frames, atoms, 3])
        forces = try find("forces", [frames, atoms, 3])
        potentialEnergy = try find("potential_energy", [frames])
        kineticEnergy = try find("kinetic_energy", [frames])
        totalEnergy = try find("total_energy", [frames])
        conservedEnergy = try find("conserved_energy", [frames])
        temperature = try find("temperature", [frames])
        pressure = try find("pressure", [frames])
        stress = try find("stress", [frames, 3, 3])
        totalStress = try find("total_stress", [frames, 3, 3])
        energyDeviation = try find("energy_deviation", [frames])
        forcesDeviation = try find("forces_deviation", [frames, atoms])
        properties = try Property.others.compactMap { property in
            try find(property.name, [frames] + property.shape(atoms: atoms)).map { (property, $0) }
        }
        var contents: Contents = []
        for (property, _) in properties { contents.insert(.property(property)) }
        let parts: [(Int32?, Contents)] = [
            (velocities, .velocities), (forces, .forces), (potentialEnergy, .potentialEnergy),
            (kineticEnergy, .kineticEnergy), (conservedEnergy, .conservedEnergy), (temperature, .temperature),
            (stress, .stress), (totalStress, .totalStress), (cellVectors, .cell), (forcesDeviation, .deviation),
        ]
        for (variable, part) in parts where variable != nil { contents.insert(part) }
        self.contents = contents
    }
}
