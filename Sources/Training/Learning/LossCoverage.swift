import Atoms
import DataSets
import StructureFiles

/// What the weights of a loss leave of the labels of training structures.
struct LossCoverage {
    /// Labels that structures carry, and those that count more than nothing somewhere.
    private var carried: Set<Property> = []
    private var counting: Set<Property> = []
    private var elements: Set<Element> = []

    init(_ loss: LossSettings, _ structures: some Sequence<Structure>) {
        for structure in structures {
            elements.formUnion(structure.elements)
            let weight = loss.weight(of: structure)
            for label in loss.labels where structure.carries(label) {
                carried.insert(label)
                let counts =
                    label != .forces
                    || structure.elements.indices.contains { atom in
                        loss.forcesByElement[structure.elements[atom]] ?? 1 > 0
                            && structure.forceWeights.map { $0[atom].max() > 0 } ?? true
                    }
                if weight > 0, counts { counting.insert(label) }
            }
        }
    }

    /// Throws a `TrainingError` where no label counts; otherwise what a person should know.
    func remarks(_ loss: LossSettings) throws -> [Remark] {
        guard carried.isEmpty || !counting.isEmpty else {
            throw TrainingError(
                "training.loss: weights of structures and forces give every label of the training structures the weight 0, so there is nothing to train"
            )
        }
        var remarks = carried.subtracting(counting).sorted { $0.name < $1.name }.map { label in
            Remark.warning("training.loss: all \(label) of the training structures have the weight 0")
        }
        for element in loss.forcesByElement.keys.sorted() where !elements.contains(element) {
            remarks.append(
                .warning(
                    "training.loss.forces.per_type: no training structure holds \(element); there are \(elements.sorted().map(\.symbol).joined(separator: ", "))"
                ))
        }
        return remarks
    }
}
