import Atoms
import Dynamics
import Foundation
import Models
import Potentials
import Settings
import Trajectory

/// The configuration of `apus md`; Documentation/molecular-dynamics.md describes every key.
struct MDSettings {
    /// Where the first velocities come from.
    enum Velocities {
        case structure
        case zero
        /// Maxwell and Boltzmann's; `isExact`: scaled to this temperature.
        case random(Temperature, isExact: Bool)
    }

    enum VelocitySource: String, CaseIterable { case random, structure, zero }

    struct Stream {
        var every: Int
        var file: String
    }

    /// What a potential predicts beside energies and forces.
    enum PropertyChoice: Equatable {
        case none, all
        case named([Property])
    }

    struct TrajectoryStream {
        enum Format: String, CaseIterable { case netcdf, xyz, dcd, lammps }

        var stream: Stream
        var format: Format
        var velocities: Bool
        var forces: Bool
        var properties: PropertyChoice
        var precision: NetCDFTrajectory.Precision
        var isCompressed: Bool
        var isWrapped: Bool
        /// A PDB file with the names that netCDF does not hold.
        var topology: String?
    }

    /// As they were read, defaults included, for the checkpoint and for what has changed since.
    let source: Settings
    var potential: MDPotential.Source
    var precision: Potential.Precision?
    var start: StartingStructure
    var ensemble: any EnsembleKind
    /// `nil`: those of the structure if it has any, else drawn at `startTemperature`.
    var velocitySource: VelocitySource?
    var startTemperature: Temperature?
    var isStartExact: Bool
    var removesRotation: Bool
    var constraints: ConstraintSettings
    var biases: BiasSettings
    var timestep: Time
    var steps: Int
    /// s, of the whole command; then the run ends with a checkpoint.
    var maxTime: Double?
    var seed: UInt64
    var skin: Double
    /// The shortest allowed distance in units of the shortest in the training data; 0 switches the guard off.
    var minimumDistance: Double
    var highestTemperature: Temperature
    /// eV/Å, of a committee.
    var largestForceDeviation: Double?
    /// What a committee's run sets aside.
    var candidates: (stream: Stream, selection: CandidateFile.Selection)?
    /// Steps between two rows on the terminal.
    var reportEvery: Int
    var thermo: Stream?
    /// The table of the heat flux.
    var heatFlux: Stream?
    /// What drives heat through the structure, 1/Å.
    var heatDriving: SIMD3<Double>?
    var trajectory: TrajectoryStream?
    /// The state that `--resume` goes on from, also written at the end.
    var checkpoint: Stream?
    /// Quantum nuclei.
    var pathIntegral: PathIntegralKeys?
    /// Keys that are given and do nothing beside the others.
    var withoutEffect: [String] = []
    /// Keys of random velocities that are given, and where.
    var keysOfRandomVelocities: [SettingsPlace]
}

extension MDSettings {
    /// Longest timestep that is not a typing error, in fs.
    private static let timesteps = Double.leastNonzeroMagnitude...1000

    init(_ settings: Settings) throws {
        source = settings
        potential = try MDPotential.Source(settings)
        let precisionValue = settings.optional("precision")
        precision = try precisionValue?.choice(of: Potential.Precision.self)
        if case .classical = potential, precision == .float32 {
            throw precisionValue!.error("expected float64: classical interactions have no other precision")
        }
        start = StartingStructure(
            file: try settings.file("structure"), frame: try Self.frame(settings),
            supercell: try Self.supercell(settings))
        timestep = .femtoseconds(try settings.quantity("timestep", .time, in: Self.timesteps))
        steps = try settings.integer("steps", in: 0...1_000_000_000_000)
        maxTime = try settings.optional("max_time")?.quantity(.duration, in: .positive)
        seed = UInt64(try settings.integer("seed", in: .nonNegative, default: 0))
        skin = try settings.quantity("skin", .length, in: 0...10, default: 0.5)

        ensemble = try Ensembles.read(
            EnsembleSettings(
                settings.section("ensemble"), ramp: try settings.optionalSection("ramp"), steps: steps))
        withoutEffect = ensemble.unusedKeys.map { "ensemble.\($0)" }
        let velocities = try settings.sectionOrEmpty("velocities")
        velocitySource = try velocities.optional("from")?.choice(of: VelocitySource.self)
        startTemperature =
            try velocities.optional("temperature").map {
                .kelvin(try $0.quantity(.temperature, in: .nonNegative))
            } ?? ensemble.temperature
        isStartExact = try velocities.boolean("exact", default: false)
        keysOfRandomVelocities = ["temperature", "exact"].compactMap { velocities.optional($0)?.place }
        if velocitySource == .zero, let place = keysOfRandomVelocities.first {
            throw place.error("has no effect with velocities.from: zero; expected one of the two")
        }
        // Said by name, it lets a run go on from another's last frame with the same configuration.
        if velocitySource == .structure {
            withoutEffect += ["temperature", "exact"].filter { velocities.optional($0) != nil }.map {
                "velocities.\($0)"
            }
        }
        removesRotation = try settings.boolean("remove_rotation", default: false)
        constraints = try ConstraintSettings(settings)
        biases = try BiasSettings(settings)

        let guards = try settings.sectionOrEmpty("guards")
        minimumDistance = try Self.minimumDistance(guards)
        highestTemperature = .kelvin(
            try guards.quantity("highest_temperature", .temperature, in: .positive, default: 20_000))
        largestForceDeviation = try guards.optional("force_deviation")?.quantity(.force, in: .positive)
        candidates = try settings.optionalSection("candidates").map(Self.candidates)
        let report = try settings.optional("report_every")?.integer(in: .positive)
        reportEvery = report ?? Self.niceInterval(for: steps)

        thermo = try settings.optionalSection("thermo").map(Self.stream)
        heatFlux = try settings.optionalSection("heat_flux").map(Self.stream)
        heatDriving = try settings.optional("heat_driving").map { value in
            let numbers = try value.oneOrMore().map { try $0.double(in: -1...1) }
            guard numbers.count == 3 else {
                throw value.error("expected three numbers in 1/Å, such as [0, 0, 1e-4], found \(numbers.count)")
            }
            return SIMD3(numbers[0], numbers[1], numbers[2])
        }
        trajectory = try settings.optionalSection("trajectory").map(Self.trajectory)
        checkpoint = try Self.checkpoint(
            settings, beside: trajectory?.stream.file ?? thermo?.file ?? heatFlux?.file, every: reportEvery)
        pathIntegral = try settings.optionalSection("path_integral").map(PathIntegralKeys.init)
        try checkWhatGoesTogether(settings)
        try settings.finish()
    }

    private static func frame(_ settings: Settings) throws -> Int {
        guard let value = settings.optional("frame") else { return 1 }
        // Far more than any file holds, and safe to count with.
        let frame = try value.integer(in: -1_000_000_000_000...1_000_000_000_000)
        guard frame != 0 else { throw value.error("expected 1 for the first frame, or −1 for the last, found 0") }
        return frame
    }

    private static func supercell(_ settings: Settings) throws -> [Int] {
        guard let value = settings.optional("supercell") else { return [1, 1, 1] }
        let copies = try value.oneOrMore().map { try $0.integer(in: 1...10_000) }
        guard copies.count == 1 || copies.count == 3 else {
            throw value.error("expected one number of copies or three, found \(copies.count)")
        }
        return copies.count == 1 ? Array(repeating: copies[0], count: 3) : copies
    }

    /// `true`, `false` or a factor.
    private static func minimumDistance(_ guards: Settings) throws -> Double {
        guard let value = guards.optional("minimum_distance") else { return 1 }
        if let isOn = try? value.boolean() { return isOn ? 1 : 0 }
        guard let factor = try? value.double(in: 0...1) else {
            throw value.error(
                "expected true, false or a factor of 0…1 on the shortest distances of the training data")
        }
        return factor
    }

    private static func stream(_ settings: Settings) throws -> Stream {
        Stream(every: try settings.integer("every", in: .positive), file: try settings.file("file"))
    }

    private static func candidates(_ settings: Settings) throws -> (
        stream: Stream, selection: CandidateFile.Selection
    ) {
        let above = try settings.quantity("above", .force, in: .positive)
        let below = try settings.optional("below")?.quantity(.force, in: .positive) ?? .infinity
        guard below > above else {
            throw try settings.value("below").error("expected more than above (\(above) eV/Å), found \(below) eV/Å")
        }
        return (
            Stream(
                every: try settings.integer("every", in: .positive, default: 10), file: try settings.file("file")),
            CandidateFile.Selection(
                bounds: above...below, largestCount: try settings.integer("max", in: .positive, default: 200))
        )
    }

    /// `true`, `false` or a section; by default there is one wherever there are files to be continued.
    private static func checkpoint(
        _ settings: Settings, beside file: String?, every interval: Int
    ) throws -> Stream? {
        let ownName = file.map { ($0 as NSString).deletingPathExtension + ".checkpoint" }
        guard let value = settings.optional("checkpoint") else {
            return ownName.map { Stream(every: interval, file: $0) }
        }
        if let isOn = try? value.boolean() {
            guard isOn else { return nil }
            guard let ownName else {
                throw value.error("expected {every: STEPS, file: NAME}, because no trajectory gives it a name")
            }
            return Stream(every: interval, file: ownName)
        }
        let section = try value.section()
        guard let file = try section.optional("file")?.file() ?? ownName else {
            throw value.error("expected a file, because no trajectory gives it a name")
        }
        return Stream(every: try section.integer("every", in: .positive, default: interval), file: file)
    }

    private static func trajectory(_ settings: Settings) throws -> TrajectoryStream {
        let stream = try stream(settings)
        let format =
            try settings.optional("format")?.choice(of: TrajectoryStream.Format.self)
            ?? Self.format(of: stream.file, settings)
        settings.note("format", standsFor: format.rawValue)
        let stem = (stream.file as NSString).deletingPathExtension
        let precision = try settings.choice("precision", ["single", "double"], default: "single")
        if format != .netcdf, let value = settings.optional("precision") {
            throw value.error(
                format == .dcd
                    ? "has no effect: DCD is written in single precision; expected a netCDF trajectory"
                    : "has no effect: text is written in full precision; expected a netCDF trajectory")
        }
        let compression = try settings.choice("compression", ["none", "deflate"], default: "none")
        if format != .netcdf, let value = settings.optional("compression"), compression != "none" {
            throw value.error("has no effect: only netCDF trajectories are compressed; expected none")
        }
        var topology: String? = format == .netcdf || format == .dcd ? stem + ".pdb" : nil
        if let value = settings.optional("topology") {
            let isSwitch = try? value.boolean()
            topology = isSwitch == false ? nil : isSwitch == true ? stem + ".pdb" : try value.file()
        }
        settings.note("topology", standsFor: "\(topology != nil)")
        return TrajectoryStream(
            stream: stream, format: format,
            velocities: try Self.content("velocities", settings, format, default: format != .dcd),
            forces: try Self.content("forces", settings, format, default: false),
            properties: try Self.properties(settings, format),
            precision: precision == "double" ? .double : .single, isCompressed: compression == "deflate",
            isWrapped: try settings.boolean("wrap", default: false), topology: topology)
    }

    /// Whether frames carry it.
    private static func content(
        _ key: String, _ settings: Settings, _ format: TrajectoryStream.Format, default absent: Bool
    ) throws -> Bool {
        let isThere = try settings.boolean(key, default: absent)
        guard isThere, format == .dcd else { return isThere }
        throw try settings.value(key).error("expected false, because DCD holds positions alone")
    }

    /// `true`, `false`, a name or a list of names.
    private static func properties(
        _ settings: Settings, _ format: TrajectoryStream.Format
    ) throws -> PropertyChoice {
        guard let value = settings.optional("properties") else { return .none }
        let choice: PropertyChoice
        if let isSwitch = try? value.boolean() {
            choice = isSwitch ? .all : .none
        } else {
            let names = Property.others.map(\.name)
            choice = .named(try value.oneOrMore().map { Property(named: try $0.choice(names))! })
        }
        guard choice == .none || format == .netcdf || format == .xyz else {
            throw value.error("expected false, because \(format.rawValue) holds no properties; netcdf and xyz do")
        }
        return choice
    }

    private static func format(of file: String, _ settings: Settings) throws -> TrajectoryStream.Format {
        switch (file as NSString).pathExtension.lowercased() {
        case "nc", "ncdf", "netcdf": return .netcdf
        case "xyz", "extxyz": return .xyz
        case "dcd": return .dcd
        case "lammpstrj", "dump": return .lammps
        default:
            throw try settings.value("file").error(
                "expected a name that ends in .nc, .xyz, .dcd or .lammpstrj, found '\(file)'; or add format: netcdf, xyz, dcd or lammps"
            )
        }
    }

    /// Steps between rows so that there are about twenty: 1, 2 or 5 times a power of ten.
    private static func niceInterval(for steps: Int) -> Int {
        let wanted = max(1, steps / 20)
        var unit = 1
        while unit * 10 <= wanted { unit *= 10 }
        return [1, 2, 5, 10].map { $0 * unit }.first { $0 >= wanted } ?? wanted
    }
}
