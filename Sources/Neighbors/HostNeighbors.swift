import Compute

/// Neighbours as another program lists them: its own atoms, then ghosts, which are images of these atoms or copies of
/// atoms that other processes hold. Borrowed for the duration of a call.
///
/// Pairs beyond the cutoff (a list with a skin) are left out when edges are made of it.
public struct HostNeighbors {
    public let atoms: Int
    public let ghosts: Int
    /// `[atom or ghost][3]` in Å.
    let positions: UnsafePointer<Double>
    /// `[atom + 1]` — neighbours of `i` are `neighbors[first[i]..<first[i + 1]]`.
    let first: UnsafePointer<Int64>
    let neighbors: UnsafePointer<Int32>
    /// `[atom or ghost]` — the atom or ghost that stands for it: of an image the atom. `nil` if all stand for
    /// themselves.
    let owners: UnsafePointer<Int32>?
    /// Whether ghosts are sources of edges. Otherwise all neighbours stand for atoms.
    let keepsGhosts: Bool

    public init(
        atoms: Int, ghosts: Int, positions: UnsafePointer<Double>, first: UnsafePointer<Int64>,
        neighbors: UnsafePointer<Int32>, owners: UnsafePointer<Int32>?, keepsGhosts: Bool
    ) {
        self.atoms = atoms
        self.ghosts = ghosts
        self.positions = positions
        self.first = first
        self.neighbors = neighbors
        self.owners = owners
        self.keepsGhosts = keepsGhosts
    }
}

extension EdgeList {
    /// Replaces the edges by the host's pairs within the cutoff (Å), in the host's order.
    ///
    /// Throws `NeighborError` on indices out of range, coordinates that are not finite, and ghosts that nobody can
    /// fill.
    public mutating func update(from host: HostNeighbors, cutoff: Double, _ parallelism: Parallelism) throws {
        let length = 512
        var problems = [HostPairs.Problem?](repeating: nil, count: (host.atoms + length - 1) / length)
        resize(atoms: host.atoms, ghosts: host.keepsGhosts ? host.ghosts : 0, edges: count)
        let pairs = HostPairs(
            host: host, limit: cutoff * cutoff, rows: sourceCount, count: host.atoms + host.ghosts)
        offsets.withUnsafeMutableBufferPointer { offsets in
            problems.withUnsafeMutableBufferPointer { problems in
                nonisolated(unsafe) let (offsets, problems) = (offsets, problems)
                parallelism.forEach(host.atoms, by: length) {
                    problems[$0.lowerBound / length] = pairs.count($0, into: offsets)
                }
            }
        }
        if let problem = problems.lazy.compactMap({ $0 }).first { throw problem.error(host) }
        var total = 0
        for atom in 0..<host.atoms {
            total += Int(offsets[atom + 1])
            guard total <= Int(Int32.max) else {
                throw NeighborError.size("expected at most \(Int32.max) edges, found more; use more processes")
            }
            offsets[atom + 1] = Int32(total)
        }
        resize(atoms: atomCount, ghosts: ghostCount, edges: total)
        withColumns { columns in
            parallelism.forEach(host.atoms, by: length) { pairs.write($0, into: columns) }
        }
        transpose()
    }
}

/// The loops over a host's pairs.
private struct HostPairs: @unchecked Sendable {
    let host: HostNeighbors
    /// The square of the cutoff.
    let limit: Double
    /// Atoms and ghosts that can be sources.
    let rows: Int
    /// Atoms and ghosts that have positions.
    let count: Int

    enum Problem {
        case order(atom: Int), index(atom: Int, Int), owner(ghost: Int, Int), position(atom: Int)

        func error(_ host: HostNeighbors) -> NeighborError {
            let count = host.atoms + host.ghosts
            func name(_ index: Int) -> String {
                index < host.atoms ? "atom \(index + 1)" : "ghost \(index - host.atoms + 1)"
            }
            switch self {
            case .order(let atom):
                return .init(
                    code: .index,
                    message:
                        "expected neighbours of atoms one after the other, found those of atom \(atom + 1) from \(host.first[atom]) to \(host.first[atom + 1]) of \(host.first[host.atoms])"
                )
            case .index(let atom, let index):
                return .init(
                    code: .index,
                    message:
                        "expected neighbours among \(count) atoms and ghosts, found index \(index) at atom \(atom + 1)"
                )
            case .owner(let ghost, let owner) where owner < host.atoms || owner >= count:
                return .init(
                    code: .index,
                    message: "expected an owner among \(count) atoms and ghosts, found \(owner) for \(name(ghost))")
            case .owner(let ghost, let owner):
                return .init(
                    code: .index,
                    message:
                        "expected an atom that \(name(ghost)) is an image of, found \(owner), which is a ghost itself; "
                        + "models of several layers need functions that exchange ghosts")
            case .position(let atom):
                let x = host.positions + 3 * atom
                return .position(atom, SIMD3(x[0], x[1], x[2]))
            }
        }
    }

    @inline(__always)
    private func position(_ index: Int) -> SIMD3<Double> {
        let x = host.positions + 3 * index
        return SIMD3(x[0], x[1], x[2])
    }

    @inline(__always)
    private func square(_ r: SIMD3<Double>) -> Double { r.x * r.x + r.y * r.y + r.z * r.z }

    func count(_ atoms: Range<Int>, into offsets: UnsafeMutableBufferPointer<Int32>) -> Problem? {
        for i in atoms {
            let centre = position(i)
            guard Site.isValid(centre) else { return .position(atom: i) }
            var found: Int32 = 0
            let (start, end) = (host.first[i], host.first[i + 1])
            guard 0 <= start, start <= end, end <= host.first[host.atoms] else { return .order(atom: i) }
            for k in Int(start)..<Int(end) {
                let j = Int(host.neighbors[k])
                guard j >= 0, j < count else { return .index(atom: i, j) }
                let distance = square(position(j) - centre)
                guard distance < limit else {
                    if !distance.isFinite { return .position(atom: j) }
                    continue
                }
                if let owners = host.owners, owners[j] < 0 || owners[j] >= rows {
                    return .owner(ghost: j, Int(owners[j]))
                }
                if host.owners == nil, j >= rows { return .owner(ghost: j, j) }
                found &+= 1
            }
            offsets[i + 1] = found
        }
        return nil
    }

    func write(_ atoms: Range<Int>, into edges: EdgeList.Columns) {
        for i in atoms {
            let centre = position(i)
            var e = Int(edges.offsets[i])
            for k in Int(host.first[i])..<Int(host.first[i + 1]) {
                let j = Int(host.neighbors[k])
                let r = position(j) - centre
                guard square(r) < limit else { continue }
                edges.receivers[e] = Int32(truncatingIfNeeded: i)
                edges.sources[e] = host.owners?[j] ?? Int32(truncatingIfNeeded: j)
                edges.x[e] = r.x
                edges.y[e] = r.y
                edges.z[e] = r.z
                e &+= 1
            }
        }
    }
}
