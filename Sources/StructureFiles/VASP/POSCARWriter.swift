import Atoms
import Files
import Foundation

/// POSCAR as an output of `apus convert`: one structure.
struct POSCAROutput: StructureOutput {
    let name = "POSCAR"
    let word = "poscar"
    let fileNames = ["*POSCAR*", "*CONTCAR*", "*.vasp", "*.poscar"]

    func writer(_ path: String, existing: OutputFile.Existing) throws -> any StructureWriter {
        try POSCARWriter(path, existing: existing)
    }
}

/// Writes a POSCAR as VASP 5 and 6 read it: atoms in their order, fractional coordinates with all digits, flags where
/// atoms are fixed, velocities in Å/fs.
final class POSCARWriter: StructureWriter {
    let path: String
    private let file: OutputFile
    private var notes = WriterNotes()

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
                    "expected one structure, since a POSCAR holds no more, found several; choose one (--slice -1:), or write extended XYZ"
            )
        }
        guard let cell = structure.cell, structure.repeats else {
            throw StructureFileError(
                file: path,
                message: "expected a structure that repeats, found one without a cell; VASP needs a box around it")
        }
        if !cell.isFullyPeriodic { notes.note("repeats in all directions here, as everything in VASP") }
        if cell.vectors.determinant < 0 {
            notes.note("its lattice vectors are left-handed, which VASP refuses; exchange two of them")
        }
        if structure.energy != nil || structure.forces != nil { notes.note("a POSCAR holds no energies and forces") }
        try file.write(text(structure, cell))
    }

    func close() throws {
        guard notes.structures > 0 else {
            throw StructureFileError(file: path, message: "expected a structure to write, found none")
        }
        try file.close()
    }

    private func text(_ structure: Structure, _ cell: Cell) -> String {
        // Atoms of one element that follow each other are a species, so that none changes its place.
        var species: [(element: Element, count: Int)] = []
        for element in structure.elements {
            if species.last?.element == element {
                species[species.count - 1].count += 1
            } else {
                species.append((element, 1))
            }
        }
        func row(_ numbers: [Double]) -> String { numbers.map { String(format: " %22.16f", $0) }.joined() }
        let title = (structure.information["comment"] ?? structure.formula).prefix { !$0.isNewline }
        var lines = [String(title), "1.0"]
        for axis in 0..<3 { lines.append(row(cell.vectors[row: axis].components)) }
        lines.append(species.map { $0.element.symbol }.joined(separator: " "))
        lines.append(species.map { "\($0.count)" }.joined(separator: " "))
        let flags = flags(structure, cell)
        if flags != nil { lines.append("Selective dynamics") }
        lines.append("Direct")
        let inverse = cell.vectors.inverse
        for (atom, position) in structure.positions.enumerated() {
            var words = ""
            if let flags { for axis in 0..<3 { words += flags[atom][axis] != 0 ? " T" : " F" } }
            lines.append(row((position * inverse).components) + words)
        }
        if let velocities = structure.velocities {
            lines.append("Cartesian")
            lines += velocities.map { row($0.components) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// VASP's flags are along the lattice vectors: those of single axes need vectors along these.
    private func flags(_ structure: Structure, _ cell: Cell) -> [SIMD3<Int8>]? {
        guard let mask = structure.moveMask, mask.contains(where: { $0 != SIMD3(1, 1, 1) }) else { return nil }
        let isAligned = (0..<3).allSatisfy { i in (0..<3).allSatisfy { i == $0 || cell.vectors[i, $0] == 0 } }
        guard isAligned || mask.allSatisfy({ $0.x == $0.y && $0.y == $0.z }) else {
            notes.note("atoms fixed along x, y or z alone are free here: VASP fixes them along lattice vectors")
            return mask.map { $0 == SIMD3(0, 0, 0) ? $0 : SIMD3(1, 1, 1) }
        }
        return mask
    }
}

extension SIMD3<Double> {
    var components: [Double] { [x, y, z] }
}
