/// A length of time, so that no number stands without its unit.
public struct Time: Sendable, Hashable, Comparable {
    public let femtoseconds: Double
    public static func femtoseconds(_ value: Double) -> Time { Time(femtoseconds: value) }
    public static func < (a: Time, b: Time) -> Bool { a.femtoseconds < b.femtoseconds }
}

/// How often something happens, or how fast something decays.
public struct Rate: Sendable, Hashable {
    public let perFemtosecond: Double
    public static func perFemtosecond(_ value: Double) -> Rate { Rate(perFemtosecond: value) }
    public static func perPicosecond(_ value: Double) -> Rate { Rate(perFemtosecond: value * 1e-3) }
}

/// A temperature.
public struct Temperature: Sendable, Hashable, Comparable {
    public let kelvin: Double
    public static func kelvin(_ value: Double) -> Temperature { Temperature(kelvin: value) }
    public static func < (a: Temperature, b: Temperature) -> Bool { a.kelvin < b.kelvin }
}
