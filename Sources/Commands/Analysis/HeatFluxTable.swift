import Foundation

/// A table of heat fluxes as `apus md` writes it (`heat_flux: {every: STEPS, file: NAME}`), read back.
struct HeatFluxTable {
    /// The flux times the volume, eV Å/fs.
    private(set) var fluxes: [SIMD3<Double>] = []
    /// Between rows, fs.
    private(set) var interval = 0.0
    /// Means over the rows, K and Å³.
    private(set) var temperature = 0.0
    private(set) var volume = 0.0

    private static let names = [
        "time/ps", "temperature/K", "volume/A^3", "heat_flux_x/(eV*A/fs)", "heat_flux_y/(eV*A/fs)",
        "heat_flux_z/(eV*A/fs)",
    ]

    /// - Parameter first: the first row that counts, from 1.
    /// - Throws: where the file is no such table, a number is missing, or rows are not evenly spaced.
    init(_ path: String, first: Int) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandError("\(path): the file cannot be read")
        }
        let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
        let header = lines.first?.split(separator: ",").map(String.init) ?? []
        let columns = Self.names.map { header.firstIndex(of: $0) }
        guard !columns.contains(nil) else {
            let missing = zip(Self.names, columns).filter { $1 == nil }.map(\.0)
            throw CommandError(
                "\(path): expected a table of heat fluxes (heat_flux: {every: 5, file: NAME} in the settings of apus md), found no column \(missing.joined(separator: ", "))"
            )
        }
        var times: [Double] = []
        for (number, line) in lines.enumerated().dropFirst(first) {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            let values = columns.map { $0! < fields.count ? Double(fields[$0!]) : nil }
            guard values.allSatisfy({ $0?.isFinite ?? false }) else {
                throw CommandError(
                    "\(path): line \(number + 1): expected numbers in all columns of heat fluxes, found '\(line.prefix(80))'; a crystal is needed, which has a volume"
                )
            }
            times.append(values[0]! * 1000)
            temperature += values[1]!
            volume += values[2]!
            fluxes.append(SIMD3(values[3]!, values[4]!, values[5]!))
        }
        guard times.count >= 100 else {
            throw CommandError("\(path): expected at least 100 rows from \(first) on, found \(times.count)")
        }
        interval = (times.last! - times[0]) / Double(times.count - 1)
        temperature /= Double(times.count)
        volume /= Double(times.count)
        for (k, time) in times.enumerated() where abs(time - times[0] - Double(k) * interval) > 0.01 * interval {
            throw CommandError(
                "\(path): expected rows \(Written.short(interval, 6)) fs apart, found another distance before row \(k + first)"
            )
        }
    }
}
