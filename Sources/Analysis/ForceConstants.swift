import Atoms
import Compute
import Interactions
import Symmetry

/// Second derivatives of the energy of a crystal, Φ_αβ(i, J) = ∂²E / ∂u_iα ∂u_Jβ in eV/Å², i an atom of the unit cell,
/// J one of the supercell, by the interaction's own second derivatives or by finite displacements.
///
/// Atoms are displaced along x, y and z as far as the space group does not give one from another, forth and back unless
/// it turns the one into the other. With all displacements d and forces F that it gives, Φ = −(Σ d⊗d)⁻¹ Σ d⊗F: what
/// phonopy finds from the same forces (Togo, J. Phys. Soc. Jpn. 92, 012001 (2023), section 3). Columns of the Hessian
/// need no way back; their forces are those of the harmonic crystal at the displacement, F = −Φ d.
public struct ForceConstants: Sendable {
    public let supercell: PhononSupercell
    /// `[unit atom · supercell atoms + supercell atom]`
    public private(set) var blocks: [Matrix3]
    public let displacements: [Displacement]
    public let method: HessianMethod
    /// Before they were made symmetric: the largest |Φ(i, J) − Φ(J, i)ᵀ| and the largest |Σ_J Φ(i, J)|, eV/Å².
    public let asymmetry: Double
    public let sumRuleViolation: Double

    /// An atom out of its place, and all forces.
    public struct Displacement: Sendable {
        /// In the supercell.
        public var atom: Int
        /// Å
        public var vector: SIMD3<Double>
        /// `[supercell atom]`, eV/Å
        public var forces: [SIMD3<Double>] = []
    }

    /// - Parameters:
    ///   - method: the interaction's own derivatives unless it has none, if not given.
    ///   - size: of the displacements, Å.
    ///   - group: of the unit cell; without one all displacements are made.
    ///   - isSymmetrized: whether the acoustic sum rule and Φ(i, J) = Φ(J, i)ᵀ are imposed.
    ///   - progress: called with the displacements done and all.
    public init(
        of supercell: PhononSupercell, by evaluator: Evaluator, method given: HessianMethod? = nil,
        size: Double = 0.01, group: SpaceGroup? = nil, isSymmetrized: Bool = true,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws {
        self.supercell = supercell
        let method = try given ?? evaluator.hessianMethod(for: supercell.structure)
        self.method = method
        let operations = Self.operations(of: group, in: supercell)
        let orbits = Self.orbits(operations, atoms: supercell.unit.count)
        var planned: [(displacement: Displacement, orbit: Int)] = []
        for (number, orbit) in orbits.enumerated() {
            for vector in Self.directions(orbit.site, isTwoSided: method == .differences) {
                planned.append(
                    (Displacement(atom: supercell.index(orbit.atom, .zero), vector: vector * size), number))
            }
        }
        displacements =
            switch method {
            case .analytic: try Self.harmonic(planned.map(\.displacement), in: supercell, by: evaluator, progress)
            case .differences: try Self.displaced(planned.map(\.displacement), in: supercell, by: evaluator, progress)
            }
        for k in planned.indices { planned[k].displacement.forces = displacements[k].forces }
        let all = supercell.structure.count
        blocks = Array(repeating: .zero, count: supercell.unit.count * all)
        for (number, orbit) in orbits.enumerated() {
            var (squares, products) = (Matrix3.zero, [Matrix3](repeating: .zero, count: all))
            for operation in orbit.site {
                let transposed = operation.rotation.transposed
                let images = (0..<all).map { operation.image(of: $0, in: supercell, around: orbit.atom) }
                for (displacement, owner) in planned where owner == number {
                    let vector = displacement.vector * transposed
                    squares += Matrix3.outer(vector, vector)
                    for J in 0..<all {
                        products[images[J]] += Matrix3.outer(vector, displacement.forces[J] * transposed)
                    }
                }
            }
            let factor = squares.inverse * -1
            let row = products.map { factor * $0 }
            for (atom, operation) in orbit.members {
                for J in 0..<all {
                    let image = operation.image(of: J, in: supercell, around: orbit.atom)
                    blocks[atom * all + image] = operation.rotation * row[J] * operation.rotation.transposed
                }
            }
        }
        let raw = blocks
        let transposed = Self.transposed(raw, in: supercell)
        asymmetry = zip(raw, transposed).reduce(0) { max($0, ($1.0 - $1.1).elements.map(abs).max()!) }
        sumRuleViolation = (0..<supercell.unit.count).reduce(0) { largest, i in
            let sum = raw[i * all..<(i + 1) * all].reduce(Matrix3.zero) { $0 + $1 }
            return max(largest, sum.elements.map(abs).max()!)
        }
        if isSymmetrized { symmetrize(transposed) }
    }

    /// Forces at displacements.
    private static func displaced(
        _ displacements: [Displacement], in supercell: PhononSupercell, by evaluator: Evaluator,
        _ progress: (Int, Int) -> Void
    ) throws -> [Displacement] {
        var displacements = displacements
        // Few at a time: their memory is bounded and progress is seen.
        let stride = max(1, 4096 / supercell.structure.count)
        var first = 0
        while first < displacements.count {
            let range = first..<min(first + stride, displacements.count)
            let structures = displacements[range].map { displacement in
                var structure = supercell.structure
                structure.positions[displacement.atom] += displacement.vector
                return structure
            }
            for (k, result) in zip(range, try evaluator.evaluate(structures)) {
                displacements[k].forces = result.forces
            }
            first = range.upperBound
            progress(first, displacements.count)
        }
        return displacements
    }

    /// F = −Φ d.
    private static func harmonic(
        _ displacements: [Displacement], in supercell: PhononSupercell, by evaluator: Evaluator,
        _ progress: (Int, Int) -> Void
    ) throws -> [Displacement] {
        let directions = displacements.map { displacement in
            var direction = [SIMD3<Double>](repeating: .zero, count: supercell.structure.count)
            direction[displacement.atom] = displacement.vector
            return direction
        }
        let products = try evaluator.hessian(of: supercell.structure, times: directions, method: .analytic) {
            progress($0, displacements.count)
        }.products
        return zip(displacements, products).map { displacement, product in
            var displacement = displacement
            displacement.forces = product.map { -$0 }
            return displacement
        }
    }

    public subscript(i: Int, J: Int) -> Matrix3 { blocks[i * supercell.structure.count + J] }

    /// Φ(J, i)ᵀ in the place of Φ(i, J).
    private static func transposed(_ blocks: [Matrix3], in supercell: PhononSupercell) -> [Matrix3] {
        let all = supercell.structure.count
        return (0..<blocks.count).map { place in
            let (i, J) = (place / all, place % all)
            let (j, shift) = supercell.site(J)
            return blocks[j * all + supercell.index(i, .zero &- shift)].transposed
        }
    }

    /// The nearest force constants that are symmetric and have vanishing sums: the mean with the transposed, then rows
    /// and columns less their means, P (Φ + Φᵀ)/2 P with the projector P on what is no translation.
    private mutating func symmetrize(_ transposed: [Matrix3]) {
        let (atoms, all) = (supercell.unit.count, supercell.structure.count)
        for place in blocks.indices { blocks[place] = (blocks[place] + transposed[place]) * 0.5 }
        let means = (0..<atoms).map { i in
            blocks[i * all..<(i + 1) * all].reduce(Matrix3.zero) { $0 + $1 } * (1 / Double(all))
        }
        let mean = means.reduce(Matrix3.zero) { $0 + $1 } * (1 / Double(atoms))
        for i in 0..<atoms {
            for J in 0..<all {
                blocks[i * all + J] =
                    blocks[i * all + J] - means[i] - means[supercell.site(J).atom].transposed + mean
            }
        }
    }
}

extension ForceConstants {
    /// An operation with its rotation of Cartesian vectors.
    fileprivate struct Operation {
        var fractional: SymmetryOperation
        var map: AtomMap
        var rotation: Matrix3

        /// Where it takes an atom of the supercell, seen from the image of `center`, which stands in the first cell.
        func image(of index: Int, in supercell: PhononSupercell, around center: Int) -> Int {
            let (atom, shift) = supercell.site(index)
            return supercell.index(
                map.images[atom], map.shifts[atom] &+ fractional.rotated(shift) &- map.shifts[center])
        }
    }

    /// Atoms that are images of one another.
    fileprivate struct Orbit {
        var atom: Int
        /// The operations that leave it.
        var site: [Operation]
        /// Each atom with an operation that leads to it.
        var members: [(atom: Int, operation: Operation)]
    }

    /// Those that turn the supercell's lattice into itself.
    fileprivate static func operations(of group: SpaceGroup?, in supercell: PhononSupercell) -> [Operation] {
        let unit = supercell.unit
        guard let group else {
            let identity = SymmetryOperation(rotation: [[1, 0, 0], [0, 1, 0], [0, 0, 1]], translation: .zero)
            return [Operation(fractional: identity, map: AtomMap(identityOf: unit.count), rotation: .identity)]
        }
        return zip(group.operations, group.maps).compactMap { operation, map in
            for row in 0..<3 {
                for column in 0..<3
                where operation.rotation[row][column] * supercell.copies[column] % supercell.copies[row] != 0 {
                    return nil
                }
            }
            return Operation(
                fractional: operation, map: map, rotation: operation.cartesianRotation(in: unit.cell!))
        }
    }

    fileprivate static func orbits(_ operations: [Operation], atoms: Int) -> [Orbit] {
        var isReached = [Bool](repeating: false, count: atoms)
        var orbits: [Orbit] = []
        for atom in 0..<atoms where !isReached[atom] {
            var orbit = Orbit(atom: atom, site: [], members: [])
            for operation in operations {
                let image = operation.map.images[atom]
                if image == atom { orbit.site.append(operation) }
                guard !isReached[image] else { continue }
                isReached[image] = true
                orbit.members.append((image, operation))
            }
            orbits.append(orbit)
        }
        return orbits
    }

    /// Directions whose images span space, and, where both sides are wanted, the opposite ones that no image is.
    fileprivate static func directions(_ site: [Operation], isTwoSided: Bool) -> [SIMD3<Double>] {
        var (chosen, span) = ([SIMD3<Double>](), [SIMD3<Double>]())
        func rest(_ vector: SIMD3<Double>) -> SIMD3<Double> { span.reduce(vector) { $0 - $1 * dot($1, vector) } }
        for direction in [SIMD3(1.0, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)] where norm(rest(direction)) > 1e-3 {
            let images = site.map { direction * $0.rotation.transposed }
            for image in images {
                let new = rest(image)
                if norm(new) > 1e-3 { span.append(new / norm(new)) }
            }
            chosen.append(direction)
            if isTwoSided, !images.contains(where: { norm($0 + direction) < 1e-6 }) { chosen.append(-direction) }
        }
        return chosen
    }
}

extension AtomMap {
    /// Every atom stays.
    init(identityOf count: Int) {
        self.init(images: Array(0..<count), shifts: Array(repeating: .zero, count: count))
    }
}
