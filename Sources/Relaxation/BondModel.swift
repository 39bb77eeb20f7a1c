import Atoms
import Foundation
import Neighbors
import Symmetry

/// A model of the second derivatives of the energy, the metric in which quasi-Newton steps are taken: springs along
/// and, weaker, across the bonds between near atoms,
///
///     uᵀ P u = Σ_bonds k [(1 − τ) (d̂ · δ)² + τ δ²],   δ = uⱼ − uᵢ + d ε,
///
/// so that atoms and strains are coupled as they are in a crystal. Systems P x = b are solved by conjugate gradients,
/// which take a small part of the time of an evaluation.
struct BondModel {
    private struct Bond {
        var i, j: Int32
        var vector: SIMD3<Double>
        var unit: SIMD3<Double>
        /// k (1 − τ) and k τ, eV/Å²
        var along, across: Double
    }

    private var bonds: [Bond] = []
    private let atoms: Int
    private let basis: [Matrix3]
    private let isFixed: [Bool]
    private let diagonal: [Double]
    /// eV/Å²: holds what no bond holds.
    private let ground: Double

    /// Stiffness of a bond of this length between nearest neighbours, eV/Å²: diamond's 28 at 1.54 Å, and between
    /// silicon's 9 at 2.35 Å and copper's 1.8 at 2.55 Å for longer ones.
    private static func stiffness(_ distance: Double) -> Double {
        min(45, 28 * pow(1.54 / distance, 4))
    }

    private static let transverse = 0.15
    /// In units of the distance of nearest neighbours: how far bonds reach, and how fast their stiffness falls.
    private static let reach = 1.6, decay = 4.0

    init(_ deformed: DeformedStructure, fixed: Set<Int>) throws {
        let structure = deformed.structure
        atoms = structure.count
        isFixed = (0..<structure.count).map(fixed.contains)
        basis = deformed.freedom.basis.map { $0 * (1 / deformed.strainScale) }
        var distances = [Double](repeating: .infinity, count: atoms)
        var edges = EdgeList()
        // Atoms without any neighbour are held by the ground alone.
        for cutoff in [3.2, 5, 8.0] {
            edges = try EdgeList(
                positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(cutoff), parallelism: .serial)
            distances = [Double](repeating: .infinity, count: atoms)
            for e in 0..<edges.count {
                let r = norm(SIMD3(edges.x[e], edges.y[e], edges.z[e]))
                distances[Int(edges.receivers[e])] = min(distances[Int(edges.receivers[e])], r)
            }
            if distances.allSatisfy({ $0 * Self.reach <= cutoff }) { break }
        }
        for e in 0..<edges.count where edges.receivers[e] <= edges.sources[e] {
            let (i, j) = (Int(edges.receivers[e]), Int(edges.sources[e]))
            let d = SIMD3(edges.x[e], edges.y[e], edges.z[e])
            let r = norm(d)
            // Every image of an atom itself is met twice.
            let share = i == j ? 0.5 : 1
            let nearest = max(distances[i], distances[j])
            guard r < Self.reach * nearest, r > 1e-3 else { continue }
            let k = share * Self.stiffness(r) * exp(-Self.decay * max(0, r / nearest - 1))
            bonds.append(
                Bond(
                    i: Int32(i), j: Int32(j), vector: d, unit: d / r, along: k * (1 - Self.transverse),
                    across: k * Self.transverse))
        }
        let total = bonds.reduce(0) { $0 + $1.along + $1.across }
        ground = max(0.02 * total / Double(max(1, atoms)), 0.02)
        var diagonal = [Double](repeating: ground, count: 3 * atoms + basis.count)
        for bond in bonds {
            let stiffness = bond.unit * bond.unit * bond.along + bond.across
            for k in 0..<3 where bond.i != bond.j {
                diagonal[3 * Int(bond.i) + k] += stiffness[k]
                diagonal[3 * Int(bond.j) + k] += stiffness[k]
            }
            for (k, strain) in basis.enumerated() {
                let delta = bond.vector * strain
                diagonal[3 * atoms + k] +=
                    bond.along * dot(bond.unit, delta) * dot(bond.unit, delta) + bond.across * dot(delta, delta)
            }
        }
        self.diagonal = diagonal
    }

    /// P u
    func applied(to u: [Double]) -> [Double] {
        var result = u.map { $0 * ground }
        let strain = zip(basis, u[(3 * atoms)...]).reduce(Matrix3.zero) { $0 + $1.0 * $1.1 }
        var torque = Matrix3.zero
        for bond in bonds {
            let (i, j) = (3 * Int(bond.i), 3 * Int(bond.j))
            let delta =
                SIMD3(u[j] - u[i], u[j + 1] - u[i + 1], u[j + 2] - u[i + 2])
                + (basis.isEmpty ? .zero : bond.vector * strain)
            let force = bond.unit * (bond.along * dot(bond.unit, delta)) + delta * bond.across
            for k in 0..<3 {
                result[i + k] -= force[k]
                result[j + k] += force[k]
            }
            if !basis.isEmpty { torque += Matrix3.outer(bond.vector, force) }
        }
        for (k, strain) in basis.enumerated() { result[3 * atoms + k] += torque.contracted(with: strain) }
        for i in 0..<atoms where isFixed[i] { for k in 0..<3 { result[3 * i + k] = 0 } }
        return result
    }

    /// P⁻¹ b, to a relative residual of 1e-8.
    func solved(_ b: [Double]) -> [Double] {
        var x = [Double](repeating: 0, count: b.count)
        var residual = b
        var z = zip(residual, diagonal).map { $0 / $1 }
        var direction = z
        var gamma = product(residual, z)
        let target = gamma * 1e-16
        var steps = 0
        while gamma > target, gamma.isNormal, steps < 400 {
            let q = applied(to: direction)
            let alpha = gamma / product(direction, q)
            x = sum(x, alpha, direction)
            residual = sum(residual, -alpha, q)
            z = zip(residual, diagonal).map { $0 / $1 }
            let next = product(residual, z)
            direction = sum(z, next / gamma, direction)
            gamma = next
            steps += 1
        }
        return x
    }
}
