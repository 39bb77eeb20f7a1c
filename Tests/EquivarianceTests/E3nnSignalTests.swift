import TestSupport
import Testing

@testable import Equivariance

@Suite struct E3nnSignalTests {
    @Test func sphereGridsAreThoseOfE3nn() throws {
        for item in try ReferenceCase.all("s2_grid") {
            let grid = SphereGrid(
                lMax: try item.integer("lmax"), betas: try item.integer("res_beta"),
                alphas: try item.integer("res_alpha"),
                normalization: try #require(HarmonicNormalization(rawValue: item.text("normalization"))))
            #expect(largestDifference(grid.betas, try item.numbers("betas")) < 1e-15)
            #expect(largestDifference(grid.alphas, try item.numbers("alphas")) < 1e-15)
            for (coefficients, values) in zip(try item.rows("coefficients"), try item.rows("grid")) {
                #expect(relativeDifference(grid.values(of: coefficients), values) < agreement)
                #expect(relativeDifference(grid.coefficients(of: values), coefficients) < agreement)
            }
            let projected = grid.coefficients(of: try item.numbers("samples"))
            #expect(relativeDifference(projected, try item.numbers("projected")) < agreement)
        }
    }

    @Test func sphereActivationsAreThoseOfE3nn() throws {
        for item in try ReferenceCase.all("s2_activation") {
            let (input, output) = (try item.irreps("irreps_in"), try item.irreps("irreps_out"))
            let activation = SphereActivation(
                try #require(ScalarFunction(rawValue: item.text("act"))), factor: try item.number("second_moment"),
                lMax: try #require(input.lMax), to: output.lMax, resolution: try item.integer("res"),
                normalization: try #require(HarmonicNormalization(rawValue: item.text("normalization"))))
            for (index, x) in try item.rows("x").enumerated() {
                #expect(relativeDifference(activation(x), try item.rows("output")[index]) < agreement, "\(item)")
                let gradient = activation.gradient(x, cotangent: try item.rows("cotangent")[index])
                #expect(relativeDifference(gradient, try item.rows("gradient")[index]) < agreement, "\(item)")
            }
        }
    }

    @Test func signalsAreThoseOfE3nn() throws {
        for item in try ReferenceCase.all("spherical_tensors") {
            let lMax = try item.integer("lmax")
            let (vectors, values) = (try item.rows("vectors"), try item.numbers("values"))
            let peaks = SphericalSignal.withPeaks(at: vectors, lMax: lMax)
            #expect(relativeDifference(peaks.coefficients, try item.numbers("with_peaks_at")) < agreement)
            let valued = SphericalSignal.withPeaks(at: vectors, values: values, lMax: lMax)
            #expect(relativeDifference(valued.coefficients, try item.numbers("with_peaks_of_values")) < agreement)
            let diracs = SphericalSignal.sumOfDiracs(at: vectors, weights: values, lMax: lMax)
            #expect(relativeDifference(diracs.coefficients, try item.numbers("sum_of_diracs")) < agreement)
            let signal = SphericalSignal(lMax: lMax, try item.numbers("signal"))
            #expect(relativeDifference(signal.norms, try item.numbers("norms")) < agreement)
            let found = try item.rows("points").map(signal.value(at:))
            #expect(relativeDifference(found, try item.numbers("signal_xyz")) < agreement)
        }
    }

    @Test func peaksAreFoundWhereTheyWerePut() throws {
        let directions: [[Double]] = [[0, 1, 0], [0.6, 0, 0.8], [-0.8, -0.6, 0]]
        let signal = SphericalSignal.sumOfDiracs(at: directions, weights: [1, 0.8, 0.6], lMax: 10)
        let peaks = signal.peaks()
        for (peak, direction) in zip(peaks.prefix(3), directions) {
            #expect(largestDifference(peak.direction, direction) < 0.03)
            let slope = HarmonicFunction(lMax: 10, normalization: .integral).gradients(peak.direction)
            for axis in 0..<3 {
                let component = (0..<121).reduce(0.0) { $0 + signal.coefficients[$1] * slope[3 * $1 + axis] }
                #expect(abs(component) < 1e-5)
            }
            #expect(abs(signal.value(at: peak.direction) - peak.value) < 1e-14)
        }
        var stream = SplitMix64(61)
        let rotation = Rotation.random(using: &stream)
        let turned = signal.rotating(by: rotation).peaks()
        #expect(turned.count == peaks.count)
        #expect(largestDifference(turned.map(\.value), peaks.map(\.value)) < 1e-10)
    }

    @Test func rotationGridsAreThoseOfE3nn() throws {
        for item in try ReferenceCase.all("so3_grid") {
            let (lMax, resolution) = (try item.integer("lmax"), try item.integer("resolution"))
            let grid = RotationGrid(lMax: lMax, resolution: resolution)
            #expect(largestDifference(grid.alphas, try item.numbers("alpha")) < 1e-15)
            #expect(largestDifference(grid.betas, try item.numbers("beta")) < 1e-15)
            #expect(largestDifference(grid.weights, try item.numbers("quadrature_weights")) < 1e-15)
            let coefficients = try item.numbers("coefficients")
            let values = grid.values(of: coefficients)
            let points = try item.rows("grid_points").map { $0.map { Int($0) } }
            let found = points.map { values[($0[0] * grid.betas.count + $0[1]) * grid.gammas.count + $0[2]] }
            #expect(relativeDifference(found, try item.numbers("grid_values")) < agreement)
            #expect(relativeDifference(grid.coefficients(of: values), coefficients) < agreement)
            let activation = RotationActivation(
                try #require(ScalarFunction(rawValue: item.text("act"))), lMax: lMax, resolution: resolution)
            #expect(abs(activation.factor - (try item.number("second_moment"))) < 1e-15)
            #expect(relativeDifference(activation(coefficients), try item.numbers("activation_output")) < agreement)
            let gradient = activation.gradient(coefficients, cotangent: try item.numbers("cotangent"))
            #expect(relativeDifference(gradient, try item.numbers("gradient")) < agreement)
        }
    }

    @Test func correlationsAreTheIntegralsThatTheyShouldBe() throws {
        for item in try ReferenceCase.all("correlations") {
            let lMax = try item.integer("lmax")
            let (f, psi) = (try item.rows("f"), try item.rows("psi"))
            let coefficients =
                try item.text("domain") == "S2"
                ? Correlation.sphere(filter: psi, signal: f, lMax: lMax)
                : Correlation.rotations(filter: psi, signal: f, lMax: lMax)
            let found = try item.rows("angles").map {
                Correlation.value(
                    of: coefficients, at: Rotation(alpha: $0[0], beta: $0[1], gamma: $0[2]), lMax: lMax)
            }
            #expect(relativeDifference(found, try item.numbers("values")) < agreement, "\(item)")
        }
    }
}
