import Atoms

/// A kind of quantity in netCDF files with the units that programs write, lower case, each in our unit.
struct NetCDFUnit {
    let units: [String: Double]
    /// Of numbers without a unit: that of the AMBER convention.
    let convention: String

    /// In fs.
    static let time = NetCDFUnit(
        units: [
            "picosecond": 1e3, "picoseconds": 1e3, "ps": 1e3, "femtosecond": 1, "femtoseconds": 1, "fs": 1,
            "nanosecond": 1e6, "nanoseconds": 1e6, "ns": 1e6,
        ], convention: "picosecond")
    /// In Å. ASE labels coordinates with the unit of its velocities.
    static let length = NetCDFUnit(
        units: [
            "angstrom": 1, "angstroms": 1, "angstrom/femtosecond": 1, "nanometer": 10, "nanometers": 10, "nm": 10,
            "bohr": Units.bohr,
        ], convention: "angstrom")
    /// In degrees.
    static let angle = NetCDFUnit(
        units: ["degree": 1, "degrees": 1, "radian": 180 / .pi, "radians": 180 / .pi], convention: "degree")
    /// In Å/fs.
    static let velocity = NetCDFUnit(
        units: ["angstrom/picosecond": 1e-3, "angstrom/femtosecond": 1, "nanometer/picosecond": 1e-2],
        convention: "angstrom/picosecond")
    /// In eV/Å.
    static let force = NetCDFUnit(
        units: ["kilocalorie/mole/angstrom": 1 / Units.kilocaloriePerMole], convention: "kilocalorie/mole/angstrom")

    /// What to multiply the numbers of a variable by: its unit in ours, and its `scale_factor` if any.
    ///
    /// - Throws: `TrajectoryError` for a unit that is not known.
    func factor(of variable: Int32?, in file: NetCDFFile) throws -> Double {
        guard let variable else { return 1 }
        let unit = file.text("units", of: variable)?.lowercased() ?? convention
        guard let factor = units[unit] else {
            throw TrajectoryError(
                .malformed, file.path,
                "the unit of \(try file.name(of: variable)) is \(unit.prefix(60)), expected one of "
                    + units.keys.sorted().joined(separator: ", "))
        }
        return factor * (file.number("scale_factor", of: variable) ?? 1)
    }
}
