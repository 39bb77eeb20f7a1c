import Atoms
import CNetCDF
import Foundation

/// Reads trajectories after the AMBER convention: those of `NetCDFTrajectory` in full, those of other programs as far
/// as they go.
public final class NetCDFTrajectoryReader {
    public let path: String
    public let frameCount: Int
    public let elements: [Element]
    /// The program that wrote the file, and what it says about its content.
    public var program: String? { file.text("program") }
    public var title: String? { file.text("title") }
    /// What frames carry beside positions, in words.
    public var contents: String { layout.contents.description }

    let file: NetCDFFile
    private let layout: NetCDFLayout
    private let factors: Factors
    private let hasVelocities: Bool
    private let masses: [Double]?

    /// - Parameter elements: for files without atomic numbers, which is the rule among other programs.
    /// - Throws: `TrajectoryError` when the file cannot be opened, is damaged or not of the AMBER convention.
    public init(_ path: String, elements: [Element]? = nil) throws {
        self.path = path
        file = try NetCDFFile.open(path, forWriting: false)
        layout = try NetCDFLayout(of: file)
        frameCount = try file.length(of: "frame") ?? 0
        factors = Factors(
            time: try NetCDFUnit.time.factor(of: layout.time < 0 ? nil : layout.time, in: file),
            coordinates: try NetCDFUnit.length.factor(of: layout.coordinates, in: file),
            velocities: try NetCDFUnit.velocity.factor(of: layout.velocities, in: file),
            forces: try NetCDFUnit.force.factor(of: layout.forces, in: file),
            cellLengths: try NetCDFUnit.length.factor(of: layout.cellLengths, in: file),
            cellAngles: try NetCDFUnit.angle.factor(of: layout.cellAngles, in: file))
        // ASE writes velocities in units of its own without saying so.
        if let velocities = layout.velocities {
            hasVelocities = file.text("units", of: velocities) != nil
        } else {
            hasVelocities = false
        }
        masses = try Self.masses(of: file, layout)
        self.elements = try elements ?? Self.elements(of: file, layout)
        guard self.elements.count == layout.atomCount else {
            throw TrajectoryError(
                .mismatch, path, "the file has \(layout.atomCount) atoms; \(self.elements.count) elements were given."
            )
        }
    }

    public var hasTimes: Bool { layout.time >= 0 }

    /// What turns the numbers of a file into ours.
    private struct Factors {
        var time, coordinates, velocities, forces, cellLengths, cellAngles: Double
    }

    public func close() throws { try file.close() }

    /// One frame, turned back into the orientation of the simulation.
    public func frame(at index: Int) throws -> Frame {
        precondition(index >= 0 && index < frameCount, "expected a frame of 0..<\(frameCount), got \(index)")
        let cell = try cell(at: index)
        // Files of other programs have no orientation to go back to.
        let orientation = layout.cellVectors == nil ? nil : cell.map(StandardOrientation.init)
        let positions = try vectors(layout.coordinates, index, orientation, factors.coordinates, "coordinates")!
        var structure = Structure(elements: elements, positions: positions, cell: cell)
        if hasVelocities {
            structure.velocities = try vectors(
                layout.velocities, index, orientation, factors.velocities, "velocities")
        }
        structure.forces = try vectors(layout.forces, index, orientation, factors.forces, "forces")
        structure.energy = try number(layout.potentialEnergy, index, "energy")
        structure.stress = try tensor(layout.stress, index, orientation)
        if let forces = layout.forcesDeviation, let energy = try number(layout.energyDeviation, index, "deviation") {
            structure.deviation = Structure.Deviation(
                energy: energy, forces: try numbers(forces, index, [layout.atomCount], "deviation"))
        }
        for (property, variable) in layout.properties {
            let numbers = try numbers(variable, index, property.shape(atoms: layout.atomCount), property.name)
            structure.properties[property] = orientation?.turnBack(numbers, of: property.shape) ?? numbers
        }
        let step = try number(layout.step, index, "step") ?? Double(index)
        guard abs(step) < 0x1p53 else {
            throw TrajectoryError(.malformed, path, "frame \(index) claims to be of step \(step).")
        }
        structure.masses = masses
        let time = try number(layout.time < 0 ? nil : layout.time, index, "time") ?? 0
        guard time.isFinite else {
            throw TrajectoryError(.malformed, path, "the time of frame \(index) is \(time).")
        }
        var frame = Frame(structure: structure, step: Int(step), time: time * factors.time)
        frame.kineticEnergy = try number(layout.kineticEnergy, index, "energy")
        frame.conservedEnergy = try number(layout.conservedEnergy, index, "energy")
        frame.temperature = try number(layout.temperature, index, "temperature")
        frame.totalStress = try tensor(layout.totalStress, index, orientation)
        return frame
    }

    /// The frames from the start that belong to steps up to and including `step`.
    func scan(throughStep step: Int) throws -> FrameScan {
        guard layout.step != nil else {
            throw TrajectoryError(
                .mismatch, path, "the file does not say which steps its frames belong to, so it cannot be continued.")
        }
        var scan = FrameScan()
        while scan.mark.frames < frameCount {
            let index = scan.mark.frames
            guard let frameStep = try number(layout.step, index, "step").flatMap({ Int(exactly: $0) }) else {
                throw TrajectoryError(.malformed, path, "frame \(index) does not say which step it belongs to.")
            }
            guard frameStep <= step else { break }
            scan.mark = FrameMark(frames: index + 1, step: frameStep)
        }
        if scan.mark.frames > 0 {
            scan.mark.conservedEnergy = try number(layout.conservedEnergy, scan.mark.frames - 1, "energy")
        }
        return scan
    }
}

// MARK: - Parts

extension NetCDFTrajectoryReader {
    private static func elements(of file: NetCDFFile, _ layout: NetCDFLayout) throws -> [Element] {
        guard layout.atomTypes >= 0 else {
            throw TrajectoryError(
                .malformed, file.path, "the file has no atomic numbers (variable atom_types); give the elements.")
        }
        var numbers = [Int32](repeating: 0, count: layout.atomCount)
        if layout.hasTypesByFrame {
            let frames = try file.length(of: "frame") ?? 0
            for index in 0..<frames {
                var others = numbers
                try file.read("atomic numbers") {
                    nc_get_vara_int(file.id, layout.atomTypes, [index, 0], [1, layout.atomCount], &others)
                }
                guard index == 0 || others == numbers else {
                    throw TrajectoryError(
                        .malformed, file.path, "the atoms of frame \(index) are other elements than those before.")
                }
                numbers = others
            }
        } else {
            try file.read("atomic numbers") { nc_get_var_int(file.id, layout.atomTypes, &numbers) }
        }
        return try numbers.map { number in
            guard let element = Element(atomicNumber: Int(number)) else {
                throw TrajectoryError(.malformed, file.path, "\(number) is not the atomic number of an element.")
            }
            return element
        }
    }

    private static func masses(of file: NetCDFFile, _ layout: NetCDFLayout) throws -> [Double]? {
        guard let variable = layout.masses else { return nil }
        var masses = [Double](repeating: 0, count: layout.atomCount)
        try file.read("masses") { nc_get_var_double(file.id, variable, &masses) }
        if let atom = masses.firstIndex(where: { !($0.isFinite && $0 > 0) }) {
            throw TrajectoryError(.malformed, file.path, "the mass of atom \(atom + 1) is \(masses[atom]) amu.")
        }
        return masses
    }

    private func number(_ variable: Int32?, _ index: Int, _ name: String) throws -> Double? {
        guard let variable else { return nil }
        var (value, index) = (0.0, index)
        try file.read("\(name) of frame \(index)") { nc_get_var1_double(file.id, variable, &index, &value) }
        return value
    }

    private func numbers(_ variable: Int32, _ index: Int, _ shape: [Int], _ name: String) throws -> [Double] {
        var values = [Double](repeating: 0, count: shape.reduce(1, *))
        try file.read("\(name) of frame \(index)") {
            nc_get_vara_double(file.id, variable, [index] + shape.map { _ in 0 }, [1] + shape, &values)
        }
        return values
    }

    private func vectors(
        _ variable: Int32?, _ index: Int, _ orientation: StandardOrientation?, _ factor: Double, _ name: String
    ) throws -> [SIMD3<Double>]? {
        guard let variable else { return nil }
        let values = try numbers(variable, index, [layout.atomCount, 3], name)
        return (0..<layout.atomCount).map { i in
            let vector = SIMD3(values[3 * i], values[3 * i + 1], values[3 * i + 2]) * factor
            return orientation?.turnBack(vector) ?? vector
        }
    }

    private func tensor(_ variable: Int32?, _ index: Int, _ orientation: StandardOrientation?) throws -> Matrix3? {
        guard let variable else { return nil }
        let tensor = Matrix3(elements: try numbers(variable, index, [3, 3], "stress"))
        return orientation?.turnBack(tensor) ?? tensor
    }

    private func cell(at index: Int) throws -> Cell? {
        if let variable = layout.cellVectors {
            let vectors = Matrix3(elements: try numbers(variable, index, [3, 3], "cell"))
            let periodic = try layout.cellPeriodicity.map { try numbers($0, index, [3], "cell") } ?? [1, 1, 1]
            guard vectors.determinant.isNormal, vectors.elements.allSatisfy(\.isFinite) else {
                throw TrajectoryError(.malformed, path, "the cell of frame \(index) has no volume.")
            }
            return Cell(vectors, periodic: (periodic[0] != 0, periodic[1] != 0, periodic[2] != 0))
        }
        guard let lengths = layout.cellLengths, let angles = layout.cellAngles else { return nil }
        let l = try numbers(lengths, index, [3], "cell").map { $0 * factors.cellLengths }
        let a = try numbers(angles, index, [3], "cell").map { $0 * factors.cellAngles }
        if l == [0, 0, 0] { return nil }
        guard l.allSatisfy({ $0.isFinite && $0 > 0 }), a.allSatisfy({ $0 > 0 && $0 < 180 }) else {
            throw TrajectoryError(
                .malformed, path,
                "the cell of frame \(index) has lengths \(l) Å and angles \(a)°; without a cell all lengths are 0.")
        }
        let cosines = SIMD3(Cell.cosine(degrees: a[0]), Cell.cosine(degrees: a[1]), Cell.cosine(degrees: a[2]))
        guard let cell = Cell(lengths: SIMD3(l[0], l[1], l[2]), cosines: cosines) else {
            throw TrajectoryError(.malformed, path, "the cell angles \(a) of frame \(index) do not fit together.")
        }
        return cell
    }
}
