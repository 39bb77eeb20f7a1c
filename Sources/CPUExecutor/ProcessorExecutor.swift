import Compute
import Dispatch
import Equivariance
import Neighbors
import Programs

/// Carries out a program on the processor's cores, in memory that is planned once and kept.
///
/// Results do not depend on the number of threads: work is cut into chunks by size alone, every output is written by
/// one chunk, and sums over chunks have a fixed order.
///
/// What depends on the parameters only (contracted and transposed weights, spline tables) is computed when they change,
/// not in every run. Tables of splines are computed in double precision wherever nothing is differentiated by
/// parameters.
public final class ProcessorExecutor<T: ExecutableScalar>: Executor {
    public let program: Program
    public let parallelism: Parallelism

    /// By value: whether it depends on fixed inputs and constants only.
    private let isStatic: [Bool]
    private let placements: Placements
    /// In single precision.
    private let tables: SplineTables?
    /// The instructions, ready to run: those that depend on parameters only, and those of each stage.
    private var staticSteps: [Step<T>] = []
    private var steps: [[Step<T>]] = []
    /// By value: where its first row lies.
    private let addresses: UnsafeMutablePointer<UnsafeMutablePointer<T>>
    private let staticOffsets: [Int]
    private let fixed: AlignedBuffer<T>
    private var fixedIsCurrent = false
    private var plan: BufferPlan?
    private var plannedFor = Graph.Size(atoms: -1, sources: -1, structures: -1, edges: -1)
    private let memory = AlignedBuffer<T>(capacity: 0)
    let scratch: [AlignedBuffer<T>]
    /// Weights whose transposes linear maps are differentiated with (`StepPreparation.transposed`).
    let transposed: AlignedBuffer<T>
    /// `[edge]` — the first of the four knots that an edge's spline values belong to.
    let knots = AlignedBuffer<Int32>(capacity: 0)
    var virialSums: [Double] = []
    /// Partial sums of reductions over atoms.
    let partials = AlignedBuffer<T>(capacity: 0)

    /// By instruction.
    private var seconds: [Double]
    public var isProfiling = false
    public var ghostExchange: GhostExchange?

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
        let tables = T.self == Double.self ? nil : SplineTables(of: program)
        self.tables = tables
        let preparation = StepPreparation<T>(program, placements, isStatic: isStatic)
        let size = preparation.scratchSize
        scratch = (0..<parallelism.threads).map { _ in AlignedBuffer(capacity: size) }
        transposed = AlignedBuffer(capacity: preparation.transposedSize)
        staticSteps = preparation.steps.filter { $0.isStatic && tables?.instructions.contains($0.index) != true }
        steps = (0..<program.stages).map { stage in
            preparation.steps.filter { !$0.isStatic && program.instructions[$0.index].stage == stage }
        }
    }

    deinit { addresses.deallocate() }

    // MARK: Inputs and outputs

    /// Costs something only when there has been no room before; runs and inputs with rows of a graph see to it by
    /// themselves.
    public func prepare(for size: Graph.Size) {
        if plannedFor.covers(size) { return }
        let capacity = plannedFor.union(Self.roomy(size))
        let plan = BufferPlan(program, placements, isStatic: isStatic, for: capacity)
        memory.reserve(plan.size)
        knots.reserve(capacity.edges + 16)
        for value in plan.offsets.indices where plan.offsets[value] >= 0 {
            addresses[value] = memory.pointer + plan.offsets[value]
        }
        self.plan = plan
        plannedFor = capacity
    }

    /// A little more than asked for, so that a fluctuating number of edges does not plan anew every time.
    private static func roomy(_ size: Graph.Size) -> Graph.Size {
        var size = size
        size.edges += size.edges / 16 + 16
        return size
    }

    public func withInput<R>(
        _ input: Program.Input, on graph: Graph?, _ body: (UnsafeMutableBufferPointer<T>) throws -> R
    ) rethrows -> R {
        let shape = program.shape(of: input.value)
        let rows: Int
        if case .fixed(let count) = shape.axis {
            fixedIsCurrent = false
            rows = count
        } else {
            guard let graph else { preconditionFailure("expected a graph for an input with rows of \(shape.axis)") }
            prepare(for: graph.size)
            precondition(isStored(input.value), "expected an input that is read, got one that the graph stands for")
            rows = graph.rows(shape.axis)
        }
        return try body(.init(start: pointer(input.value), count: rows * shape.layout.width))
    }

    public func withOutput<R>(
        _ output: Program.Output, on graph: Graph, _ body: (UnsafeBufferPointer<T>) throws -> R
    ) rethrows -> R {
        let shape = program.shape(of: output.value)
        return try body(.init(start: pointer(output.value), count: graph.rows(shape.axis) * shape.layout.width))
    }

    public var memoryBytes: Int {
        (constantScalars + memory.capacity + partials.capacity) * MemoryLayout<T>.stride + knots.capacity * 4
    }

    public func memoryEstimate(for size: Graph.Size) -> Int {
        let plan = BufferPlan(program, placements, isStatic: isStatic, for: Self.roomy(size))
        return (constantScalars + plan.size) * MemoryLayout<T>.stride + size.edges * 4
    }

    /// What is there whatever the graph.
    private var constantScalars: Int {
        fixed.capacity + transposed.capacity + scratch.reduce(0) { $0 + $1.capacity }
    }

    public var profile: [(name: String, seconds: Double)] {
        zip(program.instructions, seconds).map { ($0.operation.name, $1) }
    }

    // MARK: Running

    public func run(on graph: Graph, stage: Int) {
        prepare(for: graph.size)
        if !fixedIsCurrent {
            tables?.update(self)
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

    public func addGhosts(of output: Program.Output, on graph: Graph) {
        guard ghostExchange != nil else { return }
        let value = output.value
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
