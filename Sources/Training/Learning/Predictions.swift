import Atoms
import Compute

/// What a model says of a whole data set, to be compared with its labels: without shifts and pair potential, as the
/// targets are.
struct Predictions {
    /// `[structure]`, eV
    private var energies: [Double]
    /// `[3 · atom]`, eV/Å
    private var forces: [Double]
    /// `[9 · structure]`, eV
    private var virials: [Double]
    /// `[structure + 1]`
    private let firstAtoms: [Int]

    /// Zero everywhere.
    init(of set: DataSet) {
        energies = Array(repeating: 0, count: set.count)
        forces = Array(repeating: 0, count: 3 * set.atoms)
        virials = Array(repeating: 0, count: 9 * set.count)
        firstAtoms = set.firstAtoms
    }

    /// Takes the results for some structures.
    mutating func set<T: KernelScalar>(
        _ range: Range<Int>, energies: UnsafeBufferPointer<T>, forces: UnsafeBufferPointer<T>,
        virials: UnsafeBufferPointer<T>
    ) {
        for (offset, index) in range.enumerated() {
            self.energies[index] = Double(energies[offset])
            for k in 0..<9 { self.virials[9 * index + k] = Double(virials[9 * offset + k]) }
        }
        let first = 3 * firstAtoms[range.lowerBound]
        for place in first..<3 * firstAtoms[range.upperBound] { self.forces[place] = Double(forces[place - first]) }
    }

    /// Adds what other processes have found.
    mutating func sum(over communicator: any Communicator) {
        communicator.sum(&energies)
        communicator.sum(&forces)
        communicator.sum(&virials)
    }

    /// The loss by the coefficients of the last epochs, and the errors.
    func compare(
        with set: DataSet, _ loss: Loss, _ parallelism: Parallelism
    ) throws -> (loss: Double, errors: GroupedErrors) {
        let counts = set.lossCounts.reduce(into: LossTerms()) { $0 += $1 }
        var (terms, errors) = (LossTerms(), GroupedErrors())
        for index in 0..<set.count {
            let item = try set.items([index], parallelism)[0]
            let first = firstAtoms[index]
            let energyError = item.energy.map { energies[index] - $0 }
            let forceErrors = item.forces?.enumerated().map { k, label in
                let place = 3 * (first + k)
                return SIMD3(forces[place], forces[place + 1], forces[place + 2]) - label
            }
            let virialError = item.virial.map { Matrix3(elements: Array(virials[9 * index..<9 * index + 9])) - $0 }
            terms += loss.terms(
                of: item, energyError: energyError, forceErrors: forceErrors, virialError: virialError)
            errors.add(
                item.structure, set: set.setNames.isEmpty ? nil : set.setNames[index], energyError: energyError,
                forceErrors: forceErrors, stressError: virialError.map { $0 * (-1 / item.structure.cell!.volume) })
        }
        let means = LossTerms(
            energy: terms.energy / max(1, counts.energy), forces: terms.forces / max(1, counts.forces),
            stress: terms.stress / max(1, counts.stress))
        return (loss.total(means, loss.settings.finalCoefficients), errors)
    }
}
