import Atoms
import Files
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
    case heatFluxX
    case heatFluxY
    case heatFluxZ

    /// Those that every simulation has.
    public static var usual: [ThermoQuantity] { ofCommittees.filter { $0 != .largestForceDeviation } }

    /// Those of a committee's simulations.
    public static var ofCommittees: [ThermoQuantity] { allCases.filter { !heatFlux.contains($0) } }

    private static let heatFlux: [ThermoQuantity] = [.heatFluxX, .heatFluxY, .heatFluxZ]

    /// What a thermal conductivity is made of.
    public static var conduction: [ThermoQuantity] { [.step, .time, .temperature, .volume] + heatFlux }

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
        case .heatFluxX: "heat_flux_x/(eV*A/fs)"
        case .heatFluxY: "heat_flux_y/(eV*A/fs)"
        case .heatFluxZ: "heat_flux_z/(eV*A/fs)"
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
        case .heatFluxX: frame.heatFlux?.x
        case .heatFluxY: frame.heatFlux?.y
        case .heatFluxZ: frame.heatFlux?.z
        }
    }
}

/// The quantities of frames as a CSV file: a line of names with units, then a line per frame in full precision.
public final class ThermoTable: TrajectoryWriter {
    public let path: String
    public let quantities: [ThermoQuantity]
    public private(set) var mark = FrameMark()
    private let file: AppendedFile

    /// - Throws: `TrajectoryError` when the file exists and `existing` is `.refuse`, when it has other columns than
    ///   those to be appended, or when it cannot be written.
    public init(
        _ path: String, quantities: [ThermoQuantity] = ThermoQuantity.usual, existing: ExistingFile = .refuse
    ) throws {
        self.path = path
        self.quantities = quantities
        var scan = FrameScan()
        if case .append(let step) = existing { scan = try Self.scan(path, quantities: quantities, through: step) }
        file = try .opening(path, existing, kept: scan.end)
        mark = scan.mark
        if scan.end == 0 { try TrajectoryError.translating(path) { try file.append(Self.header(quantities) + "\n") } }
    }

    public func append(_ frame: Frame) throws {
        let row = quantities.map { quantity in
            quantity == .step ? String(frame.step) : quantity.value(of: frame).map { "\($0)" } ?? ""
        }
        try TrajectoryError.translating(path, step: frame.step) {
            try file.append(row.joined(separator: ",") + "\n")
        }
        let energy = quantities.contains(.conservedEnergy) ? frame.conservedEnergy : nil
        mark = FrameMark(frames: mark.frames + 1, step: frame.step, conservedEnergy: energy)
    }

    public func synchronize() throws { try TrajectoryError.translating(path) { try file.synchronize() } }

    public func close() throws { try TrajectoryError.translating(path) { try file.close() } }

    private static func header(_ quantities: [ThermoQuantity]) -> String {
        quantities.map(\.header).joined(separator: ",")
    }

    /// What an existing table holds up to a step; nothing of one that is not there. A row that was cut off is left out.
    ///
    /// - Throws: `TrajectoryError` when it has other columns, or rows that are none.
    public static func scan(
        _ path: String, quantities: [ThermoQuantity] = ThermoQuantity.usual, through step: Int
    ) throws -> FrameScan {
        var scan = FrameScan()
        guard FileManager.default.fileExists(atPath: path) else { return scan }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TrajectoryError(.cannotRead, path, "cannot read the table that is to be continued.")
        }
        let header = header(quantities)
        guard data.starts(with: Data("\(header)\n".utf8)), let stepColumn = quantities.firstIndex(of: .step) else {
            throw TrajectoryError(
                .mismatch, path, "the table has other columns than \(header), so it cannot be continued.")
        }
        let energyColumn = quantities.firstIndex(of: .conservedEnergy)
        scan.end = header.utf8.count + 1
        while let length = data[scan.end...].firstIndex(of: UInt8(ascii: "\n")).map({ $0 - scan.end }) {
            let row = String(decoding: data[scan.end..<scan.end + length], as: UTF8.self)
            let fields = row.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count == quantities.count, let rowStep = Int(fields[stepColumn]) else {
                scan.problem = "the row \"\(row.prefix(80))\" is none of this table"
                break
            }
            guard rowStep <= step else { break }
            scan.end += length + 1
            scan.mark = FrameMark(
                frames: scan.mark.frames + 1, step: rowStep,
                conservedEnergy: energyColumn.flatMap { Double(fields[$0]) })
        }
        return scan
    }
}
