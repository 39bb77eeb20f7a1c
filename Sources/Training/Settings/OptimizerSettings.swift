import Settings

/// What `training.optimizer` says.
public struct OptimizerSettings: Sendable, Equatable {
    public enum Name: String, Sendable, CaseIterable {
        case muon, adam, adamw
        case scheduleFree = "schedule_free"

        /// The learning rate unless one is given.
        var learningRate: Double { self == .muon ? 0.03 : 0.01 }
    }

    public var name = Name.muon
    public var learningRate = Name.muon.learningRate
    public var beta1 = 0.9
    public var beta2 = 0.999
    public var epsilon = 1e-8
    public var weightDecay = 0.0
    public var amsgrad = false
    /// The decay of the mean of the gradients of matrices, for `muon`.
    public var momentum = 0.95

    public init() {}

    init(_ section: Settings) throws {
        for (word, meant) in [("lr", "learning_rate"), ("betas", "beta1 and beta2"), ("epsilon", "eps")] {
            // Asked for by its key only where it stands, so that it is no allowed key.
            guard section.keys.contains(word), let value = section.optional(word) else { continue }
            throw value.error("unknown key, expected \(meant)", code: .unknownKey)
        }
        name = try section.choice("name", of: Name.self, default: .muon)
        learningRate = try section.double("learning_rate", in: 1e-12...1e30, default: name.learningRate)
        beta1 = try section.double("beta1", in: 0...0.999999, default: 0.9)
        beta2 = try section.double("beta2", in: 0...0.999999, default: 0.999)
        // Below 1e-38 it would be zero in single precision, and a derivative of zero over its own size no number.
        epsilon = try section.double("eps", in: 1e-30...1, default: 1e-8)
        weightDecay = try section.double("weight_decay", in: 0...1e6, default: 0)
        amsgrad = try section.boolean("amsgrad", default: false)
        if amsgrad, name != .adam, name != .adamw {
            throw try section.value("amsgrad").error(
                "belongs to name: adam and name: adamw, found beside name: \(name.rawValue)")
        }
        momentum = try section.double("momentum", in: 0...0.999999, default: 0.95)
        if name != .muon, let value = section.optional("momentum") {
            throw value.error("belongs to name: muon, found beside name: \(name.rawValue)")
        }
    }
}
