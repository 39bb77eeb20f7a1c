import Testing

@testable import Programs

/// Every primitive against finite differences in double precision: its first derivative with respect to each operand,
/// and the derivative of that derivative.
@Suite struct PrimitiveDerivatives {
    /// A scalar function made of one primitive: `Q = Σ weight · primitive(inputs)`, with inputs drawn at random.
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var inputs: [(name: String, shape: Program.Shape)]
        var atoms = 7
        var build: @Sendable (inout ProgramBuilder, [Program.Value]) -> Program.Value
        var testDescription: String { name }

        /// The primitive (`value`), the derivative of ⟨cotangent, primitive⟩ by each input (`first k`), and that of
        /// Σ_k ⟨direction k, first k⟩ by each input and the cotangent (`second k`), with which of these there are.
        func program() -> (program: Program, first: [Bool], second: [Bool]) {
            var builder = ProgramBuilder()
            let x = inputs.map { builder.input($0.name, $0.shape.axis, $0.shape.layout) }
            let result = build(&builder, x)
            let shape = builder.program.shape(of: result)
            let cotangent = builder.input("cotangent", shape.axis, shape.layout)
            let first = builder.gradients(of: [(result, cotangent)], to: x)
            let directions = inputs.map { builder.input("direction \($0.name)", $0.shape.axis, $0.shape.layout) }
            let targets = zip(first, directions).compactMap { gradient, direction in
                gradient.map { ($0, direction) }
            }
            let second = builder.gradients(of: targets, to: x + [cotangent])
            var outputs = ["value": result]
            for (k, gradient) in first.enumerated() { outputs["first \(k)"] = gradient }
            for (k, gradient) in second.enumerated() { outputs["second \(k)"] = gradient }
            return (builder.finish(outputs: outputs), first.map { $0 != nil }, second.map { $0 != nil })
        }

        /// A function of the geometry, its value and the derivative of ⟨cotangent, value⟩ by positions and strain.
        func geometryProgram() -> Program {
            var builder = ProgramBuilder()
            let positions = builder.input("positions", .atoms, .plain(3))
            let strain = builder.input("strain", .structures, .plain(9))
            let x = inputs.map { builder.input($0.name, $0.shape.axis, $0.shape.layout) }
            let value = build(&builder, x)
            let shape = builder.program.shape(of: value)
            let cotangent = builder.input("cotangent", shape.axis, shape.layout)
            let gradient = builder.gradients(of: [(value, cotangent)], to: [positions, strain])
            return builder.finish(outputs: ["value": value, "positions": gradient[0]!, "strain": gradient[1]!])
        }

        /// The derivative of ⟨cotangent, value⟩ by positions (`first`), and that of ⟨direction, first⟩ by positions
        /// and by inputs (`second`, `second k`).
        func curvatureProgram() -> Program {
            var builder = ProgramBuilder()
            let positions = builder.input("positions", .atoms, .plain(3))
            let x = inputs.map { builder.input($0.name, $0.shape.axis, $0.shape.layout) }
            let value = build(&builder, x)
            let shape = builder.program.shape(of: value)
            let cotangent = builder.input("cotangent", shape.axis, shape.layout)
            let first = builder.gradients(of: [(value, cotangent)], to: [positions])[0]!
            let direction = builder.input("direction", .atoms, .plain(3))
            let second = builder.gradients(of: [(first, direction)], to: [positions] + x)
            var outputs = ["first": first, "second": second[0]!]
            for (k, gradient) in second.dropFirst().enumerated() { outputs["second \(k)"] = gradient }
            return builder.finish(outputs: outputs)
        }
    }

    static let features = Layout.features([(0, 5), (1, 3), (2, 2)])
    static let scalars = Layout.features([(0, 5), (0, 3), (0, 2)])
    static let map = LinearMap(
        input: features, output: Layout.features([(1, 4), (0, 2), (2, 3), (0, 17)]),
        terms: [(0, 1, 0.7), (1, 0, 1.1), (2, 2, 0.3), (0, 3, -0.4)])
    static let speciesMap = LinearMap(
        input: features, output: Layout.features([(0, 3), (1, 4)]), terms: [(0, 0, 0.7), (1, 1, 1.1)],
        isPerSpecies: true)
    static let convolution = Convolution(
        lMax: 2, input: features,
        paths: [
            .init(inputBlock: 0, lHarmonic: 0, lOutput: 0, outputGroup: 0),
            .init(inputBlock: 0, lHarmonic: 2, lOutput: 2, outputGroup: 2),
            .init(inputBlock: 1, lHarmonic: 0, lOutput: 1, outputGroup: 1),
            .init(inputBlock: 1, lHarmonic: 1, lOutput: 0, outputGroup: 0),
            .init(inputBlock: 1, lHarmonic: 1, lOutput: 1, outputGroup: 3),
            .init(inputBlock: 2, lHarmonic: 1, lOutput: 1, outputGroup: 1),
            .init(inputBlock: 2, lHarmonic: 2, lOutput: 2, outputGroup: 2),
            .init(inputBlock: 2, lHarmonic: 0, lOutput: 2, outputGroup: 4),
        ])
    static let coordinate = RadialCoordinate(rMax: 3, pairCutoffs: [[2.9, 3], [2.5, 2.8]])
    static let basis = BesselBasis(rMax: 3, frequencies: [1, 2, 3.5], p: 6)

    static let arguments: [(name: String, shape: Program.Shape)] = arguments(of: convolution)

    /// What a convolution reads besides its basis, which is made from the geometry.
    private static func arguments(of convolution: Convolution) -> [(name: String, shape: Program.Shape)] {
        [
            ("table", .init(.fixed(12), convolution.weights)),
            ("harmonics", .init(.edges, .plain(convolution.harmonicsWidth))),
            ("features", .init(.atoms, convolution.input)),
        ]
    }

    static func vectors(_ builder: inout ProgramBuilder) -> Program.Value {
        let positions = builder.input("positions", .atoms, .plain(3))
        let strain = builder.input("strain", .structures, .plain(9))
        return builder.edgeVectors(positions: positions, strain: strain)
    }

    static func convolve(
        _ builder: inout ProgramBuilder, _ x: [Program.Value], _ convolution: Convolution
    ) -> Program.Value {
        let distance = builder.edgeFunction(.distance, of: vectors(&builder))
        let basis = builder.radialBasis(.spline(coordinate, intervals: 9), of: distance)
        return builder.convolve(x[2], harmonics: x[1], basis: basis, table: x[0], convolution)
    }

    static func convolve(_ name: String, _ convolution: Convolution, atoms: Int = 7) -> Case {
        Case(name: name, inputs: arguments(of: convolution), atoms: atoms) { convolve(&$0, $1, convolution) }
    }

    /// The convolution's derivative by the positions, which its basis alone depends on.
    private static func forces(_ name: String, _ convolution: Convolution, atoms: Int = 7) -> Case {
        Case(
            name: name, inputs: arguments(of: convolution) + [("g", .init(.atoms, convolution.output))], atoms: atoms
        ) { builder, x in
            let value = convolve(&builder, x, convolution)
            let positions = builder.input("positions", .atoms, .plain(3))
            return builder.gradients(of: [(value, x[3])], to: [positions])[0]!
        }
    }

    static let cases: [Case] = {
        var cases = [
            Case(name: "gather species", inputs: [("table", .init(.fixed(2), features))]) { builder, x in
                builder.gather(x[0], by: .speciesOfAtom)
            },
            Case(name: "gather structures", inputs: [("x", .init(.structures, features))]) { builder, x in
                builder.gather(x[0], by: .structureOfAtom)
            },
            Case(name: "segment sum", inputs: [("x", .init(.atoms, features))]) { builder, x in
                builder.segmentSum(x[0], by: .structureOfAtom, into: .structures)
            },
            Case(
                name: "linear", inputs: [("x", .init(.atoms, features)), ("w", .init(.fixed(1), map.weights))]
            ) { builder, x in builder.linear(x[0], x[1], map) },
            Case(
                name: "species linear",
                inputs: [("x", .init(.atoms, features)), ("w", .init(.fixed(2), speciesMap.weights))]
            ) { builder, x in builder.linear(x[0], x[1], speciesMap) },
            Case(
                name: "product", inputs: [("a", .init(.atoms, scalars)), ("y", .init(.atoms, features))]
            ) { builder, x in builder.product(x[0], x[1]) },
            Case(name: "slice", inputs: [("x", .init(.atoms, features))]) { $0.slice($1[0], 1..<3) },
            Case(name: "embed", inputs: [("x", .init(.atoms, features.slice(1..<2)))]) { builder, x in
                builder.embed(x[0], 1..<2, in: features)
            },
            Case(name: "sum", inputs: [("x", .init(.atoms, features)), ("y", .init(.atoms, features))]) {
                $0.sum($1)
            },
            Case(name: "scaled", inputs: [("x", .init(.atoms, features))]) { $0.scaled($1[0], by: -1.7) },
            Case(name: "spline coefficients", inputs: [("v", .init(.fixed(9), .features([(0, 5)])))]) {
                $0.splineCoefficients($1[0])
            },
            Case(name: "spline coefficients, transposed", inputs: [("v", .init(.fixed(9), .features([(0, 5)])))]) {
                $0.splineCoefficientsTransposed($1[0])
            },
            convolve("convolution", convolution),
            convolve("convolution of all couplings", .ofAllCouplings { 1 + $0 % 2 }),
            // More edges of an atom than the kernels take at a time.
            convolve("convolution of many neighbours", convolution, atoms: 70),
            forces("forces of a convolution", convolution),
            forces("forces of all couplings", .ofAllCouplings { 1 + $0 % 2 }),
            forces("forces of many neighbours", convolution, atoms: 70),
            Case(name: "edge forces", inputs: [("g", .init(.edges, .plain(3)))]) { $0.edgeForces($1[0]) },
            Case(name: "edge difference", inputs: [("f", .init(.atoms, .plain(3)))]) { $0.edgeDifference($1[0]) },
            Case(name: "edge virial", inputs: [("g", .init(.edges, .plain(3)))]) { builder, x in
                let r = vectors(&builder)
                return builder.edgeVirial(r, x[0])
            },
            Case(name: "edge strain", inputs: [("w", .init(.structures, .plain(9)))]) { builder, x in
                let r = vectors(&builder)
                return builder.edgeStrain(r, x[0])
            },
        ]
        for function in [Activation.Function.identity, .silu, .tanh, .sine] {
            for order in 0...1 {
                cases.append(
                    Case(name: "\(function), derivative \(order)", inputs: [("x", .init(.atoms, scalars))]) {
                        let activations = [
                            Activation(function, factor: 1.3), Activation(.tanh), Activation(function),
                        ]
                        return $0.pointwise($1[0], activations, order: order)
                    })
            }
        }
        for function in [EdgeFunction.harmonics(lMax: 3), .distance, .bessel(coordinate, basis)] {
            let shape = Program.Shape(function.axis, .plain(function.width))
            cases.append(
                Case(name: "pullback of \(function)", inputs: [("g", shape)]) { builder, x in
                    let r = vectors(&builder)
                    return builder.pullback(function, r, x[0])
                })
            cases.append(
                Case(name: "tangent of \(function)", inputs: [("v", .init(.edges, .plain(3)))]) { builder, x in
                    let r = vectors(&builder)
                    return builder.tangent(function, r, x[0])
                })
        }
        return cases
    }()

    @Test(arguments: cases) func agreesWithFiniteDifferencesTwice(_ test: Case) {
        let (program, first, second) = test.program()
        let check = FiniteDifferences(program, RandomGraph(atoms: test.atoms, structures: test.atoms < 10 ? 2 : 1))

        let names = test.inputs.map(\.name)
        for (k, name) in names.enumerated() {
            check.expectDerivative(of: [("value", "cotangent")], by: name, toBe: first[k] ? "first \(k)" : nil)
        }
        let pairs = first.indices.filter { first[$0] }.map { ("first \($0)", "direction \(names[$0])") }
        for (k, name) in (names + ["cotangent"]).enumerated() {
            check.expectDerivative(of: pairs, by: name, toBe: second[k] ? "second \(k)" : nil)
        }
    }

    static let functionsOfGeometry: [Case] =
        [EdgeFunction.harmonics(lMax: 4), .distance, .bessel(coordinate, basis)].map { function in
            Case(name: "\(function)", inputs: []) { builder, _ in
                builder.edgeFunction(function, of: vectors(&builder))
            }
        } + [
            Case(name: "convolution", inputs: arguments) { builder, x in convolve(&builder, x, convolution) }
        ]

    /// Derivatives of forces by positions, and of functions of positions and features, as in a model.
    static let functionsOfPositions: [Case] =
        functionsOfGeometry + [
            Case(name: "convolution and harmonics", inputs: [arguments[0], arguments[2]]) { builder, x in
                let harmonics = builder.edgeFunction(.harmonics(lMax: 2), of: vectors(&builder))
                return convolve(&builder, [x[0], harmonics, x[1]], convolution)
            },
            Case(name: "two convolutions", inputs: [arguments[0], arguments[2]]) { builder, x in
                let harmonics = builder.edgeFunction(.harmonics(lMax: 2), of: vectors(&builder))
                let first = convolve(&builder, [x[0], harmonics, x[1]], convolution)
                let back = LinearMap(
                    input: convolution.output, output: convolution.input,
                    terms: [(0, 0, 0.3), (1, 1, -0.2), (2, 2, 0.4)])
                let weights = builder.constant(
                    (0..<back.weights.width).map { Double($0 * 7 % 11) / 11 - 0.4 }, .fixed(1), back.weights)
                let features = builder.linear(first, weights, back)
                return convolve(&builder, [x[0], harmonics, features], convolution)
            },
        ]

    /// Forces against displacements of the atoms.
    @Test(arguments: functionsOfPositions)
    func forcesHaveDerivativesByPositions(_ test: Case) {
        var graph = RandomGraph(atoms: 6, structures: 2, seed: 3)
        let check = FiniteDifferences(test.curvatureProgram(), graph)
        func q(_ graph: RandomGraph) -> Double { check.value(of: [("first", "direction")], on: graph) }
        let exact = check.output("second")
        let scale = exact.reduce(1) { max($0, abs($1)) }
        let step = 1e-5
        for atom in graph.positions.indices {
            for axis in 0..<3 {
                let x = graph.positions[atom][axis]
                graph.positions[atom][axis] = x + step
                let up = q(graph)
                graph.positions[atom][axis] = x - step
                let slope = (up - q(graph)) / (2 * step)
                graph.positions[atom][axis] = x
                #expect(abs(slope - exact[3 * atom + axis]) < 1e-7 * scale, "atom \(atom) axis \(axis)")
            }
        }
        for (k, input) in test.inputs.enumerated() {
            check.expectDerivative(of: [("first", "direction")], by: input.name, toBe: "second \(k)")
        }
    }

    /// Functions of the geometry against displacements of the atoms and strains of the cell.
    @Test(arguments: functionsOfGeometry)
    func geometryPullsBackToPositionsAndStrain(_ test: Case) {
        var graph = RandomGraph(atoms: 6, structures: 2, seed: 3)
        let check = FiniteDifferences(test.geometryProgram(), graph)
        func q(_ graph: RandomGraph, _ strain: [[Double]] = []) -> Double {
            check.value(of: [("value", "cotangent")], on: graph, strain: strain)
        }
        let exact = check.output("positions")
        let step = 1e-5
        for atom in graph.positions.indices {
            for axis in 0..<3 {
                let x = graph.positions[atom][axis]
                graph.positions[atom][axis] = x + step
                let up = q(graph)
                graph.positions[atom][axis] = x - step
                let slope = (up - q(graph)) / (2 * step)
                graph.positions[atom][axis] = x
                #expect(abs(slope - exact[3 * atom + axis]) < 1e-6 * (1 + abs(slope)))
            }
        }
        let exactStrain = check.output("strain")
        for k in 0..<18 {
            var e = [[Double]](repeating: Array(repeating: 0, count: 9), count: 2)
            e[k / 9][k % 9] = step
            let up = q(graph, e)
            e[k / 9][k % 9] = -step
            let slope = (up - q(graph, e)) / (2 * step)
            #expect(abs(slope - exactStrain[k]) < 1e-6 * (1 + abs(slope)))
        }
    }
}
