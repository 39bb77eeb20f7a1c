import Atoms
import Compute
import Neighbors

/// Atoms as an interaction meets them: what they are, where they are, and who is near whom.
///
/// A host that keeps some of the atoms only (a rank of LAMMPS) hands over the edges into its own atoms, and no
/// positions.
public struct Configuration: Sendable {
    /// `[atom, then ghost]`
    public var elements: [Element]
    /// `[atom]` in Å; empty where a host keeps them.
    public var positions: [SIMD3<Double>]
    /// `nil` for an open structure, and where a host keeps it.
    public var cell: Cell?
    public var edges: EdgeList
    /// The total charge of a whole structure, e; `nil` where what its source says is no number.
    public var charge: Double? = 0

    /// All atoms of a structure.
    public init(elements: [Element], positions: [SIMD3<Double>], cell: Cell?, edges: EdgeList) {
        precondition(
            elements.count == positions.count && elements.count == edges.atomCount && edges.ghostCount == 0,
            "expected positions and edges of \(elements.count) atoms, got \(positions.count) positions, edges of \(edges.atomCount) atoms and \(edges.ghostCount) ghosts"
        )
        self.elements = elements
        self.positions = positions
        self.cell = cell
        self.edges = edges
    }

    /// The atoms of a host, and the ghosts after them.
    public init(ofHost elements: [Element], edges: EdgeList) {
        precondition(
            elements.count == edges.sourceCount,
            "expected elements of \(edges.sourceCount) atoms and ghosts, got \(elements.count)")
        self.elements = elements
        positions = []
        cell = nil
        self.edges = edges
    }

    /// A structure with its edges within a cutoff in Å. Throws `NeighborError`.
    public init(_ structure: Structure, cutoff: Double, parallelism: Parallelism = .serial) throws {
        self.init(
            elements: structure.elements, positions: structure.positions, cell: structure.cell,
            edges: try EdgeList(
                positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(cutoff),
                parallelism: parallelism))
        charge = structure.totalCharge
    }

    /// Whether it repeats along any vector of its cell.
    public var repeats: Bool { cell.map { $0.isPeriodic != SIMD3(0, 0, 0) } ?? false }

    /// Whether all atoms are here with their positions and cell. Interactions that need them refuse what is not whole.
    public var isWhole: Bool { positions.count == elements.count && edges.ghostCount == 0 }
}
