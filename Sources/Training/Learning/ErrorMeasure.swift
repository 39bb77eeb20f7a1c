/// How the error of one number enters the loss.
public enum ErrorMeasure: Sendable, Equatable {
    /// e²
    case mse
    /// |e|, whose derivative at 0 is taken as 0.
    case mae
    /// e²/2 up to δ, δ (|e| − δ/2) beyond (Huber 1964); δ in the unit of the error.
    case huber(delta: Double)

    /// The value at an error, and its derivative by the error.
    @inline(__always)
    func callAsFunction(_ error: Double) -> (value: Double, derivative: Double) {
        switch self {
        case .mse: (error * error, 2 * error)
        case .mae: (abs(error), error > 0 ? 1 : error < 0 ? -1 : 0)
        case .huber(let delta):
            abs(error) <= delta
                ? (error * error / 2, error) : (delta * (abs(error) - delta / 2), error > 0 ? delta : -delta)
        }
    }
}
