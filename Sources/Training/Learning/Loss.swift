import Atoms
import Compute

/// The loss of a batch and its derivatives with respect to energies, forces and virials.
///
///     L = c_E ⟨w m((E − Ê)/N)⟩ + c_F ⟨w w_t m(F − F̂)⟩ + c_σ ⟨w m((W − Ŵ)/N)⟩
///
/// with the measure m of each term (the square unless another is chosen), the weight w of the structure and w_t of the
/// atom's element. Means run over the structures (force components, virial components) that carry the label; the
/// coefficients are divided by their sum, as in NequIP. The stress enters as the virial per atom, −Vσ/N, in eV, which is
/// comparable with the energy per atom for every density.
struct Loss: Sendable {
    let settings: LossSettings
    /// Of the present epoch.
    var coefficients: LossTerms
    /// `[type]` — what force components on atoms of a type count.
    private let forceWeights: [Double]

    init(_ settings: LossSettings, elements: [Element]) {
        self.settings = settings
        coefficients = settings.coefficients(at: 0)
        forceWeights = elements.map { settings.forcesByElement[$0] ?? 1 }
    }

    /// The derivatives of the loss: by energies `[structure]`, forces `[atom][3]` and virials `[structure][9]`.
    struct Cotangents<T: KernelScalar> {
        var energies: [T] = []
        var forces: [T] = []
        var virials: [T] = []
    }

    /// The mean errors of a batch, and the cotangents of what the program computed for it.
    ///
    /// `energies` `[structure]`, `forces` `[atom][3]`, `virials` `[structure][9]` are read; the cotangents, of the
    /// same shapes, are written. Means are over `counts`: labelled structures, force components and structures with a
    /// virial, of this batch or of a larger one that it is a part of.
    func evaluate<T: KernelScalar>(
        _ batch: Batch, over counts: LossTerms, energies: UnsafeBufferPointer<T>, forces: UnsafeBufferPointer<T>,
        virials: UnsafeBufferPointer<T>, cotangents: inout Cotangents<T>
    ) -> LossTerms {
        cotangents.energies = Array(repeating: 0, count: batch.items.count)
        cotangents.forces = Array(repeating: 0, count: 3 * batch.atoms)
        cotangents.virials = Array(repeating: 0, count: 9 * batch.items.count)
        let (energyMeasure, forcesMeasure, stressMeasure) = (
            settings.energy.measure, settings.forces.measure, settings.stress.measure
        )
        var terms = LossTerms()
        var atom = 0
        for (index, item) in batch.items.enumerated() {
            let atoms = Double(item.structure.count)
            let weight = settings.weight(of: item.structure)
            if let label = item.energy {
                let (value, slope) = energyMeasure((Double(energies[index]) - label) / atoms)
                let share = weight / counts.energy
                terms.energy += share * value
                cotangents.energies[index] = T(coefficients.energy * share * slope / atoms)
            }
            if let labels = item.forces {
                for (k, label) in labels.enumerated() {
                    let share = weight * forceWeights[Int(item.species[k])] / counts.forces
                    for axis in 0..<3 {
                        let place = 3 * (atom + k) + axis
                        let (value, slope) = forcesMeasure(Double(forces[place]) - label[axis])
                        terms.forces += share * value
                        cotangents.forces[place] = T(coefficients.forces * share * slope)
                    }
                }
            }
            if let label = item.virial {
                let share = weight / (9 * counts.stress)
                for k in 0..<9 {
                    let (value, slope) = stressMeasure((Double(virials[9 * index + k]) - label[k / 3, k % 3]) / atoms)
                    terms.stress += share * value
                    cotangents.virials[9 * index + k] = T(coefficients.stress * share * slope / atoms)
                }
            }
            atom += item.structure.count
        }
        return terms
    }

    /// A structure's sums of weighted measures, before they are divided by counts. Errors in eV, eV/Å and eV (virial).
    func terms(
        of item: DataSet.Item, energyError: Double?, forceErrors: [SIMD3<Double>]?, virialError: Matrix3?
    ) -> LossTerms {
        let (atoms, weight) = (Double(item.structure.count), settings.weight(of: item.structure))
        var terms = LossTerms()
        if let energyError { terms.energy = weight * settings.energy.measure(energyError / atoms).value }
        for (species, error) in zip(item.species, forceErrors ?? []) {
            let share = weight * forceWeights[Int(species)]
            for axis in 0..<3 { terms.forces += share * settings.forces.measure(error[axis]).value }
        }
        for error in virialError?.elements ?? [] {
            terms.stress += weight / 9 * settings.stress.measure(error / atoms).value
        }
        return terms
    }

    func total(_ terms: LossTerms, _ coefficients: LossTerms? = nil) -> Double {
        let c = coefficients ?? self.coefficients
        return c.energy * terms.energy + c.forces * terms.forces + c.stress * terms.stress
    }
}

extension LossTerms {
    /// How many numbers of these structures the terms of the loss are means over.
    init(counting items: [DataSet.Item]) {
        for item in items {
            if item.energy != nil { energy += 1 }
            forces += Double(3 * (item.forces?.count ?? 0))
            if item.virial != nil { stress += 1 }
        }
    }

    static func += (a: inout LossTerms, b: LossTerms) {
        a.energy += b.energy
        a.forces += b.forces
        a.stress += b.stress
    }
}
