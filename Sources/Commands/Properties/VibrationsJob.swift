import Analysis
import Atoms
import Interactions
import Logging
import Potentials
import Relaxation

/// `apus vibrations`: harmonic vibrations of a molecule.
public struct VibrationsJob {
    public struct Options: Sendable {
        /// The potential's own derivatives unless it has none, if not given.
        public var hessian: HessianMethod?
        public var relaxes = false
        public init() {}
    }

    let request: PropertyRequest
    let options: Options

    public init(_ request: PropertyRequest, options: Options) {
        self.request = request
        self.options = options
    }

    /// Columns take this many numbers squared.
    private static let largest = 2000

    public func run() throws {
        let input = try PropertyInput(request, needsCrystal: false)
        let file = request.structure
        var molecule = input.structure
        guard molecule.count <= Self.largest else {
            throw CommandError(
                "\(file): expected at most \(Self.largest) atoms, found \(molecule.count); for crystals there is apus phonons"
            )
        }
        if options.relaxes { molecule = try input.relaxed(.fixed, fmax: 1e-5, named: file).structure }
        let force = try input.evaluator.evaluate([molecule])[0].forces.map(norm).max() ?? 0
        if force > 0.01 {
            Logger(label: "apus").warning(
                "\(file): a force of \(Written.short(force, 3)) eV/Å acts on an atom, so this is no place to vibrate about; add --relax"
            )
        }
        let columns = (0..<3 * molecule.count).map { k in
            var column = [SIMD3<Double>](repeating: .zero, count: molecule.count)
            column[k / 3][k % 3] = 1
            return column
        }
        var status = StatusLine()
        do {
            let found = try input.evaluator.hessian(of: molecule, times: columns, method: options.hessian) { done in
                status.show("\(done) of \(columns.count) columns")
            }
            let vibrations = MolecularVibrations(of: molecule, columns: found.products)
            let report = VibrationsReport(vibrations, molecule, found.method)
            if let lowest = report.wavenumbers.first, lowest < 0 {
                Logger(label: "apus").warning(
                    "\(file): \(Written.count(report.wavenumbers.count { $0 < 0 }, "frequency is", "frequencies are")) imaginary, down to \(Written.fixed(lowest, 1)) cm⁻¹; they are left out of the zero-point energy"
                )
            }
            try input.show(report)
        } catch let error as InteractionError {
            throw CommandError("\(file): \(error.message)")
        }
    }
}

struct VibrationsReport: PropertyReport {
    var formula: String
    var hessian: HessianMethod
    var rigidMotions: Int
    /// Imaginary ones negative.
    var wavenumbers, frequencies: [Double]
    var zeroPointEnergy: Double
    /// `[mode][atom][3]`, of unit length.
    var modes: [[[Double]]]
    var asymmetry, sumRuleViolation: Double

    private enum CodingKeys: String, CodingKey {
        case formula, hessian, rigidMotions
        case wavenumbers = "wavenumbers_per_cm"
        case frequencies = "frequencies_thz"
        case zeroPointEnergy = "zero_point_energy_ev"
        case modes
        case asymmetry = "asymmetry_ev_per_a2"
        case sumRuleViolation = "acoustic_sum_rule_ev_per_a2"
    }

    init(_ vibrations: MolecularVibrations, _ molecule: Structure, _ method: HessianMethod) {
        formula = molecule.formula
        hessian = method
        rigidMotions = vibrations.rigidMotions
        frequencies = vibrations.modes.map(\.frequency)
        wavenumbers = frequencies.map { $0 * MolecularVibrations.wavenumber }
        zeroPointEnergy = vibrations.zeroPointEnergy
        modes = vibrations.modes.map { $0.displacements.map { [$0.x, $0.y, $0.z] } }
        (asymmetry, sumRuleViolation) = (vibrations.asymmetry, vibrations.sumRuleViolation)
    }

    var lines: [String] {
        var rows = [["mode", "cm⁻¹", "THz", "meV"]]
        for (k, frequency) in frequencies.enumerated() {
            rows.append([
                "\(k + 1)", Written.fixed(wavenumbers[k], 2), Written.fixed(frequency, 4),
                Written.fixed(1000 * MolecularVibrations.planck * frequency, 3),
            ])
        }
        return [
            "",
            "\(formula), \(hessian == .analytic ? "analytic second derivatives" : "differences of forces"), \(rigidMotions) motions of the whole taken out",
            "|H − Hᵀ| up to \(Written.scientific(asymmetry)) eV/Å², sums up to \(Written.scientific(sumRuleViolation)) eV/Å²",
            "",
        ] + Terminal.table(rows, leftAligned: []) + [
            "",
            "zero-point energy \(Written.fixed(zeroPointEnergy, 5)) eV; no intensities: they need charges that move",
        ]
    }
}
