import Equivariance
import Foundation
import Neighbors
import Programs

/// Carries out a program by the plainest loops, in double precision: what every executor is compared with.
///
/// Every value has an array of its own, which the next instruction reads. Nothing is shared with other executors but
/// the descriptions of layouts and forms (`Programs`) and the harmonics and 3j symbols of `Equivariance`, whose tests
/// hold them to e3nn's.
public final class ReferenceExecutor: Executor {
    public let program: Program
    public var ghostExchange: GhostExchange?
    public var isProfiling = false
    private var seconds: [Double]
    /// By value.
    private var tables: [Table]
    /// By value of a radial basis: the first of the four rows of a table that an edge reads.
    var firstRows: [Program.Value: [Int]] = [:]
    /// The coefficients of a coupling, e3nn's 3j symbols under `component` normalisation.
    private var coefficients: [Coupling: [Wigner3j.Entry]] = [:]

    /// `[row][position]`
    struct Table {
        var numbers: [Double]
        let width: Int

        init(rows: Int, width: Int) {
            numbers = Array(repeating: 0, count: rows * width)
            self.width = width
        }

        subscript(row: Int, position: Int) -> Double {
            get { numbers[row * width + position] }
            set { numbers[row * width + position] = newValue }
        }
    }

    public init(_ program: Program) {
        self.program = program
        tables = program.shapes.map { Table(rows: 0, width: $0.layout.width) }
        seconds = program.instructions.map { _ in 0 }
    }

    // MARK: The contract

    public func prepare(for size: Graph.Size) {}

    public func withInput<R>(
        _ input: Program.Input, on graph: Graph?, _ body: (UnsafeMutableBufferPointer<Double>) throws -> R
    ) rethrows -> R {
        let shape = program.shape(of: input.value)
        let rows = if case .fixed(let count) = shape.axis { count } else { graph!.rows(shape.axis) }
        if tables[input.value.index].numbers.count != rows * shape.layout.width {
            tables[input.value.index] = Table(rows: rows, width: shape.layout.width)
        }
        return try tables[input.value.index].numbers.withUnsafeMutableBufferPointer { try body($0) }
    }

    public func run(on graph: Graph, stage: Int) {
        for (index, instruction) in program.instructions.enumerated() where instruction.stage == stage {
            if case .input = instruction.operation { continue }
            let start = Date()
            for (value, table) in zip(instruction.results, results(of: instruction, graph)) {
                tables[value.index] = table
            }
            if isProfiling { seconds[index] += Date().timeIntervalSince(start) }
        }
    }

    public func withOutput<R>(
        _ output: Program.Output, on graph: Graph, _ body: (UnsafeBufferPointer<Double>) throws -> R
    ) rethrows -> R {
        try tables[output.value.index].numbers.withUnsafeBufferPointer { try body($0) }
    }

    public func addGhosts(of output: Program.Output, on graph: Graph) {
        if let ghostExchange { exchange(&tables[output.value.index], ghostExchange.add) }
    }

    public var memoryBytes: Int { tables.reduce(0) { $0 + $1.numbers.count * 8 } }

    public func memoryEstimate(for size: Graph.Size) -> Int {
        program.shapes.reduce(0) { $0 + size.rows($1.axis) * $1.layout.width * 8 }
    }

    public var profile: [(name: String, seconds: Double)] {
        zip(program.instructions, seconds).map { ($0.operation.name, $1) }
    }

    // MARK: Instructions

    func table(_ value: Program.Value) -> Table { tables[value.index] }

    func coefficients(of coupling: Coupling) -> [Wigner3j.Entry] {
        if let known = coefficients[coupling] { return known }
        let made = Wigner3j(coupling.l1, coupling.l2, coupling.l3).entries
        coefficients[coupling] = made
        return made
    }

    private func exchange(_ table: inout Table, _ body: (GhostExchange.Rows) -> Void) {
        let width = table.width
        table.numbers.withUnsafeMutableBytes {
            body(GhostExchange.Rows(start: $0.baseAddress!, scalarBytes: 8, width: width))
        }
    }

    private func results(of instruction: Program.Instruction, _ graph: Graph) -> [Table] {
        let x = instruction.operands.map(table)
        let shapes = instruction.results.map(program.shape)
        var results = shapes.map { Table(rows: graph.rows($0.axis), width: $0.layout.width) }
        let rows = graph.rows(shapes[0].axis)
        switch instruction.operation {
        case .input: break
        case .constant(let index): results[0].numbers = program.constants[index]
        case .fill(let number): for k in results[0].numbers.indices { results[0].numbers[k] = number }

        case .gather(let relation):
            for row in 0..<rows {
                for k in 0..<x[0].width { results[0][row, k] = x[0][graph.index(relation, row), k] }
            }
        case .segmentSum(let relation):
            for row in 0..<graph.rows(relation.rows) {
                for k in 0..<x[0].width { results[0][graph.index(relation, row), k] += x[0][row, k] }
            }

        case .fillGhosts:
            for k in x[0].numbers.indices { results[0].numbers[k] = x[0].numbers[k] }
            if let ghostExchange { exchange(&results[0], ghostExchange.fill) }
        case .addGhosts:
            var sums = x[0]
            if let ghostExchange { exchange(&sums, ghostExchange.add) }
            for k in results[0].numbers.indices { results[0].numbers[k] = sums.numbers[k] }

        case .linear(let map, let slot): linear(map, slot, x, instruction, graph, &results[0])
        case .product(let map, let slot):
            for row in 0..<rows {
                for term in map.terms {
                    for m in 0..<term.irreps.dimension {
                        for c in 0..<term.irreps.stride {
                            let (a, y) = (term.scalars.offset + c, term.irreps.offset + m * term.irreps.stride + c)
                            switch slot {
                            case .output: results[0][row, y] = x[0][row, a] * x[1][row, y]
                            case .irreps: results[0][row, y] = x[0][row, a] * x[1][row, y]
                            case .scalars: results[0][row, a] += x[0][row, y] * x[1][row, y]
                            }
                        }
                    }
                }
            }
        case .convolution(let convolution, let slots, let terms):
            for term in terms { add(term, of: convolution, slots, instruction.operands, graph, to: &results) }
        case .pointwise(let activations, let orders):
            for (block, activation) in zip(program.shape(of: instruction.operands[0]).layout.blocks, activations) {
                for row in 0..<rows {
                    for k in block.offset..<block.offset + block.width {
                        for (result, order) in orders.enumerated() {
                            results[result][row, k] = activation.derivative(order, at: x[0][row, k])
                        }
                    }
                }
            }

        case .slice(let blocks):
            let offset = program.shape(of: instruction.operands[0]).layout.blocks[blocks.lowerBound].offset
            for row in 0..<rows {
                for k in 0..<results[0].width { results[0][row, k] = x[0][row, offset + k] }
            }
        case .embed(let blocks):
            let offset = shapes[0].layout.blocks[blocks.lowerBound].offset
            for row in 0..<rows { for k in 0..<x[0].width { results[0][row, offset + k] = x[0][row, k] } }
        case .concatenated:
            for row in 0..<rows {
                var place = 0
                for part in x {
                    for k in 0..<part.width { results[0][row, place + k] = part[row, k] }
                    place += part.width
                }
            }
        case .sum:
            for part in x { for k in part.numbers.indices { results[0].numbers[k] += part.numbers[k] } }
        case .scaled(let factor):
            for k in x[0].numbers.indices { results[0].numbers[k] = factor * x[0].numbers[k] }

        case .splineCoefficients(let knots, let transposed):
            splineCoefficients(of: x[0], knots, transposed: transposed, &results[0])

        case .edgeVectors, .edgeFunction, .radialBasis, .edgeForces, .edgeDifference, .edgeVirial, .atomicVirials,
            .edgeStrain:
            edges(instruction, x, graph, &results[0])
        }
        return results
    }

    /// The derivative of Q = Σ factor g[m, w] x[m, u] W[u, w] by the argument in a slot.
    private func linear(
        _ map: LinearMap, _ slot: LinearMap.Slot, _ x: [Table], _ instruction: Program.Instruction, _ graph: Graph,
        _ result: inout Table
    ) {
        // Operand 0 has a row for each that is mapped.
        for row in 0..<graph.rows(program.shape(of: instruction.operands[0]).axis) {
            let kind = map.isPerSpecies ? Int(graph.species[row]) : 0
            for term in map.terms {
                for m in 0..<term.input.dimension {
                    for u in 0..<term.input.stride {
                        for w in 0..<term.output.stride {
                            let input = term.input.offset + m * term.input.stride + u
                            let output = term.output.offset + m * term.output.stride + w
                            let weight = term.weightOffset + u * term.output.stride + w
                            switch slot {
                            case .output: result[row, output] += term.factor * x[0][row, input] * x[1][kind, weight]
                            case .input: result[row, input] += term.factor * x[0][row, output] * x[1][kind, weight]
                            case .weights: result[kind, weight] += term.factor * x[0][row, input] * x[1][row, output]
                            }
                        }
                    }
                }
            }
        }
    }
}

extension Activation {
    /// `factor · f⁽ᵏ⁾(x)`
    func derivative(_ order: Int, at x: Double) -> Double {
        switch function {
        case .identity: order == 0 ? factor * x : order == 1 ? factor : 0
        // (x s)⁽ᵏ⁾ = x s⁽ᵏ⁾ + k s⁽ᵏ⁻¹⁾
        case .silu: factor * (x * sigmoid(order, x) + (order == 0 ? 0 : Double(order) * sigmoid(order - 1, x)))
        // tanh x = 2 s(2x) − 1
        case .tanh: factor * (2 * pow(2, Double(order)) * sigmoid(order, 2 * x) - (order == 0 ? 1 : 0))
        // Each derivative is the one before times −(2k − 1) / 2x.
        case .inverseRoot:
            (0..<order).reduce(factor / x.squareRoot()) { $0 * -(Double($1) + 0.5) / x }
        case .sine:
            switch order % 4 {
            case 0: factor * sin(x)
            case 1: factor * cos(x)
            case 2: -factor * sin(x)
            default: -factor * cos(x)
            }
        }
    }

    /// A derivative of `s = 1/(1 + e⁻ˣ)`, each that of the one before with `s′ = s(1 − s)`.
    private func sigmoid(_ order: Int, _ x: Double) -> Double {
        let s = 1 / (1 + exp(-x))
        let first = s * (1 - s)
        let second = first * (1 - 2 * s)
        switch order {
        case 0: return s
        case 1: return first
        case 2: return second
        case 3: return second * (1 - 2 * s) - 2 * first * first
        default: preconditionFailure("expected a derivative of order 0 … 3, got \(order)")
        }
    }
}
