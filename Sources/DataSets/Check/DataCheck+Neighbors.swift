import Files

/// What is remembered of numbers of neighbours.
struct NeighborFacts {
    private(set) var (edges, atoms) = (0, 0)
    /// The fewest and most of any atom.
    private(set) var range: ClosedRange<Int>?
    /// Structures of several atoms with one that has none.
    private(set) var alone = Tally()
    /// Crystals of one atom without any.
    private(set) var stretched = Tally()

    mutating func add(_ seen: Observation) {
        edges += seen.edges.count
        atoms += seen.structure.count
        let (low, high) = (seen.neighbors.lowerBound, seen.neighbors.upperBound)
        range = min(low, range?.lowerBound ?? low)...max(high, range?.upperBound ?? high)
        if seen.structure.count > 1, low == 0 { alone.add(seen.index) }
        if seen.structure.count == 1, seen.edges.count == 0, !seen.isIsolatedAtom { stretched.add(seen.index) }
    }
}

extension DataCheck {
    /// Neighbours per atom within the cutoff: mean, and the fewest and most of any atom.
    public var neighborsPerAtom: (mean: Double, range: ClosedRange<Int>)? {
        guard neighborFacts.atoms > 0, let range = neighborFacts.range else { return nil }
        return (Double(neighborFacts.edges) / Double(neighborFacts.atoms), range)
    }

    func neighbors() -> [Finding] {
        var findings: [Finding] = []
        let (alone, stretched) = (neighborFacts.alone, neighborFacts.stretched)
        if !alone.isEmpty {
            findings.append(
                finding(
                    .warning, "neighbours",
                    "atoms without any neighbour within \(cutoff) Å in \(Plural.count(alone.count, "structure")) of several atoms: the potential cannot see what holds them",
                    at: alone))
        }
        if !stretched.isEmpty {
            findings.append(
                finding(
                    .warning, "neighbours",
                    "\(Plural.count(stretched.count, "crystal")) of one atom whose neighbours are beyond \(cutoff) Å: nothing can be learned from them, which are no isolated atoms",
                    at: stretched))
        }
        return findings
    }
}
