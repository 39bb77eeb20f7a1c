import Neighbors

/// Carries out a program on graphs: the contract of whatever can, the processor (`CPUExecutor`) or a device.
///
/// An executor owns the memory of all values of its program, rows of them with the padding of their `Layout`, and lends
/// what the caller writes and reads for the length of a closure: the processor its own memory, which copies nothing, a
/// device what it sends and fetches. Calls on a graph come in this order: inputs, a stage, its outputs, the inputs of
/// the next stage, and so on.
///
/// The same program, inputs and graph give the same bits, for any number of threads. `ExecutorConformance` in the tests
/// holds every executor to the reference executor, which does each operation by the plainest loops.
public protocol Executor<Scalar>: AnyObject {
    associatedtype Scalar: BinaryFloatingPoint & BitwiseCopyable

    var program: Program { get }

    /// Makes room for graphs of this size. What inputs with rows of a graph hold is lost when the room grows.
    func prepare(for size: Graph.Size)

    /// Lends an input, `[row][width]`, to be written. One of fixed size, such as a parameter, begins with zeros and
    /// keeps what it is given; the others hold anything, and are written for the graph whose rows they have.
    func withInput<R>(
        _ input: Program.Input, on graph: Graph?, _ body: (UnsafeMutableBufferPointer<Scalar>) throws -> R
    ) rethrows -> R

    /// Runs a stage of the program, and before it whatever depends on inputs of fixed size alone, if they have changed.
    func run(on graph: Graph, stage: Int)

    /// Lends an output of a stage that has run on this graph, `[row][width]`.
    func withOutput<R>(
        _ output: Program.Output, on graph: Graph, _ body: (UnsafeBufferPointer<Scalar>) throws -> R
    ) rethrows -> R

    /// Who holds the atoms that ghosts are copies of; needed where there are any. It is lent rows of atoms and ghosts.
    var ghostExchange: GhostExchange? { get set }

    /// Adds the rows of ghosts of an output to those of their atoms, wherever these are; does nothing without an
    /// exchange.
    func addGhosts(of output: Program.Output, on graph: Graph)

    /// What the values of the program and the work on them take.
    var memoryBytes: Int { get }

    /// What `memoryBytes` would be for a graph of this size, found without making room for it.
    func memoryEstimate(for size: Graph.Size) -> Int

    /// Whether the time of each instruction is taken.
    var isProfiling: Bool { get set }

    /// Seconds spent in each instruction while profiling, with its name.
    var profile: [(name: String, seconds: Double)] { get }
}

extension Executor {
    /// Runs the first stage.
    public func run(on graph: Graph) { run(on: graph, stage: 0) }

    /// Lends an input that is looked up by its name; does nothing where no result depends on it.
    public func withInput(
        _ name: String, on graph: Graph? = nil, _ body: (UnsafeMutableBufferPointer<Scalar>) throws -> Void
    ) rethrows {
        guard let input = program.input(name) else { return }
        try withInput(input, on: graph, body)
    }

    /// Bytes of the longest row of ghosts that is exchanged while the program runs.
    public var longestExchange: Int { program.longestExchange * MemoryLayout<Scalar>.stride }
}
