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
        for index in 0..<frames {
            let frame = try reader.frame(at: index)
            if index == 0, let cell = frame.structure.cell {
                let (l, a) = cell.lengthsAndAngles
                self.cell = [l.x, l.y, l.z, a.x, a.y, a.z]
                isPeriodic = (0..<3).map(cell.repeats)
            }
            if index == 0 || index == frames - 1 {
                steps.append(frame.step)
                timesPicoseconds.append(frame.time * 1e-3)
            }
            if let value = frame.temperature { series.temperature.append(value) }
            if let value = frame.structure.energy { series.potential.append(value) }
            if let value = frame.conservedEnergy { series.conserved.append(value) }
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
            rows.append([
                "cell",
                cell[0..<3].map { Written.fixed($0, 3) }.joined(separator: " × ") + " Å, "
                    + cell[3..<6].map { Written.fixed($0, 2) + "°" }.joined(separator: " ")
                    + ", periodic \(periodic)",
            ])
        } else {
            rows.append(["cell", "none (open)"])
        }
        for (name, range, unit) in [
            ("temperature", temperatureKelvin, "K"), ("potential energy", potentialEnergyElectronvolt, "eV"),
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
