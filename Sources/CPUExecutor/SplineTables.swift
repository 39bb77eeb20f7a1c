import Compute
import Neighbors
import Programs

/// Tables of radial splines for a program in single precision, computed in double precision and rounded once.
///
/// The slope of a spline is a difference of neighbouring coefficients times the number of knots over the cutoff, and so
/// is its error: what a radial network in single precision rounds at each knot would stand some hundred times larger in
/// forces.
struct SplineTables {
    private let program: Program
    private let tables: [Program.Value]
    private let inputs: [(name: String, value: Program.Value)]
    /// Instructions that nothing but the tables needs.
    let instructions: Set<Int>

    /// `nil` for a program without such tables.
    init?(of program: Program) {
        tables = program.splineTables
        guard !tables.isEmpty else { return nil }
        self.program = program.part(for: tables)
        inputs = self.program.inputs.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let isStatic = program.staticValues
        var isNeeded = Array(repeating: false, count: program.shapes.count)
        for output in program.outputs.values { isNeeded[output.index] = true }
        var unneeded: Set<Int> = []
        for (index, instruction) in program.instructions.enumerated().reversed() {
            let isTable = tables.contains(instruction.results[0])
            let isSpare =
                isStatic[instruction.results[0].index] && !instruction.operation.isGiven
                && !instruction.results.contains { isNeeded[$0.index] }
            guard !isTable && !isSpare else {
                unneeded.insert(index)
                continue
            }
            for operand in instruction.operands { isNeeded[operand.index] = true }
        }
        instructions = unneeded
    }

    /// Computes the tables from the inputs of an executor, into it. Memory for that is there in the meantime only.
    func update<T: ExecutableScalar>(_ executor: ProcessorExecutor<T>) {
        let exact = ProcessorExecutor<Double>(program, parallelism: executor.parallelism)
        for (name, value) in inputs {
            guard let input = program.input(name) else { continue }
            let from = executor.pointer(value)
            exact.withInput(input, on: nil) { to in
                for k in to.indices { to[k] = Double(from[k]) }
            }
        }
        Graph.with(species: [], edges: EdgeList()) { graph in
            exact.run(on: graph, stage: 0)
            for table in tables {
                let to = executor.pointer(table)
                exact.withOutput(program.output("\(table.index)"), on: graph) { from in
                    for k in from.indices { to[k] = T(from[k]) }
                }
            }
        }
    }
}
