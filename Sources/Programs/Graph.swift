import Neighbors

/// What a program is evaluated on: atoms, their edges, and the structures they belong to. Pointers are borrowed for
/// the duration of a call.
public struct Graph {
    public let atoms: Int
    /// Atoms and the ghosts after them: all that edges come from.
    public let sources: Int
    public let structures: Int
    public let edges: Int
    /// `[source]`
    public let species: UnsafePointer<Int32>
    /// `[atom]`, or `nil` when there is one structure
    public let structureOfAtom: UnsafePointer<Int32>?
    public let receivers: UnsafePointer<Int32>
    public let sourceOfEdge: UnsafePointer<Int32>
    public let offsets: UnsafePointer<Int32>
    public let transposed: UnsafePointer<Int32>
    public let transposedOffsets: UnsafePointer<Int32>
    public let x: UnsafePointer<Double>
    public let y: UnsafePointer<Double>
    public let z: UnsafePointer<Double>

    /// Calls `body` with the graph of these edges. `species` are indices into the model's list of species;
    /// `structureOfAtom` is needed for more than one structure only.
    public static func with<R>(
        species: [Int32], structureOfAtom: [Int32] = [], structures: Int = 1, edges: EdgeList,
        _ body: (Graph) throws -> R
    ) rethrows -> R {
        precondition(
            species.count == edges.sourceCount && (structures == 1 || structureOfAtom.count == edges.atomCount),
            "expected \(edges.sourceCount) species and structure indices, got \(species.count), \(structureOfAtom.count)"
        )
        return try species.withPointer { species in
            try structureOfAtom.withPointer { structureOfAtom in
                try edges.offsets.withPointer { offsets in
                    try edges.transposedOffsets.withPointer { transposedOffsets in
                        try edges.receivers.withPointer { receivers in
                            try edges.sources.withPointer { sources in
                                try edges.transposed.withPointer { transposed in
                                    try edges.x.withPointer { x in
                                        try edges.y.withPointer { y in
                                            try edges.z.withPointer { z in
                                                try body(
                                                    Graph(
                                                        atoms: edges.atomCount, sources: edges.sourceCount,
                                                        structures: structures, edges: edges.count, species: species,
                                                        structureOfAtom: structures == 1 ? nil : structureOfAtom,
                                                        receivers: receivers, sourceOfEdge: sources, offsets: offsets,
                                                        transposed: transposed,
                                                        transposedOffsets: transposedOffsets, x: x, y: y, z: z))
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    public var size: Size { Size(atoms: atoms, sources: sources, structures: structures, edges: edges) }

    /// Rows along an axis.
    public func rows(_ axis: Axis) -> Int { size.rows(axis) }

    /// Which row of a table a row reads.
    @inlinable @inline(__always)
    public func index(_ relation: Relation, _ row: Int) -> Int {
        switch relation {
        case .speciesOfAtom, .speciesOfSource: Int(species[row])
        case .structureOfAtom: structure(of: row)
        }
    }

    /// Edges that lead to an atom; to a ghost there are none.
    @inlinable @inline(__always)
    public func edges(to atom: Int) -> Range<Int> {
        atom < atoms ? Int(offsets[atom])..<Int(offsets[atom + 1]) : 0..<0
    }

    @inlinable
    public func structure(of atom: Int) -> Int { structureOfAtom.map { Int($0[atom]) } ?? 0 }
}

extension Graph {
    /// How many rows there are along each axis.
    public struct Size: Hashable, Sendable {
        public var atoms: Int
        /// Atoms and ghosts.
        public var sources: Int
        public var structures: Int
        public var edges: Int

        public init(atoms: Int, sources: Int, structures: Int, edges: Int) {
            self.atoms = atoms
            self.sources = sources
            self.structures = structures
            self.edges = edges
        }

        /// One structure without ghosts.
        public init(atoms: Int, edges: Int) {
            self.init(atoms: atoms, sources: atoms, structures: 1, edges: edges)
        }

        public func rows(_ axis: Axis) -> Int {
            switch axis {
            case .fixed(let count): count
            case .atoms: atoms
            case .sources: sources
            case .structures: structures
            case .edges: edges
            case .edgeKnots: edges + 4
            }
        }

        /// Whether a graph of the other size has no more rows of anything.
        public func covers(_ other: Size) -> Bool {
            atoms >= other.atoms && sources >= other.sources && structures >= other.structures && edges >= other.edges
        }

        /// What covers both.
        public func union(_ other: Size) -> Size {
            Size(
                atoms: max(atoms, other.atoms), sources: max(sources, other.sources),
                structures: max(structures, other.structures), edges: max(edges, other.edges))
        }
    }
}

extension Array {
    /// The elements as a pointer, valid (if not readable) for an empty array too.
    fileprivate func withPointer<R>(_ body: (UnsafePointer<Element>) throws -> R) rethrows -> R {
        try withUnsafeBufferPointer { try body($0.baseAddress ?? UnsafePointer(bitPattern: 64)!) }
    }
}
