import TestSupport
import Testing

@testable import Equivariance

/// Every triple of degrees up to `lMax` that the selection rule allows.
private func triples(to lMax: Int) -> [(Int, Int, Int)] {
    var triples: [(Int, Int, Int)] = []
    for l1 in 0...lMax {
        for l2 in 0...lMax {
            for l3 in abs(l1 - l2)...min(l1 + l2, lMax) { triples.append((l1, l2, l3)) }
        }
    }
    return triples
}

@Suite struct Wigner3jTests {
    @Test func valuesEqualE3nn() throws {
        let reference = try ReferenceData.load([String: [[[Double]]]].self, "e3nn_wigner_3j")
        #expect(reference.count == 65)
        for (name, values) in reference {
            let l = name.split(separator: "_").dropFirst().compactMap { Int($0) }
            let symbol = Wigner3j(l[0], l[1], l[2])
            #expect(largestDifference(symbol.values, values.flatMap { $0.flatMap(\.self) }) < agreement, "\(name)")
        }
    }

    @Test func higherDegreesEqualE3nn() throws {
        let reference = try ReferenceData.load(ReferenceData.HigherDegrees.self, "e3nn_higher_degrees")
        for (name, rows) in reference.wigner_3j {
            let l = name.split(separator: "_").compactMap { Int($0) }
            let symbol = Wigner3j(l[0], l[1], l[2])
            var expected = Array(repeating: 0.0, count: symbol.values.count)
            for row in rows {
                expected[(Int(row[0]) * (2 * l[1] + 1) + Int(row[1])) * (2 * l[2] + 1) + Int(row[2])] = row[3]
            }
            #expect(largestDifference(symbol.values, expected) < agreement, "\(name)")
            #expect(symbol.entries.count == rows.count, "\(name)")
        }
    }

    @Test func tensorsAreInvariantUnderRotation() {
        var stream = SplitMix64(5)
        let wigner = WignerD(lMax: 6, of: .random(using: &stream))
        for (l1, l2, l3) in triples(to: 6) {
            let symbol = Wigner3j(l1, l2, l3)
            let (a, b, c) = (
                wigner[Irrep(l: l1, parity: .even)], wigner[Irrep(l: l2, parity: .even)],
                wigner[Irrep(l: l3, parity: .even)]
            )
            let (n1, n2, n3) = (2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1)
            var turned = Array(repeating: 0.0, count: n1 * n2 * n3)
            for entry in symbol.entries {
                for m1 in 0..<n1 {
                    for m2 in 0..<n2 {
                        let factor = entry.value * a[m1 * n1 + entry.m1] * b[m2 * n2 + entry.m2]
                        for m3 in 0..<n3 { turned[(m1 * n2 + m2) * n3 + m3] += factor * c[m3 * n3 + entry.m3] }
                    }
                }
            }
            #expect(largestDifference(turned, symbol.values) < 1e-12, "\(l1) \(l2) \(l3)")
        }
    }

    @Test func normIsOneAndEntriesAreTheNonZeros() {
        for (l1, l2, l3) in triples(to: 6) {
            let symbol = Wigner3j(l1, l2, l3)
            #expect(abs(symbol.values.reduce(0) { $0 + $1 * $1 } - 1) < 1e-14)
            #expect(symbol.entries.map(\.value) == symbol.values.filter { $0 != 0 })
            #expect(symbol.entries.allSatisfy { symbol[$0.m1, $0.m2, $0.m3] == $0.value })
            #expect(symbol.entries.allSatisfy { abs($0.value) > 1e-10 }, "a rounding passed for an entry")
        }
    }

    /// Exchanging two degrees changes the sign by (−1)^(l₁+l₂+l₃).
    @Test func exchangingDegreesIsASign() {
        for (l1, l2, l3) in triples(to: 6) {
            let sign = (l1 + l2 + l3).isMultiple(of: 2) ? 1.0 : -1
            let (symbol, exchanged) = (Wigner3j(l1, l2, l3), Wigner3j(l2, l1, l3))
            for entry in symbol.entries {
                #expect(abs(exchanged[entry.m2, entry.m1, entry.m3] - sign * entry.value) < 1e-14)
            }
        }
    }

    /// Real components combine only if |m₃| = |m₁| ± |m₂|, and cosines with cosines to cosines if the sum of degrees is
    /// even.
    @Test func selectionRulesHold() {
        for (l1, l2, l3) in triples(to: 6) {
            for entry in Wigner3j(l1, l2, l3).entries {
                let m = (entry.m1 - l1, entry.m2 - l2, entry.m3 - l3)
                #expect(abs(m.2) == abs(m.0) + abs(m.1) || abs(m.2) == abs(abs(m.0) - abs(m.1)))
                let sines = [m.0, m.1, m.2].filter { $0 < 0 }.count
                #expect((sines + l1 + l2 + l3).isMultiple(of: 2))
            }
        }
    }

    /// The parts of the coefficient that the construction drops as imaginary are those that sum to zero: what is left
    /// couples any two vectors' harmonics to harmonics of their common direction.
    @Test func harmonicsOfOneVectorCoupleToItsHarmonics() {
        var stream = SplitMix64(6)
        let values = SphericalHarmonics(lMax: 6)(stream.vector(-2...2))
        for (l1, l2, l3) in triples(to: 6) {
            let symbol = Wigner3j(l1, l2, l3)
            var product = Array(repeating: 0.0, count: 2 * l3 + 1)
            for entry in symbol.entries {
                product[entry.m3] += entry.value * values[l1 * l1 + entry.m1] * values[l2 * l2 + entry.m2]
            }
            let harmonic = Array(values[l3 * l3..<(l3 + 1) * (l3 + 1)])
            let scale = zip(product, harmonic).reduce(0) { $0 + $1.0 * $1.1 } / Double(2 * l3 + 1)
            #expect(largestDifference(product, harmonic.map { $0 * scale }) < 1e-12, "\(l1) \(l2) \(l3)")
            #expect((l1 + l2 + l3).isMultiple(of: 2) ? abs(scale) > 1e-3 : abs(scale) < 1e-13)
        }
    }

    @Test func highDegreesStayExact() {
        let symbol = Wigner3j(20, 20, 20)
        var products = Array(repeating: 0.0, count: 41 * 41)
        for entry in symbol.entries {
            for m in 0..<41 { products[entry.m3 * 41 + m] += entry.value * symbol[entry.m1, entry.m2, m] }
        }
        let expected = products.indices.map { $0 / 41 == $0 % 41 ? 1.0 / 41 : 0 }
        #expect(largestDifference(products, expected) < 1e-14)
    }
}
