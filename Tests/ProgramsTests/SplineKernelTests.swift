import Compute
import ExecutorTesting
import Neighbors
import TestSupport
import Testing

@testable import CPUExecutor
@testable import Programs

@Suite struct SplineKernelTests {
    /// One column of the map, in the first lane.
    private func map<T: KernelScalar>(_ values: [T], transposed: Bool) -> [T] {
        let n = transposed ? values.count - 3 : values.count - 1
        let rows = transposed ? n + 1 : n + 3
        let (input, output) = (
            AlignedBuffer<T>(capacity: values.count * T.lanes), AlignedBuffer<T>(capacity: rows * T.lanes)
        )
        for (i, value) in values.enumerated() { input.pointer[i * T.lanes] = value }
        // What an earlier call has left.
        for i in 0..<rows * T.lanes { output.pointer[i] = 7 }
        SplineKernels<T>(SplineKnots(intervals: n), transposed: transposed)
            .coefficients(input.pointer, output.pointer, width: T.lanes, vectors: 0..<1)
        return (0..<rows).map { output.pointer[$0 * T.lanes] }
    }

    private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    /// Cotangents at the ends, in the middle, everywhere and nowhere.
    @Test(arguments: [[0], [1], [2, 5], [190, 191, 192, 193], [386], [385, 384], Array(0..<387), []])
    func theTransposedMapIsTheTransposeOfTheMap(rows: [Int]) {
        var random = SplitMix64(3)
        let values = (0..<385).map { _ in Double.random(in: -1...1, using: &random) }
        var cotangent = [Double](repeating: 0, count: 387)
        for row in rows { cotangent[row] = .random(in: -1...1, using: &random) }
        let (left, right) = (
            dot(map(values, transposed: false), cotangent), dot(values, map(cotangent, transposed: true))
        )
        #expect(abs(left - right) < 1e-12)
    }

    /// Matrix products of subnormal numbers are a hundred times slower.
    @Test func nothingBecomesSubnormal() {
        var cotangent = [Float](repeating: 0, count: 387)
        for row in 300..<310 { cotangent[row] = 1e-4 }
        let result = map(cotangent, transposed: true)
        #expect(result.allSatisfy { $0 == 0 || $0.isNormal })
        #expect(result.contains { $0 == 0 } && result.contains { $0 > 0 })
    }

    /// Where nothing is differentiated by parameters: after a change of the parameters too.
    @Test func tablesInSinglePrecisionAreThoseOfDoubleRoundedOnce() {
        let knots = SplineKnots(intervals: 40, outer: .init(start: 0.8, intervals: 12))
        var builder = ProgramBuilder()
        let input = builder.input("values", .fixed(knots.values), .plain(16))
        let table = builder.splineCoefficients(
            builder.pointwise(input, Array(repeating: Activation(.silu), count: 16)), knots)
        let program = builder.finish(outputs: ["table": table])
        #expect(program.splineTables == [table])
        let single = ProcessorExecutor<Float>(program, parallelism: .serial)
        let double = ProcessorExecutor<Double>(program, parallelism: .serial)
        Graph.with(species: [], edges: EdgeList()) { graph in
            for seed in [3, 4] as [UInt64] {
                var random = SplitMix64(seed)
                let values = (0..<knots.values * 16).map { _ in Float.random(in: -2...2, using: &random) }
                single.withInput("values") { for (k, x) in values.enumerated() { $0[k] = x } }
                double.withInput("values") { for (k, x) in values.enumerated() { $0[k] = Double(x) } }
                single.run(on: graph)
                double.run(on: graph)
                let exact = double.withOutput(program.output("table"), on: graph) { $0.map { Float($0) } }
                #expect(single.withOutput(program.output("table"), on: graph) { Array($0) } == exact)
            }
        }
    }
}
