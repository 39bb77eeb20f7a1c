import Atoms
import Files
import Foundation

/// LAMMPS data as an output of `apus convert`: one structure.
struct LAMMPSDataOutput: StructureOutput {
    let name = "LAMMPS data"
    let word = "lammps-data"
    let fileNames = ["*.data", "*.lmp", "*.lammps", "data.*"]

    func writer(_ path: String, existing: OutputFile.Existing) throws -> any StructureWriter {
        try LAMMPSDataWriter(path, existing: existing)
    }
}

/// Writes a data file for `units metal` and `atom_style atomic`: a type for each element, in the order of atomic
/// numbers and named behind its mass.
///
/// LAMMPS wants a along x and b in the xy plane, so positions and velocities are turned with the cell. A structure
/// without a cell gets a box around its atoms, to be read with `boundary s s s`.
final class LAMMPSDataWriter: StructureWriter {
    let path: String
    private let file: OutputFile
    private var notes = WriterNotes()
    /// Å, around atoms without a cell.
    private static let margin = 10.0

    init(_ path: String, existing: OutputFile.Existing) throws {
        self.path = path
        file = try OutputFile(path, existing: existing)
    }

    var remarks: [String] { notes.remarks(path) }

    func write(_ structure: Structure) throws {
        notes.next()
        guard notes.structures == 1 else {
            throw StructureFileError(
                file: path,
                message:
                    "expected one structure, since a data file holds no more, found several; choose one (--slice -1:), or write extended XYZ"
            )
        }
        if structure.energy != nil || structure.forces != nil {
            notes.note("a data file holds no energies and forces")
        }
        if structure.moveMask?.contains(where: { $0 != SIMD3(1, 1, 1) }) == true {
            notes.note("which atoms are fixed is not said in a data file")
        }
        try file.write(text(structure))
    }

    func close() throws {
        guard notes.structures > 0 else {
            throw StructureFileError(file: path, message: "expected a structure to write, found none")
        }
        try file.close()
    }

    private func text(_ structure: Structure) -> String {
        func format(_ number: Double) -> String { "\(number)" }
        let types = Array(Set(structure.elements)).sorted()
        var lines = [
            "\(structure.formula) (units metal, atom_style atomic)", "", "\(structure.count) atoms",
            "\(types.count) atom types", "",
        ]
        let orientation = structure.cell.map { StandardOrientation(of: $0) }
        if orientation?.rotation != nil { notes.note("turned with its cell, as LAMMPS wants lattice vectors") }
        let positions = structure.positions.map { orientation?.turn($0) ?? $0 }
        let velocities = structure.velocities.map { $0.map { orientation?.turn($0) ?? $0 } }
        var (low, high, tilt) = (SIMD3<Double>.zero, SIMD3<Double>.zero, SIMD3<Double>.zero)
        let smallest = positions.reduce(positions[0]) { pointwiseMin($0, $1) }
        let largest = positions.reduce(positions[0]) { pointwiseMax($0, $1) }
        if let orientation {
            let (a, b, c) = orientation.cell.vectors.rows
            let (u, v, w) = (orientation.turn(a), orientation.turn(b), orientation.turn(c))
            high = SIMD3(u.x, v.y, w.z)
            tilt = SIMD3(v.x, w.x, w.y)
            // Rounding of the rotation is no tilt.
            for k in 0..<3 where abs(tilt[k]) < 1e-12 * high.max() { tilt[k] = 0 }
            // Along an open direction the box must hold all atoms.
            for k in 0..<3 where !orientation.cell.repeats(along: k) {
                notes.note("open directions: read it with boundary f or s for those that do not repeat")
                guard tilt == .zero else { continue }
                low[k] = Swift.min(0, smallest[k] - 1)
                high[k] = Swift.max(high[k], largest[k] + 1)
            }
        } else {
            notes.note(
                "no cell: a box with \(Int(Self.margin)) Å around the atoms stands for it; read it with boundary s s s"
            )
            low = smallest - Self.margin
            high = largest + Self.margin
        }
        for (k, name) in ["x", "y", "z"].enumerated() {
            lines.append("\(format(low[k])) \(format(high[k])) \(name)lo \(name)hi")
        }
        if tilt != .zero { lines.append("\(format(tilt.x)) \(format(tilt.y)) \(format(tilt.z)) xy xz yz") }
        lines += ["", "Masses", ""]
        for (index, element) in types.enumerated() {
            lines.append("\(index + 1) \(format(element.mass)) # \(element.symbol)")
        }
        if structure.masses != nil { notes.note("masses other than the standard atomic weights are left out") }
        lines += ["", "Atoms # atomic", ""]
        for (atom, position) in positions.enumerated() {
            let type = types.firstIndex(of: structure.elements[atom])! + 1
            lines.append(
                "\(atom + 1) \(type) \(format(position.x)) \(format(position.y)) \(format(position.z))")
        }
        if let velocities {
            lines += ["", "Velocities", ""]
            for (atom, v) in velocities.enumerated() {
                // Å/ps
                lines.append("\(atom + 1) \(format(1000 * v.x)) \(format(1000 * v.y)) \(format(1000 * v.z))")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
