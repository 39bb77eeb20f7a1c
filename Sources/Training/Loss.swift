import Atoms
import Compute

/// The loss of a batch and its derivatives with respect to energies, forces and virials.
///
///     L = c_E ⟨((E − Ê)/N)²⟩ + c_F ⟨(F − F̂)²⟩ + c_σ ⟨((W − Ŵ)/N)²⟩
///
/// Means run over the structures (force components, virial components) that carry the label; the coefficients are
/// divided by their sum, as in NequIP. The stress enters as the virial per atom, −Vσ/N, in eV, which is comparable
/// with the energy per atom for every density.
struct Loss: Sendable, Equatable {
    var energy: Double
    var forces: Double
    var stress: Double

    init(energy: Double, forces: Double, stress: Double) {
        let sum = energy + forces + stress
        self.energy = energy / sum
        self.forces = forces / sum
        self.stress = stress / sum
    }

    /// Sums over one batch.
    struct Terms {
        var energy = 0.0
        var forces = 0.0
        var stress = 0.0
    }

    /// The derivatives of the loss: by energies `[structure]`, forces `[atom][3]` and virials `[structure][9]`.
    struct Cotangents<T: KernelScalar> {
        var energies: [T] = []
        var forces: [T] = []
        var virials: [T] = []
    }

    /// The terms of a batch, and the cotangents of what the program computed for it.
    ///
    /// `energies` `[structure]`, `forces` `[atom][3]`, `virials` `[structure][9]` are read; the cotangents, of the
    /// same shapes, are written.
    func evaluate<T: KernelScalar>(
        _ batch: Batch, energies: UnsafeBufferPointer<T>, forces: UnsafeBufferPointer<T>,
        virials: UnsafeBufferPointer<T>, cotangents: inout Cotangents<T>
    ) -> Terms {
        let withEnergy = batch.items.count { $0.energy != nil }
        let components = 3 * batch.items.reduce(0) { $0 + ($1.forces?.count ?? 0) }
        let withVirial = batch.items.count { $0.virial != nil }
        cotangents.energies = Array(repeating: 0, count: batch.items.count)
        cotangents.forces = Array(repeating: 0, count: 3 * batch.atoms)
        cotangents.virials = Array(repeating: 0, count: 9 * batch.items.count)
        var terms = Terms()
        var atom = 0
        for (index, item) in batch.items.enumerated() {
            let atoms = Double(item.structure.count)
            if let label = item.energy {
                let error = (Double(energies[index]) - label) / atoms
                terms.energy += error * error / Double(withEnergy)
                cotangents.energies[index] = T(energy * 2 * error / (atoms * Double(withEnergy)))
            }
            if let labels = item.forces {
                for (k, label) in labels.enumerated() {
                    for axis in 0..<3 {
                        let place = 3 * (atom + k) + axis
                        let error = Double(forces[place]) - label[axis]
                        terms.forces += error * error / Double(components)
                        cotangents.forces[place] = T(self.forces * 2 * error / Double(components))
                    }
                }
            }
            if let label = item.virial {
                for k in 0..<9 {
                    let error = (Double(virials[9 * index + k]) - label[k / 3, k % 3]) / atoms
                    terms.stress += error * error / Double(9 * withVirial)
                    cotangents.virials[9 * index + k] = T(stress * 2 * error / (atoms * Double(9 * withVirial)))
                }
            }
            atom += item.structure.count
        }
        return terms
    }

    func total(_ terms: Terms) -> Double {
        energy * terms.energy + forces * terms.forces + stress * terms.stress
    }
}
