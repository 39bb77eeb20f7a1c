import Analysis
import Atoms
import Foundation
import Relaxation

/// `apus eos`: energy against volume.
public struct EquationOfStateJob {
    public struct Options: Sendable {
        /// Volumes go from 1 − range to 1 + range of that at the minimum.
        public var range = 0.06
        public var points = 11
        public var relaxes = true
        /// Whether the shape of the cell is relaxed too.
        public var relaxesShape = false
        public init() {}
    }

    let request: PropertyRequest
    let options: Options
    private var structure: String { request.structure }

    public init(_ request: PropertyRequest, options: Options) {
        self.request = request
        self.options = options
    }

    public func run() throws {
        let input = try PropertyInput(request)
        var center = input.structure.cell!.volume
        for _ in 0..<8 {
            let outcomes = try outcomes(of: input, around: center)
            let volumes = outcomes.map { $0.structure.cell!.volume }
            let energies = outcomes.map { $0.structure.energy! }
            let fit = EquationOfState(volumes: volumes, energies: energies)
            if let fit, abs(fit.volume / center - 1) < 0.15 * options.range {
                return try input.show(EquationOfStateReport(fit, outcomes, input))
            }
            // The minimum is elsewhere: there, or beyond the volume with the lowest energy.
            center = fit?.volume ?? volumes[energies.indices.min { energies[$0] < energies[$1] }!]
        }
        throw CommandError(
            "\(structure): expected a minimum of the energy within \(Written.short(100 * options.range, 3)) % of a volume, found none near \(Written.fixed(center / Double(input.structure.count), 2)) Å³ per atom; relax the structure first, or choose another --range"
        )
    }

    private func outcomes(of input: PropertyInput, around center: Double) throws -> [RelaxedStructure] {
        let base = input.structure
        var scan = VolumeScan(input: input)
        (scan.relaxes, scan.relaxesShape) = (options.relaxes, options.relaxesShape)
        return try scan.structures(
            from: base,
            at: (0..<options.points).map { k in
                center * (1 + options.range * (2 * Double(k) / Double(options.points - 1) - 1))
            })
    }
}

struct EquationOfStateReport: PropertyReport {
    struct Point: Encodable {
        var volume, energy, pressure, fitted: Double
        var converged: Bool

        private enum CodingKeys: String, CodingKey {
            case volume = "volume_a3_per_atom"
            case energy = "energy_ev_per_atom"
            case pressure = "pressure_gpa"
            case fitted = "fitted_energy_ev_per_atom"
            case converged
        }
    }

    var formula: String
    var volume, energy, bulkModulus, derivative, residual: Double
    var points: [Point]

    private enum CodingKeys: String, CodingKey {
        case formula
        case volume = "volume_a3_per_atom"
        case energy = "energy_ev_per_atom"
        case bulkModulus = "bulk_modulus_gpa"
        case derivative = "bulk_modulus_derivative"
        case residual = "residual_mev_per_atom"
        case points
    }

    init(_ fit: EquationOfState, _ outcomes: [RelaxedStructure], _ input: PropertyInput) {
        let atoms = Double(input.structure.count)
        formula = input.structure.formula
        volume = fit.volume / atoms
        energy = fit.energy / atoms
        bulkModulus = fit.bulkModulus * Units.gigapascal
        derivative = fit.derivative
        residual = 1000 * fit.residual / atoms
        points = outcomes.map { outcome in
            let found = outcome.structure
            return Point(
                volume: found.cell!.volume / atoms, energy: found.energy! / atoms,
                pressure: -(found.stress?.trace ?? .nan) / 3 * Units.gigapascal,
                fitted: fit.energy(at: found.cell!.volume) / atoms, converged: outcome.isConverged)
        }
    }

    var lines: [String] {
        var rows = [["volume", "energy", "fit", "pressure"], ["Å³/atom", "eV/atom", "meV/atom off", "GPa"]]
        for point in points {
            rows.append([
                Written.fixed(point.volume, 4), Written.fixed(point.energy, 6),
                Written.fixed(1000 * (point.energy - point.fitted), 3), Written.fixed(point.pressure, 3),
            ])
        }
        let results = [
            ["volume", Written.fixed(volume, 4), "Å³/atom"], ["energy", Written.fixed(energy, 6), "eV/atom"],
            ["bulk modulus", Written.fixed(bulkModulus, 2), "GPa"],
            ["its derivative", Written.fixed(derivative, 2), ""],
            ["residual", Written.fixed(residual, 4), "meV/atom"],
        ]
        return Terminal.table(rows, leftAligned: []) + ["", "Birch–Murnaghan, third order, \(formula)"]
            + Terminal.table(results, leftAligned: [0, 2])
    }
}
