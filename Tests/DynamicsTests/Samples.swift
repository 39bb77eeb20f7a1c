import Atoms
import Compute
import Dynamics
import Interactions
import Neighbors

enum Samples {
    /// Solid argon, face-centred cubic, `4 n³` atoms, a little above its lattice constant at 0 K.
    static func argon(_ n: Int = 2) -> Structure {
        let a = 5.35
        let unit = Structure(
            elements: Array(repeating: Element("Ar")!, count: 4),
            positions: [.zero, SIMD3(0, a / 2, a / 2), SIMD3(a / 2, 0, a / 2), SIMD3(a / 2, a / 2, 0)],
            cell: Cell(Matrix3(diagonal: SIMD3(repeating: a))))
        return unit.repeated(n, n, n)
    }

    static func lennardJones(parallelism: Parallelism = .serial) throws -> LennardJones {
        try .argon(cutoff: 6.5, parallelism: parallelism)
    }

    /// Thirteen argon atoms, an icosahedron in free space.
    static let cluster: Structure = {
        let phi = (1 + 5.0.squareRoot()) / 2
        let scale = 3.8 / (1 + phi * phi).squareRoot()
        var positions = [SIMD3<Double>.zero]
        for s in [-1.0, 1] {
            for t in [-phi, phi] {
                positions += [SIMD3(0, s, t), SIMD3(s, t, 0), SIMD3(t, 0, s)].map { $0 * scale }
            }
        }
        return Structure(elements: Array(repeating: Element("Ar")!, count: 13), positions: positions)
    }()

    /// Pairs of atoms 100 Å from each other, for `Springs`.
    static func dimers(_ count: Int, _ a: String = "C", _ b: String = "C") -> Structure {
        let place = (0..<count).map { (i: Int) -> SIMD3<Double> in
            SIMD3<Double>(SIMD3<Int>(i % 10, i / 10 % 10, i / 100)) * 100
        }
        return Structure(
            elements: place.flatMap { _ in [Element(a)!, Element(b)!] }, positions: place.flatMap { [$0, $0] })
    }
}

/// Springs of length zero between all atoms in reach: `E = ½ k r²`, whose statistics are known exactly.
final class Springs: Interaction {
    let constant: Double
    let cutoff = 20.0
    init(constant: Double) { self.constant = constant }

    func check(elements: [Element]) {}

    func evaluate(_ configuration: Configuration, into result: inout InteractionResult) {
        let edges = configuration.edges
        result.reset(count: configuration.elements.count)
        for e in 0..<edges.count {
            let r = SIMD3(edges.x[e], edges.y[e], edges.z[e])
            let i = Int(edges.receivers[e])
            result.forces[i] += r * constant
            result.atomicEnergies[i] += 0.25 * constant * dot(r, r)
            result.energy += 0.25 * constant * dot(r, r)
            result.virial += Matrix3.outer(r, r) * (-0.5 * constant)
        }
    }
}
