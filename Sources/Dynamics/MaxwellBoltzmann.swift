import Atoms
import Compute

/// The purposes that random numbers are drawn for: each has a stream of its own for the same seed.
enum RandomStream {
    static let velocities: UInt32 = 1
    static let langevin: UInt32 = 2
    static let rescaling: UInt32 = 3
    static let cell: UInt32 = 4
    static let exchange: UInt32 = 16
    static let ringPolymer: UInt32 = 17
}

extension Motion {
    /// Draws the velocities of all degrees of freedom from the Maxwell–Boltzmann distribution, `v ~ N(0, kT/m)` in
    /// each direction that is free.
    ///
    /// - Parameter seed: the same seed gives the same velocities, whatever else there is.
    public mutating func drawVelocities(at temperature: Temperature, seed: UInt64) {
        let noise = Philox(seed: seed)
        for i in 0..<count {
            let width = (Units.boltzmann * temperature.kelvin * Units.acceleration / masses[i]).squareRoot()
            let x = noise.normals(at: Philox.counter(step: 0, index: i, stream: RandomStream.velocities))
            velocities[i] = SIMD3(x.x, x.y, x.z) * width * freedom[i]
        }
    }

    /// Scales the velocities to exactly this temperature of so many degrees of freedom.
    public mutating func scaleVelocities(to temperature: Temperature, degreesOfFreedom degrees: Int) {
        precondition(degrees > 0, "expected at least one degree of freedom, got \(degrees)")
        let present = self.temperature(degreesOfFreedom: degrees)
        guard present > 0 else { return }
        let scale = (temperature.kelvin / present).squareRoot()
        for i in 0..<count { velocities[i] *= scale }
    }
}
