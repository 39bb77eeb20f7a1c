import Atoms
import Compute
import Foundation
import Testing

@testable import Analysis

@Suite struct SeriesStatisticsTests {
    /// x' = φ x + noise: g = (1 + φ)/(1 − φ).
    @Test func theInefficiencyOfAnAutoregressiveSeriesIsKnown() throws {
        var random = SplitMix(state: 7)
        let phi = 0.8
        var (x, values) = (0.0, [Double]())
        for _ in 0..<40_000 {
            x = phi * x + random.normal()
            values.append(x + 3)
        }
        let found = try #require(SeriesStatistics(values))
        // Three standard errors of g, which is estimated from some 4400 independent values.
        #expect(abs(found.inefficiency - 9) < 1.5)
        #expect(abs(found.mean - 3) < 4 * found.error)
        let expected = found.standardDeviation * (9 / 40_000.0).squareRoot()
        #expect(abs(found.error - expected) < 0.1 * found.error)
        #expect(abs(found.blockErrors[7] / found.error - 1) < 0.35)
    }

    @Test func constantsHaveNoError() throws {
        let found = try #require(SeriesStatistics([2.5, 2.5, 2.5]))
        #expect(found.mean == 2.5 && found.error == 0 && found.inefficiency == 1)
        #expect(SeriesStatistics([1]) == nil)
        #expect(SeriesStatistics([1, .nan]) == nil)
    }
}

@Suite struct RadialDistributionTests {
    @Test func aCrystalHasItsShells() throws {
        let a = 4.0
        let argon = Element("Ar")!
        let crystal = Structure(
            elements: Array(repeating: argon, count: 4),
            positions: [SIMD3(0.0, 0, 0), SIMD3(0, 0.5, 0.5), SIMD3(0.5, 0, 0.5), SIMD3(0.5, 0.5, 0)].map { $0 * a },
            cell: Cell(Matrix3(diagonal: SIMD3(a, a, a))))
        var rdf = RadialDistribution(of: crystal.elements, cutoff: 6, bins: 600)
        for _ in 0..<3 { try rdf.add(crystal, parallelism: .serial) }
        let n = rdf.coordination(0)
        // Neighbours of a face-centred lattice: 12 at a/√2, 6 at a, 24 at a√1.5.
        for (distance, count) in [(2.7, 0.0), (3.5, 12), (4.5, 18), (5.2, 42)] {
            #expect(abs(n[Int(distance * 100)] - count) < 1e-9)
        }
    }

    @Test func unlikePairsOfAnIdealGasAreAsMany() throws {
        var random = SplitMix(state: 3)
        let elements = (0..<300).map { Element(atomicNumber: $0 < 100 ? 1 : 8)! }
        var rdf = RadialDistribution(of: elements, cutoff: 5, bins: 5)
        for _ in 0..<20 {
            let gas = Structure(
                elements: elements,
                positions: elements.map { _ in SIMD3(random.uniform(), random.uniform(), random.uniform()) * 12 },
                cell: Cell(Matrix3(diagonal: SIMD3(12, 12, 12))))
            try rdf.add(gas, parallelism: .serial)
        }
        #expect(rdf.pairs.map { "\($0.a)-\($0.b)" } == ["H-H", "H-O", "O-O"])
        #expect(rdf.values(1).dropFirst(2).allSatisfy { abs($0 - 1) < 0.03 })
        // An atom is no neighbour of itself: 1 − 1/N.
        #expect(rdf.values(0).dropFirst(2).allSatisfy { abs($0 - 0.99) < 0.05 })
    }
}

@Suite struct TimeCorrelationTests {
    @Test func displacementsAreThoseOfTheDefinition() {
        var random = SplitMix(state: 5)
        let elements = [Element("H")!, Element("O")!, Element("H")!]
        var (place, track) = ([SIMD3<Double>](repeating: .zero, count: 3), [[SIMD3<Double>]]())
        for _ in 0..<41 {
            track.append(place)
            place = place.map { $0 + SIMD3(random.normal(), random.normal(), random.normal()) }
        }
        for kind in [TimeCorrelation.Kind.squareDisplacement, .autocorrelation] {
            var correlation = TimeCorrelation(kind, of: elements, frames: 41, length: 20)
            for frame in track { correlation.add(frame) }
            #expect(correlation.stride == 1)
            let found = correlation.mean(Element("H")!)
            for lag in 0...20 {
                var (sum, count) = (0.0, 0.0)
                for start in 0..<41 - lag {
                    for i in [0, 2] {
                        let (a, b) = (track[start][i], track[start + lag][i])
                        sum += kind == .autocorrelation ? dot(a, b) : dot(b - a, b - a)
                        count += 1
                    }
                }
                #expect(abs(found[lag]! - sum / count) < 1e-10 * max(1, sum / count))
            }
        }
    }

    /// Steps of variance 2 D Δt along each axis.
    @Test func aRandomWalkDiffuses() throws {
        var random = SplitMix(state: 11)
        let elements = [Element](repeating: Element("Ar")!, count: 200)
        var place = [SIMD3<Double>](repeating: .zero, count: 200)
        var correlation = TimeCorrelation(.squareDisplacement, of: elements, frames: 400, length: 100)
        for _ in 0..<400 {
            correlation.add(place)
            place = place.map { $0 + SIMD3(random.normal(), random.normal(), random.normal()) * 0.2 }
        }
        let found = try #require(Diffusion(correlation, of: elements[0], interval: 2))
        let error = try #require(found.error)
        #expect(abs(found.coefficient - 0.04 / 4) < 4 * error)
        #expect(error < 0.1 * found.coefficient)
    }

    @Test func anOscillationIsALineOfItsFrequency() throws {
        let interval = 2.0
        let correlation = (0..<500).map { cos(2e-3 * .pi * 15 * Double($0) * interval) }
        let states = VibrationalDensity.states(correlation, interval: interval, points: 5001)
        let highest = try #require(states.max { $0.density < $1.density })
        #expect(abs(highest.frequency - 15) < 0.1)
        let step = states[1].frequency - states[0].frequency
        let area = states.reduce(0) { $0 + $1.density } * step
        #expect(abs(area - 3) < 0.02)
    }
}

@Suite struct AngleDistributionTests {
    @Test func diamondIsTetrahedral() throws {
        let c = Element("C")!
        let a = 3.57
        let crystal = Structure(
            elements: [c, c], positions: [.zero, SIMD3(a / 4, a / 4, a / 4)],
            cell: Cell(a: SIMD3(0, a / 2, a / 2), b: SIMD3(a / 2, 0, a / 2), c: SIMD3(a / 2, a / 2, 0)))
        var angles = AngleDistribution(of: crystal.elements, cutoff: 1.8)
        try angles.add(crystal, parallelism: .serial)
        let mean = try #require(angles.mean(c))
        #expect(abs(mean - 109.5) < 0.6)
        let filled = angles.values(c).filter { $0 > 0 }
        #expect(filled.count == 1 && abs(filled[0] - 1) < 1e-12)
    }
}

@Suite struct DensityProfileTests {
    @Test func theProfileHoldsAllAtoms() {
        let argon = Element("Ar")!
        let cell = Cell(a: SIMD3(4, 0, 0), b: SIMD3(1, 5, 0), c: SIMD3(0, 1, 10))
        let slab = Structure(
            elements: [argon, argon, argon], positions: [SIMD3(0, 0, 0.5), SIMD3(0, 0, 2.6), SIMD3(0, 0, 12.7)],
            cell: cell)
        var profile = DensityProfile(of: slab.elements, axis: 2, bins: 10)
        profile.add(slab)
        let values = profile.values(argon)
        let total = values.reduce(0, +) * cell.volume / 10
        #expect(abs(total - 3) < 1e-12)
        #expect(values[0] > 0 && abs(values[2] - 2 * values[0]) < 1e-12)
    }
}

/// A small generator of random numbers: Steele, Lea and Flood (2014).
private struct SplitMix {
    var state: UInt64

    mutating func uniform() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
    }

    /// Box and Muller's.
    mutating func normal() -> Double { (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform()) }
}
