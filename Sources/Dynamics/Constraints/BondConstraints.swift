import Atoms

/// Bonds of constant length: SHAKE for positions, RATTLE for velocities, iterated bond by bond until every one of a
/// molecule is right.
///
///     x_i += w_i g r⁰,   x_j −= w_j g r⁰,   g = (r² − d²) / (2 r·(w_i + w_j) r⁰),   w = 1/m along what is free
///
/// with the bond vectors r = x_j − x_i and, before the step, r⁰. Time-reversible and symplectic as far as the iteration
/// is carried, and a function of positions and velocities alone, so that a restart goes on to the bit.
/// Ryckaert, Ciccotti and Berendsen, J. Comput. Phys. 23, 327 (1977); Andersen, J. Comput. Phys. 52, 24 (1983).
struct BondConstraints: Sendable {
    private struct Bond: Sendable {
        var i: Int
        var j: Int
        /// To the image of j that the bond leads to, Å.
        var shift: SIMD3<Double>
        /// d², Å²
        var square: Double
    }

    /// Molecule after molecule.
    private var bonds: [Bond] = []
    /// Of `bonds`, those that share atoms directly or over others.
    private var molecules: [Range<Int>] = []
    private var tolerance = 1e-10

    /// Sweeps over the bonds of a molecule: long chains take some hundred.
    private static let largestSweeps = 5000

    init() {}

    var isEmpty: Bool { bonds.isEmpty }
    var count: Int { bonds.count }

    /// - Parameter positions: are moved to where bonds have the lengths that are given.
    /// - Throws: `SimulationError` for bonds that are none, that hold what does not move, or depend on each other.
    init(
        _ wanted: [Constraints.Bond], tolerance: Double, of positions: inout [SIMD3<Double>], in cell: Cell?,
        masses: [Double], freedom: [SIMD3<Double>]
    ) throws {
        guard !wanted.isEmpty else { return }
        func refused(_ message: String) -> SimulationError { SimulationError(.invalidSetting, message) }
        guard tolerance > 0, tolerance <= 1e-3 else {
            throw refused("The tolerance of bonds must be above 0 and at most 0.001; got \(tolerance).")
        }
        self.tolerance = tolerance
        var group = Groups(positions.count)
        var seen: Set<SIMD2<Int>> = []
        for bond in wanted {
            guard bond.first != bond.second,
                seen.insert(SIMD2(min(bond.first, bond.second), max(bond.first, bond.second))).inserted
            else {
                throw refused(
                    "The bond of atoms \(bond.first + 1) and \(bond.second + 1) is given twice, or is of an atom with itself."
                )
            }
            group.join(bond.first, bond.second)
        }
        // Of equal molecules the order of the input is kept.
        let order = wanted.indices.sorted {
            (group.root(wanted[$0].first), $0) < (group.root(wanted[$1].first), $1)
        }
        for index in order {
            let bond = wanted[index]
            let r = positions[bond.second] - positions[bond.first]
            let shift = cell?.shiftToNearest(r) ?? .zero
            let length = norm(r + shift)
            let square = (bond.length ?? length) * (bond.length ?? length)
            guard square > 0, square.isFinite, abs(length - square.squareRoot()) < 0.2 * length else {
                throw refused(
                    "The bond of atoms \(bond.first + 1) and \(bond.second + 1) is to be \(square.squareRoot()) Å long and is "
                        + "\(length) Å; expected a length within 20 % of that at the start.")
            }
            if molecules.last.map({
                group.root(bonds[$0.lowerBound].i) == group.root(bond.first)
            }) == true {
                molecules[molecules.count - 1] = molecules.last!.lowerBound..<bonds.count + 1
            } else {
                molecules.append(bonds.count..<bonds.count + 1)
            }
            bonds.append(Bond(i: bond.first, j: bond.second, shift: shift, square: square))
        }
        try requireIndependence(at: positions, masses, freedom)
        if wanted.contains(where: { $0.length != nil }) {
            var velocities = [SIMD3<Double>](repeating: .zero, count: positions.count)
            // Along the bonds as they turn: a few rounds bring all to their lengths.
            for _ in 0..<3 {
                try restore(
                    &positions, &velocities, from: vectors(at: positions), over: 1, masses: masses, freedom: freedom,
                    step: 0)
            }
        }
    }

    /// `[bond]`, as given: the lengths that they keep.
    func lengths(of wanted: [Constraints.Bond]) -> [Constraints.Bond] {
        let known = Dictionary(uniqueKeysWithValues: bonds.map { (SIMD2($0.i, $0.j), $0.square.squareRoot()) })
        return wanted.map { .init($0.first, $0.second, length: known[SIMD2($0.first, $0.second)]) }
    }

    /// `[bond]`
    func vectors(at positions: [SIMD3<Double>]) -> [SIMD3<Double>] {
        bonds.map { positions[$0.j] - positions[$0.i] + $0.shift }
    }

    /// Bonds back to their lengths along `before`, and the velocities that it takes.
    func restore(
        _ positions: inout [SIMD3<Double>], _ velocities: inout [SIMD3<Double>], from before: [SIMD3<Double>],
        over dt: Double, masses: [Double], freedom: [SIMD3<Double>], step: Int
    ) throws {
        for molecule in molecules {
            try sweep(molecule, step, "brought back to its length") { index in
                let bond = bonds[index]
                let r = positions[bond.j] - positions[bond.i] + bond.shift
                let excess = dot(r, r) - bond.square
                guard abs(excess) > tolerance * bond.square else { return true }
                let (u, v) = (freedom[bond.i] * (1 / masses[bond.i]), freedom[bond.j] * (1 / masses[bond.j]))
                let slope = 2 * dot(r, (u + v) * before[index])
                // A bond that has turned by a right angle in a step has no way back along where it pointed.
                guard abs(slope) > 1e-3 * bond.square * (u + v).max(), excess.isFinite else { return nil }
                let impulse = before[index] * (excess / slope)
                positions[bond.i] += u * impulse
                positions[bond.j] -= v * impulse
                velocities[bond.i] += u * impulse * (1 / dt)
                velocities[bond.j] -= v * impulse * (1 / dt)
                return false
            }
        }
    }

    /// Velocities without a part along bonds.
    func project(
        _ velocities: inout [SIMD3<Double>], at positions: [SIMD3<Double>], masses: [Double],
        freedom: [SIMD3<Double>], step: Int
    ) throws {
        for molecule in molecules {
            try sweep(molecule, step, "kept at its length") { index in
                let bond = bonds[index]
                let r = positions[bond.j] - positions[bond.i] + bond.shift
                // Per fs, about a timestep, to the tolerance of lengths.
                let rate = dot(r, velocities[bond.j] - velocities[bond.i])
                guard abs(rate) > tolerance * bond.square else { return true }
                let (u, v) = (freedom[bond.i] * (1 / masses[bond.i]), freedom[bond.j] * (1 / masses[bond.j]))
                let impulse = r * (rate / dot(r, (u + v) * r))
                guard impulse.x.isFinite else { return nil }
                velocities[bond.i] += u * impulse
                velocities[bond.j] -= v * impulse
                return false
            }
        }
    }

    /// Of the forces λ r that make `r·(a_j − a_i) + (v_j − v_i)²` zero, amu·Å²/fs².
    func virial(_ motion: Motion) -> Matrix3 {
        guard !isEmpty else { return .zero }
        let (x, v, forces) = (motion.positions, motion.velocities, motion.forces)
        var sum = Matrix3.zero
        var accelerations: [Int: SIMD3<Double>] = [:]
        func acceleration(_ atom: Int) -> SIMD3<Double> {
            accelerations[atom] ?? forces[atom] * (Units.acceleration / motion.masses[atom]) * motion.freedom[atom]
        }
        for molecule in molecules {
            accelerations.removeAll(keepingCapacity: true)
            var multipliers = [Double](repeating: 0, count: molecule.count)
            let scale = molecule.reduce(0.0) { largest, index in
                let a = acceleration(bonds[index].j) - acceleration(bonds[index].i)
                let relative = v[bonds[index].j] - v[bonds[index].i]
                return max(largest, norm(a) * bonds[index].square.squareRoot(), dot(relative, relative))
            }
            // Only looked at, so that a molecule that does not converge is known as well as it is.
            for _ in 0..<Self.largestSweeps {
                var isDone = true
                for index in molecule {
                    let bond = bonds[index]
                    let r = x[bond.j] - x[bond.i] + bond.shift
                    let relative = v[bond.j] - v[bond.i]
                    let rate = dot(r, acceleration(bond.j) - acceleration(bond.i)) + dot(relative, relative)
                    guard abs(rate) > 1e-12 * scale else { continue }
                    isDone = false
                    let (u, w) = (
                        motion.freedom[bond.i] * (1 / motion.masses[bond.i]),
                        motion.freedom[bond.j] * (1 / motion.masses[bond.j])
                    )
                    let multiplier = rate / dot(r, (u + w) * r)
                    accelerations[bond.i] = acceleration(bond.i) + u * r * multiplier
                    accelerations[bond.j] = acceleration(bond.j) - w * r * multiplier
                    multipliers[index - molecule.lowerBound] += multiplier
                }
                if isDone { break }
            }
            for index in molecule {
                let r = x[bonds[index].j] - x[bonds[index].i] + bonds[index].shift
                sum += Matrix3.outer(r, r) * -multipliers[index - molecule.lowerBound]
            }
        }
        return sum
    }

    /// Goes over bonds until `correct` finds all of them right; it returns `nil` for one that nothing makes right.
    private func sweep(_ molecule: Range<Int>, _ step: Int, _ aim: String, _ correct: (Int) -> Bool?) throws {
        var last = molecule.lowerBound
        for _ in 0..<Self.largestSweeps {
            var isDone = true
            for index in molecule {
                guard let isRight = correct(index) else { throw failure(bonds[index], step, aim) }
                guard !isRight else { continue }
                isDone = false
                last = index
            }
            if isDone { return }
        }
        throw failure(bonds[last], step, aim)
    }

    private func failure(_ bond: Bond, _ step: Int, _ aim: String) -> SimulationError {
        SimulationError(
            .brokenConstraint, step: step,
            "After step \(step) the bond of atoms \(bond.i + 1) and \(bond.j + 1) cannot be \(aim) of "
                + "\(bond.square.squareRoot()) Å: the atoms have moved too far. Try a shorter timestep, or relax the structure "
                + "first.")
    }
}

// MARK: - Independence

extension BondConstraints {
    /// Bonds of a molecule whose independence is tested by numbers; larger ones must have no rings.
    private static let largestMolecule = 400

    /// Dependent bonds would count for degrees of freedom that are not there.
    private func requireIndependence(
        at positions: [SIMD3<Double>], _ masses: [Double], _ freedom: [SIMD3<Double>]
    ) throws {
        for molecule in molecules {
            let atoms = Set(molecule.flatMap { [bonds[$0].i, bonds[$0].j] })
            let isFree = atoms.allSatisfy { freedom[$0] == SIMD3(1, 1, 1) }
            // A tree whose atoms are free.
            if isFree, molecule.count == atoms.count - 1 { continue }
            guard molecule.count <= Self.largestMolecule else {
                throw SimulationError(
                    .invalidSetting,
                    "\(molecule.count) bonds of constant length with rings or fixed atoms hang together, the first of atoms "
                        + "\(bonds[molecule.lowerBound].i + 1) and \(bonds[molecule.lowerBound].j + 1); expected at most "
                        + "\(Self.largestMolecule). Leave bonds out, those of heavy atoms first.")
            }
            if let bond = dependent(molecule, positions, masses, freedom) {
                throw SimulationError(
                    .invalidSetting,
                    "The bond of atoms \(bond.i + 1) and \(bond.j + 1) is kept by other bonds or fixed atoms already; leave it "
                        + "out, or make the molecule a rigid group.")
            }
        }
    }

    /// The first bond whose direction depends on those before: Gram and Schmidt's method in mass-weighted space.
    private func dependent(
        _ molecule: Range<Int>, _ positions: [SIMD3<Double>], _ masses: [Double], _ freedom: [SIMD3<Double>]
    ) -> Bond? {
        let atoms = Set(molecule.flatMap { [bonds[$0].i, bonds[$0].j] }).sorted()
        let place = Dictionary(uniqueKeysWithValues: atoms.enumerated().map { ($1, $0) })
        var basis: [[SIMD3<Double>]] = []
        for index in molecule {
            let bond = bonds[index]
            let r = positions[bond.j] - positions[bond.i] + bond.shift
            var row = [SIMD3<Double>](repeating: .zero, count: atoms.count)
            row[place[bond.i]!] = r * freedom[bond.i] * (-1 / masses[bond.i].squareRoot())
            row[place[bond.j]!] = r * freedom[bond.j] * (1 / masses[bond.j].squareRoot())
            func square() -> Double { row.reduce(0) { $0 + dot($1, $1) } }
            let whole = square()
            for other in basis + basis {
                let share = zip(row, other).reduce(0) { $0 + dot($1.0, $1.1) }
                for k in row.indices { row[k] -= other[k] * share }
            }
            // A direction to 10⁻⁴ of the others: a triangle as flat as that.
            guard square() > 1e-8 * whole, whole > 0 else { return bond }
            let length = square().squareRoot()
            basis.append(row.map { $0 * (1 / length) })
        }
        return nil
    }
}

/// Which of some things hang together, by joining pairs: a forest of roots.
struct Groups {
    private var parents: [Int]
    init(_ count: Int) { parents = Array(0..<count) }

    mutating func join(_ a: Int, _ b: Int) {
        let (u, v) = (root(a), root(b))
        // The lower number is the root, so that groups come in the order of their first members.
        parents[max(u, v)] = min(u, v)
    }

    mutating func root(_ a: Int) -> Int {
        var a = a
        while parents[a] != a {
            parents[a] = parents[parents[a]]
            a = parents[a]
        }
        return a
    }
}

extension Cell {
    /// What to add to a vector between atoms so that it leads to the nearest image, Å.
    func shiftToNearest(_ vector: SIMD3<Double>) -> SIMD3<Double> {
        var images = -(vector * vectors.inverse)
        images.round(.toNearestOrEven)
        for axis in 0..<3 where !repeats(along: axis) { images[axis] = 0 }
        var best = images * vectors
        let start = best
        func range(_ axis: Int) -> ClosedRange<Int> { repeats(along: axis) ? -1...1 : 0...0 }
        for a in range(0) {
            for b in range(1) {
                for c in range(2) {
                    let shift = start + SIMD3(Double(a), Double(b), Double(c)) * vectors
                    let (r, s) = (vector + shift, vector + best)
                    if dot(r, r) < dot(s, s) * (1 - 1e-9) { best = shift }
                }
            }
        }
        return best
    }
}
