import CPUExecutor
import ExecutorTesting
import TestSupport
import Testing

@testable import Programs

/// Simplified programs compute what was written, with less.
@Suite struct Simplification {
    /// A program of random primitives on atoms, and some of its values as outputs.
    static func random(_ seed: UInt64) -> (plain: Program, simplified: Program) {
        var random = SplitMix64(seed)
        var builder = ProgramBuilder()
        let features = PrimitiveDerivatives.features
        let convolution = PrimitiveDerivatives.convolution
        let same = LinearMap(
            input: features, output: features, terms: [(0, 0, 0.3), (1, 1, 0.5), (2, 2, 0.4)])
        let back = LinearMap(
            input: convolution.output, output: features, terms: [(0, 0, 0.3), (1, 1, 0.2), (2, 2, 0.1)])
        let r = builder.edgeVectors(
            positions: builder.input("positions", .atoms, .plain(3)),
            strain: builder.input("strain", .structures, .plain(9)))
        let harmonics = builder.edgeFunction(.harmonics(lMax: 2), of: r)
        let basis = builder.radialBasis(
            .spline(PrimitiveDerivatives.coordinate, SplineKnots(intervals: 9)),
            of: builder.edgeFunction(.distance, of: r))
        let tables = (0..<2).map { builder.input("table \($0)", .fixed(12), convolution.weights) }
        let weights = builder.input("weights", .fixed(1), same.weights)
        let gating = LinearMap(
            input: features, output: Layout.features([(0, 3), (0, 2)]), terms: [(0, 0, 0.3), (0, 1, 0.4)])
        let gateWeights = builder.input("gate weights", .fixed(1), gating.weights)
        let mixing = builder.input("mixing", .fixed(1), back.weights)
        var values = (0..<2).map { builder.input("x \($0)", .atoms, features) }
        for _ in 0..<25 {
            func any() -> Program.Value { values.randomElement(using: &random)! }
            switch Int.random(in: 0..<9, using: &random) {
            case 0: values.append(builder.sum([any(), any()]))
            case 1: values.append(builder.scaled(any(), by: [1, -1, 0.5, 2].randomElement(using: &random)!))
            case 2: values.append(builder.linear(any(), weights, same))
            case 3:
                let gates = builder.pointwise(
                    builder.slice(any(), 0..<1), [Activation(.silu)], order: Int.random(in: 0...1, using: &random))
                values.append(builder.embed(gates, 0..<1, in: features))
            case 4, 5:
                // Sums of convolutions with different tables and features, which may be merged.
                let terms = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    builder.convolve(
                        any(), harmonics: harmonics, basis: basis, table: tables.randomElement(using: &random)!,
                        convolution)
                }
                values.append(builder.linear(builder.sum(terms), mixing, back))
            case 6: values.append(builder.sum([builder.scaled(any(), by: 1), any(), any()]))
            case 7: values.append(builder.scaled(builder.scaled(any(), by: -2), by: -0.5))
            default:
                // Rows are taken apart and put together again.
                let (scalars, x) = (any(), any())
                let gated = builder.product(builder.linear(any(), gateWeights, gating), builder.slice(x, 1..<3))
                values.append(
                    builder.sum([
                        builder.embed(gated, 1..<3, in: features),
                        builder.embed(builder.slice(scalars, 0..<1), 0..<1, in: features),
                    ]))
            }
        }
        var outputs = ["last": values.last!, "part": builder.slice(values.last!, 1..<2)]
        for k in 0..<3 { outputs["output \(k)"] = values.randomElement(using: &random)! }
        let gradient = builder.gradients(of: [(values.last!, values[1])], to: [values[0], tables[0], weights])
        for (k, value) in gradient.enumerated() { outputs["gradient \(k)"] = value }
        return (builder.finish(outputs: outputs, simplifying: false), builder.finish(outputs: outputs))
    }

    private func run(_ program: Program, _ names: [String]) -> [String: [Double]] {
        RandomGraph(atoms: 9, structures: 2).withGraph { graph in
            let executor = ProcessorExecutor<Double>(program, parallelism: .serial)
            for (name, value) in program.inputs where !["positions", "strain"].contains(name) {
                // The same numbers in both programs.
                var random = SplitMix64(name.utf8.reduce(9) { $0 &* 31 &+ UInt64($1) })
                let shape = program.shape(of: value)
                let numbers = (0..<graph.rows(shape.axis)).flatMap { _ in
                    shape.layout.blanked(
                        (0..<shape.layout.width).map { _ in Double.random(in: -0.7...0.7, using: &random) })
                }
                executor.set(name, to: numbers, on: graph)
            }
            executor.run(on: graph)
            return Dictionary(uniqueKeysWithValues: names.map { ($0, executor.values($0, on: graph)) })
        }
    }

    @Test(arguments: 1...40) func changesNoResult(_ seed: Int) {
        let (plain, simplified) = Self.random(UInt64(seed))
        #expect(simplified.instructions.count < plain.instructions.count)
        let names = plain.outputs.keys.sorted()
        #expect(simplified.outputs.keys.sorted() == names)
        let (expected, found) = (run(plain, names), run(simplified, names))
        for name in names {
            // Another order of sums: rounding of the largest number.
            let size = expected[name]!.reduce(1) { max($0, abs($1)) }
            #expect(size.isFinite && expected[name]!.count == found[name]!.count)
            for (a, b) in zip(expected[name]!, found[name]!) { #expect(abs(a - b) < 1e-12 * size, "\(name)") }
        }
    }

    @Test(arguments: 1...40) func leavesNothingUnread(_ seed: Int) {
        for program in [Self.random(UInt64(seed)).simplified] {
            program.expectWellFormed()
            program.expectAllIsRead()
        }
    }

    @Test(arguments: 1...40) func buffersOfLiveValuesDoNotOverlap(_ seed: Int) {
        let (plain, simplified) = Self.random(UInt64(seed))
        for program in [plain, simplified] {
            for edges in [0, 7, 100] { program.expectNoOverlap(atoms: 9, structures: 2, edges: edges) }
        }
    }

    // MARK: One by one

    @Test func theSameComputationIsWrittenOnce() {
        var builder = ProgramBuilder()
        let x = builder.input("x", .atoms, PrimitiveDerivatives.features)
        #expect(builder.scaled(x, by: 2) == builder.scaled(x, by: 2))
        #expect(builder.scaled(x, by: 2) != builder.scaled(x, by: 3))
        #expect(builder.input("x", .atoms, PrimitiveDerivatives.features) == x)
        #expect(builder.fill(1, .atoms, .plain(1)) != builder.fill(1, .structures, .plain(1)))
    }

    @Test func factorsAreMultipliedTogether() {
        var builder = ProgramBuilder()
        let x = builder.input("x", .atoms, PrimitiveDerivatives.features)
        let y = builder.scaled(builder.scaled(builder.scaled(x, by: 2), by: 3), by: -1)
        let program = builder.finish(outputs: ["y": y])
        #expect(program.instructions.map(\.operation) == [.input("x"), .scaled(-6)])
        let twice = builder.scaled(builder.scaled(x, by: -1), by: -1)
        let one = builder.finish(outputs: ["x": twice])
        #expect(one.instructions.map(\.operation) == [.input("x")] && one.outputs["x"] == x)
    }

    @Test func aSumOfConvolutionsBecomesOne() {
        var builder = ProgramBuilder()
        let convolution = PrimitiveDerivatives.convolution
        let r = builder.edgeVectors(
            positions: builder.input("positions", .atoms, .plain(3)),
            strain: builder.input("strain", .structures, .plain(9)))
        let harmonics = builder.edgeFunction(.harmonics(lMax: 2), of: r)
        let basis = builder.radialBasis(
            .spline(PrimitiveDerivatives.coordinate, SplineKnots(intervals: 9)),
            of: builder.edgeFunction(.distance, of: r))
        let table = builder.input("table", .fixed(12), convolution.weights)
        let terms = (0..<3).map { k in
            let x = builder.input("x \(k)", .atoms, convolution.input)
            return builder.convolve(x, harmonics: harmonics, basis: basis, table: table, convolution)
        }
        func convolutions(_ program: Program) -> [Int] {
            program.instructions.compactMap {
                if case .convolution(_, _, let terms) = $0.operation { terms.count } else { nil }
            }
        }
        let sum = builder.sum(terms)
        #expect(convolutions(builder.finish(outputs: ["sum": sum])) == [3])
        // One that is read elsewhere too stays by itself.
        #expect(convolutions(builder.finish(outputs: ["sum": sum, "first": terms[0]])).sorted() == [1, 2])
    }

    @Test func whatNobodyReadsIsRemoved() {
        var builder = ProgramBuilder()
        let x = builder.input("x", .atoms, PrimitiveDerivatives.features)
        let unread = builder.input("unread", .atoms, PrimitiveDerivatives.features)
        _ = builder.sum([x, unread])
        let y = builder.scaled(x, by: 2)
        let program = builder.finish(outputs: ["y": y])
        #expect(program.inputs.keys.sorted() == ["x"] && program.instructions.count == 2)
    }
}
