import Foundation

/// How a training has gone wrong, for the message that ends it when going back no longer helps.
enum Divergence {
    /// The loss of a batch, counted from 1, or its gradient is not a finite number; `parameter` is one whose weights
    /// are none either.
    case batch(Int, parameter: String?)
    case validationNotFinite
    /// The validation loss is far above the lowest.
    case rise(Double, above: Double)

    var description: String {
        func short(_ number: Double) -> String { String(format: "%.3g", number) }
        switch self {
        case .batch(let step, nil): return "the loss of batch \(step) or its gradient is not a finite number"
        case .batch(let step, let parameter?):
            return "in batch \(step) the weights \(parameter) are not finite numbers any more"
        case .validationNotFinite: return "the validation loss is not a finite number"
        case .rise(let loss, let best): return "the validation loss is \(short(loss)), after \(short(best)) at best"
        }
    }
}
