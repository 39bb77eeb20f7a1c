/// A target that a run holds, or changes linearly with its steps from one value to another and then holds.
public struct Ramp: Sendable, Hashable {
    public let start: Double
    public let end: Double
    /// After which the end is reached.
    public let steps: Int

    public init(from start: Double, to end: Double, steps: Int) {
        precondition(steps >= 1, "expected at least one step, got \(steps)")
        (self.start, self.end, self.steps) = (start, end, steps)
    }

    public static func constant(_ value: Double) -> Ramp { Ramp(from: value, to: value, steps: 1) }

    public var isConstant: Bool { start == end }

    /// During the step after so many.
    public func value(at step: Int) -> Double {
        isConstant ? start : start + (end - start) * min(1, max(0, Double(step)) / Double(steps))
    }

    /// `300` or `300 to 1500`.
    var short: String { isConstant ? start.short : "\(start.short) to \(end.short)" }
}

/// The temperature of a bath over a run, K.
public struct BathTemperature: Sendable, Hashable {
    public let ramp: Ramp
    public init(_ ramp: Ramp) { self.ramp = ramp }
    public init(_ temperature: Temperature) { ramp = .constant(temperature.kelvin) }
    public static func kelvin(_ value: Double) -> BathTemperature { BathTemperature(.constant(value)) }

    /// At the start.
    public var first: Temperature { .kelvin(ramp.start) }
    /// `300 K`
    var short: String { "\(ramp.short) K" }
}
