import Compute
import Programs

/// A few edges of one atom, made ready for the path kernels in memory that stays in the first-level cache.
///
/// Edges are taken in tiles of `T.lanes`. For every tile the coupling matrices
///
///     t_e[m₁, m₃] = Σ_{m₂} C[m₁ m₂ m₃] Y_e[m₂]
///
/// are built across the edges, one vector for each pair (m₁, m₃), and never stored for more than this group.
struct EdgeGroup<T: KernelScalar> {
    /// Edges in a group, at most: what a derivative keeps for each of them should stay in the first-level cache too.
    static var capacity: Int { 32 }

    private let slots: Int
    private let harmonicsCount: Int
    /// `[tile][slot][lane]`
    private let couplings: UnsafeMutablePointer<T>
    /// `[edge][4]`
    private let basis: UnsafeMutablePointer<T>
    /// `[edge][4]`
    private let slopes: UnsafeMutablePointer<T>
    /// `[tile][m₂][lane]`
    private let harmonics: UnsafeMutablePointer<T>
    /// Position in the table of each edge's first knot.
    private let tableRows: UnsafeMutablePointer<Int>
    /// Position of the row of each edge's other atom.
    private let atomRows: UnsafeMutablePointer<Int>
    /// Index of each edge.
    let edges: UnsafeMutablePointer<Int>
    /// Position of each edge's row of harmonics.
    private let harmonicsRows: UnsafeMutablePointer<Int>
    private(set) var count = 0

    /// Scalars of scratch memory that a group takes.
    static func scratchSize(_ plan: ConvolutionPlan<T>) -> Int {
        capacity * (plan.slots.count + 8 + plan.harmonics) + 3 * T.lanes + 4 * capacity * 8 / MemoryLayout<T>.size
    }

    init(_ plan: ConvolutionPlan<T>, scratch: UnsafeMutablePointer<T>) {
        slots = plan.slots.count
        harmonicsCount = plan.harmonics
        couplings = scratch
        basis = couplings + Self.capacity * slots
        slopes = basis + 4 * Self.capacity
        harmonics = slopes + 4 * Self.capacity
        // Transposing writes up to three columns more.
        let integers = UnsafeMutableRawPointer(harmonics + Self.capacity * harmonicsCount + 3 * T.lanes)
            .bindMemory(to: Int.self, capacity: 4 * Self.capacity)
        tableRows = integers
        atomRows = integers + Self.capacity
        edges = integers + 2 * Self.capacity
        harmonicsRows = integers + 3 * Self.capacity
    }

    /// Fills the group with `count` edges.
    @inline(__always)
    mutating func fill(
        count: Int, plan: ConvolutionPlan<T>, term: ConvolutionTerm<T>, knots: UnsafePointer<Int32>,
        edge: (Int) -> Int, atomRow: (Int) -> Int
    ) {
        self.count = count
        for k in 0..<count {
            let e = edge(k)
            edges[k] = e
            tableRows[k] = Int(knots[e]) &* plan.weightsWidth
            atomRows[k] = atomRow(e)
            harmonicsRows[k] = e &* harmonicsCount
            Self.copyFour(term.basis + 4 &* e, to: basis + 4 &* k)
        }
        if let rows = term.slopes {
            for k in 0..<count { Self.copyFour(rows + 4 &* edges[k], to: slopes + 4 &* k) }
        }
        // Lanes without an edge repeat the last one.
        for lane in count..<T.padded(count) { harmonicsRows[lane] = harmonicsRows[count &- 1] }
        var first = 0
        while first < count {
            buildCouplings(first: first, plan: plan, harmonics: term.harmonics)
            first &+= T.lanes
        }
    }

    @inline(__always)
    private static func copyFour(_ from: UnsafePointer<T>, to: UnsafeMutablePointer<T>) {
        let four = UnsafeRawPointer(from).loadUnaligned(as: SIMD4<T>.self)
        UnsafeMutableRawPointer(to).storeBytes(of: four, as: SIMD4<T>.self)
    }

    @inline(__always)
    private func buildCouplings(first: Int, plan: ConvolutionPlan<T>, harmonics rows: UnsafePointer<T>) {
        let harmonics = harmonics + (first &* harmonicsCount)
        T.transpose(rows, offsets: harmonicsRows + first, components: harmonicsCount, into: harmonics)
        let tile = couplings + (first &* slots)
        plan.slots.withUnsafeBufferPointer { pairs in
            for slot in 0..<slots {
                (tile + slot &* T.lanes).vector = pairs[slot].sum(UnsafePointer(harmonics))
            }
        }
    }

    /// Tiles that hold the edges, the last one perhaps not full.
    @inline(__always)
    var tileCount: Int { (count &+ T.lanes &- 1) / T.lanes }

    @inline(__always)
    func tile(_ index: Int) -> EdgeTile<T> {
        let first = index &* T.lanes
        return EdgeTile(
            first: first, count: min(T.lanes, count &- first), couplings: UnsafePointer(couplings) + first &* slots,
            harmonics: UnsafePointer(harmonics) + first &* harmonicsCount, basis: UnsafePointer(basis) + 4 &* first,
            slopes: UnsafePointer(slopes) + 4 &* first, tableRows: UnsafePointer(tableRows) + first,
            atomRows: UnsafePointer(atomRows) + first)
    }
}
