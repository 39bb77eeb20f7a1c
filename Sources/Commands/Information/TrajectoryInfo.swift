import Atoms
import Foundation
import Trajectory

/// What `apus info` says about a trajectory.
struct TrajectoryInfo: Encodable {
    struct Variable: Encodable {
        var name: String
        var units: String?
        var shape: [Int]
    }

    struct Range: Encodable {
        var first: Double
        var last: Double
        var minimum: Double
        var maximum: Double
        var mean: Double
    }

    var kind = "trajectory"
    var file: String
    var bytes: Int
    var program: String?
    var title: String?
    var frames: Int
    var atoms: Int
    var formula: String
    var elements: [String]
    /// Of the first and the last frame.
    var steps: [Int]
    var timesPicoseconds: [Double]
    var isPeriodic: [Bool]?
    /// Lengths (Å) and angles (degrees) of the first frame.
    var cell: [Double]?
    /// The same numbers over all frames, where they vary; `cell` then is not that of all.
    var cellRanges: [Range]?
    var volumeCubicAngstrom: Range?
    /// Frames without a cell, where others have one.
    var framesWithoutCell: Int?
    var temperatureKelvin: Range?
    var potentialEnergyElectronvolt: Range?
    var conservedEnergyElectronvolt: Range?
    var variables: [Variable]

    init(of path: String) throws {
        let reader = try NetCDFTrajectoryReader(path)
        file = path
        bytes = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        program = reader.program
        title = reader.title
        frames = reader.frameCount
        atoms = reader.elements.count
        let bare = Structure(elements: reader.elements, positions: Array(repeating: .zero, count: atoms))
        formula = bare.formula
        elements = bare.composition.map(\.element.symbol)
        (steps, timesPicoseconds) = ([], [])
        var series: (temperature: [Double], potential: [Double], conserved: [Double]) = ([], [], [])
        var cells: [Cell] = []
        for index in 0..<frames {
            let frame = try reader.frame(at: index)
            if let cell = frame.structure.cell { cells.append(cell) }
            if index == 0 || index == frames - 1 {
                steps.append(frame.step)
                timesPicoseconds.append(frame.time * 1e-3)
            }
            if let value = frame.temperature { series.temperature.append(value) }
            if let value = frame.structure.energy { series.potential.append(value) }
            if let value = frame.conservedEnergy { series.conserved.append(value) }
        }
        func numbers(_ cell: Cell) -> [Double] {
            let (l, a) = cell.lengthsAndAngles
            return [l.x, l.y, l.z, a.x, a.y, a.z]
        }
        if let first = cells.first {
            cell = numbers(first)
            isPeriodic = (0..<3).map(first.repeats)
            if cells.contains(where: { $0 != first }) {
                let all = cells.map(numbers)
                cellRanges = (0..<6).compactMap { k in Range(all.map { $0[k] }) }
            }
            if cellRanges?.count == 6 { volumeCubicAngstrom = Range(cells.map(\.volume)) }
            if cells.count < frames { framesWithoutCell = frames - cells.count }
        }
        temperatureKelvin = Range(series.temperature)
        potentialEnergyElectronvolt = Range(series.potential)
        conservedEnergyElectronvolt = Range(series.conserved)
        variables = try reader.variables().map { Variable(name: $0.name, units: $0.units, shape: $0.shape) }
    }

    var lines: [String] {
        var rows: [[String]] = []
        if let title, !title.isEmpty { rows.append(["title", title]) }
        if let program { rows.append(["written by", program]) }
        rows.append(["frames", "\(frames)"])
        rows.append(["atoms", "\(atoms) (\(formula))"])
        if let first = steps.first, let last = steps.last { rows.append(["steps", "\(first)…\(last)"]) }
        if let first = timesPicoseconds.first, let last = timesPicoseconds.last {
            rows.append(["time", "\(Written.short(first, 8))…\(Written.short(last, 8)) ps"])
        }
        if let cell {
            let periodic = (isPeriodic ?? []).map { $0 ? "T" : "F" }.joined()
            func written(_ k: Int, _ digits: Int) -> String {
                guard let range = cellRanges?[k],
                    Written.fixed(range.minimum, digits) != Written.fixed(range.maximum, digits)
                else { return Written.fixed(cell[k], digits) }
                return "\(Written.fixed(range.minimum, digits))…\(Written.fixed(range.maximum, digits))"
            }
            rows.append([
                cellRanges == nil ? "cell" : "cells",
                (0..<3).map { written($0, 3) }.joined(separator: " × ") + " Å, "
                    + (3..<6).map { written($0, 2) + "°" }.joined(separator: " ")
                    + ", periodic \(periodic)"
                    + (framesWithoutCell.map { ", none in \(Written.count($0, "frame"))" } ?? ""),
            ])
        } else {
            rows.append(["cell", "none (open)"])
        }
        for (name, range, unit) in [
            ("volume", volumeCubicAngstrom, "Å³"), ("temperature", temperatureKelvin, "K"),
            ("potential energy", potentialEnergyElectronvolt, "eV"),
            ("conserved energy", conservedEnergyElectronvolt, "eV"),
        ] {
            guard let range else { continue }
            rows.append([
                name,
                "\(Written.fixed(range.minimum, 3))…\(Written.fixed(range.maximum, 3)) \(unit), mean \(Written.fixed(range.mean, 3))",
            ])
        }
        var table = [["variable", "units", "shape"]]
        for variable in variables {
            table.append([
                variable.name, variable.units ?? "", variable.shape.map(String.init).joined(separator: " × "),
            ])
        }
        return ["\(file): a trajectory (\(Written.bytes(bytes)))"] + Terminal.table(rows, leftAligned: [0, 1]) + [""]
            + Terminal.table(table, leftAligned: [0, 1, 2])
    }
}

extension TrajectoryInfo.Range {
    init?(_ values: [Double]) {
        guard let first = values.first, let last = values.last, values.allSatisfy(\.isFinite) else { return nil }
        self.init(
            first: first, last: last, minimum: values.min()!, maximum: values.max()!,
            mean: values.reduce(0, +) / Double(values.count))
    }
}
