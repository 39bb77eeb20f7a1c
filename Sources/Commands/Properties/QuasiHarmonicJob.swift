import Analysis
import Atoms
import Compute
import Files
import Foundation
import Interactions
import Logging
import Relaxation

/// `apus qha`: thermal expansion and heat capacities of a crystal in the quasi-harmonic approximation.
public struct QuasiHarmonicJob {
    public struct Options: Sendable {
        public var phonons = PhononsJob.Options()
        /// Volumes go from 1 − `compression` to 1 + `expansion` of that at the minimum.
        public var compression = 0.04
        public var expansion = 0.08
        public var points = 9
        public var relaxesShape = false
        /// eV/Å³
        public var pressure = 0.0
        public var file: String?
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
        let existing: OutputFile.Existing = options.phonons.overwrite ? .replace : .refuse
        if let file = options.file {
            var plan = OutputPlan(inputs: [request.potential, structure])
            try plan.add(file, existing: existing, advice: "choose another name, or add --overwrite")
        }
        let input = try PropertyInput(request)
        let base = try input.relaxed(.full, fmax: 1e-5, pressure: options.pressure, named: structure).structure
        input.warn(ofWidth: base, options.phonons.supercell)
        let volume = base.cell!.volume
        let volumes = (0..<options.points).map { k -> Double in
            let fraction = Double(k) / Double(options.points - 1)
            return volume * (1 - options.compression + fraction * (options.compression + options.expansion))
        }
        var scan = VolumeScan(input: input)
        scan.relaxesShape = options.relaxesShape
        let outcomes = try scan.structures(from: base, at: volumes)
        let temperatures = options.phonons.temperatureGrid
        var status = StatusLine()
        var samples: [QuasiHarmonic.Sample] = []
        var (method, imaginary) = (HessianMethod.analytic, [String]())
        for (number, outcome) in outcomes.enumerated() {
            status.show("phonons at \(number + 1) of \(outcomes.count) volumes")
            let crystal = outcome.structure
            let constants = try PhononsJob.forceConstants(of: crystal, input, options.phonons) { _, _ in }
            method = constants.method
            let mesh = PhononMesh(
                of: Phonons(constants), size: options.phonons.meshSize(for: crystal.cell!),
                parallelism: request.parallelism)
            if mesh.imaginaryShare > 0 {
                imaginary.append(Written.fixed(crystal.cell!.volume / Double(crystal.count), 2))
            }
            samples.append(
                QuasiHarmonic.Sample(
                    volume: crystal.cell!.volume, energy: crystal.energy!,
                    vibrations: temperatures.map { HarmonicThermodynamics(of: mesh, temperature: $0) }))
        }
        if !imaginary.isEmpty {
            Logger(label: "apus").warning(
                "\(structure): at \(imaginary.joined(separator: ", ")) Å³ per atom some frequencies are imaginary and left out, so free energies there are not right"
            )
        }
        let found = QuasiHarmonic(samples, pressure: options.pressure)
        guard !found.points.isEmpty else {
            throw CommandError(
                "\(structure): expected a minimum of the free energy among the volumes, found none at \(Written.short(temperatures[0], 4)) K; choose others by --compress and --expand"
            )
        }
        if let temperature = found.leavesAt {
            Logger(label: "apus").warning(
                "\(structure): from \(Written.short(temperature, 6)) K on the volume is beyond those that were looked at; choose a larger --expand for more"
            )
        }
        let report = QuasiHarmonicReport(
            found, samples, base, method: method, pressure: options.pressure, supercell: options.phonons.supercell)
        if let file = options.file { try OutputFile.write(report.table, to: file, existing: existing) }
        try input.show(report)
        if let file = options.file, !request.json { Terminal.print("written to \(file)") }
    }
}

struct QuasiHarmonicReport: PropertyReport {
    struct Point: Encodable {
        var temperature, volume, gibbsEnergy, bulkModulus, expansion, entropy, capacityAtVolume,
            capacityAtPressure: Double
        var gruneisen: Double?
        var residual: Double

        private enum CodingKeys: String, CodingKey {
            case temperature = "temperature_kelvin"
            case volume = "volume_a3_per_atom"
            case gibbsEnergy = "gibbs_energy_ev_per_atom"
            case bulkModulus = "bulk_modulus_gpa"
            case expansion = "expansion_per_kelvin"
            case entropy = "entropy_j_per_k_mol"
            case capacityAtVolume = "heat_capacity_v_j_per_k_mol"
            case capacityAtPressure = "heat_capacity_p_j_per_k_mol"
            case gruneisen
            case residual = "residual_mev_per_atom"
        }
    }

    /// At a volume, for other programs.
    struct Sample: Encodable {
        var volume, energy: Double
        var freeEnergies, entropies, capacities: [Double]

        private enum CodingKeys: String, CodingKey {
            case volume = "volume_a3"
            case energy = "energy_ev"
            case freeEnergies = "free_energies_kj_per_mol"
            case entropies = "entropies_j_per_k_mol"
            case capacities = "heat_capacities_v_j_per_k_mol"
        }
    }

    var formula: String
    var supercell: [Int]
    var hessian: HessianMethod
    var pressure: Double
    var points: [Point]
    var samples: [Sample]
    private let atoms: Int

    private enum CodingKeys: String, CodingKey {
        case formula, supercell, hessian
        case pressure = "pressure_gpa"
        case points, samples
    }

    init(
        _ found: QuasiHarmonic, _ samples: [QuasiHarmonic.Sample], _ crystal: Structure, method: HessianMethod,
        pressure: Double, supercell: [Int]
    ) {
        let (atoms, mole) = (Double(crystal.count), PhononReport.Thermodynamics.mole)
        self.atoms = crystal.count
        formula = crystal.formula
        hessian = method
        self.supercell = supercell
        self.pressure = pressure * Units.gigapascal
        points = found.points.map { point in
            Point(
                temperature: point.temperature, volume: point.volume / atoms, gibbsEnergy: point.gibbsEnergy / atoms,
                bulkModulus: point.bulkModulus * Units.gigapascal, expansion: point.expansion,
                entropy: point.entropy * mole * 1000, capacityAtVolume: point.heatCapacityAtVolume * mole * 1000,
                capacityAtPressure: point.heatCapacityAtPressure * mole * 1000, gruneisen: point.gruneisen,
                residual: 1000 * point.residual / atoms)
        }
        self.samples = samples.map { sample in
            Sample(
                volume: sample.volume, energy: sample.energy,
                freeEnergies: sample.vibrations.map { $0.freeEnergy * mole },
                entropies: sample.vibrations.map { $0.entropy * mole * 1000 },
                capacities: sample.vibrations.map { $0.heatCapacity * mole * 1000 })
        }
    }

    var table: String {
        "temperature/K,volume/(Å³/atom),gibbs energy/(eV/atom),bulk modulus/GPa,expansion/(1/K),entropy/(J/K/mol),c_v/(J/K/mol),c_p/(J/K/mol),gruneisen\n"
            + points.map { point in
                let numbers = [
                    point.temperature, point.volume, point.gibbsEnergy, point.bulkModulus, point.expansion,
                    point.entropy, point.capacityAtVolume, point.capacityAtPressure,
                ]
                return (numbers.map(\.description) + [point.gruneisen?.description ?? ""]).joined(separator: ",")
                    + "\n"
            }.joined()
    }

    var lines: [String] {
        var rows = [
            ["T", "volume", "bulk modulus", "expansion", "c_v", "c_p", "Grüneisen"],
            ["K", "Å³/atom", "GPa", "10⁻⁶/K", "J/K/mol", "J/K/mol", ""],
        ]
        for point in points {
            rows.append([
                Written.short(point.temperature, 6), Written.fixed(point.volume, 4),
                Written.fixed(point.bulkModulus, 2), Written.fixed(1e6 * point.expansion, 3),
                Written.fixed(point.capacityAtVolume, 3), Written.fixed(point.capacityAtPressure, 3),
                point.gruneisen.map { Written.fixed($0, 3) } ?? "-",
            ])
        }
        return [
            "",
            "\(formula), quasi-harmonic at \(Written.short(pressure, 4)) GPa: \(Written.count(samples.count, "volume")), phonons of supercells \(supercell.map(String.init).joined(separator: " × ")) (\(hessian == .analytic ? "analytic second derivatives" : "differences of forces"))",
            "expansion of the volume, a third of it along a cubic axis; a mole is one of \(formula)", "",
        ] + Terminal.table(rows, leftAligned: [])
    }
}
