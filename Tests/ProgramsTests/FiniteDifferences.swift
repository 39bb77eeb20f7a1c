import CPUExecutor
import ExecutorTesting
import Programs
import Testing

/// Runs a program in double precision with random inputs and compares its outputs with differences of other outputs.
final class FiniteDifferences {
    let program: Program
    private let graph: RandomGraph
    private let inputs: [String: [Double]]

    init(_ program: Program, _ graph: RandomGraph) {
        self.program = program
        self.graph = graph
        inputs = graph.withGraph { program.randomInputs(on: $0, seed: 7) }
    }

    private func run<R>(
        _ inputs: [String: [Double]], on random: RandomGraph, strain: [[Double]] = [],
        _ body: (ProcessorExecutor<Double>, Graph) -> R
    ) -> R {
        random.withGraph(strain: strain) { graph in
            let executor = ProcessorExecutor<Double>(program, parallelism: .serial)
            for (name, numbers) in inputs { executor.set(name, to: numbers, on: graph) }
            for stage in 0..<program.stages { executor.run(on: graph, stage: stage) }
            return body(executor, graph)
        }
    }

    func output(_ name: String) -> [Double] { run(inputs, on: graph) { $0.values(name, on: $1) } }

    /// `Σ ⟨output, input⟩` over pairs of names.
    func value(of pairs: [(String, String)], on random: RandomGraph, strain: [[Double]] = []) -> Double {
        run(inputs, on: random, strain: strain) { executor, graph in
            pairs.reduce(0) { sum, pair in
                sum + zip(executor.values(pair.0, on: graph), inputs[pair.1]!).reduce(0) { $0 + $1.0 * $1.1 }
            }
        }
    }

    /// Central differences of `Σ ⟨output, input⟩` by the elements of an input equal an output (or zero). Of more than
    /// 1000 elements every so many is taken, which is odd, so that all edges, channels and components have their turn.
    func expectDerivative(of pairs: [(String, String)], by name: String, toBe result: String?) {
        guard let numbers = inputs[name], let shape = program.inputs[name].map(program.shape) else {
            return
        }
        let exact = result.map(output) ?? Array(repeating: 0, count: numbers.count)
        #expect(exact.count == numbers.count)
        let step = 1e-4
        let used = numbers.indices.filter { shape.layout.isUsed($0 % shape.layout.width) }
        let every = used.count > 1000 ? used.count / 60 | 1 : 1
        for k in stride(from: 0, to: used.count, by: every).map({ used[$0] }) {
            /// The sum and that of its terms' magnitudes, which its rounding is proportional to.
            func q(_ x: Double) -> (sum: Double, magnitude: Double) {
                var moved = inputs
                moved[name]![k] = x
                return run(moved, on: graph) { executor, graph in
                    pairs.reduce((0, 0)) { total, pair in
                        zip(executor.values(pair.0, on: graph), moved[pair.1]!).reduce(total) {
                            ($0.0 + $1.0 * $1.1, $0.1 + abs($1.0 * $1.1))
                        }
                    }
                }
            }
            // Fourth order: the error is of order step⁴, about 1e-16, and rounding about 1e-16/1e-4.
            let x = numbers[k]
            let (near, far) = ((q(x + step), q(x - step)), (q(x + 2 * step), q(x - 2 * step)))
            let slope = (8 * (near.0.sum - near.1.sum) - (far.0.sum - far.1.sum)) / (12 * step)
            let bound = 1e-9 * (1 + abs(slope)) + 2 * .ulpOfOne * near.0.magnitude / step
            #expect(abs(slope - exact[k]) < bound, "\(result ?? "none") element \(k)")
        }
    }
}
