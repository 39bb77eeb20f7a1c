import Atoms
import Compute
import Models

/// What a validation finds.
struct Validation {
    /// By the coefficients of the last epochs, so that losses of different epochs compare.
    var loss: Double
    /// What the loss is made of, before the coefficients.
    var terms: LossTerms
    var errors: GroupedErrors
}

/// What a model says of a whole data set, to be compared with its labels.
struct Predictions {
    private var outputs: Outputs<[Double]>
    /// `[structure + 1]`
    private let firstAtoms: [Int]
    private let heads: [Head]

    /// Zero everywhere.
    init(of set: DataSet, _ model: ModelConfiguration) {
        heads = Assembly(model).heads
        outputs = Outputs(
            surface: model.predictsEnergy
                ? .init(
                    energies: Array(repeating: 0, count: set.count),
                    forces: Array(repeating: 0, count: 3 * set.atoms),
                    virials: Array(repeating: 0, count: 9 * set.count)) : nil,
            heads: heads.map { Array(repeating: 0, count: $0.shape.components * set.atoms) })
        firstAtoms = set.firstAtoms
    }

    /// Takes the results for some structures.
    mutating func set<T: KernelScalar>(_ range: Range<Int>, _ results: Outputs<UnsafeBufferPointer<T>>) {
        func copy(_ numbers: UnsafeBufferPointer<T>, to target: inout [Double], from first: Int, count: Int) {
            for place in 0..<count { target[first + place] = Double(numbers[place]) }
        }
        let (first, end) = (firstAtoms[range.lowerBound], firstAtoms[range.upperBound])
        if let surface = results.surface, outputs.surface != nil {
            copy(surface.energies, to: &outputs.surface!.energies, from: range.lowerBound, count: range.count)
            copy(surface.forces, to: &outputs.surface!.forces, from: 3 * first, count: 3 * (end - first))
            copy(surface.virials, to: &outputs.surface!.virials, from: 9 * range.lowerBound, count: 9 * range.count)
        }
        for (head, numbers) in results.heads.enumerated() {
            let width = heads[head].shape.components
            outputs.heads[head].replaceSubrange(width * first..<width * end, with: numbers)
        }
    }

    /// Adds what other processes have found.
    mutating func sum(over communicator: any Communicator) {
        if outputs.surface != nil {
            communicator.sum(&outputs.surface!.energies)
            communicator.sum(&outputs.surface!.forces)
            communicator.sum(&outputs.surface!.virials)
        }
        for head in outputs.heads.indices { communicator.sum(&outputs.heads[head]) }
    }

    func compare(with set: DataSet, _ loss: Loss, _ parallelism: Parallelism) throws -> Validation {
        var (terms, errors) = (LossTerms(), GroupedErrors(of: loss.assembly.properties))
        for index in 0..<set.count {
            let item = try set.items([index], parallelism)[0]
            let found = outputs.errors(of: item, structure: index, firstAtom: firstAtoms[index], loss.assembly)
            terms += loss.terms(of: item, found)
            errors.add(
                item.structure, set: set.setNames.isEmpty ? nil : set.setNames[index], energyError: found.energy,
                forceErrors: found.forces,
                stressError: found.virial.map { item.structure.cell!.stress(ofVirial: $0) }, others: found.others)
        }
        let means = terms.means(over: set.lossCounts.reduce(into: LossTerms()) { $0 += $1 })
        return Validation(loss: loss.total(means, loss.settings.finalCoefficients), terms: means, errors: errors)
    }
}
