/// The directed edges of a structure: for every centre *i* (the receiver) all neighbours *j* (the sources) within
/// a cutoff, `r = x_j + S·cell − x_i`, periodic images of an atom itself included.
///
/// Full list: with every edge i ← j stands its reverse j ← i, unless the cutoffs of the two directions differ. Sorted
/// by receiver, then source, then image, so the order, and with it every sum over it, is the same for the same
/// structure. Arrays are parallel, `[edge]`.
///
/// A host that keeps some of the atoms only (a rank of LAMMPS) has edges into its own atoms; their sources may be
/// *ghosts*, atoms of other hosts, which follow the own ones (`HostNeighbors`).
public struct EdgeList: Sendable {
    /// Atoms that edges lead to.
    public internal(set) var atomCount = 0
    /// Atoms that are sources only, numbered after the others.
    public internal(set) var ghostCount = 0
    /// `[atom + 1]` — edges of receiver `i` are `offsets[i]..<offsets[i + 1]`.
    public internal(set) var offsets: [Int32] = [0]
    public internal(set) var receivers: [Int32] = []
    public internal(set) var sources: [Int32] = []
    /// Components of the edge vectors in Å.
    public internal(set) var x: [Double] = []
    public internal(set) var y: [Double] = []
    public internal(set) var z: [Double] = []
    /// `[source + 1]` — edges whose source is `j` are `transposed[transposedOffsets[j]..<transposedOffsets[j + 1]]`.
    public internal(set) var transposedOffsets: [Int32] = [0]
    /// `[edge]` — edge indices sorted by source, then receiver.
    public internal(set) var transposed: [Int32] = []

    public var count: Int { sources.count }

    /// Atoms and ghosts.
    public var sourceCount: Int { atomCount + ghostCount }

    /// What the arrays take.
    public var memoryBytes: Int {
        (offsets.count + transposedOffsets.count + receivers.count + sources.count + transposed.count) * 4
            + (x.count + y.count + z.count) * 8
    }

    public init() {}

    /// Gives every array its size for these many atoms, ghosts and edges. Storage is kept, and grows by doubling.
    mutating func resize(atoms: Int, ghosts: Int = 0, edges: Int) {
        atomCount = atoms
        ghostCount = ghosts
        offsets.resize(to: atoms + 1, filler: 0)
        transposedOffsets.resize(to: atoms + ghosts + 1, filler: 0)
        receivers.resize(to: edges, filler: 0)
        sources.resize(to: edges, filler: 0)
        transposed.resize(to: edges, filler: 0)
        x.resize(to: edges, filler: 0)
        y.resize(to: edges, filler: 0)
        z.resize(to: edges, filler: 0)
    }

    /// Sets `transposedOffsets` and `transposed` by a stable counting sort over the sources.
    mutating func transpose() {
        let atoms = sourceCount
        let edges = count
        transposedOffsets.withUnsafeMutableBufferPointer { offsets in
            transposed.withUnsafeMutableBufferPointer { transposed in
                sources.withUnsafeBufferPointer { sources in
                    for i in 0...atoms { offsets[i] = 0 }
                    // One place further on than a count would stand: after the pass below, `offsets[j]` has moved
                    // from the start of row j − 1 to its end, which is the start of row j.
                    for e in 0..<edges where Int(sources[e]) + 2 <= atoms { offsets[Int(sources[e]) + 2] &+= 1 }
                    var sum: Int32 = 0
                    for i in 0...atoms {
                        sum &+= offsets[i]
                        offsets[i] = sum
                    }
                    for e in 0..<edges {
                        let row = Int(sources[e]) + 1
                        transposed[Int(offsets[row])] = Int32(truncatingIfNeeded: e)
                        offsets[row] &+= 1
                    }
                }
            }
        }
    }
}

extension Array {
    /// Cuts or lengthens the array, keeping the storage where it suffices.
    mutating func resize(to newCount: Int, filler: Element) {
        if newCount < count {
            removeLast(count - newCount)
        } else if newCount > count {
            append(contentsOf: repeatElement(filler, count: newCount - count))
        }
    }
}
