import Atoms
import Compute
import Models
import StructureFiles

/// The loss of a batch and its derivatives with respect to energies, forces, virials and what other heads say.
///
///     L = c_E ⟨w m((E − Ê)/N)⟩ + c_F ⟨w w_t w_i m(F − F̂)⟩ + c_σ ⟨w m((W − Ŵ)/N)⟩ + Σ_q c_q ⟨w m((q − q̂)/n)⟩
///
/// with the measure m of each term (the square unless another is chosen), the weight w of the structure, w_t of the
/// atom's element and w_i of the component itself; where that is 0 there is no label. Means run over the structures
/// (force components, virial components) that carry the label; the coefficients are divided by their sum, as in NequIP.
/// The stress enters as the virial per atom, −Vσ/N, in eV, which is comparable with the energy per atom for every
/// density. Other properties q are divided by n = N where they are extensive, as a dipole is, and by 1 otherwise.
struct Loss: Sendable {
    let settings: LossSettings
    /// Of the present epoch.
    var coefficients: LossTerms
    /// `[type]` — what force components on atoms of a type count.
    private let forceWeights: [Double]
    let assembly: Assembly

    init(_ settings: LossSettings, _ model: ModelConfiguration) {
        self.settings = settings
        coefficients = settings.coefficients(at: 0)
        forceWeights = model.elements.map { settings.forcesByElement[$0] ?? 1 }
        assembly = Assembly(model)
    }

    /// The derivatives of the loss: by energies `[structure]`, forces `[atom][3]`, virials `[structure][9]`, and heads
    /// `[head][atom][component]`.
    struct Cotangents<T: KernelScalar> {
        var energies: [T] = []
        var forces: [T] = []
        var virials: [T] = []
        var heads: [[T]] = []
    }

    /// A number that errors are of.
    enum Place {
        case energy
        case force(Int)
        case virial(Int)
        case other(Property, Int)
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
        cotangents.heads = assembly.heads.map { _ in [] }
        var (terms, atom) = (LossTerms(), 0)
        let forces = coefficients[.forces] / counts[.forces]
        let virials = coefficients[.stress] / counts[.stress]
        for (index, item) in batch.items.enumerated() {
            let errors = outputs.errors(of: item, structure: index, firstAtom: atom, assembly)
            var others: [Property: [Double]] = errors.others.mapValues { Array(repeating: 0, count: $0.count) }
            terms += self.terms(of: item, errors) { place, slope in
                switch place {
                case .energy: cotangents.energies[index] = T(coefficients[.energy] / counts[.energy] * slope)
                case .force(let place):
                    cotangents.forces[3 * atom + place] = T(forces * slope)
                case .virial(let place): cotangents.virials[9 * index + place] = T(virials * slope)
                case .other(let label, let place): others[label]![place] = coefficients[label] / counts[label] * slope
                }
            }
            for (head, derivatives) in assembly.headDerivatives(of: item.atoms, others).enumerated() {
                cotangents.heads[head] += derivatives.map { T($0) }
            }
            atom += item.structure.count
        }
        return terms.means(over: counts)
    }

    /// A structure's sums of weighted measures, before they are divided by counts.
    ///
    /// `derivative` gets the derivative of each sum by every number that it is made of: the energy, the force
    /// components `[atom][3]`, the virial `[9]`, and others.
    @inline(__always)
    func terms(
        of item: DataSet.Item, _ errors: LabelErrors, derivative: (Place, Double) -> Void = { _, _ in }
    ) -> LossTerms {
        let (atoms, weight) = (Double(item.structure.count), settings.weight(of: item.structure))
        var terms = LossTerms()
        if let error = errors.energy {
            let (value, slope) = settings[.energy].measure(error / atoms)
            terms[.energy] = weight * value
            derivative(.energy, weight * slope / atoms)
        }
        if let errors = errors.forces {
            let measure = settings[.forces].measure
            var sum = 0.0
            for (atom, error) in errors.enumerated() {
                let share = weight * forceWeights[Int(item.species[atom])]
                let axes = item.structure.forceWeights?[atom]
                for axis in 0..<3 {
                    let share = axes.map { share * $0[axis] } ?? share
                    // A component without weight may hold anything.
                    guard share > 0 else { continue }
                    let (value, slope) = measure(error[axis])
                    sum += share * value
                    derivative(.force(3 * atom + axis), share * slope)
                }
            }
            terms[.forces] = sum
        }
        if let virial = errors.virial {
            let measure = settings[.stress].measure
            var sum = 0.0
            for (place, error) in virial.elements.enumerated() {
                let (value, slope) = measure(error / atoms)
                sum += weight / 9 * value
                derivative(.virial(place), weight / 9 * slope / atoms)
            }
            terms[.stress] = sum
        }
        for (property, errors) in errors.others {
            let measure = settings[property].measure
            let divisor = property.isExtensive ? atoms : 1
            let share = property.scope == .structure ? weight / Double(errors.count) : weight
            var sum = 0.0
            for (place, error) in errors.enumerated() {
                let (value, slope) = measure(error / divisor)
                sum += share * value
                derivative(.other(property, place), share * slope / divisor)
            }
            terms[property] = sum
        }
        return terms
    }

    func total(_ terms: LossTerms, _ coefficients: LossTerms? = nil) -> Double {
        let c = coefficients ?? self.coefficients
        return settings.labels.reduce(0) { $0 + c[$1] * terms[$1] }
    }
}

extension LossTerms {
    /// How many numbers of these structures the terms of the loss are means over.
    init(counting items: [DataSet.Item]) {
        self.init()
        for item in items {
            if item.energy != nil { self[.energy] += 1 }
            if let forces = item.forces {
                self[.forces] += Double(
                    item.structure.forceWeights.map { weights in
                        weights.reduce(0) { $0 + ($1.x > 0 ? 1 : 0) + ($1.y > 0 ? 1 : 0) + ($1.z > 0 ? 1 : 0) }
                    } ?? 3 * forces.count)
            }
            if item.virial != nil { self[.stress] += 1 }
            for (property, label) in item.properties {
                self[property] += property.scope == .structure ? 1 : Double(label.count)
            }
        }
    }

    /// Means over numbers that were counted. A term that nothing counts for stays zero.
    func means(over counts: LossTerms) -> LossTerms {
        var means = self
        for property in Property.all where means[property] != 0 { means[property] /= max(1, counts[property]) }
        return means
    }
}
