import Compute

/// A few edges of one atom, made ready for the path kernels in memory that stays in the first-level cache.
///
/// Edges are taken in tiles of `T.lanes`. For every tile the coupling matrices
///
///     t_e[m₁, m₃] = Σ_{m₂} C[m₁ m₂ m₃] Y_e[m₂]
///
/// are built across the edges, one vector for each pair (m₁, m₃), and never stored for more than this group.
struct EdgeGroup<T: KernelScalar> {
    /// Edges in a group, at most.
    static var capacity: Int { 64 }

    let slots: Int
    private let harmonicsCount: Int
    /// `[tile][slot][lane]`
    let couplings: UnsafeMutablePointer<T>
    /// `[edge][4]`
    let basis: UnsafeMutablePointer<T>
    /// `[tile][m₂][lane]`
    private let harmonics: UnsafeMutablePointer<T>
    /// Position in the table of each edge's first knot.
    let tableRows: UnsafeMutablePointer<Int>
    /// Position of the row of each edge's other atom.
    let atomRows: UnsafeMutablePointer<Int>
    /// Index of each edge.
    let edges: UnsafeMutablePointer<Int>
    private(set) var count = 0

    /// Scalars of scratch memory that a group takes.
    static func scratchSize(slots: Int, harmonics: Int) -> Int {
        capacity * (slots + 4 + harmonics) + 3 * capacity * 8 / MemoryLayout<T>.size
    }

    init(slots: Int, harmonics: Int, scratch: UnsafeMutablePointer<T>) {
        self.slots = slots
        harmonicsCount = harmonics
        couplings = scratch
        basis = couplings + Self.capacity * slots
        self.harmonics = basis + 4 * Self.capacity
        let integers = UnsafeMutableRawPointer(self.harmonics + Self.capacity * harmonics)
            .bindMemory(to: Int.self, capacity: 3 * Self.capacity)
        tableRows = integers
        atomRows = integers + Self.capacity
        edges = integers + 2 * Self.capacity
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
            for q in 0..<4 { basis[4 &* k &+ q] = term.basis[4 &* e &+ q] }
        }
        var first = 0
        while first < count {
            buildCouplings(first: first, plan: plan, harmonics: term.harmonics)
            first &+= T.lanes
        }
    }

    private func buildCouplings(first: Int, plan: ConvolutionPlan<T>, harmonics rows: UnsafePointer<T>) {
        let width = plan.harmonics
        let harmonics = harmonics + (first &* width)
        for lane in 0..<T.lanes {
            let row = rows + edges[min(first &+ lane, count &- 1)] &* width
            for m in 0..<width { harmonics[m &* T.lanes &+ lane] = row[m] }
        }
        let tile = couplings + (first &* slots)
        // The scratch memory has served other convolutions before.
        for slot in plan.emptySlots { (tile + (slot &* T.lanes)).vector = .zero }
        plan.entries.withUnsafeBufferPointer { entries in
            for coupling in plan.couplings {
                var position = coupling.firstEntry
                while position < coupling.endEntry {
                    let slot = entries[position].slot
                    var sum = T.Vector.zero
                    while position < coupling.endEntry, entries[position].slot == slot {
                        let entry = entries[position]
                        sum = sum.adding(entry.value, times: (harmonics + entry.harmonic &* T.lanes).vector)
                        position &+= 1
                    }
                    (tile + ((coupling.slot &+ slot) &* T.lanes)).vector = sum
                }
            }
        }
    }

    /// The coupling matrices of edge `k` of the group: element `slot` lies at `slot * T.lanes`.
    @inline(__always)
    func coupling(_ k: Int) -> UnsafePointer<T> {
        UnsafePointer(couplings) + ((k / T.lanes) &* slots &* T.lanes &+ k % T.lanes)
    }

    /// The harmonics of edge `k` of the group: component `m₂` lies at `m₂ * T.lanes`.
    @inline(__always)
    func harmonics(_ k: Int) -> UnsafePointer<T> {
        UnsafePointer(harmonics) + ((k / T.lanes) &* harmonicsCount &* T.lanes &+ k % T.lanes)
    }
}
