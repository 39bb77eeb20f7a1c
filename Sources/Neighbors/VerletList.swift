import Atoms
import Compute

/// The neighbours of moving atoms: a list of candidates within cutoff + skin, from which every step keeps the edges
/// within the cutoff (Verlet 1967).
///
///     var neighbors = VerletList(cutoffs: Cutoffs(5), skin: 1)
///     try neighbors.update(positions: positions, cell: cell)
///     energy = potential(neighbors.edges)
///
/// The edges are a function of the present positions and cell alone, bit for bit: they depend neither on when the
/// candidates were found nor on the number of threads. Atoms may drift out of the cell without limit.
///
/// No step allocates once the arrays have found their size, unless `edges` has been copied and the copy is kept:
/// then Swift must give the list new storage.
public struct VerletList: Sendable {
    public let cutoffs: Cutoffs
    /// In Å. With zero the candidates are found anew whenever anything has moved.
    public let skin: Double
    public let parallelism: Parallelism

    /// The edges of the last update.
    public private(set) var edges = EdgeList()
    /// How often the candidates have been found.
    public private(set) var rebuildCount = 0

    private var types: [Int32]
    private var sites: [Site] = []
    private var candidates = CandidateList()
    private var images = Images()
    private var imagesLattice: Lattice?

    /// Positions in Å, images and cell when the candidates were found.
    private var referencePositions: [SIMD3<Double>] = []
    private var referenceImages: [SIMD3<Double>] = []
    private var referenceLattice: Lattice?
    /// How many cell faces an atom may cross before the candidates must be found anew.
    private var crossingLimit = SIMD3<Double>.zero
    private var chunkResults: [WrapResult] = []

    /// A list for atoms of these types (`[atom]`, rows of the cutoff matrix); without types, all are of type 0.
    public init(cutoffs: Cutoffs, skin: Double, types: [Int] = [], parallelism: Parallelism = .serial) {
        precondition(skin >= 0 && skin.isFinite, "expected a skin of at least 0 Å, got \(skin)")
        for type in types {
            precondition(
                (0..<cutoffs.typeCount).contains(type), "expected types below \(cutoffs.typeCount), got \(type)")
        }
        self.cutoffs = cutoffs
        self.skin = skin
        self.parallelism = parallelism
        self.types = types.map { Int32($0) }
    }

    /// What edges, candidates and everything about the atoms take in memory.
    public var memoryBytes: Int {
        edges.memoryBytes + candidates.memoryBytes + sites.count * MemoryLayout<Site>.stride
            + (referencePositions.count + referenceImages.count) * MemoryLayout<SIMD3<Double>>.stride
    }

    /// Brings `edges` up to the present positions (Å). Throws `NeighborError` on coordinates that are not finite
    /// and on a cell without volume.
    public mutating func update(positions: [SIMD3<Double>], cell: Cell?) throws {
        precondition(
            types.isEmpty || types.count == positions.count,
            "expected \(types.count) positions, as many as types, got \(positions.count)")
        let lattice = try Lattice(cell)
        let isComparable =
            referencePositions.count == positions.count && referenceLattice?.periodic == lattice.periodic
        if !isComparable { prepare(for: positions.count) }
        let deformation =
            isComparable && lattice != referenceLattice
            ? referenceLattice.map { $0.inverse * lattice.vectors } : nil
        let moved = try wrap(positions, lattice, deformation: deformation)
        if !isComparable || moved.hasCrossedTooFar || moved.largestSquare > squareBudget(deformation) {
            try rebuild(positions, lattice)
        }
        if imagesLattice != lattice {
            images.fill(lattice)
            imagesLattice = lattice
        }
        try candidates.compact(into: &edges, sites: sites, images: images, cutoffs: cutoffs, parallelism)
    }

    /// Forgets the candidates; the next update finds them anew.
    public mutating func invalidate() { referenceLattice = nil }

    private mutating func prepare(for count: Int) {
        sites.removeAll(keepingCapacity: true)
        sites.resize(to: count, filler: Site())
        for i in types.indices { sites[i].type = types[i] }
        referencePositions.resize(to: count, filler: .zero)
        referenceImages.resize(to: count, filler: .zero)
    }

    /// The square of the displacement at which a pair from outside cutoff + skin could come within the cutoff.
    ///
    /// After a deformation F of the cell, a pair vector is r = r₀F + u_j − u_i with the displacements u beyond F.
    /// |r₀F| ≥ (1 − ‖F − 1‖)|r₀|, so a pair with |r₀| > c + s stays beyond c while
    /// 2 max|u| ≤ (1 − ‖F − 1‖)(c + s) − c. Without deformation this is max|u| ≤ s / 2.
    private func squareBudget(_ deformation: Matrix3?) -> Double {
        guard let deformation else { return skin * skin / 4 }
        let d = deformation - .identity
        let norm = (dot(d.rows.0, d.rows.0) + dot(d.rows.1, d.rows.1) + dot(d.rows.2, d.rows.2)).squareRoot()
        let budget = (1 - norm) * (cutoffs.longest + skin) - cutoffs.longest
        return budget >= 0 ? budget * budget / 4 : -1
    }

    private mutating func rebuild(_ positions: [SIMD3<Double>], _ lattice: Lattice) throws {
        // Not comparable until all of it has succeeded.
        referenceLattice = nil
        rebuildCount += 1
        for i in sites.indices {
            referencePositions[i] = positions[i]
            referenceImages[i] = Site.wrap(positions[i], lattice).image
            sites[i].crossing = 0
        }
        // Within half the skin, an atom crosses one face more than whole cells fit into its way.
        crossingLimit =
            SIMD3<Double>(lattice.periodic)
            * ((skin / 2 / lattice.heights).rounded(.down) + SIMD3(repeating: 1))
        guard crossingLimit.max() < Double(Images.largestCount) else {
            throw NeighborError.size("expected a cell of some thickness, found heights of \(lattice.heights) Å")
        }
        try candidates.find(
            sites, lattice, cutoffs: cutoffs, skin: skin, crossings: SIMD3<Int>(crossingLimit), images: &images,
            parallelism)
        imagesLattice = nil
        referenceLattice = lattice
    }
}

/// What one range of atoms reports of its step.
private struct WrapResult {
    var largestSquare = 0.0
    var hasCrossedTooFar = false
    var invalidAtom = -1
}

extension VerletList {
    /// Wraps all atoms into `sites` and measures how far they have come since the candidates were found.
    private mutating func wrap(
        _ positions: [SIMD3<Double>], _ lattice: Lattice, deformation: Matrix3?
    ) throws -> (largestSquare: Double, hasCrossedTooFar: Bool) {
        let count = positions.count
        let length = 4096
        chunkResults.resize(to: (count + length - 1) / length, filler: WrapResult())
        let stride = SIMD3<Double>(images.stride)
        let limit = crossingLimit
        let parallelism = parallelism
        sites.withUnsafeMutableBufferPointer { sites in
            referencePositions.withUnsafeBufferPointer { references in
                referenceImages.withUnsafeBufferPointer { referenceImages in
                    positions.withUnsafeBufferPointer { positions in
                        chunkResults.withUnsafeMutableBufferPointer { results in
                            parallelism.forEach(count, by: length) { range in
                                var result = WrapResult()
                                for i in range {
                                    let position = positions[i]
                                    guard Site.isValid(position) else {
                                        result.invalidAtom = i
                                        break
                                    }
                                    let (wrapped, image) = Site.wrap(position, lattice)
                                    sites[i].x = wrapped.x
                                    sites[i].y = wrapped.y
                                    sites[i].z = wrapped.z
                                    let crossed = image - referenceImages[i]
                                    if crossed == .zero {
                                        sites[i].crossing = 0
                                    } else if any(crossed .> limit) || any(crossed .< -limit) {
                                        result.hasCrossedTooFar = true
                                    } else {
                                        sites[i].crossing = Int32(dot(crossed, stride))
                                    }
                                    let reference = deformation.map { references[i] * $0 } ?? references[i]
                                    let way = position - reference
                                    result.largestSquare = max(result.largestSquare, dot(way, way))
                                }
                                results[range.lowerBound / length] = result
                            }
                        }
                    }
                }
            }
        }
        var largest = 0.0
        var hasCrossedTooFar = false
        for result in chunkResults {
            if result.invalidAtom >= 0 {
                throw NeighborError.position(result.invalidAtom, positions[result.invalidAtom])
            }
            largest = max(largest, result.largestSquare)
            hasCrossedTooFar = hasCrossedTooFar || result.hasCrossedTooFar
        }
        return (largest, hasCrossedTooFar)
    }
}

extension EdgeList {
    /// The edges of one structure. For a sequence of similar ones, `VerletList` is faster.
    ///
    /// Positions in Å; `types` (`[atom]`) choose the row and column of the cutoffs. Throws `NeighborError`.
    public init(
        positions: [SIMD3<Double>], cell: Cell?, cutoffs: Cutoffs, types: [Int] = [],
        parallelism: Parallelism = .serial
    ) throws {
        var list = VerletList(cutoffs: cutoffs, skin: 0, types: types, parallelism: parallelism)
        try list.update(positions: positions, cell: cell)
        self = list.edges
    }
}
