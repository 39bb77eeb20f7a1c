import Atoms
import Compute
import Foundation

/// What the motions of a cell share: how it may move, what it is held at, the strain since the start.
struct Barostat: Sendable {
    /// Of checkpoints.
    struct Reference: Codable, Sendable, Equatable {
        var a, b, c: SIMD3<Double>
        var vectors: Matrix3 { Matrix3(a, b, c) }
    }

    let freedom: CellFreedom
    let target: TargetStress

    /// The parameters of a propagator of this barostat.
    ///
    /// - Parameter cellHasMass: which a temperature of 0 K would make zero.
    func validate(
        timestep: Time, bath temperature: BathTemperature, pressureTime: Time, cellHasMass: Bool
    ) throws {
        try SimulationError.validate(timestep: timestep)
        try SimulationError.validate(bath: temperature, isPositive: cellHasMass, of: "A cell with a mass")
        try SimulationError.validate(pressureTime: pressureTime, timestep)
        let pressure = target.pressure
        guard pressure.start.isFinite, pressure.end.isFinite else {
            throw SimulationError(
                .invalidSetting, "The pressure must be a number; got \(pressure.start * Units.gigapascal) GPa.")
        }
    }

    /// - Throws: `SimulationError` for a strain of one step that no structure bears.
    static func check(strain: Matrix3, step: Int) throws {
        let size = strain.elementsBound
        guard !(size < 0.05) else { return }
        throw SimulationError(
            .invalidSetting, step: step,
            "At step \(step) the cell would change by \((size * 1000).rounded() / 10) % at once: the start is far from the "
                + "target, the target is more than the structure bears, or pressure_time is too short.")
    }

    /// Called before the first step and after a restart: `reference` is the cell of the first start.
    ///
    /// - Throws: `SimulationError` where a cell cannot be moved that way.
    func prepare(for motion: Motion, _ reference: inout Reference?) throws {
        try freedom.validate(motion, pressure: target)
        guard reference == nil else { return }
        reference = motion.cell.map { Reference(a: $0.vectors.rows.0, b: $0.vectors.rows.1, c: $0.vectors.rows.2) }
    }

    /// −dH/dε without the kinetic part of the atoms: `W − P V + V₀ Fᵀ S F`, eV.
    func force(_ motion: Motion, _ reference: Reference?) -> Matrix3 {
        guard let cell = motion.cell else { return .zero }
        let pressure = target.pressure.value(at: motion.step)
        var force = motion.result.virial
        if pressure != 0 { force += Matrix3.identity * (-pressure * cell.volume) }
        if !target.isHydrostatic, let start = reference?.vectors {
            let f = start.inverse * cell.vectors
            force += f.transposed * target.deviator * f * abs(start.determinant)
        }
        return force
    }

    /// `P V − V₀ tr(S E)`, eV.
    func work(_ motion: Motion, _ reference: Reference?) -> Double {
        guard let cell = motion.cell else { return 0 }
        let pressure = target.pressure.value(at: motion.step)
        var work = pressure != 0 ? pressure * cell.volume : 0
        if !target.isHydrostatic, let start = reference?.vectors {
            let f = start.inverse * cell.vectors
            let strain = (f * f.transposed - .identity) * 0.5
            work -= abs(start.determinant) * (target.deviator * strain).trace
        }
        return work
    }
}

/// The rate of strain ν of a cell with inertia, 1/fs: `ẋ = v + x ν`, `ḣ = h ν`,
/// `v̇ = F/m − v (ν + tr ν / N_f)`, `M ν̇ = Σ m v ⊗ v + W − P V + (1/N_f) Σ m v²`, projected on what may move.
///
/// The energy `½ M tr ν² + P V` goes with that of the atoms; the term of N_f makes the distribution that of constant
/// pressure. Martyna, Tobias and Klein, J. Chem. Phys. 101, 4177 (1994), eqs. 2.9 and 3.1; Martyna, Tuckerman, Tobias
/// and Klein, Mol. Phys. 87, 1117 (1996); Yu et al., Chem. Phys. 370, 294 (2010).
struct MovingCell: Codable, Sendable, Equatable {
    private var diagonal = SIMD3<Double>.zero
    /// yz, xz, xy
    private var mixed = SIMD3<Double>.zero
    /// The cell at the start.
    var reference: Barostat.Reference?

    var rate: Matrix3 {
        get {
            Matrix3(
                SIMD3(diagonal.x, mixed.z, mixed.y), SIMD3(mixed.z, diagonal.y, mixed.x),
                SIMD3(mixed.y, mixed.x, diagonal.z))
        }
        set {
            diagonal = SIMD3(newValue.rows.0.x, newValue.rows.1.y, newValue.rows.2.z)
            mixed = SIMD3(newValue.rows.1.z, newValue.rows.0.z, newValue.rows.0.y)
        }
    }

    /// tr ν²
    var square: Double { dot(diagonal, diagonal) + 2 * dot(mixed, mixed) }

    mutating func scale(_ factor: Double) {
        diagonal *= factor
        mixed *= factor
    }

    /// `(N_f + 3) kT τ²/3`, eV·fs².
    static func mass(degrees: Int, kT: Double, time: Time) -> Double {
        Double(degrees + 3) * kT * time.femtoseconds * time.femtoseconds / 3
    }

    /// Of the cell, atoms left alone.
    mutating func kickCell(_ dt: Double, _ motion: Motion, _ barostat: Barostat, mass: Double, degrees: Int) {
        let kinetic = motion.kineticTensor
        let thermal = degrees > 0 ? kinetic.trace / Double(degrees) : 0
        let force = kinetic + barostat.force(motion, reference) + Matrix3.identity * thermal
        rate = barostat.freedom.project(rate + force * (dt / mass))
    }

    /// Of the atoms, cell left alone.
    func kickAtoms(_ dt: Double, _ motion: inout Motion, degrees: Int) {
        let friction = rate + Matrix3.identity * (degrees > 0 ? rate.trace / Double(degrees) : 0)
        let function = SymmetricFunction(friction * -1)
        motion.kick(memory: function.exponential(dt), response: function.integral(dt))
    }

    /// Of atoms and cell.
    ///
    /// - Throws: `SimulationError` when the cell runs away.
    func drift(_ dt: Double, _ motion: inout Motion) throws {
        try Barostat.check(strain: rate * dt, step: motion.step)
        let function = SymmetricFunction(rate)
        let stretch = function.exponential(dt)
        motion.drift(stretch: stretch, response: function.integral(dt))
        if let vectors = motion.cell?.vectors { motion.cell?.vectors = vectors * stretch }
    }
}

extension Matrix3 {
    /// The largest of the elements, without sign; not a number if one is not.
    fileprivate var elementsBound: Double {
        var (largest, sum) = (0.0, 0.0)
        for row in 0..<3 {
            for column in 0..<3 {
                largest = max(largest, abs(self[row, column]))
                sum += self[row, column] * 0
            }
        }
        return largest + sum
    }
}

extension Motion {
    /// v = v A + (F/m) B.
    mutating func kick(memory: Matrix3, response: Matrix3) {
        let (forces, masses, freedom) = (result.forces, masses, freedom)
        parallelism.update(&velocities, by: Motion.length) { atoms, velocities in
            let (forces, masses, freedom) = (forces.span, masses.span, freedom.span)
            for (row, i) in atoms.enumerated() {
                velocities[row] =
                    velocities[row] * memory + (forces[i] * (Units.acceleration / masses[i]) * freedom[i]) * response
            }
        }
    }

    /// x = x A + v B.
    mutating func drift(stretch: Matrix3, response: Matrix3) {
        parallelism.reduce(&positions, &velocities, by: Motion.length, from: (), { _, _ in }) {
            atoms, positions, velocities in
            for row in 0..<atoms.count { positions[row] = positions[row] * stretch + velocities[row] * response }
        }
    }
}
