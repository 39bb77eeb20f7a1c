import Atoms
import Foundation

/// One number per frame that is worth watching, with its name, its unit and how it is printed.
public enum ThermoQuantity: String, CaseIterable, Sendable {
    case step
    case time
    case temperature
    case potentialEnergy
    case kineticEnergy
    case totalEnergy
    case conservedEnergy
    case drift
    case pressure
    case volume
    case largestForce
    case largestForceDeviation

    /// Those that every simulation has.
    public static var usual: [ThermoQuantity] { allCases.filter { $0 != .largestForceDeviation } }

    /// Name and unit, as in the header of a table.
    public var header: String {
        switch self {
        case .step: "step"
        case .time: "time/ps"
        case .temperature: "temperature/K"
        case .potentialEnergy: "potential_energy/eV"
        case .kineticEnergy: "kinetic_energy/eV"
        case .totalEnergy: "total_energy/eV"
        case .conservedEnergy: "conserved_energy/eV"
        case .drift: "drift/(eV/atom/ps)"
        case .pressure: "pressure/GPa"
        case .volume: "volume/A^3"
        case .largestForce: "largest_force/(eV/A)"
        case .largestForceDeviation: "largest_force_deviation/(eV/A)"
        }
    }

    /// The value in the unit of the header; `nil` when the frame does not have it.
    public func value(of frame: Frame) -> Double? {
        switch self {
        case .step: Double(frame.step)
        case .time: frame.time * 1e-3
        case .temperature: frame.temperature
        case .potentialEnergy: frame.structure.energy
        case .kineticEnergy: frame.kineticEnergy
        case .totalEnergy: frame.totalEnergy
        case .conservedEnergy: frame.conservedEnergy
        case .drift: frame.drift
        case .pressure: frame.pressure.map { $0 * Units.gigapascal }
        case .volume: frame.structure.cell.map(\.volume)
        case .largestForce:
            frame.structure.forces.map { forces in forces.reduce(0) { max($0, dot($1, $1)) }.squareRoot() }
        case .largestForceDeviation: frame.structure.deviation?.largestOfForces
        }
    }
}

/// The quantities of frames as a CSV file: a line of names with units, then a line per frame in full precision.
public final class ThermoTable: TrajectoryWriter {
    public let path: String
    public let quantities: [ThermoQuantity]
    private let handle: FileHandle

    /// - Throws: `TrajectoryError` when the file exists and `existing` is `.refuse`, when it has other columns than
    ///   those to be appended, or when it cannot be written.
    public init(
        _ path: String, quantities: [ThermoQuantity] = ThermoQuantity.usual, existing: ExistingFile = .refuse
    ) throws {
        self.path = path
        self.quantities = quantities
        let header = quantities.map(\.header).joined(separator: ",") + "\n"
        let exists = FileManager.default.fileExists(atPath: path)
        var text = header
        switch existing {
        case .refuse:
            guard !exists else {
                throw TrajectoryError(
                    .exists, path, "the file exists already. Choose another name, or say that it may be overwritten.")
            }
        case .overwrite: break
        case .append(let step):
            if exists {
                text = try Self.rows(
                    of: path, header: header, through: step, column: quantities.firstIndex(of: .step))
            }
        }
        do {
            let url = URL(fileURLWithPath: path)
            try Data(text.utf8).write(to: url, options: .atomic)
            handle = try FileHandle(forWritingTo: url)
            try handle.seekToEnd()
        } catch {
            throw TrajectoryError(.cannotWrite, path, "cannot write the table: \(error.localizedDescription).")
        }
    }

    public func append(_ frame: Frame) throws {
        let row = quantities.map { quantity in
            quantity == .step ? String(frame.step) : quantity.value(of: frame).map { "\($0)" } ?? ""
        }
        do {
            try handle.write(contentsOf: Data((row.joined(separator: ",") + "\n").utf8))
        } catch {
            throw TrajectoryError(
                .cannotWrite, path, "cannot write the row of step \(frame.step): \(error.localizedDescription).")
        }
    }

    public func close() throws { try? handle.close() }

    /// The text of an existing table up to the row of a step; a row that was cut off by a crash is left out.
    private static func rows(of path: String, header: String, through step: Int, column: Int?) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TrajectoryError(.cannotRead, path, "cannot read the table that is to be continued.")
        }
        let text = String(decoding: data, as: UTF8.self)
        guard text.hasPrefix(header), let column else {
            throw TrajectoryError(
                .mismatch, path, "the table has other columns than \(header.dropLast()), so it cannot be continued.")
        }
        var kept = header
        for row in text.dropFirst(header.count).split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let fields = row.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.indices.contains(column), let rowStep = Int(fields[column]) else {
                throw TrajectoryError(.malformed, path, "the row \"\(row)\" does not begin with a step.")
            }
            if rowStep <= step { kept += row + "\n" }
        }
        return kept
    }
}
