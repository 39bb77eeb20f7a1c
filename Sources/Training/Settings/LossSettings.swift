import Atoms
import Settings
import StructureFiles

/// What `training.loss` says: how much each label counts, how its errors are measured, and for whom they count more.
public struct LossSettings: Sendable, Equatable {
    private var terms = Dictionary(
        uniqueKeysWithValues: Property.all.map { ($0, Term(coefficient: $0 == .energy || $0 == .forces ? 1 : 0)) })
    /// What the force components on atoms of an element count, 1 unless given.
    public var forcesByElement: [Element: Double] = [:]
    /// What structures count by their `config_type`; `default` for those of others and of none.
    public var byConfigType: [String: Double] = [:]

    /// One term of the loss.
    public struct Term: Sendable, Equatable {
        public var coefficient: StepFunction
        public var measure = ErrorMeasure.mse

        init(coefficient: Double) { self.coefficient = StepFunction(coefficient) }
    }

    public init() {}

    public subscript(label: Property) -> Term {
        get { terms[label] ?? Term(coefficient: 0) }
        set { terms[label] = newValue }
    }

    /// Whether a label counts in any epoch.
    func uses(_ label: Property) -> Bool { self[label].coefficient.values.contains { $0 > 0 } }

    /// Those that count in any epoch.
    var labels: [Property] { Property.all.filter(uses) }

    /// The coefficients in an epoch (counted from 0), divided by the sum of the last ones, as in NequIP where they do
    /// not change. One divisor for all epochs, so that a term whose coefficient stays keeps the size of its gradient:
    /// Adam remembers sizes for a thousand steps.
    func coefficients(at epoch: Int) -> LossTerms { normalized { $0[epoch] } }

    /// Those of the last epochs, by which potentials are compared.
    var finalCoefficients: LossTerms { normalized(\.last) }

    private func normalized(_ value: (StepFunction) -> Double) -> LossTerms {
        let sum = Property.all.reduce(0) { $0 + self[$1].coefficient.last }
        var result = LossTerms()
        for label in labels { result[label] = value(self[label].coefficient) / sum }
        return result
    }

    /// What a structure counts.
    func weight(of structure: Structure) -> Double {
        let own = structure.weight ?? 1
        guard !byConfigType.isEmpty else { return own }
        return own
            * (structure.information["config_type"].flatMap { byConfigType[$0] } ?? byConfigType["default"] ?? 1)
    }
}

/// A number for each label: coefficients, means of errors, counts. 0 for those that nothing is said of.
struct LossTerms: Sendable, Equatable {
    private var values: [Property: Double]

    init(_ values: [Property: Double] = [:]) { self.values = values }

    subscript(label: Property) -> Double {
        get { values[label] ?? 0 }
        set { values[label] = newValue }
    }

    static func += (a: inout LossTerms, b: LossTerms) {
        for (label, value) in b.values { a[label] += value }
    }

    static func == (a: LossTerms, b: LossTerms) -> Bool { Property.all.allSatisfy { a[$0] == b[$0] } }
}

/// A number that changes from given epochs on.
public struct StepFunction: Sendable, Equatable {
    /// In the order of the epochs, which count from 0; the first is 0.
    private var epochs: [Int]
    private(set) var values: [Double]

    init(_ value: Double) { (epochs, values) = ([0], [value]) }

    /// From the epoch of each step on its value; `nil` unless the first is epoch 0.
    init?(steps: [(epoch: Int, value: Double)]) {
        let steps = steps.sorted { $0.epoch < $1.epoch }
        guard steps.first?.epoch == 0 else { return nil }
        (epochs, values) = (steps.map(\.epoch), steps.map(\.value))
    }

    subscript(epoch: Int) -> Double { values[(epochs.lastIndex { $0 <= epoch })!] }

    var last: Double { values.last! }
    var changes: [Int] { epochs }
}

extension LossSettings {
    /// Reads the section; it may be missing.
    init(_ value: SettingsValue?) throws {
        guard let value else { return }
        let section = try value.section()
        for label in Property.all {
            self[label] = try Self.term(label.name, section, default: self[label].coefficient.last) { term in
                guard label == .forces else { return }
                for (name, value) in try term.sectionOrEmpty("per_type").entries() {
                    guard let element = Element(name) else {
                        throw value.error("expected the symbol of an element, found \(name)")
                    }
                    forcesByElement[element] = try value.double(in: Self.weights)
                }
            }
        }
        for (name, value) in try section.sectionOrEmpty("config_type_weights").entries() {
            byConfigType[name] = try value.double(in: Self.weights)
        }
        let changes = Set(Property.all.flatMap { self[$0].coefficient.changes }).sorted()
        for epoch in changes {
            let sum = Property.all.reduce(0) { $0 + self[$1].coefficient[epoch] }
            guard sum > 0 else {
                let place = changes.count > 1 ? " from epoch \(epoch) on" : ""
                throw value.error("expected at least one coefficient above 0\(place), found none")
            }
        }
    }

    /// What may be multiplied in single precision.
    private static let weights: ClosedRange<Double> = 0...1e12

    /// A coefficient alone, or a section with more.
    private static func term(
        _ name: String, _ section: Settings, default absent: Double, _ more: (Settings) throws -> Void = { _ in }
    ) throws -> Term {
        var term = Term(coefficient: absent)
        guard let value = section.optional(name) else { return term }
        guard value.isSection else {
            term.coefficient = StepFunction(try value.double(in: weights))
            return term
        }
        let settings = try value.section()
        if let coefficient = settings.optional("coefficient") {
            term.coefficient = try steps(coefficient)
        }
        let measure = try settings.choice("measure", ["mse", "mae", "huber"], default: "mse")
        switch measure {
        case "mae": term.measure = .mae
        case "huber": term.measure = .huber(delta: try settings.double("delta", in: 1e-12...1e12))
        default: break
        }
        if measure != "huber", let delta = settings.optional("delta") {
            throw delta.error("belongs to measure huber, found beside \(measure)", code: .unknownKey)
        }
        try more(settings)
        return term
    }

    /// A number, or `{0: 1, 200: 10}`: from epoch 200 on it is 10.
    private static func steps(_ value: SettingsValue) throws -> StepFunction {
        guard value.isSection else { return StepFunction(try value.double(in: weights)) }
        let steps = try value.section().entries().map { key, value in
            guard let epoch = Int(key), epoch >= 0 else {
                throw value.error("expected the number of an epoch before the colon, found \(key)")
            }
            return (epoch: epoch, value: try value.double(in: weights))
        }
        guard let function = StepFunction(steps: steps) else {
            throw value.error("expected a coefficient from epoch 0 on, as in {0: 1, 200: 10}")
        }
        return function
    }
}
