import Atoms
import Neighbors

/// How potential energy flows between atoms that move: with E = Σ_i E_i and velocities v,
///
///     dE_i/dt = Σ_j ∂E_i/∂r_j·v_j,   J = Σ_ij (r_i − r_j) (∂E_i/∂r_j·v_j),
///
/// j over all atoms, images of the cell's included. With the kinetic energies these are all of the heat flux,
/// d/dt Σ_i r_i e_i = Σ_i v_i e_i + J (Fan et al., Phys. Rev. B 92, 094301 (2015), eq. 21).
public struct EnergyFlow: Sendable {
    /// `[atom]` — dE_i/dt in eV/fs.
    public var rates: [Double]
    /// J in eV Å/fs.
    public var flux: SIMD3<Double>

    public init(rates: [Double], flux: SIMD3<Double>) {
        self.rates = rates
        self.flux = flux
    }

    /// No flow.
    public init(atoms: Int) { self.init(rates: Array(repeating: 0, count: atoms), flux: .zero) }

    /// Of energies E_i that depend on the edges into atom i alone.
    ///
    /// - Parameter slope: dE_i/dr_e of an edge e into i (r_e from i to its neighbour), eV/Å.
    public init(_ edges: EdgeList, velocities: [SIMD3<Double>], slope: (Int) -> SIMD3<Double>) {
        self.init(atoms: edges.atomCount)
        for e in 0..<edges.count {
            let (i, j) = (Int(edges.receivers[e]), Int(edges.sources[e]))
            let slope = slope(e)
            rates[i] += dot(slope, velocities[j] - velocities[i])
            flux -= SIMD3(edges.x[e], edges.y[e], edges.z[e]) * dot(slope, velocities[j])
        }
    }

    /// The derivatives of J·field by velocities, `[field][atom]`, of energies that depend on the edges into an atom
    /// alone.
    public static func drivingForces(
        _ edges: EdgeList, fields: [SIMD3<Double>], slope: (Int) -> SIMD3<Double>
    ) -> [[SIMD3<Double>]] {
        var forces = fields.map { _ in [SIMD3<Double>](repeating: .zero, count: edges.atomCount) }
        for e in 0..<edges.count {
            let (r, slope) = (SIMD3(edges.x[e], edges.y[e], edges.z[e]), slope(e))
            for (k, field) in fields.enumerated() { forces[k][Int(edges.sources[e])] -= slope * dot(r, field) }
        }
        return forces
    }

    /// The heat flux of the structure times its volume, Σ_i v_i (E_i + ½ m_i v_i²) + J in eV Å/fs.
    ///
    /// - Parameters:
    ///   - energies: E_i in eV.
    ///   - masses: amu.
    public func heatFlux(
        energies: [Double], masses: [Double], velocities: [SIMD3<Double>]
    ) -> SIMD3<Double> {
        var sum = flux
        for i in energies.indices {
            let kinetic = 0.5 * masses[i] * dot(velocities[i], velocities[i]) / Units.acceleration
            sum += velocities[i] * (energies[i] + kinetic)
        }
        return sum
    }
}
