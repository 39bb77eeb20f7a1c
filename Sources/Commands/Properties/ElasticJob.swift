import Analysis
import Atoms
import Compute
import Foundation
import Interactions
import Logging
import Potentials
import Relaxation
import Symmetry

/// `apus elastic`: the elastic constants of a crystal.
public struct ElasticJob {
    public struct Options: Sendable {
        /// Of a Voigt component of the strain.
        public var strain = 0.01
        /// Whether atoms and cell are relaxed before.
        public var relaxes = true
        /// Å
        public var symmetryTolerance = 1e-3
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
        var crystal = input.structure
        if options.relaxes { crystal = try input.relaxed(.full, fmax: 1e-5, named: structure).structure }
        var status = StatusLine()
        let constants = try ElasticConstants(of: crystal, by: input.evaluator, size: options.strain) { progress in
            status.show(
                "\(progress.finished) of 24 strains done, largest force \(Written.short(progress.largestForce, 3)) eV/Å"
            )
        }
        for failure in constants.failures { Logger(label: "apus").warning("\(structure): \(failure)") }
        let group = input.spaceGroup(of: crystal, tolerance: options.symmetryTolerance)
        let report = ElasticReport(constants, crystal, group: group)
        if report.stress.largestGPa > 0.1 {
            Logger(label: "apus").warning(
                "\(structure): the stress is \(Written.short(report.stress.largestGPa, 3)) GPa, so these are coefficients of stress and strain at that stress"
            )
        }
        try input.show(report)
    }
}

/// In GPa, Voigt's order xx yy zz yz xz xy.
struct ElasticReport: PropertyReport {
    struct Stress: Encodable {
        var voigt: [Double]
        var largestGPa: Double { voigt.reduce(0) { max($0, abs($1)) } }
        func encode(to encoder: any Encoder) throws { try voigt.encode(to: encoder) }
    }

    var formula: String
    var spaceGroup: String?
    var cell: [[Double]]
    var c: [[Double]]
    var clamped: [[Double]]
    /// The largest |C_ij − C_ji|, and the largest change by the average over the point group.
    var asymmetry: Double
    var symmetryResidual: Double?
    var extrapolation: Double
    var stress: Stress
    var eigenvalues: [Double]
    var stable: Bool
    var moduli: [String: Double]

    private enum CodingKeys: String, CodingKey {
        case formula, spaceGroup, cell
        case c = "c_gpa"
        case clamped = "c_clamped_gpa"
        case asymmetry = "asymmetry_gpa"
        case symmetryResidual = "symmetry_residual_gpa"
        case extrapolation = "extrapolation_gpa"
        case stress = "stress_gpa"
        case eigenvalues = "eigenvalues_gpa"
        case stable, moduli
    }

    init(_ constants: ElasticConstants, _ crystal: Structure, group: SpaceGroup?) {
        func gigapascals(_ tensor: ElasticTensor) -> ElasticTensor {
            ElasticTensor(tensor.rows.map { $0.map { $0 * Units.gigapascal } })
        }
        let cell = crystal.cell!
        let raw = gigapascals(constants.relaxed ?? constants.clamped)
        func averaged(_ tensor: ElasticTensor) -> ElasticTensor {
            group.map { tensor.symmetrized($0, in: cell) } ?? tensor
        }
        let tensor = averaged(raw.symmetric)
        formula = crystal.formula
        spaceGroup = group.map { "\($0.symbol) (\($0.number))" }
        self.cell = cell.vectors.numbers
        c = tensor.rows
        clamped = averaged(gigapascals(constants.clamped).symmetric).rows
        // Every pair stands on both sides, so half of the difference is changed on each.
        asymmetry = 2 * raw.difference(from: raw.symmetric)
        symmetryResidual = group.map { _ in tensor.difference(from: raw.symmetric) }
        extrapolation = constants.extrapolation * Units.gigapascal
        stress = Stress(voigt: ElasticTensor.voigt(constants.stress).map { $0 * Units.gigapascal })
        eigenvalues = tensor.eigenvalues
        stable = eigenvalues.allSatisfy { $0 > 0 }
        moduli = [:]
        if let m = tensor.moduli {
            moduli = [
                "bulk_voigt_gpa": m.bulkVoigt, "bulk_reuss_gpa": m.bulkReuss, "bulk_hill_gpa": m.bulkHill,
                "shear_voigt_gpa": m.shearVoigt, "shear_reuss_gpa": m.shearReuss, "shear_hill_gpa": m.shearHill,
                "young_gpa": m.young, "poisson_ratio": m.poisson, "universal_anisotropy": m.universalAnisotropy,
            ]
        }
    }

    var lines: [String] {
        func table(_ rows: [[Double]]) -> [String] {
            let names = ["xx", "yy", "zz", "yz", "xz", "xy"]
            return Terminal.table(
                [[""] + names] + zip(names, rows).map { name, row in [name] + row.map { Written.fixed($0 + 0, 2) } })
        }
        func modulus(_ key: String, _ digits: Int = 2) -> String {
            moduli[key].map { Written.fixed($0, digits) } ?? "-"
        }
        var notes = [
            ["largest difference of C and its transpose", Written.short(asymmetry, 2), "GPa"],
            ["change by extrapolation to no strain", Written.short(extrapolation, 2), "GPa"],
            ["stress without strain", Written.short(stress.largestGPa, 2), "GPa"],
        ]
        if let symmetryResidual, let spaceGroup {
            notes.insert(
                ["change by the average over \(spaceGroup)", Written.short(symmetryResidual, 2), "GPa"], at: 1)
        }
        return ["", "elastic constants of \(formula) with relaxed atoms, GPa"] + table(c)
            + ["", "with atoms that follow the strain, GPa"] + table(clamped) + [""]
            + Terminal.table(
                [
                    ["GPa", "bulk", "shear"], ["Voigt", modulus("bulk_voigt_gpa"), modulus("shear_voigt_gpa")],
                    ["Reuss", modulus("bulk_reuss_gpa"), modulus("shear_reuss_gpa")],
                    ["Hill", modulus("bulk_hill_gpa"), modulus("shear_hill_gpa")],
                ])
            + [
                "",
                "Young's modulus \(modulus("young_gpa")) GPa, Poisson's ratio \(modulus("poisson_ratio", 3)), universal anisotropy \(modulus("universal_anisotropy", 3))",
                stable
                    ? "stable: all eigenvalues are positive, the smallest is \(Written.fixed(eigenvalues[0], 2)) GPa"
                    : "NOT STABLE: the smallest eigenvalue is \(Written.fixed(eigenvalues[0], 2)) GPa",
                "",
            ] + Terminal.table(notes, leftAligned: [0, 2])
    }
}
