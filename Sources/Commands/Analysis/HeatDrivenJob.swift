import Analysis
import Atoms
import Foundation

/// `apus analyze --driven`: a thermal conductivity from heat fluxes of a run that heat was driven through.
///
///     κ = ⟨J·F⟩ / (T V F²)    (Evans 1982), with the error of the mean from its statistical inefficiency
public struct HeatDrivenJob {
    let files: [String]
    /// 1/Å
    let field: SIMD3<Double>
    let first: Int
    let json: Bool

    public init(files: [String], field: SIMD3<Double>, first: Int, json: Bool) {
        (self.files, self.field, self.first, self.json) = (files, field, first, json)
    }

    private struct Report: Encodable {
        var files: [String]
        var fieldPerA: [Double]
        var temperatureKelvin, conductivity, error, statisticalInefficiency: Double

        private enum CodingKeys: String, CodingKey {
            case files, fieldPerA, temperatureKelvin
            case conductivity = "conductivity_w_per_m_k"
            case error = "error_w_per_m_k"
            case statisticalInefficiency
        }
    }

    public func run() throws {
        let tables = try files.map { try HeatFluxTable($0, first: first) }
        let square = dot(field, field)
        let found = tables.compactMap { table -> (mean: Double, error: Double, inefficiency: Double)? in
            let factor = GreenKubo.watt / (table.temperature * table.volume * square)
            guard let statistics = SeriesStatistics(table.fluxes.map { factor * dot($0, field) }) else { return nil }
            return (statistics.mean, statistics.error, statistics.inefficiency)
        }
        let count = Double(tables.count)
        let squares = found.reduce(0) { $0 + $1.error * $1.error }
        let report = Report(
            files: files, fieldPerA: [field.x, field.y, field.z],
            temperatureKelvin: tables.reduce(0) { $0 + $1.temperature } / count,
            conductivity: found.reduce(0) { $0 + $1.mean } / count, error: squares.squareRoot() / count,
            statisticalInefficiency: found.reduce(0) { max($0, $1.inefficiency) })
        if json { return try JSONOutput.print(report) }
        Terminal.print(
            "thermal conductivity \(Written.short(report.conductivity, 4)) ± \(Written.short(report.error, 2)) W/(m K) at \(Written.fixed(report.temperatureKelvin, 1)) K, driven by \(Written.short(square.squareRoot(), 3)) 1/Å; compare with half of that"
        )
    }
}
