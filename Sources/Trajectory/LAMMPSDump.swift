import Atoms
import Files
import Foundation

/// A trajectory as LAMMPS writes it with `dump custom`, in units metal, which OVITO, VMD, ASE and MDAnalysis read.
///
/// Text in full precision: `id type element xu yu zu`, and `vx vy vz` (Å/ps), `fx fy fz` (eV/Å) where frames have them.
/// Types are numbered as elements are by atomic number. The cell is turned so that its first vector lies along x and
/// the second in the xy plane, as LAMMPS has it, with all that has a direction; an open system has the box of its
/// atoms.
public final class LAMMPSDump: TrajectoryWriter {
    public let path: String
    public private(set) var mark = FrameMark()
    private let wrapsPositions: Bool
    private let file: AppendedFile
    /// Of the first frame, which the others have too.
    private var columns: String?

    /// - Parameter wrapsPositions: fold positions into the cell along its periodic vectors.
    /// - Throws: `TrajectoryError` when the file exists and `existing` is `.refuse`, or when it cannot be written.
    public init(_ path: String, existing: ExistingFile = .refuse, wrapsPositions: Bool = false) throws {
        self.path = path
        self.wrapsPositions = wrapsPositions
        var scan = FrameScan()
        if case .append(let step) = existing { scan = try Self.scan(path, through: step) }
        file = try .opening(path, existing, kept: scan.end)
        mark = scan.mark
    }

    public func append(_ frame: Frame) throws {
        let structure = frame.structure
        let (velocities, forces) = (structure.velocities, structure.forces)
        let names =
            "id type element xu yu zu" + (velocities == nil ? "" : " vx vy vz") + (forces == nil ? "" : " fx fy fz")
        guard columns == nil || columns == names else {
            throw TrajectoryError(
                .mismatch, path,
                "the frame of step \(frame.step) has columns \(names) where those before it have \(columns!).")
        }
        let orientation = structure.cell.map(StandardOrientation.init)
        func turn(_ v: SIMD3<Double>) -> SIMD3<Double> { orientation?.turn(v) ?? v }
        let positions = (wrapsPositions ? structure.cell : nil).map { cell in structure.positions.map(cell.wrapped) }
        var text = "ITEM: TIMESTEP\n\(frame.step)\nITEM: NUMBER OF ATOMS\n\(structure.count)\n"
        text += Self.box(of: structure, orientation)
        text += "ITEM: ATOMS \(names)\n"
        let types = Dictionary(
            uniqueKeysWithValues: structure.composition.enumerated().map { ($0.element.element, $0.offset + 1) })
        for atom in 0..<structure.count {
            let x = turn(positions?[atom] ?? structure.positions[atom])
            text += "\(atom + 1) \(types[structure.elements[atom]]!) \(structure.elements[atom].symbol) "
            text += "\(x.x) \(x.y) \(x.z)"
            if let velocities {
                let v = turn(velocities[atom]) * NetCDFTrajectory.angstromPerPicosecond
                text += " \(v.x) \(v.y) \(v.z)"
            }
            if let forces {
                let f = turn(forces[atom])
                text += " \(f.x) \(f.y) \(f.z)"
            }
            text += "\n"
        }
        try TrajectoryError.translating(path, step: frame.step) { try file.append(text) }
        columns = names
        mark = FrameMark(frames: mark.frames + 1, step: frame.step)
    }

    /// LAMMPS' manual, "Triclinic simulation boxes": bounds of the box that holds the cell, and its tilts.
    private static func box(of structure: Structure, _ orientation: StandardOrientation?) -> String {
        guard let orientation else {
            var (low, high) = (structure.positions.first ?? .zero, structure.positions.first ?? .zero)
            for x in structure.positions { (low, high) = (pointwiseMin(low, x), pointwiseMax(high, x)) }
            let lines = (0..<3).map { "\(low[$0] - 1) \(high[$0] + 1)" }
            return "ITEM: BOX BOUNDS ff ff ff\n" + lines.joined(separator: "\n") + "\n"
        }
        let cell = orientation.cell
        let v = cell.vectors.rows
        let (a, b, c) = (orientation.turn(v.0), orientation.turn(v.1), orientation.turn(v.2))
        let (xy, xz, yz) = (b.x, c.x, c.y)
        let flags = (0..<3).map { cell.repeats(along: $0) ? "pp" : "ff" }.joined(separator: " ")
        guard xy != 0 || xz != 0 || yz != 0 else {
            return "ITEM: BOX BOUNDS \(flags)\n0.0 \(a.x)\n0.0 \(b.y)\n0.0 \(c.z)\n"
        }
        let x = (min(0, xy, xz, xy + xz), a.x + max(0, xy, xz, xy + xz))
        let y = (min(0, yz), b.y + max(0, yz))
        return "ITEM: BOX BOUNDS xy xz yz \(flags)\n\(x.0) \(x.1) \(xy)\n\(y.0) \(y.1) \(xz)\n0.0 \(c.z) \(yz)\n"
    }

    public func synchronize() throws { try TrajectoryError.translating(path) { try file.synchronize() } }

    public func close() throws { try TrajectoryError.translating(path) { try file.close() } }

    /// What an existing file holds up to a step; nothing of one that is not there. A frame that was cut off is left
    /// out.
    public static func scan(_ path: String, through step: Int) throws -> FrameScan {
        var scan = FrameScan()
        guard FileManager.default.fileExists(atPath: path) else { return scan }
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) else {
            throw TrajectoryError(.cannotRead, path, "cannot read the file that is to be continued.")
        }
        var position = 0
        func line() -> String? {
            guard position < data.count, let end = data[position...].firstIndex(of: UInt8(ascii: "\n")) else {
                return nil
            }
            defer { position = end + 1 }
            return String(decoding: data[position..<end], as: UTF8.self)
        }
        while position < data.count {
            let place = "behind frame \(scan.mark.frames)"
            guard line() == "ITEM: TIMESTEP", let frameStep = line().flatMap({ Int($0) }),
                line() == "ITEM: NUMBER OF ATOMS", let count = line().flatMap({ Int($0) }), count >= 0,
                count <= data.count
            else {
                scan.problem = "there is no whole frame \(place)"
                break
            }
            guard frameStep <= step else { break }
            var isWhole = true
            for _ in 0..<5 + count where isWhole { isWhole = line() != nil }
            guard isWhole else {
                scan.problem = "the frame of step \(frameStep) is cut off"
                break
            }
            scan.mark = FrameMark(frames: scan.mark.frames + 1, step: frameStep)
            scan.end = position
        }
        return scan
    }
}
