import Atoms
import Compute
import Foundation

/// A thermal conductivity from the heat flux J V of runs in equilibrium,
///
///     κ = 1 / (V k T²) ∫₀^∞ ⟨J(0)·J(t)⟩/3 dt   (Green 1954, Kubo 1957; J here the flux times the volume),
///
/// as an integral over time with errors from independent pieces, and from the spectrum: ln S(f) of the fluxes'
/// periodogram is smoothed by as many cepstral coefficients as Akaike's criterion asks for, and κ ∝ S(0)/2 has a known
/// error (Ercole, Marcolongo and Baroni, Sci. Rep. 7, 15835 (2017)).
public struct GreenKubo: Sendable {
    /// Of one run: the flux times the volume at equal intervals, eV Å/fs.
    public typealias Series = [SIMD3<Double>]

    /// By time.
    public struct Point: Sendable {
        /// fs
        public var time: Double
        /// ⟨J(0)·J(t)⟩/3, eV² Å²/fs²
        public var correlation: Double
        /// κ up to this time with its standard error, W/(m K)
        public var conductivity, error: Double
    }

    /// By frequency.
    public struct Density: Sendable {
        /// THz
        public var frequency: Double
        /// As conductivities, W/(m K): of the periodogram, averaged over neighbouring frequencies, and smoothed.
        public var periodogram, smooth: Double
    }

    /// W/(m K)
    public let conductivity, error: Double
    /// How many cepstral coefficients were kept.
    public let coefficients: Int
    public let integral: [Point]
    public let spectrum: [Density]

    /// 1 eV/(Å fs K) in W/(m K).
    public static let watt = 1.602176634e6
    private static let eulersConstant = 0.5772156649015329

    /// - Parameters:
    ///   - runs: of one system at one interval, fs.
    ///   - volume: Å³
    ///   - temperature: K
    ///   - longest: time of the integral, fs.
    ///   - highest: frequency that the smooth spectrum goes to, THz: all unless given.
    /// - Returns: `nil` for fewer than 100 fluxes, and where all vanish.
    public init?(
        _ runs: [Series], interval: Double, volume: Double, temperature: Double, longest: Double,
        highest: Double? = nil
    ) {
        guard let shortest = runs.map(\.count).min(), shortest >= 100, interval > 0, volume > 0, temperature > 0
        else { return nil }
        let factor = Self.watt / (volume * Units.boltzmann * temperature * temperature)
        let lags = max(1, min(Int((longest / interval).rounded()), shortest / 2))

        // The integral, of all and of pieces.
        let pieces = runs.flatMap { run -> [Series] in
            let count = max(1, min(20, run.count / (4 * lags)))
            return (0..<count).map { Array(run[$0 * run.count / count..<($0 + 1) * run.count / count]) }
        }
        var functions: [[Double]] = []
        for piece in pieces { functions += Self.autocorrelations(piece, lags: lags) }
        let n = Double(functions.count)
        var integrals = [Double](repeating: 0, count: functions.count)
        var points: [Point] = []
        for lag in 0...lags {
            if lag > 0 {
                for k in functions.indices {
                    integrals[k] += 0.5 * interval * (functions[k][lag - 1] + functions[k][lag])
                }
            }
            let mean = integrals.reduce(0, +) / n
            let squares = integrals.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            points.append(
                Point(
                    time: Double(lag) * interval, correlation: functions.reduce(0) { $0 + $1[lag] } / n,
                    conductivity: factor * mean, error: factor * (squares / (n * (n - 1))).squareRoot()))
        }
        integral = points

        // The spectrum.
        let length = FourierTransform.length(upTo: shortest)
        var density = [Double](repeating: 0, count: length / 2 + 1)
        let samples = 3 * runs.count
        for run in runs {
            for axis in 0..<3 {
                let transformed = FourierTransform.transform(run[..<length].map { ComplexNumber($0[axis]) })
                for k in density.indices {
                    let square =
                        transformed[k].real * transformed[k].real
                        + transformed[k].imaginary * transformed[k].imaginary
                    density[k] += square * interval / Double(length * samples)
                }
            }
        }
        let all = length / 2
        let kept = highest.map { min(all, Int($0 * 1e-3 * interval * Double(length))) } ?? all
        let used = FourierTransform.length(upTo: max(16, kept))
        guard used <= all, density[...used].allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
        let logarithms = density[...used].map { log($0) }
        let period = 2 * used
        let cepstrum = FourierTransform.transform(
            (0..<period).map { ComplexNumber(logarithms[$0 <= used ? $0 : period - $0]) }
        ).prefix(used + 1).map { $0.real / Double(period) }
        // Of the logarithm of a mean of squares of n pairs of normal numbers: ψ(n) − ln n, and ψ′(n).
        let mean = (1..<samples).reduce(-Self.eulersConstant) { $0 + 1 / Double($1) } - log(Double(samples))
        let variance = (1..<samples).reduce(Double.pi * Double.pi / 6) { $0 - 1 / Double($1 * $1) }
        var (rest, best) = (0.0, (count: used, value: Double.infinity))
        for count in stride(from: used, through: 1, by: -1) {
            rest += cepstrum[count] * cepstrum[count]
            let value = Double(period) / variance * rest + 2 * Double(count)
            if value < best.value { best = (count, value) }
        }
        coefficients = best.count
        var smooth = [ComplexNumber](repeating: ComplexNumber(0), count: period)
        smooth[0] = ComplexNumber(cepstrum[0] - mean)
        for k in 1..<max(2, best.count) where k < best.count {
            smooth[k] = ComplexNumber(cepstrum[k])
            smooth[period - k] = ComplexNumber(cepstrum[k])
        }
        let levels = FourierTransform.transform(smooth).prefix(used + 1).map { 0.5 * factor * exp($0.real) }
        conductivity = levels[0]
        error = levels[0] * (variance * Double(4 * best.count - 2) / Double(period)).squareRoot()
        let width = max(1, used / 1000)
        spectrum = stride(from: 0, to: used, by: width).map { first in
            let range = first..<min(first + width, used)
            let middle = (range.lowerBound + range.upperBound - 1) / 2
            return Density(
                frequency: 1e3 * Double(middle) / (interval * Double(length)),
                periodogram: 0.5 * factor * density[range].reduce(0, +) / Double(range.count), smooth: levels[middle])
        }
    }

    /// ⟨J_a(0) J_a(t)⟩ for each axis, `[axis][lag]`.
    private static func autocorrelations(_ run: Series, lags: Int) -> [[Double]] {
        let size = FourierTransform.length(from: run.count + lags + 1)
        return (0..<3).map { axis in
            let padded =
                run.map { ComplexNumber($0[axis]) }
                + Array(repeating: ComplexNumber(0), count: size - run.count)
            let powers = FourierTransform.transform(padded).map {
                ComplexNumber($0.real * $0.real + $0.imaginary * $0.imaginary)
            }
            let back = FourierTransform.transform(powers)
            return (0...lags).map { back[$0].real / (Double(size) * Double(run.count - $0)) }
        }
    }
}
