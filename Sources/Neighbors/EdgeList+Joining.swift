extension EdgeList {
    /// The edges of several structures side by side: atoms and edges of each follow those of the one before.
    ///
    /// - Parameter lists: one edge list per structure, without ghosts; the total number of atoms and edges must fit 32
    ///   bits.
    public init(joining lists: [EdgeList]) {
        self.init()
        let edges = lists.reduce(0) { $0 + $1.count }
        precondition(lists.allSatisfy { $0.ghostCount == 0 }, "expected structures without ghosts")
        precondition(edges <= Int(Int32.max), "expected at most \(Int32.max) edges, got \(edges)")
        atomCount = lists.reduce(0) { $0 + $1.atomCount }
        offsets.reserveCapacity(atomCount + 1)
        transposedOffsets.reserveCapacity(atomCount + 1)
        receivers.reserveCapacity(edges)
        sources.reserveCapacity(edges)
        transposed.reserveCapacity(edges)
        for list in lists {
            let (atom, edge) = (Int32(offsets.count - 1), Int32(sources.count))
            offsets += list.offsets.dropFirst().map { $0 + edge }
            transposedOffsets += list.transposedOffsets.dropFirst().map { $0 + edge }
            receivers += list.receivers.map { $0 + atom }
            sources += list.sources.map { $0 + atom }
            transposed += list.transposed.map { $0 + edge }
            x += list.x
            y += list.y
            z += list.z
        }
    }
}
