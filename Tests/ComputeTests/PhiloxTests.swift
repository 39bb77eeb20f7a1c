import Compute
import Testing

@Suite struct PhiloxTests {
    /// Known answers of the authors' library Random123 (`tests/kat_vectors`, philox4x32 10).
    @Test(arguments: [
        (SIMD4<UInt32>.zero, UInt64(0), SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
        (
            SIMD4(repeating: .max), .max, SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
        ),
        (
            SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), 0x299f_31d0_a409_3822,
            SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
        ),
    ])
    func agreesWithRandom123(counter: SIMD4<UInt32>, seed: UInt64, expected: SIMD4<UInt32>) {
        #expect(Philox(seed: seed).bits(at: counter) == expected)
    }

    /// Moments of n normals scatter by √(1/n), √(2/n), √(15/n) and √(96/n); five of those are allowed.
    @Test func normalsHaveTheirMoments() {
        let count = 400_000
        var sums = SIMD4<Double>.zero
        var products = 0.0
        for i in 0..<count / 4 {
            let x = Philox(seed: 7).normals(at: Philox.counter(step: 12, index: i, stream: 1))
            let square = x * x
            sums += SIMD4(x.sum(), square.sum(), (square * x).sum(), (square * square).sum())
            products += x.x * x.y + x.y * x.z + x.z * x.w + x.w * x.x
        }
        let n = Double(count)
        #expect(abs(sums.x / n) < 5 * (1 / n).squareRoot())
        #expect(abs(sums.y / n - 1) < 5 * (2 / n).squareRoot())
        #expect(abs(sums.z / n) < 5 * (15 / n).squareRoot())
        #expect(abs(sums.w / n - 3) < 5 * (96 / n).squareRoot())
        #expect(abs(products / n) < 5 * (1 / n).squareRoot())
    }

    @Test func uniformsStayBetweenZeroAndOne() {
        // The extremes of 32 bits, (0 + ½) 2⁻³² and (2³² − ½) 2⁻³², are exact doubles.
        let extremes = (SIMD2<Double>(SIMD2<UInt32>(0, .max)) + 0.5) * 0x1p-32
        #expect(extremes.x > 0 && extremes.y < 1)
    }

    @Test func arraysAreUpdatedAndReducedTheSameByAnyNumberOfThreads() {
        func run(_ threads: Int) -> (Double, [Double], [Int]) {
            var a = (0..<10_000).map { 1 / Double($0 + 1) }
            var b = Array(repeating: 0, count: 10_000)
            let sum = Parallelism(threads: threads).reduce(&a, &b, by: 64, from: 0.0, { $0 += $1 }) { range, a, b in
                var sum = 0.0
                for i in a.indices {
                    a[i] *= 3
                    b[i] = range.lowerBound + i
                    sum += a[i]
                }
                return sum
            }
            return (sum, a, b)
        }
        let (one, many) = (run(1), run(8))
        #expect(one == many)
        #expect(one.2 == Array(0..<10_000))
    }
}
