import StructureFiles

/// What `training.keep` says: which epoch's potential a training leaves.
public enum KeptEpoch: String, Sendable, CaseIterable {
    /// The one with the lowest validation loss.
    case loss
    /// The one with the lowest of the loss's terms on the validation set.
    case energy, forces, stress
    case last

    /// The label that it is chosen by alone.
    var label: Label? { Label(rawValue: rawValue) }

    /// What the kept potential has least of, unless it is the last.
    func score(_ validation: Validation) -> Double {
        label.map { validation.terms[$0] } ?? validation.loss
    }
}
