import Analysis
import Atoms
import Compute
import Foundation
import Trajectory

/// All that `apus analyze` gathers while frames go by.
struct TrajectoryAnalysis {
    private let file: String
    private let options: AnalyzeJob.Options
    private let parallelism: Parallelism
    private let elements: [Element]
    private let masses: [Double]
    /// Between frames, fs.
    private let interval: Double
    private var radial: RadialDistribution?
    private var displacements: TimeCorrelation?
    private var velocities: TimeCorrelation?
    private var angles: AngleDistribution?
    private var profile: DensityProfile?
    private var quantities: [(name: String, values: [Double])] = [
        ("temperature_kelvin", []), ("potential_energy_ev", []), ("kinetic_energy_ev", []), ("pressure_gpa", []),
        ("volume_a3", []),
    ]
    private var frames = 0
    private var lastTime = -Double.infinity
    private var unwrapped: [SIMD3<Double>] = []
    private var lastPositions: [SIMD3<Double>] = []
    /// The longest way of an atom between two frames, in heights of the cell.
    private var longestWay = 0.0
    /// e·Å; nil where no infrared spectrum is made.
    private var dipoles: [SIMD3<Double>]?

    init(
        _ reader: any FrameReader, _ beginning: [Frame], frames count: Int, parts: Set<AnalyzeJob.Part>,
        isWanted: (AnalyzeJob.Part) -> Bool, options: AnalyzeJob.Options, parallelism: Parallelism
    ) throws {
        file = reader.path
        self.options = options
        self.parallelism = parallelism
        elements = reader.elements
        let (first, second) = (beginning[0], beginning[1])
        masses = first.structure.masses ?? elements.map(\.mass)
        interval = second.time - first.time
        var steps = count - 1
        let isTimed = reader.hasTimes && interval > 0
        if isTimed, let longest = options.longestLag {
            steps = min(steps, Int((longest / interval).rounded()))
        } else {
            steps /= 2
        }
        func missing(_ part: AnalyzeJob.Part, _ what: String) throws {
            guard isWanted(part) else { return }
            throw CommandError("\(reader.path): --\(part.rawValue): expected \(what), found none in the trajectory")
        }
        if parts.contains(.rdf) || parts.contains(.density) {
            if let cell = first.structure.cell, cell.isFullyPeriodic {
                let distance = options.distance ?? min(10, 0.5 * cell.heights.min())
                if parts.contains(.rdf) {
                    radial = RadialDistribution(of: elements, cutoff: distance, bins: options.bins)
                }
                if parts.contains(.density) {
                    profile = DensityProfile(of: elements, axis: options.axis, bins: options.bins)
                }
            } else {
                try missing(.rdf, "a cell that repeats in all directions")
                try missing(.density, "a cell that repeats in all directions")
            }
        }
        if parts.contains(.msd) {
            if isTimed {
                displacements = TimeCorrelation(
                    .squareDisplacement, of: elements, frames: count, length: steps)
            } else {
                try missing(.msd, "times that grow (--interval says how far frames are apart)")
            }
        }
        if parts.contains(.vdos) {
            if isTimed, first.structure.velocities != nil {
                velocities = TimeCorrelation(.autocorrelation, of: elements, frames: count, length: steps)
            } else if !isTimed {
                try missing(.vdos, "times that grow (--interval says how far frames are apart)")
            } else {
                try missing(.vdos, "velocities (trajectory: {velocities: true} in the settings of apus md)")
            }
        }
        if parts.contains(.ir) {
            if isTimed, first.structure.properties[.dipole] != nil {
                dipoles = []
            } else {
                try missing(.ir, "dipoles (trajectory: {properties: [dipole]} in the settings of apus md)")
            }
        }
        if parts.contains(.angles) {
            let largest = elements.map(\.covalentRadius).max() ?? 1
            angles = AngleDistribution(of: elements, cutoff: options.neighborCutoff ?? 2.6 * largest)
        }
    }

    mutating func add(_ frame: Frame) throws {
        let structure = frame.structure
        if displacements != nil || velocities != nil || dipoles != nil, frames > 0,
            abs(frame.time - lastTime - interval) > 1e-3 * abs(interval)
        {
            throw CommandError(
                "\(file): expected frames \(Written.short(interval, 6)) fs apart, found \(Written.short(frame.time - lastTime, 6)) fs before frame \(frames + 1) of those that are read; use --first or --every to leave out what is uneven"
            )
        }
        lastTime = frame.time
        try radial?.add(structure, parallelism: parallelism)
        try angles?.add(structure, parallelism: parallelism)
        if structure.cell != nil { profile?.add(structure) }
        if displacements != nil { displacements!.add(drifted(follow(structure))) }
        if velocities != nil {
            guard let found = structure.velocities else {
                throw CommandError("\(file): expected velocities in every frame, found none in frame \(frames + 1)")
            }
            velocities!.add(drifted(found))
        }
        if dipoles != nil {
            guard let found = structure.properties[.dipole] else {
                throw CommandError("\(file): expected a dipole in every frame, found none in frame \(frames + 1)")
            }
            dipoles!.append(SIMD3(found[0], found[1], found[2]))
        }
        let values = [
            frame.temperature, structure.energy, frame.kineticEnergy, frame.pressure.map { $0 * Units.gigapascal },
            structure.cell?.volume,
        ]
        for (k, value) in values.enumerated() { if let value { quantities[k].values.append(value) } }
        frames += 1
    }

    /// Positions that follow atoms through the boundaries.
    private mutating func follow(_ structure: Structure) -> [SIMD3<Double>] {
        guard let cell = structure.cell else { return structure.positions }
        guard !lastPositions.isEmpty else {
            (unwrapped, lastPositions) = (structure.positions, structure.positions)
            return unwrapped
        }
        let inverse = cell.vectors.inverse
        for i in structure.positions.indices {
            let step = structure.positions[i] - lastPositions[i]
            let way = step * inverse
            var images = way.rounded(.toNearestOrEven)
            for axis in 0..<3 where !cell.repeats(along: axis) { images[axis] = 0 }
            for axis in 0..<3 where cell.repeats(along: axis) {
                longestWay = max(longestWay, abs(way[axis] - images[axis]))
            }
            unwrapped[i] += step - images * cell.vectors
        }
        lastPositions = structure.positions
        return unwrapped
    }

    private func drifted(_ vectors: [SIMD3<Double>]) -> [SIMD3<Double>] {
        guard options.removesDrift else { return vectors }
        let mean = zip(vectors, masses).reduce(SIMD3<Double>()) { $0 + $1.0 * $1.1 } / masses.reduce(0, +)
        return vectors.map { $0 - mean }
    }

    /// What is doubtful.
    var remarks: [String] {
        var remarks: [String] = []
        if longestWay > 0.4 {
            remarks.append(
                "an atom moves by \(Written.short(longestWay, 2)) of a cell vector between two frames; beyond a half its way is mistaken, so displacements may be too short"
            )
        }
        // The stretching of O–H lies at 3700 1/cm.
        if infrared != nil, elements.contains(where: { $0.atomicNumber == 1 }), interval > 4.3 {
            remarks.append(
                "frames \(Written.short(interval, 3)) fs apart show no vibrations above \(Written.short(500 / interval * 33.356, 4)) 1/cm: those of hydrogen appear at wrong places; write a frame every 4 fs"
            )
        }
        return remarks
    }

    private var infrared: InfraredSpectrum? {
        guard let dipoles else { return nil }
        let temperatures = quantities[0].values
        guard !temperatures.isEmpty else { return nil }
        return InfraredSpectrum(
            dipoles, interval: interval, temperature: temperatures.reduce(0, +) / Double(temperatures.count),
            length: options.longestLag ?? min(4000, 0.25 * Double(frames) * interval))
    }

    var report: AnalysisReport {
        var report = AnalysisReport(
            trajectory: file, frames: frames, atoms: elements.count, interval: interval * 1e-3)
        if let radial {
            report.shells = [:]
            for (k, pair) in radial.pairs.enumerated() {
                if let shell = radial.firstShell(k) {
                    report.shells!["\(pair.a)-\(pair.b)"] = AnalysisReport.Shell(
                        peak: shell.peak, minimum: shell.minimum, coordination: shell.coordination)
                }
            }
        }
        if let displacements {
            report.diffusion = [:]
            for element in displacements.kinds {
                guard let found = Diffusion(displacements, of: element, interval: interval) else { continue }
                // Å²/fs are 0.1 cm²/s.
                report.diffusion![element.symbol] = AnalysisReport.Diffusion(
                    coefficient: found.coefficient * 0.1, error: found.error.map { $0 * 0.1 },
                    from: found.from * 1e-3,
                    to: found.to * 1e-3)
            }
        }
        if let angles {
            report.meanAngles = [:]
            for element in angles.kinds { report.meanAngles![element.symbol] = angles.mean(element) }
        }
        report.infrared = infrared.map {
            AnalysisReport.Infrared(total: $0.total, resolution: $0.resolution, pieces: $0.pieces)
        }
        for quantity in quantities {
            if let statistics = SeriesStatistics(quantity.values) {
                report.averages[quantity.name] = AnalysisReport.Average(
                    mean: statistics.mean, error: statistics.error, standardDeviation: statistics.standardDeviation,
                    statisticalInefficiency: statistics.inefficiency, blockErrors: statistics.blockErrors)
            }
        }
        return report
    }

    /// Names of files with their text.
    var tables: [(String, String)] {
        func table(_ header: [String], _ columns: [[Double?]]) -> String {
            let rows = (0..<(columns.first?.count ?? 0)).map { row in
                columns.map { $0[row].map(\.description) ?? "" }.joined(separator: ",")
            }
            return ([header.joined(separator: ",")] + rows).joined(separator: "\n") + "\n"
        }
        var tables: [(String, String)] = []
        if let radial {
            var (header, columns): ([String], [[Double?]]) = (["r/Å"], [radial.distances])
            for (k, pair) in radial.pairs.enumerated() {
                header += ["g \(pair.a)-\(pair.b)", "n \(pair.a)-\(pair.b)"]
                columns += [radial.values(k), radial.coordination(k)]
            }
            tables.append(("rdf.csv", table(header, columns)))
        }
        if let displacements {
            let times = (0...displacements.length).map { Double($0) * interval * 1e-3 }
            tables.append(
                (
                    "msd.csv",
                    table(
                        ["t/ps"] + displacements.kinds.map { "msd \($0)/Å²" },
                        [times] + displacements.kinds.map(displacements.mean))
                ))
        }
        if let velocities {
            let times = (0...velocities.length).map { Double($0) * interval * 1e-3 }
            let means = velocities.kinds.map { velocities.mean($0).map { $0 ?? 0 } }
            tables.append(
                (
                    "vacf.csv", table(["t/ps"] + velocities.kinds.map { "vacf \($0)/(Å²/fs²)" }, [times] + means)
                ))
            let states = means.map { VibrationalDensity.states($0, interval: interval) }
            if let first = states.first, !first.isEmpty {
                tables.append(
                    (
                        "vdos.csv",
                        table(
                            ["f/THz"] + velocities.kinds.map { "states \($0)/(1/THz)" },
                            [first.map(\.frequency)] + states.map { $0.map { $0.density } })
                    ))
            }
        }
        if let infrared {
            tables.append(
                (
                    "infrared.csv",
                    table(
                        ["wavenumber/(1/cm)", "absorption/(km/mol*cm)", "error/(km/mol*cm)"],
                        [
                            infrared.points.map(\.wavenumber), infrared.points.map(\.absorption),
                            infrared.points.map { $0.error.isFinite ? $0.error : nil },
                        ])
                ))
        }
        if let angles {
            tables.append(
                (
                    "angles.csv",
                    table(
                        ["angle/°"] + angles.kinds.map { "at \($0)/(1/°)" },
                        [angles.angles] + angles.kinds.map(angles.values))
                ))
        }
        if let profile {
            tables.append(
                (
                    "density.csv",
                    table(
                        ["x/Å"] + profile.kinds.map { "\($0)/(1/Å³)" },
                        [profile.places] + profile.kinds.map(profile.values))
                ))
        }
        return tables
    }
}
