import CPUExecutor
import Compute
import Programs

/// Moving weights and gradients between one flat list, as parameters are stored, and a program's padded arrays.
extension ParameterSet {
    /// Weights that a thread moves at a time.
    private static var chunk: Int { 1 << 15 }

    /// Writes weights of type T, in the order of `values`, into the inputs of a program, whose names begin with
    /// `prefix`.
    @_specialize(where T == Float)
    @_specialize(where T == Double)
    public func bind<T: ExecutableScalar>(_ weights: [T], to executor: Executor<T>, prefix: String = "") {
        precondition(weights.count == values.count, "expected \(values.count) weights, got \(weights.count)")
        weights.withUnsafeBufferPointer { weights in
            for (parameter, offset) in zip(parameters, offsets) {
                executor.bind(prefix + parameter.name) { input in
                    let source = weights.baseAddress! + offset
                    if parameter.isContiguous {
                        input.baseAddress!.update(from: source, count: parameter.count)
                    } else {
                        let input = input.baseAddress!
                        parameter.places.withUnsafeBufferPointer { places in
                            nonisolated(unsafe) let (places, input, source) = (places.baseAddress!, input, source)
                            executor.parallelism.forEach(parameter.count, by: Self.chunk) { range in
                                for k in range { input[Int(places[k])] = source[k] }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Reads the gradients of trainable parameters from the outputs of a training program; those that it does not
    /// have, and what is not trainable, keep what `gradients` holds.
    @_specialize(where T == Float)
    @_specialize(where T == Double)
    public func gradients<T: ExecutableScalar>(of executor: Executor<T>, on graph: Graph, into gradients: inout [T]) {
        precondition(
            gradients.count == values.count, "expected room for \(values.count) numbers, got \(gradients.count)")
        gradients.withUnsafeMutableBufferPointer { gradients in
            for (parameter, offset) in zip(parameters, offsets) where parameter.isTrainable {
                let name = "gradient \(parameter.name)"
                guard executor.program.outputs[name] != nil else { continue }
                let output = executor.output(name, on: graph).baseAddress!
                let target = gradients.baseAddress! + offset
                if parameter.isContiguous {
                    target.update(from: output, count: parameter.count)
                } else {
                    parameter.places.withUnsafeBufferPointer { places in
                        nonisolated(unsafe) let (places, output, target) = (places.baseAddress!, output, target)
                        executor.parallelism.forEach(parameter.count, by: Self.chunk) { range in
                            for k in range { target[k] = output[Int(places[k])] }
                        }
                    }
                }
            }
        }
    }
}
