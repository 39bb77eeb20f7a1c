import CPUExecutor
import Compute
import Layers
import Models
import Neighbors
import Programs

/// The knots with which splines stand for the radial functions of a model, as few as an error allows.
enum RadialKnots {
    /// Of the radial functions of a layer, the largest difference allowed over their root mean square. Slopes err by
    /// some ten over the spacing of the knots times that.
    static let tolerance = 1e-9
    private static let choices = [384, 512, 768, 1024, 1536, 2048, 3072, 4096]
    private static let outerChoices = [64, 96, 128, 192, 256, 384, 512, 768, 1024]
    /// Below this share of the cutoff atoms do not come.
    private static let closest = 0.08

    /// The model with the fewest knots, and the largest error with them. Where the most do not suffice, these.
    static func chosen(
        for configuration: ModelConfiguration, _ parameters: ParameterSet, parallelism: Parallelism
    ) -> (configuration: ModelConfiguration, error: Double) {
        guard var nequip = configuration.architecture as? NequIP else { return (configuration, 0) }
        // Between knots, whatever their number: steps of the golden ratio hit none.
        let points = (0..<2000).map { k in
            closest + (0.99999 - closest) * (Double(k) * 0.6180339887498949).truncatingRemainder(dividingBy: 1)
        }.sorted()
        let exact = functions(of: nequip, configuration, parameters, at: points, parallelism)
        let sizes = exact.map { values in
            (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
        }
        var (inner, outer, largest) = (0, 0, 0.0)
        while true {
            nequip.splineIntervals = choices[inner]
            nequip.variant.outerSplineIntervals = outerChoices[outer]
            var changed = configuration
            changed.architecture = nequip
            let errors = errors(of: nequip, changed, parameters, at: points, exact, sizes, parallelism)
            largest = max(errors.inner, errors.outer)
            let (wantsInner, wantsOuter) = (errors.inner > tolerance, errors.outer > tolerance)
            guard wantsInner && inner + 1 < choices.count || wantsOuter && outer + 1 < outerChoices.count else {
                return (changed, largest)
            }
            if wantsInner, inner + 1 < choices.count { inner += 1 }
            if wantsOuter, outer + 1 < outerChoices.count { outer += 1 }
        }
    }

    /// `[layer][point][column]`
    private static func functions(
        of nequip: NequIP, _ configuration: ModelConfiguration, _ parameters: ParameterSet, at points: [Double],
        _ parallelism: Parallelism
    ) -> [[Double]] {
        let program = nequip.radialProgram(configuration, at: points)
        let executor = ProcessorExecutor<Double>(program, parallelism: parallelism)
        // The rest of the model is no part of it.
        let read = zip(parameters.parameters, parameters.offsets).filter { program.inputs[$0.0.name] != nil }
        var part = ParameterSet(read.map(\.0), seed: 0)
        part.values = read.flatMap { parameter, offset in parameters.values[offset..<offset + parameter.count] }
        part.bind(to: executor)
        return Graph.with(species: [], edges: EdgeList()) { graph in
            executor.run(on: graph)
            return (0..<nequip.numLayers).map { layer in
                executor.withOutput(program.output("layer \(layer)"), on: graph) { Array($0) }
            }
        }
    }

    /// Of splines before and after the place where the cutoff begins.
    private static func errors(
        of nequip: NequIP, _ configuration: ModelConfiguration, _ parameters: ParameterSet, at points: [Double],
        _ exact: [[Double]], _ sizes: [Double], _ parallelism: Parallelism
    ) -> (inner: Double, outer: Double) {
        let knots = nequip.splineKnots(configuration)
        let tables = RadialSplines.coefficients(
            through: functions(of: nequip, configuration, parameters, at: knots.coordinates, parallelism), knots,
            parallelism)
        var (inner, outer) = (0.0, 0.0)
        for (layer, table) in tables.enumerated() {
            let width = exact[layer].count / points.count
            for (index, x) in points.enumerated() {
                let (row, basis) = knots.basis(at: x)
                var largest = 0.0
                for column in 0..<width {
                    var value = 0.0
                    for q in 0..<4 { value += basis[q] * table[(row + q) * width + column] }
                    largest = max(largest, abs(value - exact[layer][index * width + column]))
                }
                if let outerPart = knots.outer, x >= outerPart.start {
                    outer = max(outer, largest / sizes[layer])
                } else {
                    inner = max(inner, largest / sizes[layer])
                }
            }
        }
        return (inner, outer)
    }
}

/// Splines through tables of values, by the program that models use.
private enum RadialSplines {
    static func coefficients(
        through values: [[Double]], _ knots: SplineKnots, _ parallelism: Parallelism
    ) -> [[Double]] {
        values.map { values in
            var builder = ProgramBuilder()
            let width = values.count / knots.values
            let input = builder.input("values", .fixed(knots.values), .plain(width))
            let table = builder.splineCoefficients(input, knots)
            let program = builder.finish(outputs: ["table": table])
            let executor = ProcessorExecutor<Double>(program, parallelism: parallelism)
            executor.withInput("values") { $0.baseAddress!.update(from: values, count: values.count) }
            return Graph.with(species: [], edges: EdgeList()) { graph in
                executor.run(on: graph)
                return executor.withOutput(program.output("table"), on: graph) { Array($0) }
            }
        }
    }
}
