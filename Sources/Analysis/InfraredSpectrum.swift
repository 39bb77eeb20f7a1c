import Atoms
import Compute
import Foundation

/// The infrared absorption of a molecule from its dipole along a trajectory, classical, by linear response:
///
///     A(ν̃) = N_A / (12 ε₀ c² kT) p(ν̃),    ∫₀^∞ p dν̃ = ⟨(dμ/dt)²⟩,
///
/// p being the spectral density of dμ/dt. A harmonic mode has the area N_A |∂μ/∂Q|² / (12 ε₀ c²) of the double harmonic
/// approximation at any temperature (McQuarrie, Statistical Mechanics, ch. 21; Thomas et al., Phys. Chem. Chem. Phys.
/// 15, 6608 (2013)).
///
/// Densities are means over pieces that overlap by half, with Hann's window (Welch 1967). The derivative is that of the
/// differences of neighbouring frames, with what differences take from high frequencies given back, which is exact
/// below the highest frequency that frames can show.
public struct InfraredSpectrum: Sendable {
    public struct Point: Sendable {
        /// 1/cm
        public var wavenumber: Double
        /// km/mol for each 1/cm, with the standard error from the pieces.
        public var absorption, error: Double
    }

    public let points: [Point]
    /// km/mol
    public let total: Double
    public let pieces: Int
    /// Width of a sharp line at half of its height, 1/cm.
    public let resolution: Double

    /// N_A (e·Å)²/(12 ε₀ c² · eV · fs²) · (1 fs²) in km/mol: 42.2561 km/mol for 1 D²/(Å² u), CODATA 2018.
    static let kilometresPerMole: Double = {
        let (charge, light, permittivity, avogadro) = (
            1.602176634e-19, 299_792_458.0, 8.8541878128e-12, 6.02214076e23
        )
        // (e Å/fs)²/eV in C² m²/(s² J): e · 10⁻²⁰ / 10⁻³⁰.
        return avogadro * charge * 1e10 / (12 * permittivity * light * light) * 1e-3
    }()
    /// 1/fs in 1/cm.
    static let perCentimetre = 1e15 / 29_979_245_800.0

    /// - Parameters:
    ///   - dipoles: at equal intervals (fs), e·Å.
    ///   - temperature: K
    ///   - length: of a piece, fs; it sets the resolution.
    /// - Returns: `nil` for fewer than sixteen frames, and where the dipole does not change.
    public init?(_ dipoles: [SIMD3<Double>], interval: Double, temperature: Double, length: Double) {
        guard dipoles.count >= 16, interval > 0, temperature > 0 else { return nil }
        let rates = zip(dipoles.dropFirst(), dipoles).map { ($0 - $1) / interval }
        let wanted = min(rates.count, max(8, Int((length / interval).rounded())))
        let size = FourierTransform.length(upTo: wanted)
        let window = (0..<size).map { 0.5 - 0.5 * cos(2 * .pi * (Double($0) + 0.5) / Double(size)) }
        let power = window.reduce(0) { $0 + $1 * $1 }
        let starts = Array(stride(from: 0, through: rates.count - size, by: max(1, size / 2)))
        var spectra: [[Double]] = []
        for start in starts {
            var density = [Double](repeating: 0, count: size / 2 + 1)
            for axis in 0..<3 {
                let transformed = FourierTransform.transform(
                    (0..<size).map { ComplexNumber(rates[start + $0][axis] * window[$0]) })
                for k in density.indices {
                    let (re, im) = (transformed[k].real, transformed[k].imaginary)
                    density[k] += re * re + im * im
                }
            }
            spectra.append(density)
        }
        let step = Self.perCentimetre / (Double(size) * interval)
        let factor = Self.kilometresPerMole / (Units.boltzmann * temperature)
        let n = Double(spectra.count)
        var points: [Point] = []
        for k in 0...size / 2 {
            let angle = .pi * Double(k) / Double(size)
            let lost = k == 0 ? 1 : sin(angle) / angle
            // One-sided: negative frequencies belong to the positive ones.
            let sides = k == 0 || 2 * k == size ? 1.0 : 2.0
            let scale = factor * sides / (power * Double(size) * step * lost * lost)
            let values = spectra.map { $0[k] * scale }
            let mean = values.reduce(0, +) / n
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            points.append(
                Point(
                    wavenumber: Double(k) * step, absorption: mean,
                    error: n > 1 ? (squares / (n * (n - 1))).squareRoot() : .infinity))
        }
        guard points.contains(where: { $0.absorption > 0 }) else { return nil }
        self.points = points
        total = points.reduce(0) { $0 + $1.absorption } * step
        pieces = spectra.count
        // Of Hann's window.
        resolution = 1.44 * step
    }
}
