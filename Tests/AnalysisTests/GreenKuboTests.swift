import Atoms
import Compute
import Foundation
import Testing

@testable import Analysis

@Suite struct GreenKuboTests {
    @Test(arguments: [2, 30, 64, 90, 250, 1000])
    func transformsAreSums(_ n: Int) {
        let x = (0..<n).map { (k: Int) -> ComplexNumber in
            ComplexNumber(sin(Double(3 * k * k + 1)), cos(Double(7 * k)))
        }
        let found = FourierTransform.transform(x)
        for k in stride(from: 0, to: n, by: max(1, n / 20)) {
            var (real, imaginary) = (0.0, 0.0)
            for (m, value) in x.enumerated() {
                let angle = -2 * Double.pi * Double(m * k % n) / Double(n)
                real += value.real * cos(angle) - value.imaginary * sin(angle)
                imaginary += value.real * sin(angle) + value.imaginary * cos(angle)
            }
            #expect(abs(found[k].real - real) < 1e-11 * Double(n))
            #expect(abs(found[k].imaginary - imaginary) < 1e-11 * Double(n))
        }
        #expect(FourierTransform.length(upTo: 1001) == 1000 && FourierTransform.length(from: 1001) == 1024)
    }

    /// Fluxes with the correlation σ² (e^{−t/τ} + A e^{−t/τ′} cos ωt), whose integral is known.
    @Test func fluxesOfKnownCorrelationHaveTheirConductivity() throws {
        let noise = Philox(seed: 11)
        let (interval, slow, fast, omega, amplitude) = (4.0, 200.0, 60.0, 0.06, 0.7)
        func run(_ seed: Int) -> [SIMD3<Double>] {
            let (a, b) = (exp(-interval / slow), exp(-interval / fast))
            let (c, s) = (cos(omega * interval), sin(omega * interval))
            var (x, y, z) = (SIMD3<Double>.zero, SIMD3<Double>.zero, SIMD3<Double>.zero)
            return (0..<42000).compactMap { step in
                func draw(_ stream: Int) -> SIMD3<Double> {
                    let v = noise.normals(at: Philox.counter(step: step, index: seed, stream: UInt32(stream)))
                    return SIMD3(v.x, v.y, v.z)
                }
                x = x * a + draw(0) * (1 - a * a).squareRoot()
                let rest = (1 - b * b).squareRoot()
                (y, z) = ((y * c - z * s) * b + draw(1) * rest, (y * s + z * c) * b + draw(2) * rest)
                return step < 2000 ? nil : x + y * amplitude.squareRoot()
            }
        }
        let (volume, temperature) = (1000.0, 300.0)
        let factor = 1.602176634e6 / (volume * Units.boltzmann * temperature * temperature)
        let exact = factor * (slow + amplitude * (1 / fast) / (1 / (fast * fast) + omega * omega))
        let found = try #require(
            GreenKubo(
                [run(0), run(1)], interval: interval, volume: volume, temperature: temperature, longest: 2000))
        #expect(found.error < 0.1 * exact && found.error > 0.002 * exact)
        // What so few coefficients keep of a narrow peak in a wide spectrum is known from the exact one: the smooth
        // logarithm at 0 is c₀ + 2 Σ_{n < P} c_n. Akaike's criterion leaves out what is below the noise of a single
        // coefficient, all of it of one sign here; the stated error is that of those which are kept.
        let (period, a, b) = (40000, exp(-interval / slow), exp(-interval / fast))
        func peak(_ memory: Double, _ angle: Double) -> Double {
            (1 - memory * memory) / (1 - 2 * memory * cos(angle) + memory * memory)
        }
        let cepstrum = FourierTransform.transform(
            (0..<period).map { (k: Int) -> ComplexNumber in
                let angle = 2 * Double.pi * Double(k) / Double(period)
                let shifted = peak(b, angle - omega * interval) + peak(b, angle + omega * interval)
                return ComplexNumber(log(interval * (peak(a, angle) + 0.5 * amplitude * shifted)))
            }
        ).map { $0.real / Double(period) }
        let kept = cepstrum[0] + 2 * cepstrum[1..<found.coefficients].reduce(0, +)
        let all = cepstrum[0] + 2 * cepstrum[1..<period / 2].reduce(0, +)
        #expect(abs(0.5 * factor * exp(all) - exact) < 2e-3 * exact)
        #expect(abs(found.conductivity - 0.5 * factor * exp(kept)) < 3 * found.error)
        let last = try #require(found.integral.last)
        #expect(last.error < 0.2 * exact && abs(last.conductivity - exact) < 3 * last.error)
        #expect(abs(found.integral[0].correlation - (1 + amplitude)) < 0.05)
        // The low part of the spectrum alone says the same.
        let low = try #require(
            GreenKubo(
                [run(0), run(1)], interval: interval, volume: volume, temperature: temperature, longest: 2000,
                highest: 5))
        #expect(abs(low.conductivity - exact) < 3 * low.error)
        #expect(GreenKubo([[.zero]], interval: 1, volume: 1, temperature: 1, longest: 1) == nil)
    }
}
