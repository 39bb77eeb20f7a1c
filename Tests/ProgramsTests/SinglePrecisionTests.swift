import Compute
import Testing

@testable import CPUExecutor
@testable import Programs

/// The kernels for speed, which finite differences cannot see, against those in double precision.
@Suite struct SinglePrecisionTests {
    /// 32 channels, two vectors of single precision, and 48, three.
    private static let convolution = Convolution.ofAllCouplings { $0 == 2 ? 48 : 32 }

    private static let arguments: [(name: String, shape: Program.Shape)] = [
        ("table", .init(.fixed(12), convolution.weights)),
        ("harmonics", .init(.edges, .plain(convolution.harmonicsWidth))),
        ("features", .init(.atoms, convolution.input)), ("cotangent", .init(.atoms, convolution.output)),
    ]

    /// The convolution and its derivatives, those by several arguments in one pass and that by features alone.
    private static let program: Program = {
        var builder = ProgramBuilder()
        let x = arguments.map { builder.input($0.name, $0.shape.axis, $0.shape.layout) }
        let positions = builder.input("positions", .atoms, .plain(3))
        let strain = builder.input("strain", .structures, .plain(9))
        let r = builder.edgeVectors(positions: positions, strain: strain)
        let distance = builder.edgeFunction(.distance, of: r)
        let basis = builder.radialBasis(
            .spline(RadialCoordinate(rMax: 3, pairCutoffs: []), intervals: 9), of: distance)
        let value = builder.convolve(x[2], harmonics: x[1], basis: basis, table: x[0], convolution)
        let gradients = builder.gradients(of: [(value, x[3])], to: x[0..<3] + [distance])
        let alone = builder.gradients(of: [(value, builder.scaled(x[3], by: 2))], to: [x[2]])
        return builder.finish(outputs: [
            "value": value, "table": gradients[0]!, "harmonics": gradients[1]!, "features": gradients[2]!,
            "distance": gradients[3]!, "features alone": alone[0]!,
        ])
    }()

    private func outputs<T: ExecutableScalar>(_: T.Type) -> [String: [Double]] {
        let random = RandomGraph(atoms: 9, species: 1)
        let edges = random.edges()
        let executor = Executor<T>(Self.program, parallelism: .serial)
        return Graph.with(
            species: random.species, structureOfAtom: random.structureOfAtom, structures: 1, edges: edges
        ) { graph in
            executor.prepare(for: graph)
            var numbers = SplitMix64(11)
            for (name, shape) in Self.arguments {
                func fill(_ input: UnsafeMutableBufferPointer<T>) {
                    for k in input.indices {
                        let x = Float.random(in: -1...1, using: &numbers)
                        input[k] = shape.layout.isUsed(k % shape.layout.width) ? T(x) : 0
                    }
                }
                if case .fixed = shape.axis {
                    executor.bind(name, fill)
                } else {
                    executor.bind(name, on: graph, fill)
                }
            }
            executor.run(on: graph)
            return Self.program.outputs.keys.reduce(into: [:]) { outputs, name in
                outputs[name] = executor.output(name, on: graph).map { Double($0) }
            }
        }
    }

    /// A sum of n products errs by √n units in the last place of its largest terms, and n is a few thousand at most.
    @Test func convolutionsAgreeWithThoseInDoublePrecision() {
        let (single, double) = (outputs(Float.self), outputs(Double.self))
        for (name, exact) in double {
            let scale = exact.reduce(0) { max($0, abs($1)) }
            let error = zip(single[name]!, exact).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(scale > 0.1 && error < 100 * Double(Float.ulpOfOne) * scale, "\(name): \(error) of \(scale)")
        }
    }
}
