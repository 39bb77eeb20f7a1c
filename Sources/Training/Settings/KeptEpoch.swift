import Atoms

/// What `training.keep` says: which epoch's potential a training leaves.
public enum KeptEpoch: Sendable, Hashable {
    /// The one with the lowest validation loss.
    case loss
    /// The one with the lowest of one of the loss's terms on the validation set.
    case term(Property)
    case last

    /// The label that it is chosen by alone.
    var label: Property? { if case .term(let label) = self { label } else { nil } }

    /// What the kept potential has least of, unless it is the last.
    func score(_ validation: Validation) -> Double {
        label.map { validation.terms[$0] } ?? validation.loss
    }
}

extension KeptEpoch: RawRepresentable, CaseIterable {
    public static let allCases: [KeptEpoch] = [.loss] + Property.all.map { .term($0) } + [.last]

    public init?(rawValue: String) {
        guard let found = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = found
    }

    public var rawValue: String {
        switch self {
        case .loss: "loss"
        case .term(let label): label.name
        case .last: "last"
        }
    }
}
