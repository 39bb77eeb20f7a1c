import Analysis
import Files
import Foundation

/// `apus analyze --green-kubo`: a thermal conductivity from heat fluxes.
public struct GreenKuboJob {
    public struct Options: Sendable {
        /// Of the integral, fs; a tenth of the shortest run unless given.
        public var longestLag: Double?
        /// THz
        public var highestFrequency: Double?
        /// From 1.
        public var first = 1
        public var overwrite = false
        public var json = false
        public init() {}
    }

    let files: [String]
    let folder: String
    let options: Options

    /// - Parameter files: tables of runs of one system.
    public init(files: [String], folder: String, options: Options) {
        self.files = files
        self.folder = folder
        self.options = options
    }

    private enum Name: String, CaseIterable {
        case integral = "conductivity.csv"
        case spectrum = "heat_flux_spectrum.csv"
        case report = "green_kubo.json"
    }

    private func path(_ name: Name) -> String { (folder as NSString).appendingPathComponent(name.rawValue) }

    public func run() throws {
        let existing: OutputFile.Existing = options.overwrite ? .replace : .refuse
        var plan = OutputPlan(inputs: files)
        for name in Name.allCases {
            try plan.add(path(name), existing: existing, advice: "choose another folder, or add --overwrite")
        }
        let tables = try files.map { try HeatFluxTable($0, first: options.first) }
        let first = tables[0]
        for (file, table) in zip(files, tables).dropFirst() {
            guard abs(table.interval - first.interval) < 1e-3 * first.interval,
                abs(table.volume - first.volume) < 0.05 * first.volume
            else {
                throw CommandError(
                    "\(file): expected the system of \(files[0]), rows \(Written.short(first.interval, 6)) fs apart and \(Written.short(first.volume, 6)) Å³, found \(Written.short(table.interval, 6)) fs and \(Written.short(table.volume, 6)) Å³"
                )
            }
        }
        let count = Double(tables.count)
        let temperature = tables.reduce(0) { $0 + $1.temperature } / count
        let volume = tables.reduce(0) { $0 + $1.volume } / count
        let shortest = tables.map(\.fluxes.count).min()!
        guard
            let found = GreenKubo(
                tables.map(\.fluxes), interval: first.interval, volume: volume, temperature: temperature,
                longest: options.longestLag ?? 0.1 * Double(shortest) * first.interval,
                highest: options.highestFrequency)
        else {
            throw CommandError(
                "\(files[0]): expected fluxes at a temperature above 0 K, found none that differ from 0")
        }
        let report = GreenKuboReport(
            found, files: files, rows: tables.map(\.fluxes.count), interval: first.interval, temperature: temperature,
            volume: volume)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try OutputFile.write(
            "time/ps,correlation/(eV^2*A^2/fs^2),conductivity/(W/m/K),error/(W/m/K)\n"
                + found.integral.map {
                    "\($0.time * 1e-3),\($0.correlation),\($0.conductivity),\($0.error)\n"
                }.joined(), to: path(.integral), existing: existing)
        try OutputFile.write(
            "frequency/THz,periodogram/(W/m/K),smooth/(W/m/K)\n"
                + found.spectrum.map { "\($0.frequency),\($0.periodogram),\($0.smooth)\n" }.joined(),
            to: path(.spectrum), existing: existing)
        try OutputFile.write(try JSONOutput.text(report) + "\n", to: path(.report), existing: existing)
        if options.json { return try JSONOutput.print(report) }
        for line in report.lines { Terminal.print(line) }
        Terminal.print("written to \(folder)")
    }
}

struct GreenKuboReport: Encodable {
    var files: [String]
    var rows: [Int]
    /// fs
    var interval, temperature, volume: Double
    var conductivity, error: Double
    var cepstralCoefficients: Int
    var integral, integralError, integralTime: Double

    private enum CodingKeys: String, CodingKey {
        case files, rows
        case interval = "interval_fs"
        case temperature = "temperature_kelvin"
        case volume = "volume_a3"
        case conductivity = "conductivity_w_per_m_k"
        case error = "error_w_per_m_k"
        case cepstralCoefficients
        case integral = "integral_w_per_m_k"
        case integralError = "integral_error_w_per_m_k"
        case integralTime = "integral_time_ps"
    }

    init(
        _ found: GreenKubo, files: [String], rows: [Int], interval: Double, temperature: Double, volume: Double
    ) {
        (self.files, self.rows) = (files, rows)
        (self.interval, self.temperature, self.volume) = (interval, temperature, volume)
        (conductivity, error, cepstralCoefficients) = (found.conductivity, found.error, found.coefficients)
        let last = found.integral.last!
        (integral, integralError, integralTime) = (last.conductivity, last.error, last.time * 1e-3)
    }

    var lines: [String] {
        [
            "\(Written.count(rows.reduce(0, +), "flux", "fluxes")) of \(Written.count(files.count, "run")), \(Written.short(interval, 4)) fs apart, at \(Written.fixed(temperature, 1)) K",
            "thermal conductivity \(Written.short(conductivity, 4)) ± \(Written.short(error, 2)) W/(m K) from the spectrum (\(Written.count(cepstralCoefficients, "cepstral coefficient")))",
            "                     \(Written.short(integral, 4)) ± \(Written.short(integralError, 2)) W/(m K) from the integral up to \(Written.short(integralTime, 4)) ps",
        ]
    }
}
