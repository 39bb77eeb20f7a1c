import Atoms

/// Structures with energies that are compared with each other, whole: all of them, or, of many, blocks of structures
/// that follow each other, evenly from all of the data.
struct ComparedStructures {
    private(set) var members: [Member] = []
    private var atoms = 0
    /// Of so many blocks one is here.
    private var stride = 1

    /// One of them, without what is not compared.
    struct Member {
        /// Its number among all structures.
        let index: Int
        let structure: Structure
        /// A number that similar structures nearly share.
        let size: Double
    }

    /// How many structures and atoms there may be: memory of about 150 and 70 MB, and a minute of comparisons.
    private static let (most, mostAtoms) = (20_000, 1_000_000)
    /// Structures that follow each other are often alike.
    private static let block = 12

    mutating func add(_ seen: Observation, size: Double) {
        guard seen.structure.energy != nil, isHere(seen.index) else { return }
        var structure = Structure(
            elements: seen.structure.elements, positions: seen.structure.positions, cell: seen.structure.cell)
        structure.energy = seen.structure.energy
        structure.forces = seen.structure.forces
        structure.stress = seen.structure.stress
        structure.forceWeights = seen.structure.forceWeights
        members.append(Member(index: seen.index, structure: structure, size: size))
        atoms += structure.count
        // Every other block goes, but for the first.
        while members.count > Self.most || atoms > Self.mostAtoms, seen.index >= Self.block * stride {
            stride *= 2
            members = members.filter { isHere($0.index) }
            atoms = members.reduce(0) { $0 + $1.structure.count }
        }
    }

    private func isHere(_ index: Int) -> Bool { (index / Self.block).isMultiple(of: stride) }

    /// How many structures before it, in the order of the data, each is compared with, and how many in the order of a
    /// number that similar structures nearly share.
    private static let (earlier, alike) = (11, 6)

    /// Pairs of similar structures: time steps of one trajectory, and whatever is alike.
    ///
    /// - Parameter energy: a structure's, eV.
    func workPairs(energy: (Structure) -> Double) -> [WorkPair] {
        var groups: [[Element]: [Int]] = [:]
        for (place, member) in members.enumerated() { groups[member.structure.elements, default: []].append(place) }
        var pairs: [WorkPair] = []
        func add(_ a: Int, _ b: Int) {
            let (first, second) = (members[min(a, b)], members[max(a, b)])
            let energies = (energy(first.structure), energy(second.structure))
            let numbers = (first.index, second.index)
            guard let pair = WorkPair(first.structure, second.structure, energies: energies, numbers: numbers) else {
                return
            }
            pairs.append(pair)
        }
        for group in groups.values.sorted(by: { $0[0] < $1[0] }) {
            let placeOf = Dictionary(uniqueKeysWithValues: group.enumerated().map { ($1, $0) })
            for (place, index) in group.enumerated() {
                for other in group[max(0, place - Self.earlier)..<place] { add(other, index) }
            }
            let sorted = group.map { ($0, members[$0].size) }
                .sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.0)
            for (place, index) in sorted.enumerated() {
                for other in sorted[max(0, place - Self.alike)..<place]
                where abs(placeOf[other]! - placeOf[index]!) > Self.earlier { add(other, index) }
            }
        }
        return pairs
    }
}
