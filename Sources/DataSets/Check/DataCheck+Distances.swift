import Atoms
import Files

/// What is remembered of shortest distances.
struct DistanceFacts {
    /// Below this part of the sum of covalent radii two atoms are on top of each other; the shortest bond there is,
    /// that of H₂ in its repulsive wall at 0.4 Å, has 0.65.
    private static let overlap = 0.4
    private static let suspicious = 0.6

    /// Structures with such distances, and the shortest of all.
    struct Group {
        var structures = Tally()
        var shortest: (ratio: Double, distance: Double, index: Int, a: Int, b: Int, elements: [Element])?
    }

    private(set) var (overlapping, close) = (Group(), Group())

    mutating func add(_ seen: Observation) {
        guard let (ratio, distance, a, b) = seen.closest, ratio < Self.suspicious else { return }
        func add(to group: inout Group) {
            group.structures.add(seen.index)
            guard ratio < group.shortest?.ratio ?? .infinity else { return }
            let elements = [seen.structure.elements[a - 1], seen.structure.elements[b - 1]]
            group.shortest = (ratio, distance, seen.index, a, b, elements)
        }
        if ratio < Self.overlap { add(to: &overlapping) } else { add(to: &close) }
    }
}

extension DataCheck {
    func distances() -> [Finding] {
        func describe(_ group: DistanceFacts.Group) -> String? {
            group.shortest.map { pair in
                "atoms \(pair.a) (\(pair.elements[0])) and \(pair.b) (\(pair.elements[1])) of \(place(of: pair.index)) are \(format(pair.distance)) Å apart"
            }
        }
        var findings: [Finding] = []
        if let words = describe(distanceFacts.overlapping) {
            findings.append(
                finding(
                    .error, "distances",
                    "atoms on top of each other: \(words); remove the structures, or correct units and cell",
                    at: distanceFacts.overlapping.structures))
        }
        if let words = describe(distanceFacts.close) {
            findings.append(
                finding(
                    .warning, "distances", "very short distances: \(words); their forces will dominate the loss",
                    at: distanceFacts.close.structures))
        }
        return findings
    }
}
