/// The directed edges of a structure: for every centre *i* (the receiver) all neighbours *j* (the sources) within
/// a cutoff, `r = x_j + S·cell − x_i`, periodic images of an atom itself included.
///
/// Full list: with every edge i ← j stands its reverse j ← i. Sorted by receiver, then source, then image, so the
/// order, and with it every sum over it, is the same for the same structure. Arrays are parallel, `[edge]`.
public struct EdgeList: Sendable {
    public internal(set) var atomCount = 0
    /// `[atom + 1]` — edges of receiver `i` are `offsets[i]..<offsets[i + 1]`.
    public internal(set) var offsets: [Int32] = [0]
    public internal(set) var receivers: [Int32] = []
    public internal(set) var sources: [Int32] = []
    /// Components of the edge vectors in Å.
    public internal(set) var x: [Double] = []
    public internal(set) var y: [Double] = []
    public internal(set) var z: [Double] = []
    /// `[atom + 1]` — edges whose source is `j` are `transposed[transposedOffsets[j]..<transposedOffsets[j + 1]]`.
    public internal(set) var transposedOffsets: [Int32] = [0]
    /// `[edge]` — edge indices sorted by source, then receiver.
    public internal(set) var transposed: [Int32] = []

    public var count: Int { sources.count }

    public init() {}
}
