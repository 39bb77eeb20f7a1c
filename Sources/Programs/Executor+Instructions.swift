import Compute
import Dispatch

extension Executor {
    /// Below this many scalar operations a loop is not worth a second thread.
    private static var serialWork: Int { 40_000 }

    func runInstructions(on graph: Graph, where isWanted: (Program.Instruction) -> Bool) {
        for (index, instruction) in program.instructions.enumerated() where isWanted(instruction) {
            let start = isProfiling ? DispatchTime.now().uptimeNanoseconds : 0
            run(instruction, graph)
            if isProfiling { record(index, since: start) }
        }
    }

    private func run(_ instruction: Program.Instruction, _ graph: Graph) {
        let result = instruction.results[0]
        let shape = program.shape(of: result)
        let count = graph.rows(shape.axis)
        let width = shape.layout.width
        let operands = instruction.operands
        func operand(_ index: Int) -> UnsafePointer<T> { UnsafePointer(pointer(operands[index])) }
        switch instruction.operation {
        case .input, .edgeVectors: return
        case .constant(let index):
            let out = pointer(result)
            for (k, number) in program.constants[index].enumerated() { out[k] = T(number) }
        case .fill(let number): pointer(result).update(repeating: T(number), count: count * width)

        case .gather(let relation):
            let (x, out) = (operand(0), pointer(result))
            forRows(count, work: width) { range, _ in
                for row in range {
                    (out + row * width).update(from: x + self.index(relation, row, graph) * width, count: width)
                }
            }
        case .segmentSum(let relation):
            let (x, out) = (operand(0), pointer(result))
            out.update(repeating: 0, count: count * width)
            for row in 0..<graph.rows(relation.rows) {
                let place = out + index(relation, row, graph) * width
                let row = x + row * width
                for c in 0..<width { place[c] += row[c] }
            }

        case .linear(let map, let slot):
            let weights = slot == .weights ? result : operands[slot == .input ? 0 : 1]
            linear(
                map, slot, operand(0), operand(1), result, rows: rows(operands[0], graph),
                kinds: rows(weights, graph), graph)
        case .product(let map, let slot):
            let (a, b, out) = (operand(0), operand(1), pointer(result))
            forRows(count, work: map.irreps.width) { range, _ in
                if slot == .scalars {
                    ProductKernels.dot(map, irreps: a, cotangent: b, output: out, range: range)
                } else {
                    ProductKernels.scale(map, scalars: a, irreps: b, output: out, range: range)
                }
            }
        case .convolution(let convolution, let slots, let terms):
            convolve(convolutions[convolution]!, slots, terms, instruction, graph)

        case .pointwise(let activations, let order):
            let (x, out) = (operand(0), pointer(result))
            if activations.allSatisfy({ $0 == activations[0] }) {
                forRows((count * width + T.lanes - 1) / T.lanes, work: 10 * T.lanes) { range, _ in
                    let first = range.lowerBound * T.lanes
                    PointwiseKernels.apply(
                        activations[0], order: order, x: x + first, output: out + first, count: range.count * T.lanes)
                }
            } else {
                forRows(count, work: 10 * width) { range, _ in
                    for row in range {
                        for (block, activation) in zip(shape.layout.blocks, activations) {
                            let first = row * width + block.offset
                            PointwiseKernels.apply(
                                activation, order: order, x: x + first, output: out + first, count: block.width)
                        }
                    }
                }
            }

        case .slice(let blocks):
            let full = program.shape(of: operands[0]).layout
            let (x, out) = (operand(0) + full.blocks[blocks.lowerBound].offset, pointer(result))
            forRows(count, work: width) { range, _ in
                for row in range { (out + row * width).update(from: x + row * full.width, count: width) }
            }
        case .embed(let blocks):
            let part = program.shape(of: operands[0]).layout
            let (x, out) = (operand(0), pointer(result))
            let offset = shape.layout.blocks[blocks.lowerBound].offset
            forRows(count, work: width) { range, _ in
                for row in range {
                    let place = out + row * width
                    place.update(repeating: 0, count: offset)
                    (place + offset).update(from: x + row * part.width, count: part.width)
                    (place + offset + part.width).update(repeating: 0, count: width - offset - part.width)
                }
            }
        case .sum:
            let out = pointer(result)
            forVectors(count * width) { range in
                for k in range {
                    let first = k * T.lanes
                    var sum = (operand(0) + first).vector
                    for term in 1..<operands.count { sum += (operand(term) + first).vector }
                    (out + first).vector = sum
                }
            }
        case .scaled(let factor):
            let (x, out) = (operand(0), pointer(result))
            let scale = T.Vector(repeating: T(factor))
            forVectors(count * width) { range in
                for k in range { (out + k * T.lanes).vector = scale * (x + k * T.lanes).vector }
            }

        case .splineCoefficients(let transposed):
            let (x, out) = (operand(0), pointer(result))
            let intervals = transposed ? count - 1 : count - 3
            forRows(width, work: count * 8) { range, _ in
                SplineKernels.coefficients(
                    transposed: transposed, x, out, intervals: intervals, width: width, columns: range)
            }
        case .edgeFunction(let function, let part):
            edgeFunction(function, part, operands.count > 1 ? operand(1) : nil, pointer(result), graph)
        case .edgeForces:
            let (g, out) = (operand(0), pointer(result))
            forRows(count, work: 200) { range, _ in GeometryKernels.forces(graph, g, out, range: range) }
        case .edgeDifference:
            let (f, out) = (operand(0), pointer(result))
            forRows(count, work: 6) { range, _ in GeometryKernels.difference(graph, f, out, range: range) }
        case .edgeVirial: virial(operand(1), pointer(result), graph)
        case .edgeStrain:
            let (w, out) = (operand(1), pointer(result))
            forRows(count, work: 15) { range, _ in GeometryKernels.strain(graph, w, out, range: range) }
        }
    }

    // MARK: Ranges

    /// Calls `body` on ranges of rows, each worth a thread's while; `work` is the number of operations per row.
    private func forRows(_ count: Int, work: Int, _ body: (Range<Int>, Int) -> Void) {
        let length = max(1, Self.serialWork / 4 / max(work, 1))
        if count * work <= Self.serialWork {
            if count > 0 { body(0..<count, 0) }
        } else {
            parallelism.split(count, by: length, body)
        }
    }

    /// Calls `body` on ranges of whole vectors that cover `count` scalars.
    private func forVectors(_ count: Int, _ body: (Range<Int>) -> Void) {
        forRows((count + T.lanes - 1) / T.lanes, work: T.lanes) { range, _ in body(range) }
    }

    private func rows(_ value: Program.Value, _ graph: Graph) -> Int { graph.rows(program.shape(of: value).axis) }

    @inline(__always)
    private func index(_ relation: Relation, _ row: Int, _ graph: Graph) -> Int {
        switch relation {
        case .speciesOfAtom: Int(graph.species[row])
        case .structureOfAtom: graph.structure(of: row)
        }
    }

    // MARK: Instructions with more than one loop

    private func linear(
        _ map: LinearMap, _ slot: LinearMap.Slot, _ a: UnsafePointer<T>, _ b: UnsafePointer<T>,
        _ result: Program.Value, rows: Int, kinds: Int, _ graph: Graph
    ) {
        let out = pointer(result)
        var species: LinearKernels<T>.Species?
        if map.isPerSpecies {
            species = .init(ofRow: graph.species, count: kinds, weightsWidth: map.weights.width)
        }
        let work = map.terms.reduce(0) { $0 + $1.input.stride * $1.output.stride * $1.input.dimension } / 8
        if slot == .weights {
            let isLarge = work * rows > Self.serialWork
            (isLarge ? parallelism : .serial).forEach(chunks: map.terms.count) { term, worker in
                LinearKernels.weights(
                    map, map.terms[term], x: a, cotangent: b, output: out, count: rows, species: species,
                    scratch: scratch[worker].pointer)
            }
            return
        }
        // The operands come in the order x, W, cotangent.
        let isForward = slot == .output
        let body = { (range: Range<Int>, worker: Int) in
            if isForward {
                LinearKernels.output(
                    map, x: a, weights: b, output: out, range: range, species: species,
                    scratch: self.scratch[worker].pointer)
            } else {
                LinearKernels.input(
                    map, cotangent: b, weights: a, output: out, range: range, species: species,
                    scratch: self.scratch[worker].pointer)
            }
        }
        // With one row the rows of g are those of the result.
        let count = isForward ? rows : graph.rows(program.shape(of: result).axis)
        if count * work <= Self.serialWork {
            body(0..<count, 0)
        } else {
            parallelism.split(count, by: LinearKernels<T>.rows, body)
        }
    }

    private func convolve(
        _ plan: ConvolutionPlan<T>, _ slots: [Convolution.Slot], _ terms: [ConvolutionOperands],
        _ instruction: Program.Instruction, _ graph: Graph
    ) {
        let edges = ConvolutionEdges(
            receivers: graph.receivers, sources: graph.sources, offsets: graph.offsets, transposed: graph.transposed,
            transposedOffsets: graph.transposedOffsets, knots: UnsafePointer(knotIndices))
        // A slot that is not read stands as the result's own memory.
        let unread = UnsafePointer(pointer(instruction.results[0]))
        let arguments = terms.map { term in
            func argument(_ slot: Convolution.Slot) -> UnsafePointer<T> {
                term[slot].map { UnsafePointer(pointer(instruction.operands[$0])) } ?? unread
            }
            return ConvolutionTerm(
                basis: argument(.basis), table: argument(.table), harmonics: argument(.harmonics),
                features: argument(.features), output: argument(.output))
        }
        func result(_ slot: Convolution.Slot) -> UnsafeMutablePointer<T>? {
            slots.firstIndex(of: slot).map { pointer(instruction.results[$0]) }
        }
        if slots == [.table] {
            let width = plan.weightsWidth
            let rows = graph.rows(program.shape(of: instruction.results[0]).axis)
            tableGradient(plan, arguments, edges, atoms: graph.atoms, size: rows * width, result(.table)!)
            return
        }
        let isSmall = graph.edges * plan.slots < 4_000
        (isSmall ? .serial : parallelism).split(graph.atoms, by: 16) { atoms, worker in
            let scratch = scratch[worker].pointer
            if let output = result(.output) {
                (output + atoms.lowerBound * plan.outputWidth)
                    .update(repeating: 0, count: atoms.count * plan.outputWidth)
                for term in arguments {
                    ConvolutionKernels.forward(plan, term, edges, atoms: atoms, output: output, scratch: scratch)
                }
                return
            }
            let (features, basis, harmonics) = (result(.features), result(.basis), result(.harmonics))
            if let features {
                (features + atoms.lowerBound * plan.inputWidth)
                    .update(repeating: 0, count: atoms.count * plan.inputWidth)
            }
            let positions =
                Int(edges.transposedOffsets[atoms.lowerBound])..<Int(edges.transposedOffsets[atoms.upperBound])
            for position in positions {
                let edge = Int(edges.transposed[position])
                if let basis { (basis + 4 * edge).update(repeating: 0, count: 4) }
                if let harmonics { (harmonics + plan.harmonics * edge).update(repeating: 0, count: plan.harmonics) }
            }
            for term in arguments {
                ConvolutionKernels.backward(
                    plan, term, edges, atoms: atoms, features: features, basis: basis, harmonics: harmonics,
                    scratch: scratch)
            }
        }
    }

    /// `∂Q/∂R` in a fixed number of partial sums, whatever the number of threads.
    private func tableGradient(
        _ plan: ConvolutionPlan<T>, _ terms: [ConvolutionTerm<T>], _ edges: ConvolutionEdges, atoms: Int, size: Int,
        _ result: UnsafeMutablePointer<T>
    ) {
        let chunks = 4
        let padded = Layout.padded(size)
        partials.reserve(chunks * padded)
        let length = (atoms + chunks - 1) / chunks
        parallelism.forEach(chunks: chunks) { chunk, worker in
            let sums = partials.pointer + chunk * padded
            sums.update(repeating: 0, count: padded)
            let range = min(atoms, chunk * length)..<min(atoms, (chunk + 1) * length)
            for term in terms {
                ConvolutionKernels.table(
                    plan, term, edges, atoms: range, gradient: sums, scratch: scratch[worker].pointer)
            }
        }
        let sums = partials.pointer
        forVectors(size) { range in
            for k in range {
                var sum = (sums + k * T.lanes).vector
                for chunk in 1..<chunks { sum += (sums + chunk * padded + k * T.lanes).vector }
                (result + k * T.lanes).vector = sum
            }
        }
    }

    private func edgeFunction(
        _ function: EdgeFunction, _ part: EdgeFunction.Part, _ input: UnsafePointer<T>?,
        _ output: UnsafeMutablePointer<T>, _ graph: Graph
    ) {
        let (knots, harmonics, scratch) = (knotIndices, harmonics, scratch)
        forRows(graph.edges, work: 100) { range, worker in
            switch function {
            case .harmonics(let lMax):
                EdgeKernels.harmonics(
                    harmonics[lMax]!, part, graph, range: range, input: input, output: output,
                    scratch: scratch[worker].pointer)
            case .spline(let coordinate, let intervals):
                EdgeKernels.spline(
                    coordinate, intervals: intervals, part, graph, range: range, input: input, output: output,
                    knots: knots)
            case .bessel(let coordinate, let basis):
                EdgeKernels.bessel(coordinate, basis, part, graph, range: range, input: input, output: output)
            case .ownRow:
                let width = part == .pullback ? 3 : 4
                (output + range.lowerBound * width).update(repeating: 0, count: range.count * width)
                guard part == .value else { return }
                for edge in range {
                    output[4 * edge] = 1
                    knots[edge] = Int32(edge)
                }
            }
        }
    }

    /// Sums over fixed chunks of atoms in double precision, added in order.
    private func virial(_ gradient: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, _ graph: Graph) {
        let size = 9 * graph.structures
        let length = graph.structures > 1 ? max(graph.atoms, 1) : 512
        let chunks = max(1, (graph.atoms + length - 1) / length)
        if virialSums.count < chunks * size { virialSums = Array(repeating: 0, count: chunks * size) }
        virialSums.withUnsafeMutableBufferPointer { sums in
            sums.update(repeating: 0)
            nonisolated(unsafe) let sums = sums.baseAddress!
            parallelism.split(graph.atoms, by: length) { atoms, _ in
                GeometryKernels.virial(
                    graph, gradient, atoms: atoms, sums: sums + atoms.lowerBound / length * size)
            }
            for k in 0..<size {
                output[k] = T((0..<chunks).reduce(0.0) { $0 + sums[$1 * size + k] })
            }
        }
    }
}
