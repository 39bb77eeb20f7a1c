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
    private let factors: (coordinates: Double, velocities: Double, forces: Double)

    /// - Parameter elements: for files without atomic numbers, which is the rule among other programs.
    /// - Throws: `TrajectoryError` when the file cannot be opened, is damaged or not of the AMBER convention.
    public init(_ path: String, elements: [Element]? = nil) throws {
        self.path = path
        file = try NetCDFFile.open(path, forWriting: false)
        layout = try NetCDFLayout(of: file)
        frameCount = try file.length(of: "frame") ?? 0
        factors = (
            try Self.factor(file, layout.coordinates, units: "angstrom", 1),
            try Self.factor(file, layout.velocities, units: "angstrom/picosecond", 1e-3),
            try Self.factor(file, layout.forces, units: "kilocalorie/mole/angstrom", 1 / Units.kilocaloriePerMole)
        )
        self.elements = try elements ?? Self.elements(of: file, layout)
        guard self.elements.count == layout.atomCount else {
            throw TrajectoryError(
                .mismatch, path, "the file has \(layout.atomCount) atoms; \(self.elements.count) elements were given."
            )
        }
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
        structure.velocities = try vectors(layout.velocities, index, orientation, factors.velocities, "velocities")
        structure.forces = try vectors(layout.forces, index, orientation, factors.forces, "forces")
        structure.energy = try number(layout.potentialEnergy, index, "energy")
        structure.stress = try tensor(layout.stress, index, orientation)
        if let forces = layout.forcesDeviation, let energy = try number(layout.energyDeviation, index, "deviation") {
            structure.deviation = Structure.Deviation(
                energy: energy, forces: try numbers(forces, index, [layout.atomCount], "deviation"))
        }
        let step = try number(layout.step, index, "step") ?? Double(index)
        guard abs(step) < 0x1p53 else {
            throw TrajectoryError(.malformed, path, "frame \(index) claims to be of step \(step).")
        }
        let time = try number(layout.time < 0 ? nil : layout.time, index, "time") ?? 0
        var frame = Frame(structure: structure, step: Int(step), time: time / NetCDFTrajectory.picosecond)
        frame.kineticEnergy = try number(layout.kineticEnergy, index, "energy")
        frame.conservedEnergy = try number(layout.conservedEnergy, index, "energy")
        frame.temperature = try number(layout.temperature, index, "temperature")
        frame.totalStress = try tensor(layout.totalStress, index, orientation)
        return frame
    }

    /// How many frames from the start belong to steps up to and including `step`.
    func frameCount(throughStep step: Int) throws -> Int {
        guard layout.step != nil else {
            throw TrajectoryError(
                .mismatch, path, "the file does not say which steps its frames belong to, so it cannot be continued.")
        }
        for index in 0..<frameCount where try number(layout.step, index, "step")! > Double(step) { return index }
        return frameCount
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
        try file.read("atomic numbers") { nc_get_var_int(file.id, layout.atomTypes, &numbers) }
        return try numbers.map { number in
            guard let element = Element(atomicNumber: Int(number)) else {
                throw TrajectoryError(.malformed, file.path, "\(number) is not the atomic number of an element.")
            }
            return element
        }
    }

    /// What to multiply the numbers of a variable by: the convention's unit in ours, and its `scale_factor` if any.
    private static func factor(_ file: NetCDFFile, _ variable: Int32?, units: String, _ unit: Double) throws -> Double
    {
        guard let variable else { return unit }
        // ASE labels coordinates with the unit of its velocities.
        if let found = file.text("units", of: variable)?.lowercased(), found != units,
            !(units == "angstrom" && found == "angstrom/femtosecond")
        {
            throw TrajectoryError(.malformed, file.path, "the unit \(found) stands where \(units) is expected.")
        }
        return unit * (file.number("scale_factor", of: variable) ?? 1)
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
            guard vectors.determinant.isNormal else {
                throw TrajectoryError(.malformed, path, "the cell of frame \(index) has no volume.")
            }
            return Cell(vectors, periodic: (periodic[0] != 0, periodic[1] != 0, periodic[2] != 0))
        }
        guard let lengths = layout.cellLengths, let angles = layout.cellAngles else { return nil }
        let (l, a) = (try numbers(lengths, index, [3], "cell"), try numbers(angles, index, [3], "cell"))
        guard l.allSatisfy({ $0 > 0 }) else { return nil }
        let cosines = a.map { cos($0 * .pi / 180) }
        let sine = sin(a[2] * .pi / 180)
        let y = (cosines[0] - cosines[1] * cosines[2]) / sine
        let square = 1 - cosines[1] * cosines[1] - y * y
        guard square > 0 else {
            throw TrajectoryError(.malformed, path, "the cell angles \(a) of frame \(index) do not fit together.")
        }
        return Cell(
            a: SIMD3(l[0], 0, 0), b: SIMD3(cosines[2], sine, 0) * l[1],
            c: SIMD3(cosines[1], y, square.squareRoot()) * l[2])
    }
}
