import Analysis
import Atoms
import Compute
import Foundation
import Interactions
import Potentials
import Relaxation
import Symmetry

/// What a crystal has to be under a potential: a minimum, stable under strains and vibrations.
struct CrystalTrial: Encodable {
    struct Lattice: Encodable {
        /// Å and degrees.
        var lengths, angles: [Double]
        /// Å³/atom
        var volume: Double
        var spaceGroup: String?

        init(_ structure: Structure) {
            let (l, a) = structure.cell!.lengthsAndAngles
            lengths = [l.x, l.y, l.z]
            angles = [a.x, a.y, a.z]
            volume = structure.cell!.volume / Double(structure.count)
            spaceGroup =
                Spglib.isAvailable
                ? (try? Spglib.spaceGroup(of: structure, tolerance: 0.01)).map { "\($0.symbol) (\($0.number))" } : nil
        }
    }

    var given: Lattice
    var relaxed: Lattice?
    /// eV/atom
    var energy: Double?
    var elastic: ElasticReport?
    var phonons: PhononReport?
    var phononSupercell: [Int]?
    private(set) var checks: [ValidationCheck] = []
    /// Why one of them is not there.
    private var problems: [String: String] = [:]

    private enum CodingKeys: CodingKey { case given, relaxed, energy, elastic, phonons, phononSupercell }

    /// Of a cell: atoms of a supercell for vibrations at most, and how wide it should be, Å.
    private static let largestSupercell = 300, width = 10.0

    /// - Parameter supercell: for vibrations; chosen by the cell where it is nil.
    init(
        _ structure: Structure, by evaluator: Evaluator, supercell: [Int]?, parallelism: Parallelism,
        progress: (String) -> Void
    ) {
        given = Lattice(structure)
        progress("relaxing the crystal")
        var settings = RelaxationSettings()
        settings.cellChange = .full
        settings.forceTolerance = 1e-4
        settings.stressTolerance = 1e-3 / Units.gigapascal
        let outcome = Relaxation(evaluator, settings: settings, energyNoise: Potential.Precision.float64.energyNoise)
            .run([structure])[0]
        guard outcome.isConverged, let energy = outcome.structure.energy else {
            checks.append(
                ValidationCheck(
                    name: "crystal", verdict: .fail,
                    summary: "cannot be relaxed: \(outcome.failure ?? "it did not converge")"))
            return
        }
        let crystal = outcome.structure
        let found = Lattice(crystal)
        relaxed = found
        self.energy = energy / Double(crystal.count)
        let change = found.volume / given.volume - 1
        let keepsGroup = found.spaceGroup == given.spaceGroup
        checks.append(
            ValidationCheck(
                name: "crystal",
                verdict: abs(change) > 0.05 || !keepsGroup || outcome.tooClose != nil ? .warn : .pass,
                summary:
                    "relaxed in \(outcome.evaluations) evaluations, volume \(Written.fixed(found.volume, 3)) Å³/atom (\(change >= 0 ? "+" : "−")\(Written.fixed(abs(100 * change), 2)) %)"
                    + (found.spaceGroup.map {
                        keepsGroup ? ", \($0)" : ", \(given.spaceGroup ?? "-") has become \($0)"
                    } ?? "")
                    + (outcome.tooClose != nil ? ", atoms closer than in the training data" : "")))
        progress("elastic constants")
        let group = Spglib.isAvailable ? try? Spglib.spaceGroup(of: crystal, tolerance: 1e-3) : nil
        do {
            let constants = try ElasticConstants(of: crystal, by: evaluator)
            let report = ElasticReport(constants, crystal, group: group)
            elastic = report
            checks.append(
                ValidationCheck(
                    name: "elastic", verdict: report.stable ? .pass : .fail,
                    summary:
                        "\(report.stable ? "stable" : "NOT STABLE under strain"): smallest eigenvalue \(Written.fixed(report.eigenvalues[0], 1)) GPa, bulk modulus \(report.moduli["bulk_hill_gpa"].map { Written.fixed($0, 1) } ?? "-") GPa"
                ))
        } catch {
            checks.append(
                ValidationCheck(name: "elastic", verdict: .fail, summary: CommandError.message(of: error)))
        }
        progress("phonons")
        let copies = supercell ?? Self.copies(of: crystal)
        phononSupercell = copies
        do {
            let constants = try ForceConstants(
                of: PhononSupercell(of: crystal, copies: SIMD3(copies[0], copies[1], copies[2])), by: evaluator,
                group: group)
            var options = PhononsJob.Options()
            options.supercell = copies
            let report = PhononReport(constants, group: group, options: options, parallelism: parallelism)
            phonons = report
            let isStable = report.lowest > -0.05
            checks.append(
                ValidationCheck(
                    name: "phonons", verdict: isStable ? .pass : .fail,
                    summary:
                        "\(isStable ? "no imaginary frequencies" : "IMAGINARY frequencies, \(Written.fixed(100 * report.imaginaryShare, 1)) % of them"), \(Written.fixed(report.lowest, 2))…\(Written.fixed(report.highest, 2)) THz, supercell \(copies.map(String.init).joined(separator: " × "))"
                ))
        } catch {
            checks.append(
                ValidationCheck(name: "phonons", verdict: .fail, summary: CommandError.message(of: error)))
        }
    }

    private static func copies(of crystal: Structure) -> [Int] {
        let heights = crystal.cell!.heights
        var width = Self.width
        while true {
            let copies = (0..<3).map { max(1, Int((width / heights[$0]).rounded(.up))) }
            if copies.reduce(crystal.count, *) <= Self.largestSupercell || copies == [1, 1, 1] { return copies }
            width *= 0.9
        }
    }
}
