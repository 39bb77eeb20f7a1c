import Atoms
import Compute
import Files
import Foundation
import Neighbors
import StructureFiles

/// Looks at labelled structures for what cannot be right, and for what a potential would suffer from.
///
/// Every structure is taken once, with `add`; `findings` then judges all of them together. Of each some hundred bytes
/// stay in memory, and a fingerprint, in a temporary file where there are many; whole structures stay of a part that
/// `ComparedStructures` bounds. Thresholds stand beside the checks.
public struct DataCheck {
    /// Å; what counts as a neighbour.
    public let cutoff: Double
    /// Columns of the atom lines, for what may be a label by another name.
    public var columns: [String] = []
    /// Those of them that are read as labels.
    public var labelColumns: [String] = []
    /// `[structure]`
    private(set) var samples: [Sample] = []
    private(set) var compositions = Compositions()
    /// Files, sets and values of `config_type`.
    private(set) var names = Names()
    private var places = Places()
    /// `[structure]`
    let fingerprints: VectorStore<Double>
    private(set) var compared = ComparedStructures()

    private(set) var distanceFacts = DistanceFacts()
    private(set) var neighborFacts = NeighborFacts()
    private(set) var calculationFacts = CalculationFacts()
    private(set) var labelFacts = LabelFacts()
    private(set) var keyFacts = KeyFacts()
    private(set) var propertyFacts = PropertyFacts()
    private(set) var forceFacts = ForceFacts()
    private(set) var unitFacts = UnitFacts()
    private(set) var isolatedFacts = IsolatedAtomFacts()
    private let parallelism: Parallelism

    public init(cutoff: Double, parallelism: Parallelism) {
        self.cutoff = cutoff
        self.parallelism = parallelism
        fingerprints = VectorStore(
            width: Fingerprint.count(cutoff: cutoff), beside: NSTemporaryDirectory() + "/apus-fingerprints",
            most: 1 << 24)
    }

    /// What is remembered of a structure.
    struct Sample {
        var place: Places.Place
        /// Numbers of names. `set` is what it is used for, which must not share structures with another use.
        var file, set: Int32
        var configType: Int32?
        var composition: Int32
        var flags: Flags
        /// eV; 0 where there is none.
        var energy: Double
        /// Of the fingerprint.
        var size: Double
        /// The median distance to nearest neighbours in units of the sum of covalent radii; 0 where there are none.
        var nearest: Double

        struct Flags: OptionSet {
            let rawValue: UInt8
            static let (energy, forces, stress) = (Flags(rawValue: 1), Flags(rawValue: 2), Flags(rawValue: 4))
            static let neighbors = Flags(rawValue: 8)
        }

        var knownEnergy: Double? { flags.contains(.energy) ? energy : nil }

        func carries(_ label: Property) -> Bool {
            switch label {
            case .energy: flags.contains(.energy)
            case .forces: flags.contains(.forces)
            default: flags.contains(.stress)
            }
        }
    }

    /// Takes a structure. Throws where it has no neighbour list, or the disk has no room.
    ///
    /// - Parameter set: what it is used for, training or validation; the file unless given.
    public mutating func add(
        _ structure: Structure, place: String, file: String, set: String? = nil
    ) throws {
        // Forces on fixed atoms are none, whatever was written.
        var structure = LabelAdjustment().adjusted(structure)
        let impossible = LabelLimits.violation(in: structure)
        if impossible != nil {
            (structure.energy, structure.forces, structure.stress, structure.properties) = (nil, nil, nil, [:])
        }
        let edges = try EdgeList(
            positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(cutoff), parallelism: parallelism)
        let seen = Observation(
            structure, index: samples.count, file: file, edges: edges, cutoff: cutoff, impossible: impossible)
        let fingerprint = Fingerprint(structure, edges, cutoff: cutoff)
        try fingerprints.append(fingerprint.numbers)
        compared.add(seen, size: fingerprint.size)
        distanceFacts.add(seen)
        neighborFacts.add(seen)
        calculationFacts.add(seen)
        labelFacts.add(seen, fingerprint)
        keyFacts.add(seen)
        propertyFacts.add(seen)
        forceFacts.add(seen)
        unitFacts.add(seen)
        isolatedFacts.add(seen)
        var flags: Sample.Flags = edges.count > 0 ? .neighbors : []
        for (label, flag) in [(Property.energy, Sample.Flags.energy), (.forces, .forces), (.stress, .stress)]
        where structure.carries(label) { flags.insert(flag) }
        samples.append(
            Sample(
                place: places.place(place), file: names.number(of: file), set: names.number(of: set ?? file),
                configType: structure.information["config_type"].map { names.number(of: $0) },
                composition: compositions.number(of: structure), flags: flags, energy: structure.energy ?? 0,
                size: fingerprint.size, nearest: Self.median(seen.nearest)))
    }

    /// Everything that was found, the worst first.
    public func findings() throws -> [Finding] {
        let all =
            distances() + calculations() + labels() + keys() + properties() + zeroForces() + forceSums()
            + energiesPerAtom() + outliers() + units() + consistency()
        return Finding.sorted(all + (try duplicates()) + neighbors() + isolatedAtoms())
    }

    /// Files of a list that hold the same, by their digests.
    public static func copies(among files: [(path: String, sha256: String)]) -> [Finding] {
        guard let (copy, original) = FileDigest.firstCopy(files) else { return [] }
        return [
            Finding(
                severity: .error, check: "files",
                message: "\(copy) holds the same as \(original); name each file once", places: [copy], count: 1)
        ]
    }

    /// Where a structure stands: `train.xyz, frame 3`.
    func place(of index: Int) -> String { places[samples[index].place] }

    func composition(of index: Int) -> Composition { compositions[samples[index].composition] }

    /// A finding at some structures.
    func finding(
        _ severity: Severity, _ check: String, _ message: String, at structures: Tally = Tally()
    ) -> Finding {
        Finding(
            severity: severity, check: check, message: message, places: structures.first.map(place),
            count: structures.count)
    }

    func finding(_ severity: Severity, _ check: String, _ message: String, at indices: [Int]) -> Finding {
        finding(severity, check, message, at: Tally(indices))
    }

    func format(_ number: Double) -> String { Self.format(number) }

    static func format(_ number: Double) -> String { String(format: "%.4g", number) }

    static func median(_ numbers: [Double]) -> Double {
        guard !numbers.isEmpty else { return 0 }
        let sorted = numbers.sorted()
        let half = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[half - 1] + sorted[half]) / 2 : sorted[half]
    }
}
