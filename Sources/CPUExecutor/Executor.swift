import Compute
import Dispatch
import Equivariance
import Neighbors
import Programs

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

    /// By value: whether it depends on fixed inputs and constants only.
    private let isStatic: [Bool]
    private let placements: Placements
    /// The instructions, ready to run: those that depend on parameters only, and those of each stage.
    private var staticSteps: [Step<T>] = []
    private var steps: [[Step<T>]] = []
    /// By value: where its first row lies.
    private let addresses: UnsafeMutablePointer<UnsafeMutablePointer<T>>
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
    private var seconds: [Double]
    public var isProfiling = false

    /// Who holds the atoms that ghosts are copies of; needed where there are any.
    public var ghostExchange: GhostExchange?

    private struct Capacity: Equatable {
        var atoms: Int
        var sources: Int
        var structures: Int
        var edges: Int
    }

    public init(_ program: Program, parallelism: Parallelism) {
        BLAS.prepare()
        self.program = program
        self.parallelism = parallelism
        isStatic = program.staticValues
        placements = Placements(program, isStatic: isStatic)
        var offset = 0
        var staticOffsets = Array(repeating: -1, count: program.shapes.count)
        for value in program.instructions.flatMap(\.results) where isStatic[value.index] {
            guard case .fixed(let rows) = program.shapes[value.index].axis else { continue }
            staticOffsets[value.index] = offset
            offset += Layout.padded(rows * program.shapes[value.index].layout.width)
        }
        self.staticOffsets = staticOffsets
        fixed = AlignedBuffer(capacity: offset)
        addresses = .allocate(capacity: program.shapes.count)
        for value in program.shapes.indices {
            (addresses + value).initialize(to: fixed.pointer + max(0, staticOffsets[value]))
        }
        seconds = Array(repeating: 0, count: program.instructions.count)
        let preparation = StepPreparation<T>(program, placements)
        let size = preparation.scratchSize
        scratch = (0..<parallelism.threads).map { _ in AlignedBuffer(capacity: size) }
        for step in preparation.steps where isStatic[program.instructions[step.index].results[0].index] {
            staticSteps.append(step)
        }
        steps = (0..<program.stages).map { stage in
            preparation.steps.filter {
                let instruction = program.instructions[$0.index]
                return instruction.stage == stage && !isStatic[instruction.results[0].index]
            }
        }
    }

    deinit { addresses.deallocate() }

    // MARK: Inputs and outputs

    /// Writes an input that does not depend on a graph: parameters, per-species tables. `[row][width]` with padding.
    public func bind(_ name: String, _ body: (UnsafeMutableBufferPointer<T>) -> Void) {
        guard let value = program.inputs[name], isStatic[value.index] else { return }
        fixedIsCurrent = false
        let shape = program.shape(of: value)
        guard case .fixed(let rows) = shape.axis else { return }
        body(.init(start: pointer(value), count: rows * shape.layout.width))
    }

    /// Makes room for a graph. Call before `bind(_:on:)` and `run`; costs something only when the graph has grown.
    public func prepare(for graph: Graph) {
        if let planned = plannedFor,
            planned.atoms >= graph.atoms, planned.sources >= graph.sources, planned.edges >= graph.edges,
            planned.structures >= graph.structures
        {
            return
        }
        let old = plannedFor ?? Capacity(atoms: 0, sources: 0, structures: 0, edges: 0)
        let capacity = Capacity(
            atoms: max(old.atoms, graph.atoms), sources: max(old.sources, graph.sources),
            structures: max(old.structures, graph.structures), edges: max(old.edges, Self.room(forEdges: graph.edges))
        )
        let plan = bufferPlan(for: capacity)
        memory.reserve(plan.size)
        knots.reserve(capacity.edges + 16)
        for value in plan.offsets.indices where plan.offsets[value] >= 0 {
            addresses[value] = memory.pointer + plan.offsets[value]
        }
        self.plan = plan
        plannedFor = capacity
    }

    /// A little more than asked for, so that a fluctuating number of edges does not plan anew every time.
    private static func room(forEdges edges: Int) -> Int { edges + edges / 16 + 16 }

    private func bufferPlan(for capacity: Capacity) -> BufferPlan {
        BufferPlan(program, placements, isStatic: isStatic) { axis in
            switch axis {
            case .fixed(let count): count
            case .atoms: capacity.atoms
            case .sources: capacity.sources
            case .structures: capacity.structures
            case .edges: capacity.edges
            case .edgeKnots: capacity.edges + 4
            }
        }
    }

    /// Writes an input with one row per atom, edge or structure; `prepare(for:)` comes first.
    public func bind(_ name: String, on graph: Graph, _ body: (UnsafeMutableBufferPointer<T>) -> Void) {
        guard let value = program.inputs[name] else { return }
        let shape = program.shape(of: value)
        body(.init(start: pointer(value), count: graph.rows(shape.axis) * shape.layout.width))
    }

    /// An output after `run`, `[row][width]` with padding; valid until the next run.
    public func output(_ name: String, on graph: Graph) -> UnsafeBufferPointer<T> {
        output(output(named: name), on: graph)
    }

    /// The value of the program behind an output, for callers that ask for it in every run.
    public func output(named name: String) -> Program.Value {
        guard let value = program.outputs[name] else {
            preconditionFailure("the program has no output \(name), only \(program.outputs.keys.sorted())")
        }
        return value
    }

    public func output(_ value: Program.Value, on graph: Graph) -> UnsafeBufferPointer<T> {
        let shape = program.shape(of: value)
        return .init(start: pointer(value), count: graph.rows(shape.axis) * shape.layout.width)
    }

    /// What the values of the program and the work on them take.
    public var memoryBytes: Int {
        let scalars = fixed.capacity + memory.capacity + partials.capacity + scratch.reduce(0) { $0 + $1.capacity }
        return scalars * MemoryLayout<T>.stride + knots.capacity * 4
    }

    /// What `memoryBytes` would be for one structure of this size, found without making room for it.
    public func memoryEstimate(atoms: Int, edges: Int) -> Int {
        let plan = bufferPlan(
            for: Capacity(atoms: atoms, sources: atoms, structures: 1, edges: Self.room(forEdges: edges)))
        let scalars = fixed.capacity + plan.size + scratch.reduce(0) { $0 + $1.capacity }
        return scalars * MemoryLayout<T>.stride + edges * 4
    }

    /// Bytes of the longest row of ghosts that is exchanged.
    public var longestExchange: Int {
        program.instructions.reduce(0) { longest, instruction in
            switch instruction.operation {
            case .fillGhosts, .addGhosts:
                max(longest, program.shape(of: instruction.results[0]).layout.width * MemoryLayout<T>.stride)
            default: longest
            }
        }
    }

    /// Seconds spent in each instruction while profiling, with its name.
    public var profile: [(name: String, seconds: Double)] {
        zip(program.instructions, seconds).map { ($0.operation.name, $1) }
    }

    // MARK: Running

    /// Runs one stage of the program.
    public func run(on graph: Graph, stage: Int = 0) {
        prepare(for: graph)
        if !fixedIsCurrent {
            run(staticSteps, graph)
            fixedIsCurrent = true
        }
        run(steps[stage], graph)
    }

    private func run(_ steps: [Step<T>], _ graph: Graph) {
        let isProfiling = isProfiling
        steps.withUnsafeBufferPointer { steps in
            for k in steps.indices {
                let start = isProfiling ? DispatchTime.now().uptimeNanoseconds : 0
                steps[k].run(self, graph)
                if isProfiling {
                    seconds[steps[k].index] += Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
                }
            }
        }
    }

    /// Adds the rows of ghosts of an output to those of their atoms, wherever these are; does nothing without an
    /// exchange.
    public func addGhosts(of value: Program.Value, on graph: Graph) {
        guard ghostExchange != nil else { return }
        exchange(pointer(value), width: program.shape(of: value).layout.width, on: graph) { $0.add($1) }
    }

    /// Lets the holder of other atoms work on the rows of ghosts; it takes part even where this graph has none.
    func exchange(
        _ rows: UnsafeMutablePointer<T>, width: Int, on graph: Graph,
        _ body: (GhostExchange, GhostExchange.Rows) -> Void
    ) {
        guard let ghostExchange else {
            precondition(
                graph.sources == graph.atoms, "expected an exchange for \(graph.sources - graph.atoms) ghosts")
            return
        }
        body(
            ghostExchange,
            GhostExchange.Rows(
                start: UnsafeMutableRawPointer(rows), scalarBytes: MemoryLayout<T>.size, width: width))
    }

    @inline(__always)
    func pointer(_ value: Program.Value) -> UnsafeMutablePointer<T> { addresses[value.index] }

    /// Whether the value has a place in memory; the graph stands for the others.
    func isStored(_ value: Program.Value) -> Bool { isStatic[value.index] || plan!.offsets[value.index] >= 0 }
}
