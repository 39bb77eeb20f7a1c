/// Damped dynamics with unit masses: velocities turn towards the forces while these do work, and vanish when they do
/// not; then half a step is taken back. Guénolé et al., Comput. Mater. Sci. 175, 109584 (2020), FIRE 2.0 with
/// semi-implicit Euler steps, and its parameters.
struct FIRE: Minimizer {
    private var velocity: [Double] = []
    private var alpha = Self.startingAlpha
    private var timestep = Self.startingTimestep
    private var stepsDownhill = 0

    private static let startingAlpha = 0.25
    /// Å (Å²/eV)^½ of unit masses; 0.1 suits stiffnesses up to some hundred eV/Å².
    private static let startingTimestep = 0.1
    private static let largestTimestep = 1.0
    private static let smallestTimestep = 0.002

    mutating func next(energyChange: Double, gradient: [Double], limit: ([Double]) -> [Double]) -> MinimizerStep {
        if velocity.isEmpty { velocity = Array(repeating: 0, count: gradient.count) }
        var back = 0.0
        let old = velocity
        if -product(gradient, velocity) > 0 || stepsDownhill == 0 && velocity.allSatisfy({ $0 == 0 }) {
            stepsDownhill += 1
            if stepsDownhill > 20 {
                timestep = min(timestep * 1.1, Self.largestTimestep)
                alpha *= 0.99
            }
        } else {
            stepsDownhill = 0
            timestep = max(timestep * 0.5, Self.smallestTimestep)
            alpha = Self.startingAlpha
            back = -0.5 * timestep
            velocity = Array(repeating: 0, count: gradient.count)
        }
        velocity = sum(velocity, -timestep, gradient)
        let (speed, force) = (product(velocity, velocity).squareRoot(), product(gradient, gradient).squareRoot())
        if force > 0 { velocity = sum(velocity.map { (1 - alpha) * $0 }, -alpha * speed / force, gradient) }
        let wanted = sum(velocity.map { $0 * timestep }, back, old)
        let step = limit(wanted)
        if step != wanted { velocity = step.map { $0 / timestep } }
        return MinimizerStep(accepts: true, step: step)
    }
}
