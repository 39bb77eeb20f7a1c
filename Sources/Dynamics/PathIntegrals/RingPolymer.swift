import Atoms
import Compute
import Foundation

/// The beads of every atom of a path integral, P copies of the structure in a ring whose neighbours are tied by springs
/// of the frequency ω_P = P kT/ħ, in its normal modes:
///
///     q̃_k = Σ_j C_kj q_j,   ω_k = 2 ω_P sin(kπ/P),   H_P = Σ_k ½ m ṽ_k² + ½ m ω_k² q̃_k² + Σ_j V(q_j).
///
/// At the temperature P T it samples the quantum distribution at T, exactly for P → ∞. Mode 0 is √P times the centroid.
/// Ceriotti, Parrinello, Markland and Manolopoulos, J. Chem. Phys. 133, 124104 (2010); masses of the modes are those of
/// the atoms, so that without a thermostat this is ring-polymer molecular dynamics.
struct RingPolymer: Sendable {
    let beads: Int
    /// K, of the quantum system.
    let temperature: Double
    /// `[atom]`, amu.
    let masses: [Double]
    /// `[atom]`, 1 along the axes that it can move along.
    let freedom: [SIMD3<Double>]
    /// `[mode][atom]`, Å and Å/fs.
    var positions: [[SIMD3<Double>]]
    var velocities: [[SIMD3<Double>]]
    /// `[mode][bead]`, orthogonal.
    private let transformation: [[Double]]
    /// ω_k, 1/fs.
    let frequencies: [Double]
    let parallelism: Parallelism

    /// eV fs
    static let hbar = 0.6582119569509066

    /// All beads of an atom at its place, at rest.
    init(
        _ structure: [SIMD3<Double>], beads: Int, temperature: Double, masses: [Double], freedom: [SIMD3<Double>],
        parallelism: Parallelism
    ) {
        self.beads = beads
        self.temperature = temperature
        self.masses = masses
        self.freedom = freedom
        self.parallelism = parallelism
        let rest = [SIMD3<Double>](repeating: .zero, count: structure.count)
        let root = Double(beads).squareRoot()
        positions = [structure.map { $0 * root }] + Array(repeating: rest, count: beads - 1)
        velocities = Array(repeating: rest, count: beads)
        let omega = Double(beads) * Units.boltzmann * temperature / Self.hbar
        let p = Double(beads)
        frequencies = (0..<beads).map { 2 * omega * sin(Double($0) * .pi / p) }
        transformation = (0..<beads).map { k in
            (0..<beads).map { j in
                let angle = 2 * .pi * Double(j * k % beads) / p
                if k == 0 { return 1 / root }
                if 2 * k == beads { return (j.isMultiple(of: 2) ? 1 : -1) / root }
                return (2 / p).squareRoot() * (2 * k < beads ? cos(angle) : sin(angle))
            }
        }
    }

    var atoms: Int { masses.count }
    /// Along how many axes the atoms can move.
    var freeAxes: Double { freedom.reduce(0) { $0 + $1.sum() } }

    // MARK: - Modes and beads

    /// `[mode][atom]` of something that the beads have.
    func modes(of beadValues: [[SIMD3<Double>]]) -> [[SIMD3<Double>]] {
        transformed(beadValues) { transformation[$0][$1] }
    }

    /// `[bead][atom]` of something that the modes have.
    func beads(of modeValues: [[SIMD3<Double>]]) -> [[SIMD3<Double>]] {
        transformed(modeValues) { transformation[$1][$0] }
    }

    private func transformed(
        _ values: [[SIMD3<Double>]], _ element: (Int, Int) -> Double
    ) -> [[SIMD3<Double>]] {
        var result = [[SIMD3<Double>]](repeating: [], count: beads)
        let (atoms, beads) = (atoms, beads)
        parallelism.update(&result, by: atoms * beads > 2000 ? 1 : beads) { rows, result in
            for row in rows {
                var sum = [SIMD3<Double>](repeating: .zero, count: atoms)
                for column in 0..<beads {
                    let factor = element(row, column)
                    let source = values[column]
                    for atom in 0..<atoms { sum[atom] += source[atom] * factor }
                }
                result[row - rows.lowerBound] = sum
            }
        }
        return result
    }

    /// `[bead][atom]`, Å.
    var beadPositions: [[SIMD3<Double>]] { beads(of: positions) }
    /// `[atom]`, Å.
    var centroid: [SIMD3<Double>] { positions[0].map { $0 / Double(beads).squareRoot() } }
    /// `[atom]`, Å/fs.
    var centroidVelocities: [SIMD3<Double>] { velocities[0].map { $0 / Double(beads).squareRoot() } }

    // MARK: - Motion

    /// v += Δt F/m
    ///
    /// - Parameter forces: of the modes, eV/Å.
    mutating func kick(_ dt: Double, _ forces: [[SIMD3<Double>]]) {
        let kick = dt * Units.acceleration
        for k in 0..<beads {
            for i in 0..<atoms { velocities[k][i] += forces[k][i] * (kick / masses[i]) * freedom[i] }
        }
    }

    /// The exact motion of free rings.
    mutating func drift(_ dt: Double) {
        for i in 0..<atoms { positions[0][i] += velocities[0][i] * dt }
        for k in 1..<beads {
            let omega = frequencies[k]
            let (c, s) = (cos(omega * dt), sin(omega * dt))
            for i in 0..<atoms {
                let (q, v) = (positions[k][i], velocities[k][i])
                positions[k][i] = q * c + v * (s / omega)
                velocities[k][i] = v * c - q * (s * omega)
            }
        }
    }

    /// Noise and friction on all modes for a time; returns the energy that is given (eV, of H_P).
    ///
    /// - Parameters:
    ///   - friction: of each mode, 1/fs.
    ///   - half: 0 or 1, which of the two of a step.
    mutating func shake(
        _ dt: Double, friction: [Double], _ noise: Philox, step: Int, half: Int, keepsCentreOfMass: Bool
    ) -> Double {
        let before = kineticEnergy
        let kT = Units.boltzmann * temperature * Double(beads) * Units.acceleration
        for k in 0..<beads {
            let memory = exp(-friction[k] * dt)
            let spread = -expm1(-2 * friction[k] * dt) * kT
            let purpose = RandomStream.ringPolymer + UInt32(2 * k + half) << 8
            for i in 0..<atoms {
                let x = noise.normals(at: Philox.counter(step: step, index: i, stream: purpose))
                velocities[k][i] =
                    velocities[k][i] * memory + SIMD3(x.x, x.y, x.z) * (spread / masses[i]).squareRoot() * freedom[i]
            }
        }
        if keepsCentreOfMass { removeMomentum() }
        return kineticEnergy - before
    }

    /// Of the centroids.
    mutating func removeMomentum() {
        var momentum = SIMD3<Double>.zero
        for i in 0..<atoms { momentum += velocities[0][i] * masses[i] }
        let drift = momentum * (1 / masses.reduce(0, +))
        for i in 0..<atoms { velocities[0][i] -= drift }
    }

    /// Velocities of all modes at P T.
    mutating func drawVelocities(_ noise: Philox) {
        let kT = Units.boltzmann * temperature * Double(beads) * Units.acceleration
        for k in 0..<beads {
            let purpose = RandomStream.ringPolymer + UInt32(k) << 8
            for i in 0..<atoms {
                let width = (kT / masses[i]).squareRoot()
                let x = noise.normals(at: Philox.counter(step: -1, index: i, stream: purpose))
                velocities[k][i] = SIMD3(x.x, x.y, x.z) * width * freedom[i]
            }
        }
    }

    // MARK: - Energies, eV

    /// Σ ½ m ṽ²
    var kineticEnergy: Double { square(velocities) { _ in 1 } / Units.acceleration }
    /// Σ ½ m ω_k² q̃_k²
    var springEnergy: Double { square(positions) { frequencies[$0] * frequencies[$0] } / Units.acceleration }

    private func square(_ values: [[SIMD3<Double>]], _ factor: (Int) -> Double) -> Double {
        var sum = 0.0
        for k in 0..<beads {
            let f = factor(k)
            guard f > 0 else { continue }
            for i in 0..<atoms { sum += 0.5 * f * masses[i] * dot(values[k][i], values[k][i]) }
        }
        return sum
    }

    /// Of the quantum kinetic energy: ½ f P kT − E_spring / P, f axes.
    var primitiveKineticEnergy: Double {
        0.5 * freeAxes * Double(beads) * Units.boltzmann * temperature - springEnergy / Double(beads)
    }

    /// Of the same, with a variance that does not grow with P: ½ f kT − (1/2P) Σ_j (q_j − q̄) · F_j. Herman, Bruskin
    /// and Berne, J. Chem. Phys. 76, 5150 (1982), about the centroid.
    ///
    /// - Parameter forces: of the modes.
    func centroidVirialKineticEnergy(_ forces: [[SIMD3<Double>]]) -> Double {
        var virial = 0.0
        // Modes but the centroid's are what beads have beside it.
        for k in 1..<beads { for i in 0..<atoms { virial += dot(positions[k][i], forces[k][i] * freedom[i]) } }
        return 0.5 * freeAxes * Units.boltzmann * temperature - 0.5 * virial / Double(beads)
    }
}
