import Atoms
import Files
import Foundation

/// DeePMD's folders as an output of `apus convert`.
struct DeePMDOutput: StructureOutput {
    let name = "DeePMD"
    let word = "deepmd"
    let fileNames = ["*.deepmd", "*deepmd"]
    let isFolder = true

    func writer(_ path: String, existing: OutputFile.Existing) throws -> any StructureWriter {
        try DeePMDWriter(path, existing: existing)
    }
}

/// Writes a folder of DeePMD's systems: one folder for each formula and each choice of labels, in it `type.raw`,
/// `type_map.raw` (the same for all) and `set.000` with `coord.npy`, `box.npy`, `energy.npy`, `force.npy`, `virial.npy`
/// in Å and eV, virial = −volume × stress; `nopbc` where nothing repeats.
///
/// All frames of a system have their atoms in one order: that of elements, atoms of one element in theirs.
final class DeePMDWriter: StructureWriter {
    let path: String
    private let place: OutputPlace
    private let scratch: StructureScratch
    private var systems: [System: [Int]] = [:]
    private var order: [System] = []
    private var elements: Set<Element> = []
    private var notes = WriterNotes()

    /// Frames that can be rows of the same arrays.
    private struct System: Hashable {
        let formula: String
        let elements: [Element]
        let repeats, energy, forces, stress: Bool
    }

    init(_ path: String, existing: OutputFile.Existing) throws {
        self.path = path
        place = try OutputPlace(path, existing: existing, isFolder: true)
        scratch = try StructureScratch(beside: place.path)
    }

    var remarks: [String] { notes.remarks(path) }

    func write(_ structure: Structure) throws {
        notes.next()
        if let cell = structure.cell, structure.repeats, !cell.isFullyPeriodic {
            notes.note("repeats in all directions here: DeePMD knows all or none")
        }
        if structure.velocities != nil { notes.note("velocities are left out") }
        if !structure.properties.isEmpty { notes.note("properties beside energy, forces and stress are left out") }
        let system = System(
            formula: structure.formula, elements: structure.elements.sorted(), repeats: structure.repeats,
            energy: structure.energy != nil, forces: structure.forces != nil,
            stress: structure.labelledStress != nil)
        if systems[system] == nil { order.append(system) }
        systems[system, default: []].append(scratch.count)
        elements.formUnion(structure.elements)
        try scratch.append(structure)
    }

    func close() throws {
        guard !order.isEmpty else {
            throw StructureFileError(file: path, message: "expected structures to write, found none")
        }
        let types = elements.sorted()
        var names: [String: Int] = [:]
        for system in order {
            names[system.formula, default: 0] += 1
            let number = names[system.formula]!
            let folder = "\(place.path)/\(system.formula)" + (number > 1 ? "-\(number)" : "")
            try write(system, systems[system]!, types, to: folder)
        }
        try place.close()
    }

    private func write(_ system: System, _ frames: [Int], _ types: [Element], to folder: String) throws {
        try FilePath.makeFolder("\(folder)/set.000")
        let (n, atoms) = (frames.count, system.elements.count)
        try OutputFile.write(
            system.elements.map { "\(types.firstIndex(of: $0)!)\n" }.joined(), to: "\(folder)/type.raw")
        try OutputFile.write(types.map { "\($0.symbol)\n" }.joined(), to: "\(folder)/type_map.raw")
        if !system.repeats { try OutputFile.write("", to: "\(folder)/nopbc") }
        func array(_ name: String, _ shape: [Int], _ isThere: Bool = true) throws -> NumPyArrayWriter? {
            isThere ? try NumPyArrayWriter("\(folder)/set.000/\(name).npy", shape: shape) : nil
        }
        var coordinates = try array("coord", [n, 3 * atoms])
        var box = try array("box", [n, 9], system.repeats)
        var energy = try array("energy", [n], system.energy)
        var force = try array("force", [n, 3 * atoms], system.forces)
        var virial = try array("virial", [n, 9], system.stress)
        for frame in frames {
            let structure = try scratch.structure(frame)
            let sorted = structure.elements.indices.sorted {
                (structure.elements[$0], $0) < (structure.elements[$1], $1)
            }
            func rows(_ vectors: [SIMD3<Double>]) -> [Double] { sorted.flatMap { vectors[$0].components } }
            try coordinates?.append(rows(structure.positions))
            if let cell = structure.cell { try box?.append(cell.vectors.elements) }
            if let number = structure.energy { try energy?.append([number]) }
            if let forces = structure.forces { try force?.append(rows(forces)) }
            if let stress = structure.labelledStress, let cell = structure.cell {
                try virial?.append(cell.virial(ofStress: stress).elements)
            }
        }
        try coordinates?.close()
        try box?.close()
        try energy?.close()
        try force?.close()
        try virial?.close()
    }
}
