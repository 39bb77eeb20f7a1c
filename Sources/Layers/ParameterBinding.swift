import Compute
import Programs

/// Where the parameters of a model stand in a program, looked up once: each as an input and, in a training program, its
/// gradient as an output. Moves numbers between one flat list, as parameters are stored, and the program's padded rows.
public struct ParameterBinding: Sendable {
    private struct Place: Sendable {
        let parameter: Parameter
        /// Of its first number in the list.
        let offset: Int
        /// `nil` where no result depends on it.
        let input: Program.Input?
        /// `nil` where the program has none.
        let gradient: Program.Output?
    }

    private let places: [Place]
    /// Numbers in the list.
    private let count: Int

    /// Of parameters whose names in the program begin with `prefix`.
    public init(_ parameters: ParameterSet, in program: Program, prefix: String = "") {
        count = parameters.values.count
        places = zip(parameters.parameters, parameters.offsets).map { parameter, offset in
            let gradient = "gradient \(parameter.name)"
            return Place(
                parameter: parameter, offset: offset, input: program.input(prefix + parameter.name),
                gradient: program.outputs[gradient].map { _ in program.output(gradient) })
        }
    }

    /// Writes weights into the inputs of the program.
    public func write<E: Executor>(_ weights: [E.Scalar], to executor: E, _ parallelism: Parallelism) {
        precondition(weights.count == count, "expected \(count) weights, got \(weights.count)")
        weights.withUnsafeBufferPointer { weights in
            for place in places {
                guard let input = place.input else { continue }
                let source = weights.baseAddress! + place.offset
                executor.withInput(input, on: nil) {
                    Self.spread(source, to: $0.baseAddress!, place.parameter, parallelism)
                }
            }
        }
    }

    /// Reads the gradients of trainable parameters from the outputs of a training program; those that it does not
    /// have, and what is not trainable, keep what `gradients` holds.
    public func readGradients<E: Executor>(
        of executor: E, on graph: Graph, into gradients: inout [E.Scalar], _ parallelism: Parallelism
    ) {
        precondition(gradients.count == count, "expected room for \(count) numbers, got \(gradients.count)")
        gradients.withUnsafeMutableBufferPointer { gradients in
            for place in places where place.parameter.isTrainable {
                guard let output = place.gradient else { continue }
                let target = gradients.baseAddress! + place.offset
                executor.withOutput(output, on: graph) {
                    Self.collect($0.baseAddress!, into: target, place.parameter, parallelism)
                }
            }
        }
    }

    /// Weights that a thread moves at a time.
    private static var chunk: Int { 1 << 15 }

    @specialized(where T == Float)
    @specialized(where T == Double)
    private static func spread<T: BitwiseCopyable>(
        _ source: UnsafePointer<T>, to input: UnsafeMutablePointer<T>, _ parameter: Parameter,
        _ parallelism: Parallelism
    ) {
        if parameter.isContiguous { return input.update(from: source, count: parameter.count) }
        parameter.places.withUnsafeBufferPointer { places in
            nonisolated(unsafe) let (places, input, source) = (places.baseAddress!, input, source)
            parallelism.forEach(parameter.count, by: chunk) { range in
                for k in range { input[Int(places[k])] = source[k] }
            }
        }
    }

    @specialized(where T == Float)
    @specialized(where T == Double)
    private static func collect<T: BitwiseCopyable>(
        _ output: UnsafePointer<T>, into target: UnsafeMutablePointer<T>, _ parameter: Parameter,
        _ parallelism: Parallelism
    ) {
        if parameter.isContiguous { return target.update(from: output, count: parameter.count) }
        parameter.places.withUnsafeBufferPointer { places in
            nonisolated(unsafe) let (places, output, target) = (places.baseAddress!, output, target)
            parallelism.forEach(parameter.count, by: chunk) { range in
                for k in range { target[k] = output[Int(places[k])] }
            }
        }
    }
}
