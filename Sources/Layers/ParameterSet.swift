import Compute
import Files
import Foundation
import Programs

/// The weights of a model: one flat list of numbers, parameter after parameter, as they are stored.
public struct ParameterSet: Sendable, Equatable {
    public let parameters: [Parameter]
    public var values: [Double]
    /// Where each parameter starts in `values`.
    public let offsets: [Int]

    public static func == (a: ParameterSet, b: ParameterSet) -> Bool {
        a.values == b.values && a.parameters.map(\.name) == b.parameters.map(\.name)
    }

    /// Weights drawn at random as NequIP draws them; the same seed gives the same weights.
    public init(_ parameters: [Parameter], seed: UInt64) {
        self.parameters = parameters
        let random = Philox(seed: seed)
        values = parameters.enumerated().flatMap { index, parameter -> [Double] in
            if case .given(let numbers) = parameter.distribution { return numbers }
            return (0..<parameter.count).map { element in
                let counter = Philox.counter(step: element / 4, index: index, stream: 1)
                let lane = element % 4
                return parameter.distribution == .normal
                    ? random.normals(at: counter)[lane]
                    : (2 * random.uniforms(at: counter)[lane] - 1) * 3.0.squareRoot()
            }
        }
        offsets = Self.offsets(parameters)
    }

    /// Weights from named arrays; throws a `ModelError` for one that is missing or has another size.
    public init(_ parameters: [Parameter], from file: Safetensors, prefix: String = "") throws {
        self.parameters = parameters
        values = try parameters.flatMap { parameter in
            let numbers = try file.values(prefix + parameter.name)
            guard numbers.count == parameter.count else {
                throw ModelError(
                    "\(parameter.name): expected \(parameter.count) numbers \(parameter.shape), found \(numbers.count)"
                )
            }
            guard numbers.allSatisfy(\.isFinite) else {
                throw ModelError("\(parameter.name): holds numbers that are not finite")
            }
            return numbers
        }
        offsets = Self.offsets(parameters)
    }

    private static func offsets(_ parameters: [Parameter]) -> [Int] {
        var next = 0
        return parameters.map { parameter in
            defer { next += parameter.count }
            return next
        }
    }

    /// The numbers of one parameter.
    public subscript(name: String) -> ArraySlice<Double>? {
        guard let index = parameters.firstIndex(where: { $0.name == name }) else { return nil }
        return values[offsets[index]..<offsets[index] + parameters[index].count]
    }

    public func store(in file: inout Safetensors, prefix: String = "", as type: Safetensors.ElementType) {
        for (parameter, offset) in zip(parameters, offsets) {
            file.set(
                prefix + parameter.name, Array(values[offset..<offset + parameter.count]), shape: parameter.shape,
                as: type)
        }
    }

    /// Writes all weights into the inputs of a program, whose names begin with `prefix`.
    public func bind(to executor: some Executor, prefix: String = "", _ parallelism: Parallelism = .serial) {
        ParameterBinding(self, in: executor.program, prefix: prefix).write(
            values.map { .init($0) }, to: executor, parallelism)
    }
}
