import Atoms

/// What a barostat holds: a pressure, or a stress (positive in tension), eV/Å³.
///
/// A stress σ is taken as that of thermodynamics: its hydrostatic part is a pressure P = −tr σ/3, which works on the
/// true volume; the rest S works on the strain of the cell since the start, E = ½ (F Fᵀ − 1), F = h₀⁻¹h, so that
/// `H + P V − V₀ tr(S E)` is conserved (Parrinello and Rahman, J. Appl. Phys. 52, 7182 (1981)). At the cell of the
/// start it is the stress of Cauchy.
public struct TargetStress: Sendable, Hashable {
    public let pressure: Ramp
    /// xx, yy, zz and yz, xz, xy, without trace.
    let diagonal: SIMD3<Double>
    let mixed: SIMD3<Double>

    /// eV/Å³
    public init(pressure: Ramp) {
        self.pressure = pressure
        (diagonal, mixed) = (.zero, .zero)
    }

    /// xx, yy, zz, yz, xz, xy in eV/Å³.
    public init(voigt s: [Double]) {
        precondition(s.count == 6, "expected six components of a stress, got \(s.count)")
        let mean = (s[0] + s[1] + s[2]) / 3
        pressure = .constant(-mean)
        diagonal = SIMD3(s[0], s[1], s[2]) - mean
        mixed = SIMD3(s[3], s[4], s[5])
    }

    /// GPa
    public static func gigapascal(_ pressure: Double) -> TargetStress {
        TargetStress(pressure: .constant(pressure / Units.gigapascal))
    }

    var isHydrostatic: Bool { diagonal == .zero && mixed == .zero }

    /// S
    var deviator: Matrix3 {
        Matrix3(
            SIMD3(diagonal.x, mixed.z, mixed.y), SIMD3(mixed.z, diagonal.y, mixed.x),
            SIMD3(mixed.y, mixed.x, diagonal.z))
    }

    /// `1 GPa`
    var short: String {
        let pressure =
            "\(Ramp(from: pressure.start * Units.gigapascal, to: pressure.end * Units.gigapascal, steps: 1).short) GPa"
        guard !isHydrostatic else { return pressure }
        let rest = [diagonal.x, diagonal.y, diagonal.z, mixed.x, mixed.y, mixed.z]
        return pressure + " and a deviator of [" + rest.map { ($0 * Units.gigapascal).short }.joined(separator: ", ")
            + "] GPa"
    }
}
