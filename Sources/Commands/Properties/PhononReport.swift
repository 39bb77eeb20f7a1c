import Analysis
import Atoms
import Compute
import Foundation
import Interactions
import Symmetry

/// What `apus phonons` found.
struct PhononReport: PropertyReport {
    /// Of a mole of unit cells.
    struct Thermodynamics: Encodable {
        var temperature, freeEnergy, entropy, heatCapacity: Double

        private enum CodingKeys: String, CodingKey {
            case temperature = "temperature_kelvin"
            case freeEnergy = "free_energy_kj_per_mol"
            case entropy = "entropy_j_per_k_mol"
            case heatCapacity = "heat_capacity_j_per_k_mol"
        }

        /// eV in kJ/mol: N_A e.
        static let mole = 96.48533212331

        init(_ values: HarmonicThermodynamics) {
            let mole = Self.mole
            temperature = values.temperature
            freeEnergy = values.freeEnergy * mole
            entropy = values.entropy * mole * 1000
            heatCapacity = values.heatCapacity * mole * 1000
        }
    }

    var formula: String
    var spaceGroup: String?
    var supercell: [Int]
    var displacements: Int
    var hessian: HessianMethod
    var q: [[Double]]
    /// `[point][branch]`, imaginary ones negative.
    var frequencies: [[Double]]
    var asymmetry, sumRuleViolation: Double
    var mesh: [Int]
    var lowest, highest, imaginaryShare: Double
    var thermodynamics: [Thermodynamics]
    var path: [String]
    var isStandardPath: Bool
    var notes: [String]
    /// For files alone.
    let bands: [(q: SIMD3<Double>, distance: Double, name: String?, frequencies: [Double])]
    let density: [(frequency: Double, density: Double)]

    private enum CodingKeys: String, CodingKey {
        case formula, spaceGroup, supercell, displacements, hessian
        case q = "q_points"
        case frequencies = "frequencies_thz"
        case asymmetry = "asymmetry_ev_per_a2"
        case sumRuleViolation = "acoustic_sum_rule_ev_per_a2"
        case mesh
        case lowest = "lowest_thz"
        case highest = "highest_thz"
        case imaginaryShare, thermodynamics, path, isStandardPath, notes
    }

    init(_ constants: ForceConstants, group: SpaceGroup?, options: PhononsJob.Options, parallelism: Parallelism) {
        let unit = constants.supercell.unit
        let phonons = Phonons(constants)
        formula = unit.formula
        spaceGroup = group.map { "\($0.symbol) (\($0.number))" }
        supercell = options.supercell
        displacements = constants.displacements.count
        hessian = constants.method
        let points = options.points.isEmpty ? [.zero] : options.points
        q = points.map { [$0.x, $0.y, $0.z] }
        frequencies = phonons.frequencies(points, parallelism: parallelism)
        (asymmetry, sumRuleViolation) = (constants.asymmetry, constants.sumRuleViolation)
        let size = options.meshSize(for: unit.cell!)
        mesh = [size.x, size.y, size.z]
        let grid = PhononMesh(of: phonons, size: size, parallelism: parallelism)
        let all = grid.frequencies.joined()
        let primitive =
            group == nil
            ? nil : try? Spglib.standardCell(of: unit, isPrimitive: true, tolerance: options.symmetryTolerance)
        let path = BandPath(of: unit, group: group, primitive: primitive)
        let samples = path.sampled(in: unit.cell!)
        let found = phonons.frequencies(samples.map(\.q), parallelism: parallelism)
        bands = zip(samples, found).map { ($0.q, $0.distance, $0.name, $1) }
        lowest = min(all.min() ?? 0, found.joined().min() ?? 0)
        highest = max(all.max() ?? 0, found.joined().max() ?? 0)
        imaginaryShare = grid.imaginaryShare
        density = grid.density(width: options.smearing)
        thermodynamics = options.temperatureGrid.map {
            Thermodynamics(HarmonicThermodynamics(of: grid, temperature: $0))
        }
        self.path = path.pieces.map { $0.map(\.name).joined(separator: "–") }
        isStandardPath = path.isStandard
        notes = []
        if unit.composition.count > 1 {
            notes.append(
                "no LO–TO splitting: it needs Born charges and the dielectric constant, which a potential does not know"
            )
        }
        let cells = group?.operations.count { $0.rotation == [[1, 0, 0], [0, 1, 0], [0, 0, 1]] } ?? 1
        if cells > 1 {
            notes.append(
                "the cell holds \(cells) primitive ones, so bands are folded; give a primitive cell for those of textbooks"
            )
        }
    }

    var lines: [String] {
        var lines = [
            "",
            "\(formula)\(spaceGroup.map { ", \($0)" } ?? ""), \(hessian == .analytic ? "analytic second derivatives along" : "forces at") \(Written.count(displacements, "displacement")) in a supercell \(supercell.map(String.init).joined(separator: " × "))",
            "force constants: |Φ − Φᵀ| up to \(Written.scientific(asymmetry)) eV/Å², sums up to \(Written.scientific(sumRuleViolation)) eV/Å²",
            "", "frequencies, THz",
        ]
        lines += Terminal.table(
            zip(q, frequencies).map { q, row in
                [q.map { Written.short($0, 4) }.joined(separator: " ")] + row.map { Written.fixed($0, 4) }
            })
        lines += [
            "",
            "from \(Written.fixed(lowest, 3)) to \(Written.fixed(highest, 3)) THz on a grid \(mesh.map(String.init).joined(separator: " × ")) and the path \(path.joined(separator: " | "))"
                + (isStandardPath
                    ? "" : " (not the standard path, which is known of some lattices only, by spglib's library)"),
            "", "a mole of \(formula)",
        ]
        var rows = [["T", "free energy", "entropy", "heat capacity"], ["K", "kJ/mol", "J/K/mol", "J/K/mol"]]
        for values in thermodynamics {
            rows.append([
                Written.short(values.temperature, 6), Written.fixed(values.freeEnergy, 4),
                Written.fixed(values.entropy, 4), Written.fixed(values.heatCapacity, 4),
            ])
        }
        lines += Terminal.table(rows, leftAligned: [])
        if !notes.isEmpty { lines += [""] + notes }
        return lines
    }
}
