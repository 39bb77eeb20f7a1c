import Atoms
import Interactions

/// An interaction that one of several simulations asks, and that answers all of them at once.
///
/// While it defers, a question that has no answer yet is kept and ends the attempt at a step by throwing `Unanswered`;
/// the attempt is made again when the answer has come. What a step does is a function of its beginning and of the
/// answers, so that it asks the same again.
final class DeferredInteraction: Interaction {
    struct Unanswered: Error {}

    private let base: any Interaction
    var isDeferring = false
    private var answers: [InteractionResult] = []
    private var given = 0
    private(set) var question: Configuration?

    init(_ base: any Interaction) { self.base = base }

    var cutoff: Double { base.cutoff }
    var properties: [Property] { base.properties }
    var minimumDistances: MinimumDistances? { base.minimumDistances }
    func check(elements: [Element]) throws { try base.check(elements: elements) }
    func memoryEstimate(atoms: Int, edges: Int) -> Double { base.memoryEstimate(atoms: atoms, edges: edges) }

    func evaluate(_ configuration: Configuration, into result: inout InteractionResult) throws {
        guard isDeferring else {
            try base.evaluate(configuration, into: &result)
            return
        }
        guard given < answers.count else {
            question = configuration
            throw Unanswered()
        }
        result = answers[given]
        given += 1
    }

    /// A step begins anew, or is tried again.
    func begin(isNew: Bool) {
        if isNew { answers.removeAll(keepingCapacity: true) }
        given = 0
        question = nil
    }

    func answer(_ result: InteractionResult) {
        answers.append(result)
        question = nil
    }
}
