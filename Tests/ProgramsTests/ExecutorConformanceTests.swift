import CPUExecutor
import Compute
import ExecutorTesting
import Neighbors
import Testing

@testable import Programs

/// The processor computes what the reference executor does: every primitive and its derivatives.
@Suite struct ExecutorConformanceOfPrimitives {
    struct Sample: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var program: Program
        var atoms = 7
        var cutoff = 3.0
        var hasGhosts = false
    }

    typealias Case = PrimitiveDerivatives.Case

    static let samples: [Sample] =
        PrimitiveDerivatives.cases.map {
            Sample(testDescription: $0.name, program: $0.program().program, atoms: $0.atoms)
        }
        + PrimitiveDerivatives.functionsOfGeometry.map {
            Sample(testDescription: "\($0.name) and its forces", program: $0.geometryProgram())
        }
        + PrimitiveDerivatives.functionsOfGeometry.map {
            Sample(testDescription: "\($0.name) and derivatives of its forces", program: $0.curvatureProgram())
        }
        // Enough atoms for several threads, with ten neighbours each.
        + PrimitiveDerivatives.cases.filter { $0.atoms == 7 && !$0.name.contains("all couplings") }.map {
            Sample(testDescription: "\($0.name), 600 atoms", program: $0.program().program, atoms: 600, cutoff: 0.4)
        }
        + [
            // Two and three vectors of single precision.
            Sample(
                testDescription: "all couplings, 32 and 48 channels",
                program: PrimitiveDerivatives.convolve("", .ofAllCouplings { $0 == 2 ? 48 : 32 }).program().program,
                atoms: 9),
            Sample(testDescription: "own rows", program: ownRows),
            Sample(testDescription: "energy flow", program: energyFlow),
            Sample(testDescription: "ghosts", program: ghosts, hasGhosts: true),
            Sample(
                testDescription: "ghosts of many atoms", program: ghosts, atoms: 200, cutoff: 0.6, hasGhosts: true),
            Sample(testDescription: "third derivatives", program: thirdDerivatives),
            Sample(testDescription: "rows put together", program: rows),
        ]

    /// Radial weights that are functions of each edge, and shares of atoms in the virial.
    static let ownRows: Program = {
        var builder = ProgramBuilder()
        let r = PrimitiveDerivatives.vectors(&builder)
        let convolution = PrimitiveDerivatives.convolution
        let bessel = builder.edgeFunction(
            .bessel(PrimitiveDerivatives.coordinate, PrimitiveDerivatives.basis), of: r)
        let mixing = LinearMap(input: .plain(3), output: convolution.weights, terms: [(0, 0, 0.5)])
        let table = builder.linear(bessel, builder.input("w", .fixed(1), mixing.weights), mixing)
        let value = builder.convolve(
            builder.input("x", .atoms, convolution.input),
            harmonics: builder.edgeFunction(.harmonics(lMax: 2), of: r),
            basis: builder.radialBasis(.ownRow, of: r), table: table, convolution)
        let gradient = builder.gradients(
            of: [(value, builder.input("cotangent", .atoms, convolution.output))], to: [r])[0]!
        let virials = builder.atomicVirials(r, gradient)
        return builder.finish(outputs: ["value": value, "virials": virials])
    }()

    /// What messages carry along edges, and its derivative by velocities.
    static let energyFlow: Program = {
        var builder = ProgramBuilder()
        let positions = builder.input("positions", .sources, .plain(3))
        let strain = builder.input("strain", .structures, .plain(9))
        let r = builder.edgeVectors(positions: positions, strain: strain)
        let convolution = PrimitiveDerivatives.convolution
        let basis = builder.radialBasis(
            .spline(PrimitiveDerivatives.coordinate, SplineKnots(intervals: 9)),
            of: builder.edgeFunction(.distance, of: r))
        let harmonics = builder.edgeFunction(.harmonics(lMax: 2), of: r)
        let table = builder.input("table", .fixed(12), convolution.weights)
        let back = LinearMap(
            input: convolution.output, output: convolution.input, terms: [(0, 0, 0.3), (1, 1, -0.2), (2, 2, 0.4)])
        let weights = builder.input("w", .fixed(1), back.weights)
        var x = builder.input("x", .atoms, convolution.input)
        for _ in 0..<2 {
            let value = builder.convolve(
                x, harmonics: harmonics, basis: basis, table: table, convolution)
            x = builder.linear(value, weights, back)
        }
        let cotangent = builder.input("cotangent", .atoms, convolution.input)
        let gradient = builder.gradients(of: [(x, cotangent)], to: [positions])[0]!
        let forces = builder.scaled(gradient, by: -1)
        let velocities = builder.input("velocities", .sources, .plain(3))
        let flow = builder.energyFlow(energies: cotangent, forces: forces, velocities: velocities)
        let numbers = builder.input("numbers", .edges, .plain(1))
        let driving = builder.gradients(of: [(flow.messages!, numbers)], to: [velocities])[0]!
        return builder.finish(outputs: ["rates": flow.rates, "messages": flow.messages!, "driving": driving])
    }()

    /// Features that are known of ghosts and such that are not, a convolution over both, and its forces on all.
    static let ghosts: Program = {
        var builder = ProgramBuilder()
        let positions = builder.input("positions", .sources, .plain(3))
        let strain = builder.input("strain", .structures, .plain(9))
        let r = builder.edgeVectors(positions: positions, strain: strain)
        let convolution = PrimitiveDerivatives.convolution
        let (x, types) = (
            builder.input("x", .atoms, convolution.input), builder.input("types", .fixed(2), convolution.input)
        )
        let features = builder.sum([builder.fillGhosts(x), builder.gather(types, by: .speciesOfSource)])
        let distance = builder.edgeFunction(.distance, of: r)
        let value = builder.convolve(
            features, harmonics: builder.edgeFunction(.harmonics(lMax: 2), of: r),
            basis: builder.radialBasis(
                .spline(PrimitiveDerivatives.coordinate, SplineKnots(intervals: 9)), of: distance),
            table: builder.input("table", .fixed(12), convolution.weights), convolution)
        let gradients = builder.gradients(
            of: [(value, builder.input("cotangent", .atoms, convolution.output))], to: [x, types, positions, r])
        let virials = builder.atomicVirials(r, gradients[3]!)
        return builder.finish(outputs: [
            "value": value, "x gradient": gradients[0]!, "types gradient": gradients[1]!, "forces": gradients[2]!,
            "virials": virials,
        ])
    }()

    /// A linear map by weights that depend on a graph, which no model has, forth and back.
    static let thirdDerivatives: Program = {
        var builder = ProgramBuilder()
        let map = PrimitiveDerivatives.speciesMap
        let x = builder.input("x", .atoms, map.input)
        let weights = builder.input("w", .fixed(2), map.weights)
        let g = builder.input("g", .atoms, map.output)
        let gradient = builder.gradients(of: [(builder.linear(x, weights, map), g)], to: [weights])[0]!
        let value = builder.linear(x, gradient, map)
        let back = builder.gradients(of: [(value, g)], to: [x])[0]!
        return builder.finish(outputs: ["value": value, "back": back])
    }()

    /// Rows that are taken apart and put together, constants and numbers.
    static let rows: Program = {
        var builder = ProgramBuilder()
        let layout = PrimitiveDerivatives.features
        let (x, y) = (builder.input("x", .atoms, layout), builder.input("y", .atoms, layout))
        let parts = [
            builder.embed(builder.slice(x, 0..<1), 0..<1, in: layout),
            builder.embed(builder.slice(y, 1..<3), 1..<3, in: layout),
        ]
        let constant = builder.constant([0.5, -1.5], .fixed(2), .plain(1))
        let outputs = [
            "rows": builder.sum(parts), "x": x, "part": builder.slice(y, 1..<2),
            "constant": builder.gather(constant, by: .speciesOfAtom), "ones": builder.fill(1, .edges, .plain(3)),
        ]
        return builder.finish(outputs: outputs)
    }()

    /// The ghost n + i is a copy of atom i.
    private static func exchange(_ graph: Graph) -> GhostExchange {
        let count = graph.atoms
        func forPairs(_ rows: GhostExchange.Rows, _ body: (Int, Int) -> Void) {
            for atom in 0..<count {
                for k in 0..<rows.width { body(atom * rows.width + k, (count + atom) * rows.width + k) }
            }
        }
        return GhostExchange { rows in
            let bytes = rows.width * rows.scalarBytes
            (rows.start + count * bytes).copyMemory(from: rows.start, byteCount: count * bytes)
        } add: { rows in
            if rows.scalarBytes == 4 {
                let numbers = rows.start.assumingMemoryBound(to: Float.self)
                forPairs(rows) { numbers[$0] += numbers[$1] }
            } else {
                let numbers = rows.start.assumingMemoryBound(to: Double.self)
                forPairs(rows) { numbers[$0] += numbers[$1] }
            }
        }
    }

    private func expect<T: ExecutableScalar>(_ sample: Sample, in _: T.Type) {
        let random = RandomGraph(atoms: sample.atoms, structures: sample.atoms == 7 ? 2 : 1, cutoff: sample.cutoff)
        random.withGraph(hasGhosts: sample.hasGhosts) { graph in
            let suite = ExecutorConformance(
                sample.program, on: graph, ghosts: sample.hasGhosts ? Self.exchange(graph) : nil)
            let outputs = [1, 3].map { threads in
                suite.outputs(
                    of: ProcessorExecutor<T>(sample.program, parallelism: Parallelism(threads: threads)))
            }
            #expect(outputs[0] == outputs[1], "three threads")
            for result in suite.compare(outputs[0]) { #expect(result.holds, "\(result)") }
        }
    }

    @Test(arguments: samples) func inDoublePrecision(_ sample: Sample) { expect(sample, in: Double.self) }
    @Test(arguments: samples) func inSinglePrecision(_ sample: Sample) { expect(sample, in: Float.self) }

    /// A new operation needs a program above; a new case here does not compile until it has a number.
    @Test func everyOperationIsCovered() {
        func number(_ operation: Programs.Operation) -> Int {
            switch operation {
            case .input: 0
            case .constant: 1
            case .fill: 2
            case .gather(let relation): [.speciesOfAtom: 3, .speciesOfSource: 4, .structureOfAtom: 5][relation]!
            case .segmentSum: 6
            case .fillGhosts: 7
            case .addGhosts: 8
            case .linear(_, let slot): 9 + slot.rawValue
            case .product(_, let slot): 12 + slot.rawValue
            case .convolution(_, let slots, _): 15 + slots[0].rawValue
            case .pointwise: 20
            case .slice: 21
            case .embed: 22
            case .concatenated: 23
            case .sum: 24
            case .scaled: 25
            case .splineCoefficients(_, let transposed): transposed ? 26 : 27
            case .edgeVectors: 28
            case .edgeFunction(_, let part): [.value: 29, .pullback: 30, .tangent: 31, .curvature: 41][part]!
            case .radialBasis(.spline, let part):
                [.value: 32, .slope: 33, .tangent: 34, .curvature: 42, .scaled: 43][part]!
            case .radialBasis(.ownRow, _): 35
            case .edgeForces: 36
            case .edgeDifference: 37
            case .edgeVirial: 38
            case .atomicVirials: 39
            case .edgeStrain: 40
            }
        }
        let found = Set(Self.samples.flatMap(\.program.instructions).map { number($0.operation) })
        #expect(Set(0...43).subtracting(found).isEmpty)
    }

    /// Names that a program does not have are the caller's mistake; an input that nobody reads is none.
    @Test func anUnreadInputTakesNothing() {
        var builder = ProgramBuilder()
        let x = builder.input("x", .atoms, .plain(1))
        _ = builder.scaled(builder.input("unread", .atoms, .plain(1)), by: 3)
        let y = builder.scaled(x, by: 2)
        let program = builder.finish(outputs: ["y": y])
        #expect(program.input("x") != nil && program.input("unread") == nil)
        RandomGraph(atoms: 2).withGraph { graph in
            let executor = ProcessorExecutor<Double>(program, parallelism: .serial)
            executor.withInput("unread", on: graph) { _ in Issue.record("it has no memory") }
            executor.set("x", to: [1, -2], on: graph)
            executor.run(on: graph)
            #expect(executor.values("y", on: graph) == [2, -4])
        }
    }

    @Test func anUnknownNameIsRefused() async {
        await #expect(processExitsWith: .failure) {
            var builder = ProgramBuilder()
            let x = builder.input("x", .atoms, .plain(1))
            let program = builder.finish(outputs: ["y": x])
            _ = program.input("X")
        }
        await #expect(processExitsWith: .failure) {
            var builder = ProgramBuilder()
            let x = builder.input("x", .atoms, .plain(1))
            let program = builder.finish(outputs: ["y": x])
            _ = program.output("Y")
        }
    }
}
