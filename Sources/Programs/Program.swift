/// A straight list of instructions in static single assignment form: what a model computes, written once.
///
/// Values are tables: rows along an `Axis`, each of one `Layout`. A program is data. Transforms make programs of
/// programs (`Derivative.swift`, `Simplification.swift`), and an executor carries one out on a graph.
public struct Program: Sendable {
    public struct Value: Hashable, Sendable { public let index: Int }

    public struct Shape: Hashable, Sendable {
        public var axis: Axis
        public var layout: Layout

        public init(_ axis: Axis, _ layout: Layout) {
            self.axis = axis
            self.layout = layout
        }
    }

    public struct Instruction: Hashable, Sendable {
        public var operation: Operation
        public var operands: [Value]
        public var results: [Value]
        /// Instructions of a later stage run after the caller has looked at the results of the earlier ones.
        public var stage: Int
    }

    public internal(set) var shapes: [Shape] = []
    public internal(set) var instructions: [Instruction] = []
    /// The numbers of `constant` operations, row by row.
    public internal(set) var constants: [[Double]] = []
    public internal(set) var inputs: [String: Value] = [:]
    /// Names of inputs that no result depends on.
    public internal(set) var unreadInputs: Set<String> = []
    public internal(set) var outputs: [String: Value] = [:]

    /// Stages that can run again without the earlier ones.
    public internal(set) var repeatedStages: Set<Int> = []

    public func shape(of value: Value) -> Shape { shapes[value.index] }
    public var stages: Int { (instructions.last?.stage ?? 0) + 1 }
}

extension Program {
    /// An input, looked up by its name once.
    public struct Input: Hashable, Sendable { public let value: Value }

    /// An output, looked up by its name once.
    public struct Output: Hashable, Sendable { public let value: Value }

    /// The input of this name, `nil` where no result depends on it. It must be one that the program was written with.
    public func input(_ name: String) -> Input? {
        if let value = inputs[name] { return Input(value: value) }
        precondition(
            unreadInputs.contains(name),
            "the program has no input '\(name)', only \(unreadInputs.union(inputs.keys).sorted())")
        return nil
    }

    /// The output of this name, which must be one of the program's.
    public func output(_ name: String) -> Output {
        guard let value = outputs[name] else {
            preconditionFailure("the program has no output '\(name)', only \(outputs.keys.sorted())")
        }
        return Output(value: value)
    }

    /// Scalars of the longest row of ghosts that is exchanged.
    public var longestExchange: Int {
        instructions.reduce(0) { longest, instruction in
            switch instruction.operation {
            case .fillGhosts, .addGhosts: max(longest, shape(of: instruction.results[0]).layout.width)
            default: longest
            }
        }
    }
}

extension Program {
    /// By value: whether it depends on inputs and constants of fixed size only, and so not on a graph.
    public var staticValues: [Bool] {
        var isStatic = Array(repeating: false, count: shapes.count)
        for instruction in instructions {
            let isFixed = instruction.results.allSatisfy {
                if case .fixed = shapes[$0.index].axis { true } else { false }
            }
            for result in instruction.results {
                isStatic[result.index] = isFixed && instruction.operands.allSatisfy { isStatic[$0.index] }
            }
        }
        return isStatic
    }
}

extension Program: CustomStringConvertible {
    /// One line for each instruction, for people.
    public var description: String {
        instructions.map { instruction in
            let results = instruction.results.map { "%\($0.index)" }.joined(separator: ", ")
            let operands = instruction.operands.map { "%\($0.index)" }.joined(separator: ", ")
            let shape = shape(of: instruction.results[0])
            return "\(results) = \(instruction.operation.name)(\(operands))  [\(shape.axis)][\(shape.layout.width)]"
        }.joined(separator: "\n")
    }
}

extension Operation {
    /// A short name for listings and profiles.
    public var name: String {
        switch self {
        case .input(let name): "input \(name)"
        case .constant: "constant"
        case .fill: "fill"
        case .gather(let relation): "gather \(relation)"
        case .segmentSum(let relation): "segment sum \(relation)"
        case .fillGhosts: "fill ghosts"
        case .addGhosts: "add ghosts"
        case .linear(let map, let slot):
            (map.isPerSpecies ? "species linear" : "linear") + (slot == .output ? "" : " → \(slot)")
        case .product(_, let slot): "product → \(slot)"
        case .convolution(_, let slots, let terms):
            "convolution ×\(terms.count) → \(slots.map { "\($0)" }.joined(separator: " "))"
        case .pointwise(_, let orders): "pointwise, derivatives \(orders.map { "\($0)" }.joined(separator: " "))"
        case .slice: "slice"
        case .embed: "embed"
        case .concatenated: "concatenated"
        case .sum: "sum"
        case .scaled: "scaled"
        case .splineCoefficients(let transposed):
            transposed ? "spline coefficients, transposed" : "spline coefficients"
        case .edgeVectors: "edge vectors"
        case .edgeFunction(let function, let part):
            switch function {
            case .harmonics: "harmonics, \(part)"
            case .distance: "distance, \(part)"
            case .bessel: "bessel, \(part)"
            }
        case .radialBasis(.spline, let part): "spline, \(part)"
        case .radialBasis(.ownRow, _): "own rows"
        case .edgeForces: "edge forces"
        case .edgeDifference: "edge difference"
        case .edgeVirial: "edge virial"
        case .atomicVirials: "atomic virials"
        case .edgeStrain: "edge strain"
        }
    }
}
