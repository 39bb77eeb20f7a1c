import Atoms
import Foundation
import Interactions

/// A spring, `½ k d²`, on the distance d of a quantity from where it should be; on both sides, or on one alone.
public struct Restraint: Sendable, Equatable {
    /// On which side of the value it acts.
    public enum Side: String, Sendable, CaseIterable { case both, above, below }

    public enum Quantity: Sendable, Equatable {
        /// Of an atom from a place, Å; the place moves with the cell.
        case position(atom: Int, place: SIMD3<Double>)
        case coordinate(InternalCoordinate, at: Double)
        /// Of an atom along a unit normal from the origin, Å.
        case plane(atom: Int, normal: SIMD3<Double>, at: Double)
        /// Of an atom from a centre, Å.
        case sphere(atom: Int, centre: SIMD3<Double>, radius: Double)
    }

    public var quantity: Quantity
    public var side: Side
    /// eV/Å², or eV/rad² of angles.
    public var constant: Double

    public init(_ quantity: Quantity, side: Side = .both, constant: Double) {
        (self.quantity, self.side, self.constant) = (quantity, side, constant)
    }

    var atoms: [Int] {
        switch quantity {
        case .position(let atom, _), .plane(let atom, _, _), .sphere(let atom, _, _): [atom]
        case .coordinate(let coordinate, _): coordinate.atoms
        }
    }
}

/// Restraints and walls, one after the other.
public final class Restraints: Bias {
    private let restraints: [Restraint]

    public let description: String
    /// Whether some refer to places in space.
    public let actsFromOutside: Bool
    /// Places that positions are held at, as JSON.
    public private(set) var state: String?

    /// - Parameters:
    ///   - state: of a checkpoint, whose places are then those of positions.
    /// - Throws: `SimulationError` for atoms that are not there, and constants and values that make no sense.
    public init(_ restraints: [Restraint], atomCount: Int, description: String, state: String? = nil) throws {
        for restraint in restraints {
            if let atom = restraint.atoms.first(where: { !(0..<atomCount).contains($0) }) {
                throw SimulationError(
                    .invalidSetting, "A restraint is of atom \(atom + 1); expected atoms of 1…\(atomCount).")
            }
            guard Set(restraint.atoms).count == restraint.atoms.count else {
                throw SimulationError(
                    .invalidSetting,
                    "A restraint is of atoms \(restraint.atoms.map { "\($0 + 1)" }.joined(separator: ", ")); expected different ones."
                )
            }
            guard restraint.constant.isFinite, restraint.constant >= 0 else {
                throw SimulationError(
                    .invalidSetting, "The constant of a restraint must be at least 0; got \(restraint.constant).")
            }
        }
        self.description = description
        var own = restraints
        actsFromOutside = restraints.contains { if case .coordinate = $0.quantity { false } else { true } }
        var places = restraints.compactMap { restraint -> SIMD3<Double>? in
            if case .position(_, let place) = restraint.quantity { place } else { nil }
        }
        if let state {
            let kept = (try? JSONDecoder().decode([SIMD3<Double>].self, from: Data(state.utf8))) ?? []
            guard kept.count == places.count else {
                throw SimulationError(
                    .badCheckpoint,
                    "The checkpoint holds \(kept.count) places of restrained atoms, the settings ask for \(places.count); "
                        + "expected the restraints of before, or another run.")
            }
            places = kept
            var next = kept.makeIterator()
            for index in own.indices {
                if case .position(let atom, _) = own[index].quantity {
                    own[index].quantity = .position(atom: atom, place: next.next()!)
                }
            }
        }
        self.restraints = own
        if !places.isEmpty {
            self.state = String(decoding: try JSONEncoder().encode(places), as: UTF8.self)
        }
    }

    public func apply(to motion: inout Motion, atStep step: Int) throws -> Double {
        var energy = 0.0
        for restraint in restraints { energy += restraint.apply(to: &motion) }
        motion.result.energy += energy
        return energy
    }
}

extension Restraint {
    /// Adds forces and virial; returns the energy, eV.
    fileprivate func apply(to motion: inout Motion) -> Double {
        func spring(_ difference: Double) -> (energy: Double, slope: Double)? {
            switch side {
            case .above where difference <= 0, .below where difference >= 0: nil
            default: (0.5 * constant * difference * difference, constant * difference)
            }
        }
        switch quantity {
        case .position(let atom, let place):
            let r = motion.positions[atom] - place
            motion.result.forces[atom] -= r * constant
            motion.result.virial += Matrix3.outer(r, r) * -constant
            return 0.5 * constant * dot(r, r)
        case .plane(let atom, let normal, let height):
            guard let (energy, slope) = spring(dot(motion.positions[atom], normal) - height) else { return 0 }
            motion.result.forces[atom] -= normal * slope
            return energy
        case .sphere(let atom, let centre, let radius):
            let r = motion.positions[atom] - centre
            let distance = norm(r)
            guard let (energy, slope) = spring(distance - radius) else { return 0 }
            if distance > 0 { motion.result.forces[atom] -= r * (slope / distance) }
            return energy
        case .coordinate(let coordinate, let target):
            let (value, vectors, slopes) = coordinate.value(at: motion.positions, in: motion.cell)
            var difference = value - target
            if case .dihedral = coordinate { difference = remainder(difference, 2 * .pi) }
            guard let (energy, slope) = spring(difference) else { return 0 }
            let atoms = coordinate.atoms
            for (k, derivative) in slopes.enumerated() {
                motion.result.forces[atoms[k]] += derivative * slope
                motion.result.forces[atoms[k + 1]] -= derivative * slope
                motion.result.virial += Matrix3.outer(vectors[k], derivative) * -slope
            }
            return energy
        }
    }
}
