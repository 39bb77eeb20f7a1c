import Atoms
import Compute
import Files
import Foundation
import Neighbors
import StructureFiles

/// Looks at labelled structures for what cannot be right, and for what a potential would suffer from.
///
/// Every structure is taken once, with `add`; `findings` then judges all of them together. Thresholds stand beside the
/// checks.
public struct DataCheck {
    /// Å; what counts as a neighbour.
    public let cutoff: Double
    /// Columns of the atom lines, for what may be a label by another name.
    public var columns: [String] = []
    /// Those of them that are read as labels.
    public var labelColumns: [String] = []
    /// `[structure]`
    private(set) var samples: [Sample] = []
    private let parallelism: Parallelism

    public init(cutoff: Double, parallelism: Parallelism) {
        self.cutoff = cutoff
        self.parallelism = parallelism
    }

    /// What is remembered of a structure.
    struct Sample {
        public var structure: Structure
        /// `train.xyz, frame 3`
        public var place: String
        var file: String
        /// What it is used for, which must not share structures with another use; the file unless given.
        public var set: String
        var edges: Int
        /// The smallest and largest number of neighbours of an atom.
        var neighbors: ClosedRange<Int>
        /// The shortest distance in units of the sum of covalent radii, and the atoms (from 1).
        var closest: (ratio: Double, distance: Double, a: Int, b: Int)?
        /// `[atom]` — the distance to the nearest neighbour in units of the sum of covalent radii.
        var nearest: [Double]
        var fingerprint: Fingerprint
        var zeros: ZeroForces
        var isIsolatedAtom: Bool
        /// Whether forces on some atoms are no labels.
        var isMasked: Bool { structure.forceWeights?.contains { $0.min() == 0 } ?? false }
        /// What is wrong with the labels, which the structure then has no more.
        var impossible: String?
    }

    /// Takes a structure. Throws where it has no neighbour list.
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
        var nearest = [Double](repeating: .infinity, count: structure.count)
        var closest: (ratio: Double, distance: Double, a: Int, b: Int)?
        for edge in 0..<edges.count {
            let (i, j) = (Int(edges.receivers[edge]), Int(edges.sources[edge]))
            let distance = norm(SIMD3(edges.x[edge], edges.y[edge], edges.z[edge]))
            let ratio = distance / (structure.elements[i].covalentRadius + structure.elements[j].covalentRadius)
            nearest[i] = min(nearest[i], ratio)
            if ratio < closest?.ratio ?? .infinity { closest = (ratio, distance, i + 1, j + 1) }
        }
        let counts = (0..<structure.count).map { Int(edges.offsets[$0 + 1] - edges.offsets[$0]) }
        samples.append(
            Sample(
                structure: structure, place: place, file: file, set: set ?? file, edges: edges.count,
                neighbors: (counts.min() ?? 0)...(counts.max() ?? 0), closest: closest,
                nearest: nearest.filter(\.isFinite), fingerprint: Fingerprint(structure, edges, cutoff: cutoff),
                zeros: ZeroForces(structure, edges),
                isIsolatedAtom: IsolatedAtoms.contains(structure, cutoff: cutoff), impossible: impossible))
    }

    /// Everything that was found, the worst first.
    public func findings() -> [Finding] {
        let all =
            distances() + calculations() + labels() + keys() + properties() + zeroForces() + forceSums()
            + energiesPerAtom() + outliers()
            + units()
            + consistency()
            + duplicates() + neighbors() + isolatedAtoms()
        return Finding.sorted(all)
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

    /// A finding at some structures.
    func finding(
        _ severity: Severity, _ check: String, _ message: String, at indices: [Int] = []
    ) -> Finding {
        Finding(
            severity: severity, check: check, message: message,
            places: indices.prefix(5).map { samples[$0].place }, count: indices.count)
    }

    /// Those of the structures that fulfil a condition.
    func indices(where condition: (Sample) -> Bool) -> [Int] { samples.indices.filter { condition(samples[$0]) } }

    // MARK: Neighbours

    /// Neighbours per atom within the cutoff: mean, and the fewest and most of any atom.
    public var neighborsPerAtom: (mean: Double, range: ClosedRange<Int>)? {
        let atoms = samples.reduce(0) { $0 + $1.structure.count }
        guard atoms > 0 else { return nil }
        let edges = samples.reduce(0) { $0 + $1.edges }
        let fewest = samples.map(\.neighbors.lowerBound).min()!
        return (Double(edges) / Double(atoms), fewest...samples.map(\.neighbors.upperBound).max()!)
    }

    private func neighbors() -> [Finding] {
        var findings: [Finding] = []
        let alone = indices { $0.structure.count > 1 && $0.neighbors.lowerBound == 0 }
        if !alone.isEmpty {
            findings.append(
                finding(
                    .warning, "neighbours",
                    "atoms without any neighbour within \(cutoff) Å in \(Plural.count(alone.count, "structure")) of several atoms: the potential cannot see what holds them",
                    at: alone))
        }
        let stretched = indices { $0.structure.count == 1 && $0.edges == 0 && !$0.isIsolatedAtom }
        if !stretched.isEmpty {
            findings.append(
                finding(
                    .warning, "neighbours",
                    "\(Plural.count(stretched.count, "crystal")) of one atom whose neighbours are beyond \(cutoff) Å: nothing can be learned from them, which are no isolated atoms",
                    at: stretched))
        }
        return findings
    }

    // MARK: Distances

    /// Below this part of the sum of covalent radii two atoms are on top of each other; the shortest bond there is,
    /// that of H₂ in its repulsive wall at 0.4 Å, has 0.65.
    private static let overlap = 0.4
    private static let suspicious = 0.6

    private func distances() -> [Finding] {
        func list(_ indices: [Int]) -> String {
            let sample = samples[indices.min { samples[$0].closest!.ratio < samples[$1].closest!.ratio }!]
            let (_, distance, a, b) = sample.closest!
            let (i, j) = (sample.structure.elements[a - 1], sample.structure.elements[b - 1])
            return "atoms \(a) (\(i)) and \(b) (\(j)) of \(sample.place) are \(format(distance)) Å apart"
        }
        let overlapping = indices { $0.closest.map { $0.ratio < Self.overlap } ?? false }
        let close = indices { $0.closest.map { (Self.overlap..<Self.suspicious).contains($0.ratio) } ?? false }
        var findings: [Finding] = []
        if !overlapping.isEmpty {
            findings.append(
                finding(
                    .error, "distances",
                    "atoms on top of each other: \(list(overlapping)); remove the structures, or correct units and cell",
                    at: overlapping))
        }
        if !close.isEmpty {
            findings.append(
                finding(
                    .warning, "distances",
                    "very short distances: \(list(close)); their forces will dominate the loss",
                    at: close))
        }
        return findings
    }

    func format(_ number: Double) -> String { Self.format(number) }

    static func format(_ number: Double) -> String { String(format: "%.4g", number) }
}
