import Foundation
import Neighbors
import Programs
import TestSupport

/// Holds an executor to the reference executor: the same program, inputs and graph, and outputs that agree.
///
///     for result in ExecutorConformance(program, on: graph).compare(ProcessorExecutor<Double>(program, …)) {
///         #expect(result.holds, "\(result)")
///     }
public struct ExecutorConformance {
    /// How far an output is from that of the reference executor, in units of its largest number.
    public struct Measurement: CustomStringConvertible {
        public var output: String
        public var deviation: Double
        public var bound: Double
        public var holds: Bool { deviation <= bound }
        public var description: String { "\(output): \(deviation) where at most \(bound) is allowed" }
    }

    public let program: Program
    public let graph: Graph
    /// By name, in single precision, so that they are the same for all.
    public private(set) var inputs: [String: [Double]] = [:]
    private let exchange: GhostExchange?
    private let expected: [String: [Double]]

    /// Inputs are drawn at random between −1 and 1, with zeros in the padding, unless they are given.
    public init(
        _ program: Program, on graph: Graph, given: [String: [Double]] = [:], ghosts exchange: GhostExchange? = nil,
        seed: UInt64 = 7
    ) {
        self.program = program
        self.graph = graph
        self.exchange = exchange
        inputs = program.randomInputs(on: graph, seed: seed)
        for (name, numbers) in given where inputs[name] != nil { inputs[name] = numbers.map { Double(Float($0)) } }
        expected = Self.run(ReferenceExecutor(program), on: graph, inputs, exchange)
    }

    /// The outputs of an executor of the program.
    public func outputs<E: Executor>(of executor: E) -> [String: [E.Scalar]] {
        Self.run(executor, on: graph, inputs, exchange)
    }

    /// Compares with the reference executor. In double precision 10⁻¹² is allowed. In single precision a result of d
    /// instructions in a row, each of which adds up to a thousand products, errs by √1000 units in the last place d
    /// times, if errors never cancel.
    public func compare<Scalar: BinaryFloatingPoint>(_ outputs: [String: [Scalar]]) -> [Measurement] {
        let unit = Double(Scalar.ulpOfOne)
        let bound = unit < 1e-12 ? 1e-12 : 1000.0.squareRoot() * unit * Double(program.depth)
        return expected.sorted { $0.key < $1.key }.map { name, exact in
            let layout = program.shape(of: program.output(name).value).layout
            let used = exact.indices.filter { layout.isUsed($0 % layout.width) }
            let found = outputs[name]!
            precondition(found.count == exact.count, "expected \(exact.count) numbers of \(name), got \(found.count)")
            let scale = used.reduce(1e-3) { max($0, abs(exact[$1])) }
            let deviation = used.reduce(0.0) { largest, k in
                let error = abs(Double(found[k]) - exact[k]) / scale
                // One that is no number is never small.
                return error <= largest ? largest : error.isNaN ? .infinity : error
            }
            return Measurement(output: name, deviation: deviation, bound: scale.isFinite ? bound : -1)
        }
    }

    private static func run<E: Executor>(
        _ executor: E, on graph: Graph, _ inputs: [String: [Double]], _ exchange: GhostExchange?
    ) -> [String: [E.Scalar]] {
        executor.ghostExchange = exchange
        executor.prepare(for: graph.size)
        for (name, numbers) in inputs { executor.set(name, to: numbers.map { E.Scalar($0) }, on: graph) }
        for stage in 0..<executor.program.stages { executor.run(on: graph, stage: stage) }
        return executor.program.outputs.keys.reduce(into: [:]) { $0[$1] = executor.values($1, on: graph) }
    }
}

extension Executor {
    /// Writes an input, `[row][width]`.
    public func set(_ name: String, to numbers: [Scalar], on graph: Graph? = nil) {
        withInput(name, on: graph) { input in
            precondition(input.count == numbers.count, "expected \(input.count) numbers, got \(numbers.count)")
            _ = input.update(from: numbers)
        }
    }

    /// A copy of an output, `[row][width]`.
    public func values(_ name: String, on graph: Graph) -> [Scalar] {
        withOutput(program.output(name), on: graph) { Array($0) }
    }
}

extension Program {
    /// Numbers for every input that the graph does not stand for: between −1 and 1, of single precision, zeros in the
    /// padding.
    public func randomInputs(on graph: Graph, seed: UInt64) -> [String: [Double]] {
        var geometry: Set<Value> = []
        for case (.edgeVectors, let operands) in instructions.map({ ($0.operation, $0.operands) }) {
            geometry.formUnion(operands)
        }
        var random = SplitMix64(seed)
        var numbers: [String: [Double]] = [:]
        for (name, value) in inputs.sorted(by: { $0.key < $1.key }) where !geometry.contains(value) {
            let shape = shape(of: value)
            numbers[name] = (0..<graph.rows(shape.axis)).flatMap { _ in
                shape.layout.blanked(
                    (0..<shape.layout.width).map { _ in Double(Float.random(in: -1...1, using: &random)) })
            }
        }
        return numbers
    }

    /// The largest number of instructions that read each other's results.
    var depth: Int {
        var depths = [Int](repeating: 0, count: shapes.count)
        for instruction in instructions {
            let depth = instruction.operands.reduce(0) { max($0, depths[$1.index]) } + 1
            for result in instruction.results { depths[result.index] = depth }
        }
        return depths.max() ?? 0
    }
}

extension Layout {
    /// Whether a position in a row holds a value rather than padding.
    public func isUsed(_ position: Int) -> Bool {
        blocks.contains { block in
            (block.offset..<block.offset + block.width).contains(position)
                && (position - block.offset) % block.stride < block.multiplicity
        }
    }

    /// A row with zeros in the padding.
    public func blanked(_ row: [Double]) -> [Double] { row.indices.map { isUsed($0) ? row[$0] : 0 } }
}
