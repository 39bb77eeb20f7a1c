import Atoms
import Compute
import Interactions

/// Atoms in motion: what propagators change.
///
/// Positions in Å, never folded back into the cell; velocities in Å/fs, masses in amu, energies in eV.
public struct Motion: Sendable {
    public let elements: [Element]
    /// `[atom]`, amu.
    public let masses: [Double]
    /// `[atom]`, 1 along the axes that it can move along, 0 along what is fixed.
    public let freedom: [SIMD3<Double>]
    /// Along how many axes the atoms can move, 3N unless some are fixed.
    public let freeAxes: Int
    /// Lines and planes, bonds and rigid bodies.
    let constraints: MotionConstraints
    /// As they were asked for, with the lengths that bonds keep.
    public let wantedConstraints: Constraints
    /// Whether some mass is not the standard atomic weight of its element.
    public let hasOwnMasses: Bool
    public var cell: Cell?
    public var positions: [SIMD3<Double>]
    public var velocities: [SIMD3<Double>]
    /// Energy, forces and virial at `positions`.
    public internal(set) var result = InteractionResult()
    /// Whether what is asked for are the cheap forces of several timesteps.
    var wantsCheapForces = false
    /// What biases add to the energy of `result`, eV; `nil` without any.
    public internal(set) var biasEnergy: Double?
    /// Whether something outside holds atoms, a wall for example.
    public internal(set) var isHeldFromOutside = false
    /// Timesteps since the start.
    public var step = 0
    /// fs since the start.
    public var time = 0.0
    /// Energy taken from baths since the start, eV. Total energy minus heat is conserved.
    public var heat = 0.0
    public let parallelism: Parallelism

    /// Atoms to a range of a parallel loop: 10⁴ atoms move in the time that a few forks cost.
    static let length = 4096

    /// - Parameters:
    ///   - masses: amu, `[atom]`; unless given those of the structure, and unless it has any standard atomic weights.
    ///   - constraints: what cannot move, or not by itself. Velocities are left as they are.
    /// - Throws: `SimulationError` for constraints that do not go together.
    public init(
        of structure: Structure, masses: [Double]? = nil, constraints wanted: Constraints = Constraints(),
        parallelism: Parallelism = .allCores
    ) throws {
        elements = structure.elements
        let standard = structure.elements.map(\.mass)
        self.masses = masses ?? structure.masses ?? standard
        hasOwnMasses = self.masses != standard
        precondition(
            self.masses.count == structure.count, "expected \(structure.count) masses, got \(self.masses.count)")
        let free = (0..<structure.count).map(wanted.fixed.free)
        freedom = free
        freeAxes = Int(free.reduce(0) { $0 + $1.sum() })
        cell = structure.cell
        var positions = structure.positions
        constraints =
            wanted.isEmpty
            ? .none
            : try MotionConstraints(
                wanted, of: &positions, in: structure.cell, masses: self.masses, freedom: free)
        var kept = wanted
        kept.bonds = constraints.bonds.lengths(of: wanted.bonds)
        wantedConstraints = kept
        self.positions = positions
        velocities = structure.velocities ?? Array(repeating: .zero, count: structure.count)
        for i in velocities.indices where free[i] != SIMD3(1, 1, 1) { velocities[i] *= free[i] }
        self.parallelism = parallelism
    }

    public var count: Int { positions.count }
    /// Whether the momentum of the whole cannot be conserved.
    var exchangesMomentum: Bool { hasFixedAtoms || isHeldFromOutside }
    public var hasFixedAtoms: Bool { freeAxes < 3 * count || !constraints.guides.isEmpty }
    public var forces: [SIMD3<Double>] { result.forces }
    public var potentialEnergy: Double { result.energy }
}

// MARK: - Kinetic quantities

extension Motion {
    /// ½ Σ m v², eV.
    public var kineticEnergy: Double {
        var sum = 0.0
        for i in 0..<count { sum += masses[i] * dot(velocities[i], velocities[i]) }
        return 0.5 * sum / Units.acceleration
    }

    /// Σ m v ⊗ v, eV.
    public var kineticTensor: Matrix3 {
        var (diagonal, mixed) = (SIMD3<Double>.zero, SIMD3<Double>.zero)
        for i in 0..<count {
            let v = velocities[i]
            diagonal += v * v * masses[i]
            mixed += v * SIMD3(v.y, v.z, v.x) * masses[i]  // xy, yz, zx
        }
        let tensor = Matrix3(
            SIMD3(diagonal.x, mixed.x, mixed.z), SIMD3(mixed.x, diagonal.y, mixed.y),
            SIMD3(mixed.z, mixed.y, diagonal.z))
        return tensor * (1 / Units.acceleration)
    }

    /// σ = −(Σ m v ⊗ v + W) / V, positive in tension, eV/Å³; `nil` where there is no volume. The forces of constraints
    /// are part of W.
    public var totalStress: Matrix3? {
        guard let cell, cell.isFullyPeriodic else { return nil }
        let virial = constraints.joinsAtoms ? result.virial + constraintVirial : result.virial
        return cell.stress(ofVirial: kineticTensor + virial)
    }

    /// −W / V, the part of the potential, eV/Å³.
    public var potentialStress: Matrix3? {
        guard let cell, cell.isFullyPeriodic else { return nil }
        return cell.stress(ofVirial: result.virial)
    }

    /// Σ m v, amu·Å/fs.
    public var momentum: SIMD3<Double> {
        var sum = SIMD3<Double>.zero
        for i in 0..<count { sum += velocities[i] * masses[i] }
        return sum
    }

    /// What an ensemble conserves: total energy less the heat from baths, eV.
    public var conservedEnergy: Double { potentialEnergy + kineticEnergy - heat }

    /// The temperature of `degrees` degrees of freedom, 2K / (degrees · k), in K; 0 when there are none.
    public func temperature(degreesOfFreedom degrees: Int) -> Double {
        degrees > 0 ? 2 * kineticEnergy / (Double(degrees) * Units.boltzmann) : 0
    }
}
