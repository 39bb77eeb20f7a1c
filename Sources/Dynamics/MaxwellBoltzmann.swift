import Atoms
import Compute

/// The purposes that random numbers are drawn for: each has a stream of its own for the same seed.
enum RandomStream {
    static let velocities: UInt32 = 1
    static let langevin: UInt32 = 2
}

extension Motion {
    /// Draws velocities from the Maxwell–Boltzmann distribution, `v ~ N(0, kT/m)` in each direction, and takes out the
    /// motion of the whole.
    ///
    /// - Parameters:
    ///   - seed: the same seed gives the same velocities, whatever else there is.
    ///   - removesRotation: also take out the angular momentum, for open systems.
    ///   - isExact: scale to exactly this temperature. Otherwise the temperature of n degrees of freedom scatters by
    ///     √(2/n), as it does in the canonical ensemble.
    public mutating func drawVelocities(
        at temperature: Temperature, seed: UInt64, removesRotation: Bool = false, isExact: Bool = false
    ) {
        let noise = Philox(seed: seed)
        for i in 0..<count {
            let width = (Units.boltzmann * temperature.kelvin * Units.acceleration / masses[i]).squareRoot()
            let x = noise.normals(at: Philox.counter(step: 0, index: i, stream: RandomStream.velocities))
            velocities[i] = SIMD3(x.x, x.y, x.z) * width
        }
        removeMomentum()
        if removesRotation { removeRotation() }
        guard isExact, kineticEnergy > 0 else { return }
        let degrees = 3 * count - 3 - (removesRotation ? rotationalDegreesOfFreedom : 0)
        let scale = (temperature.kelvin / self.temperature(degreesOfFreedom: degrees)).squareRoot()
        for i in 0..<count { velocities[i] *= scale }
    }
}
