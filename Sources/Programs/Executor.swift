import Compute
import Dispatch
import Equivariance

/// Carries out a program on graphs, in memory that is planned once and kept.
///
/// The only place that knows how an instruction is carried out; a second executor of the same programs could use
/// another device. Results do not depend on the number of threads: work is cut into chunks by size alone, every
/// output is written by one chunk, and sums over chunks have a fixed order.
///
/// What depends on the parameters only (contracted weights, spline tables) is computed when they change, not in
/// every run.
public final class Executor<T: ExecutableScalar> {
    public let program: Program
    public let parallelism: Parallelism

    let convolutions: [Convolution: ConvolutionPlan<T>]
    let harmonics: [Int: SphericalHarmonics]
    /// By value: whether it depends on fixed inputs and constants only.
    let isStatic: [Bool]
    private let staticOffsets: [Int]
    private let fixed: AlignedBuffer<T>
    private var fixedIsCurrent = false
    private var plan: BufferPlan?
    private var plannedFor: Capacity?
    private let memory = AlignedBuffer<T>(capacity: 0)
    let scratch: [AlignedBuffer<T>]
    /// `[edge]` — the first of the four knots that an edge's spline values belong to.
    let knots = AlignedBuffer<Int32>(capacity: 0)
    var virialSums: [Double] = []
    /// Partial sums of reductions over atoms.
    let partials = AlignedBuffer<T>(capacity: 0)

    /// Seconds spent in each instruction since the executor was made, if `isProfiling`.
    public private(set) var seconds: [Double]
    public var isProfiling = false

    private struct Capacity: Equatable {
        var atoms: Int
        var structures: Int
        var edges: Int
    }

    public init(_ program: Program, parallelism: Parallelism) {
        BLAS.prepare()
        self.program = program
        self.parallelism = parallelism
        let convolutions = ConvolutionPreparation<T>(program).plans
        self.convolutions = convolutions
        harmonics = Dictionary(
            uniqueKeysWithValues: Set(program.instructions.compactMap(\.operation.harmonicsDegree))
                .map { ($0, SphericalHarmonics(lMax: $0)) })
        isStatic = program.staticValues
        var offset = 0
        var staticOffsets = Array(repeating: -1, count: program.shapes.count)
        for value in program.instructions.flatMap(\.results) where isStatic[value.index] {
            guard case .fixed(let rows) = program.shapes[value.index].axis else { continue }
            staticOffsets[value.index] = offset
            offset += Layout.padded(rows * program.shapes[value.index].layout.width)
        }
        self.staticOffsets = staticOffsets
        fixed = AlignedBuffer(capacity: offset)
        let needs = program.instructions.map { instruction in
            switch instruction.operation {
            case .convolution(let convolution, _, _):
                ConvolutionKernels<T>.scratchSize(convolutions[convolution]!)
            case .linear(let map, _): LinearKernels<T>.scratchSize(map)
            case .edgeFunction(let function, _): EdgeKernels<T>.scratchSize(function)
            default: 0
            }
        }
        scratch = (0..<parallelism.threads).map { _ in AlignedBuffer(capacity: (needs.max() ?? 0) + 64) }
        seconds = Array(repeating: 0, count: program.instructions.count)
    }

    // MARK: Inputs and outputs

    /// Writes an input that does not depend on a graph: parameters, per-species tables. `[row][width]` with padding.
    public func bind(_ name: String, _ body: (UnsafeMutableBufferPointer<T>) -> Void) {
        guard let value = program.inputs[name], isStatic[value.index] else { return }
        fixedIsCurrent = false
        let shape = program.shape(of: value)
        guard case .fixed(let rows) = shape.axis else { return }
        body(.init(start: fixed.pointer + staticOffsets[value.index], count: rows * shape.layout.width))
    }

    /// Makes room for a graph. Call before `bind(_:on:)` and `run`; costs something only when the graph has grown.
    public func prepare(for graph: Graph) {
        if let planned = plannedFor, plan != nil,
            planned.atoms >= graph.atoms, planned.edges >= graph.edges, planned.structures >= graph.structures
        {
            return
        }
        let old = plannedFor ?? Capacity(atoms: 0, structures: 0, edges: 0)
        // A little more than asked for, so that a fluctuating number of edges does not plan anew every time.
        let capacity = Capacity(
            atoms: max(old.atoms, graph.atoms), structures: max(old.structures, graph.structures),
            edges: max(old.edges, graph.edges + graph.edges / 16 + 16))
        let plan = BufferPlan(program, isStatic: isStatic) { axis in
            switch axis {
            case .fixed(let count): count
            case .atoms: capacity.atoms
            case .structures: capacity.structures
            case .edges: capacity.edges
            case .edgeKnots: capacity.edges + 4
            }
        }
        memory.reserve(plan.size)
        knots.reserve(capacity.edges + 16)
        self.plan = plan
        plannedFor = capacity
    }

    /// Writes an input with one row per atom, edge or structure; `prepare(for:)` comes first.
    public func bind(_ name: String, on graph: Graph, _ body: (UnsafeMutableBufferPointer<T>) -> Void) {
        guard let value = program.inputs[name] else { return }
        let shape = program.shape(of: value)
        body(.init(start: pointer(value), count: graph.rows(shape.axis) * shape.layout.width))
    }

    /// An output after `run`, `[row][width]` with padding; valid until the next run.
    public func output(_ name: String, on graph: Graph) -> UnsafeBufferPointer<T> {
        guard let value = program.outputs[name] else {
            preconditionFailure("the program has no output \(name), only \(program.outputs.keys.sorted())")
        }
        let shape = program.shape(of: value)
        return .init(start: pointer(value), count: graph.rows(shape.axis) * shape.layout.width)
    }

    // MARK: Running

    /// Runs one stage of the program.
    public func run(on graph: Graph, stage: Int = 0) {
        prepare(for: graph)
        if !fixedIsCurrent {
            T.run(self, graph) { isStatic[$0.results[0].index] }
            fixedIsCurrent = true
        }
        T.run(self, graph) { $0.stage == stage && !isStatic[$0.results[0].index] }
    }

    @inline(__always)
    func pointer(_ value: Program.Value) -> UnsafeMutablePointer<T> {
        if isStatic[value.index] { return fixed.pointer + staticOffsets[value.index] }
        return memory.pointer + plan!.offsets[value.index]
    }

    /// Whether anything but the geometry stands for this value.
    func isStored(_ value: Program.Value) -> Bool { isStatic[value.index] || plan!.offsets[value.index] >= 0 }

    func record(_ index: Int, since start: UInt64) {
        seconds[index] += Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
    }
}

/// A scalar that programs run in. Its requirements are the doors from code that is generic over the scalar to code
/// that is compiled for one; everything behind them is specialised.
public protocol ExecutableScalar: KernelScalar {
    static func prepare(_ preparation: ConvolutionPreparation<Self>)
    static func run(_ executor: Executor<Self>, _ graph: Graph, where isWanted: (Program.Instruction) -> Bool)
}

/// The convolutions of a program, prepared for the kernels.
public final class ConvolutionPreparation<T: ExecutableScalar> {
    let program: Program
    var plans: [Convolution: ConvolutionPlan<T>] = [:]

    init(_ program: Program) {
        self.program = program
        T.prepare(self)
    }

    @inline(__always)
    func prepare() {
        for case .convolution(let convolution, _, _) in program.instructions.map(\.operation)
        where plans[convolution] == nil {
            plans[convolution] = ConvolutionPlan(convolution)
        }
    }
}

extension Float: ExecutableScalar {
    public static func prepare(_ preparation: ConvolutionPreparation<Float>) { preparation.prepare() }
    public static func run(
        _ executor: Executor<Float>, _ graph: Graph, where isWanted: (Program.Instruction) -> Bool
    ) {
        executor.runInstructions(on: graph, where: isWanted)
    }
}

extension Double: ExecutableScalar {
    public static func prepare(_ preparation: ConvolutionPreparation<Double>) { preparation.prepare() }
    public static func run(
        _ executor: Executor<Double>, _ graph: Graph, where isWanted: (Program.Instruction) -> Bool
    ) {
        executor.runInstructions(on: graph, where: isWanted)
    }
}
