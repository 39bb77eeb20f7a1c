/// A moment of a trajectory: what a simulation reports and a trajectory file holds.
///
/// The structure carries positions, velocities, forces and potential energy; the rest belongs to the motion. What a
/// source does not give is `nil`, never zero.
public struct Frame: Sendable, Equatable {
    /// Positions are unwrapped: they follow an atom through the periodic boundaries. `structure.stress` is that of
    /// the potential alone, without the kinetic part.
    public var structure: Structure
    /// The number of timesteps since the start.
    public var step: Int
    /// fs
    public var time: Double
    /// eV
    public var kineticEnergy: Double?
    /// K
    public var temperature: Double?
    /// Potential and kinetic part, positive in tension, eV/Å³.
    public var totalStress: Matrix3?
    /// What the equations of motion conserve, eV: the total energy less the heat taken from a bath.
    public var conservedEnergy: Double?
    /// The slope of the conserved energy over the steps so far, eV per atom and ps.
    public var drift: Double?

    /// Of the whole structure, Σ_i v_i e_i + Σ_ij (r_i − r_j) (∂E_i/∂r_j·v_j), eV Å/fs: the heat flux times the volume.
    public var heatFlux: SIMD3<Double>?

    public init(structure: Structure, step: Int = 0, time: Double = 0) {
        self.structure = structure
        self.step = step
        self.time = time
    }

    /// Potential plus kinetic energy, eV.
    public var totalEnergy: Double? {
        guard let potential = structure.energy, let kineticEnergy else { return nil }
        return potential + kineticEnergy
    }

    /// −tr σ / 3 of the total stress, eV/Å³.
    public var pressure: Double? { totalStress.map { -$0.trace / 3 } }
}
