import Atoms
import Relaxation
import Symmetry

/// What `apus relax` says of its structures.
struct RelaxReport: Encodable {
    /// One structure. Energies in eV, forces in eV/Å, stress in eV/Å³ (positive in tension), lengths in Å.
    struct Entry: Encodable {
        /// From 1.
        var structure: Int
        var formula: String
        var atoms: Int
        var converged: Bool
        /// Evaluations of forces.
        var steps: Int
        var energy: Double?
        var energyChange: Double?
        var forces: [[Double]]?
        var largestForce: Double
        /// Rows of the tensor.
        var stress: [[Double]]?
        var stressDeviationGPa: Double
        /// Lattice vectors as rows.
        var cell: [[Double]]?
        var volume: Double?
        var positions: [[Double]]
        var spaceGroup: String?
        var failure: String?

        private enum CodingKeys: String, CodingKey {
            case structure, formula, atoms, converged, steps, energy, energyChange, forces, largestForce, stress
            case stressDeviationGPa = "stress_deviation_gpa"
            case cell, volume, positions, spaceGroup, failure
        }

        init(_ outcome: RelaxedStructure, group: SpaceGroup?) {
            let relaxed = outcome.structure
            structure = outcome.index + 1
            formula = relaxed.formula
            atoms = relaxed.count
            converged = outcome.isConverged
            steps = outcome.evaluations
            energy = relaxed.energy
            energyChange = outcome.energyChange
            forces = relaxed.forces?.map(\.numbers)
            largestForce = outcome.largestForce
            stress = relaxed.stress?.numbers
            stressDeviationGPa = outcome.stressDeviation * Units.gigapascal
            cell = relaxed.cell?.vectors.numbers
            volume = relaxed.cell?.volume
            positions = relaxed.positions.map(\.numbers)
            spaceGroup = group.map { "\($0.symbol) (\($0.number))" }
            failure = outcome.failure
        }
    }

    private(set) var structures: [Entry] = []
    private(set) var converged = true
    private let changesCell: Bool

    init(changesCell: Bool) { self.changesCell = changesCell }

    mutating func add(_ entry: Entry) {
        structures.append(entry)
        converged = converged && entry.converged
    }

    private enum CodingKeys: CodingKey { case structures, converged }

    /// The keys of a structure that is alone stand at the top too.
    func encode(to encoder: any Encoder) throws {
        if structures.count == 1 { try structures[0].encode(to: encoder) }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(structures, forKey: .structures)
        try container.encode(converged, forKey: .converged)
    }

    /// `198 of 200 structures relaxed in 41 evaluations each (median)`
    var summary: String {
        let steps = structures.map(\.steps).sorted()
        let median = steps.isEmpty ? 0 : steps[steps.count / 2]
        return
            "\(structures.count { $0.converged }) of \(Written.count(structures.count, "structure")) relaxed, \(Written.count(median, "evaluation")) each (median)"
    }

    static func table(changesCell: Bool) -> RunningTable<Entry> {
        func energy(_ entry: Entry) -> String {
            entry.energy.map { Written.fixed($0 / Double(max(1, entry.atoms)), 5) } ?? "-"
        }
        var columns: [RunningTable<Entry>.Column] = [
            .init(title: "structure", width: 9) { "\($0.structure)" },
            .init(title: "formula", width: 14) { $0.formula },
            .init(title: "energy", unit: "eV/atom", width: 13, cell: energy),
            .init(title: "max force", unit: "eV/Å", width: 10) { Written.scientific($0.largestForce.orNil) },
        ]
        if changesCell {
            columns += [
                .init(title: "stress off", unit: "GPa", width: 10) {
                    Written.scientific($0.stressDeviationGPa.orNil)
                },
                .init(title: "volume", unit: "Å³/atom", width: 9) { entry in
                    entry.volume.map { Written.fixed($0 / Double(max(1, entry.atoms)), 4) } ?? "-"
                },
            ]
        }
        columns += [
            .init(title: "steps", width: 6) { "\($0.steps)" },
            .init(title: "", width: 11) { $0.converged ? "relaxed" : "NOT RELAXED" },
        ]
        return RunningTable(columns)
    }
}

extension Double {
    /// nil for what is no number.
    fileprivate var orNil: Double? { isFinite ? self : nil }
}

extension SIMD3<Double> {
    /// For JSON.
    var numbers: [Double] { [x, y, z] }
}

extension Matrix3 {
    /// Its rows, for JSON.
    var numbers: [[Double]] { [rows.0.numbers, rows.1.numbers, rows.2.numbers] }
}
