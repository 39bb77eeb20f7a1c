import Atoms
import Compute
import StructureFiles

/// The loss of a batch and its derivatives with respect to energies, forces and virials.
///
///     L = c_E ⟨w m((E − Ê)/N)⟩ + c_F ⟨w w_t m(F − F̂)⟩ + c_σ ⟨w m((W − Ŵ)/N)⟩
///
/// with the measure m of each term (the square unless another is chosen), the weight w of the structure and w_t of the
/// atom's element. Means run over the structures (force components, virial components) that carry the label; the
/// coefficients are divided by their sum, as in NequIP. The stress enters as the virial per atom, −Vσ/N, in eV, which
/// is comparable with the energy per atom for every density.
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

    /// The terms of the loss of a batch, and the cotangents of what the program computed for it.
    ///
    /// Means are over `counts`: labelled structures, force components and structures with a virial, of this batch or of
    /// a larger one that it is a part of.
    func evaluate<T: KernelScalar>(
        _ batch: Batch, _ outputs: Outputs<UnsafeBufferPointer<T>>, over counts: LossTerms,
        cotangents: inout Cotangents<T>
    ) -> LossTerms {
        cotangents.energies = Array(repeating: 0, count: batch.items.count)
        cotangents.forces = Array(repeating: 0, count: 3 * batch.atoms)
        cotangents.virials = Array(repeating: 0, count: 9 * batch.items.count)
        var (terms, atom) = (LossTerms(), 0)
        for (index, item) in batch.items.enumerated() {
            let errors = outputs.errors(of: item, structure: index, firstAtom: atom)
            terms += self.terms(of: item, errors) { label, place, slope in
                let cotangent = T(coefficients[label] / counts[label] * slope)
                switch label {
                case .energy: cotangents.energies[index] = cotangent
                case .forces: cotangents.forces[3 * atom + place] = cotangent
                case .stress: cotangents.virials[9 * index + place] = cotangent
                }
            }
            atom += item.structure.count
        }
        return terms.means(over: counts)
    }

    /// A structure's sums of weighted measures, before they are divided by counts.
    ///
    /// `derivative` gets the derivative of each sum by every number that it is made of: the energy, the force
    /// components `[atom][3]`, the virial `[9]`.
    @inline(__always)
    func terms(
        of item: DataSet.Item, _ errors: LabelErrors,
        derivative: (_ of: Label, _ place: Int, Double) -> Void = { _, _, _ in }
    ) -> LossTerms {
        let (atoms, weight) = (Double(item.structure.count), settings.weight(of: item.structure))
        var terms = LossTerms()
        if let error = errors.energy {
            let (value, slope) = settings.energy.measure(error / atoms)
            terms.energy = weight * value
            derivative(.energy, 0, weight * slope / atoms)
        }
        for (atom, error) in (errors.forces ?? []).enumerated() {
            let share = weight * forceWeights[Int(item.species[atom])]
            for axis in 0..<3 {
                let (value, slope) = settings.forces.measure(error[axis])
                terms.forces += share * value
                derivative(.forces, 3 * atom + axis, share * slope)
            }
        }
        for (place, error) in (errors.virial?.elements ?? []).enumerated() {
            let (value, slope) = settings.stress.measure(error / atoms)
            terms.stress += weight / 9 * value
            derivative(.stress, place, weight / 9 * slope / atoms)
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

    /// Means over numbers that were counted. A term that nothing counts for stays zero.
    func means(over counts: LossTerms) -> LossTerms {
        LossTerms(
            energy: energy / max(1, counts.energy), forces: forces / max(1, counts.forces),
            stress: stress / max(1, counts.stress))
    }

    static func += (a: inout LossTerms, b: LossTerms) {
        a.energy += b.energy
        a.forces += b.forces
        a.stress += b.stress
    }
}
