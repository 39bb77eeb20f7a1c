/// Writes a program, one readable call for each primitive.
public struct ProgramBuilder: Sendable {
    public typealias Value = Program.Value

    public private(set) var program = Program()
    private var stage = 0
    /// Results by operation and operands: the same computation is written once.
    private var known: [Key: [Value]] = [:]

    private struct Key: Hashable {
        var operation: Operation
        var operands: [Value]
        /// Tells apart constants and gathers that differ in shape only.
        var shapes: [Program.Shape]
    }

    public init() {}

    /// What follows runs in a later stage, after the caller has bound the inputs that depend on the earlier ones.
    ///
    /// - Parameter repeats: whether it may run many times, with other inputs, after the earlier ones have run once;
    ///   what it reads of theirs is then kept.
    public mutating func beginStage(repeats: Bool = false) {
        stage += 1
        if repeats { program.repeatedStages.insert(stage) }
    }

    /// The finished program with these results, cleared of what nobody reads; or as it was written, for the tests.
    public func finish(outputs: [String: Value], simplifying: Bool = true) -> Program {
        var program = program
        precondition(
            outputs.values.allSatisfy { $0.index < program.shapes.count },
            "expected outputs among the \(program.shapes.count) values of this program, got \(outputs)")
        program.outputs = outputs
        if simplifying { program.simplify() }
        return program
    }

    mutating func append(_ operation: Operation, _ operands: [Value], shapes: [Program.Shape]) -> [Value] {
        let key = Key(operation: operation, operands: operands, shapes: shapes)
        if let results = known[key] { return results }
        let results = shapes.indices.map { Value(index: program.shapes.count + $0) }
        program.shapes += shapes
        program.instructions.append(
            Program.Instruction(operation: operation, operands: operands, results: results, stage: stage))
        known[key] = results
        return results
    }

    private mutating func append(_ operation: Operation, _ operands: [Value], _ axis: Axis, _ layout: Layout) -> Value
    {
        append(operation, operands, shapes: [Program.Shape(axis, layout)])[0]
    }

    func shape(_ value: Value) -> Program.Shape { program.shape(of: value) }

    // MARK: Given values

    /// A value that the caller binds by name before the program runs.
    public mutating func input(_ name: String, _ axis: Axis, _ layout: Layout) -> Value {
        let value = append(.input(name), [], axis, layout)
        program.inputs[name] = value
        return value
    }

    /// Numbers row by row, packed; the layout must have no padding.
    public mutating func constant(_ numbers: [Double], _ axis: Axis, _ layout: Layout) -> Value {
        if let index = program.constants.firstIndex(of: numbers) {
            return append(.constant(index), [], axis, layout)
        }
        program.constants.append(numbers)
        return append(.constant(program.constants.count - 1), [], axis, layout)
    }

    public mutating func fill(_ number: Double, _ axis: Axis, _ layout: Layout) -> Value {
        append(.fill(number), [], axis, layout)
    }

    // MARK: Rows

    public mutating func gather(_ table: Value, by relation: Relation) -> Value {
        append(.gather(relation), [table], relation.rows, shape(table).layout)
    }

    public mutating func segmentSum(_ x: Value, by relation: Relation, into axis: Axis) -> Value {
        append(.segmentSum(relation), [x], axis, shape(x).layout)
    }

    // MARK: Ghosts

    /// Rows of atoms and ghosts from those of atoms. Whoever runs the program on a part of the atoms fills in the
    /// ghosts (`GhostExchange`); without ghosts these are the same rows.
    public mutating func fillGhosts(_ x: Value) -> Value { append(.fillGhosts, [x], .sources, shape(x).layout) }
    mutating func addGhosts(_ x: Value) -> Value { append(.addGhosts, [x], .atoms, shape(x).layout) }

    // MARK: Node operations

    public mutating func linear(_ x: Value, _ weights: Value, _ map: LinearMap) -> Value {
        linear(map, .output, [x, weights], shape(x).axis)
    }

    mutating func linear(_ map: LinearMap, _ slot: LinearMap.Slot, _ operands: [Value], _ axis: Axis) -> Value {
        append(.linear(map, slot), operands, axis, map.gradientLayout(slot))
    }

    /// Channel-wise product of scalars and irreps.
    public mutating func product(_ scalars: Value, _ irreps: Value) -> Value {
        let map = ProductMap(scalars: shape(scalars).layout, irreps: shape(irreps).layout)
        return product(map, .output, [scalars, irreps])
    }

    mutating func product(_ map: ProductMap, _ slot: ProductMap.Slot, _ operands: [Value]) -> Value {
        append(.product(map, slot), operands, shape(operands[0]).axis, slot == .scalars ? map.scalars : map.irreps)
    }

    public mutating func pointwise(_ x: Value, _ activations: [Activation], order: Int = 0) -> Value {
        append(.pointwise(activations, orders: [order]), [x], shape(x).axis, shape(x).layout)
    }

    public mutating func slice(_ x: Value, _ blocks: Range<Int>) -> Value {
        if blocks == shape(x).layout.blocks.indices { return x }
        return append(.slice(blocks), [x], shape(x).axis, shape(x).layout.slice(blocks))
    }

    /// A full row that holds `x` in these blocks and zero elsewhere.
    public mutating func embed(_ x: Value, _ blocks: Range<Int>, in layout: Layout) -> Value {
        if blocks == layout.blocks.indices { return x }
        return append(.embed(blocks), [x], shape(x).axis, layout)
    }

    public mutating func sum(_ values: [Value]) -> Value {
        values.count == 1 ? values[0] : append(.sum, values, shape(values[0]).axis, shape(values[0]).layout)
    }

    public mutating func scaled(_ x: Value, by factor: Double) -> Value {
        append(.scaled(factor), [x], shape(x).axis, shape(x).layout)
    }

    // MARK: Convolution

    /// `basis` is a `radialBasis`.
    public mutating func convolve(
        _ features: Value, harmonics: Value, basis: Value, table: Value, _ convolution: Convolution
    ) -> Value {
        let operands = ConvolutionOperands(basis: 0, table: 1, harmonics: 2, features: 3)
        return append(
            .convolution(convolution, [.output], [operands]), [basis, table, harmonics, features], .atoms,
            convolution.output)
    }

    public mutating func splineCoefficients(_ values: Value) -> Value {
        guard case .fixed(let knots) = shape(values).axis else { preconditionFailure("spline values lie on knots") }
        return append(.splineCoefficients(transposed: false), [values], .fixed(knots + 2), shape(values).layout)
    }

    mutating func splineCoefficientsTransposed(_ cotangent: Value) -> Value {
        guard case .fixed(let count) = shape(cotangent).axis else { preconditionFailure("coefficients lie on knots") }
        return append(.splineCoefficients(transposed: true), [cotangent], .fixed(count - 2), shape(cotangent).layout)
    }

    // MARK: Geometry

    public mutating func edgeVectors(positions: Value, strain: Value) -> Value {
        append(.edgeVectors, [positions, strain], .edges, .plain(3))
    }

    public mutating func edgeFunction(_ function: EdgeFunction, of vectors: Value) -> Value {
        append(.edgeFunction(function, .value), [vectors], function.axis, .plain(function.width))
    }

    /// Spline values on edges as functions of their distance, an edge function.
    public mutating func radialBasis(_ basis: RadialBasis, of distance: Value) -> Value {
        radialBasis(basis, .value, basis == .ownRow ? [] : [distance])
    }

    mutating func radialBasis(_ basis: RadialBasis, _ part: RadialBasis.Part, _ operands: [Value]) -> Value {
        append(.radialBasis(basis, part), operands, .edges, .plain(4))
    }

    mutating func pullback(_ function: EdgeFunction, _ vectors: Value, _ cotangent: Value) -> Value {
        append(.edgeFunction(function, .pullback), [vectors, cotangent], .edges, .plain(3))
    }

    mutating func tangent(_ function: EdgeFunction, _ vectors: Value, _ direction: Value) -> Value {
        append(.edgeFunction(function, .tangent), [vectors, direction], function.axis, .plain(function.width))
    }

    /// The derivative of ⟨cotangent, tangent along the direction⟩ by the vectors.
    mutating func curvature(
        _ function: EdgeFunction, _ vectors: Value, _ cotangent: Value, _ direction: Value
    ) -> Value {
        append(.edgeFunction(function, .curvature), [vectors, cotangent, direction], .edges, .plain(3))
    }

    mutating func edgeForces(_ g: Value) -> Value { append(.edgeForces, [g], .sources, .plain(3)) }
    mutating func edgeDifference(_ f: Value) -> Value { append(.edgeDifference, [f], .edges, .plain(3)) }
    mutating func edgeVirial(_ r: Value, _ g: Value) -> Value { append(.edgeVirial, [r, g], .structures, .plain(9)) }
    /// The shares of atoms and ghosts in the virial, from edge vectors and the derivative of an energy by them.
    public mutating func atomicVirials(_ r: Value, _ g: Value) -> Value {
        append(.atomicVirials, [r, g], .sources, .plain(9))
    }
    mutating func edgeStrain(_ r: Value, _ w: Value) -> Value { append(.edgeStrain, [r, w], .edges, .plain(3)) }
}
