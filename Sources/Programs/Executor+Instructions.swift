import Compute
import Dispatch

extension Executor {
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
        case .edgeFunction(.distance, .value) where !isStored(result): return
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
            withUnsafeTemporaryAllocation(of: UnsafePointer<T>.self, capacity: operands.count) { terms in
                for index in operands.indices { terms.initializeElement(at: index, to: operand(index)) }
                nonisolated(unsafe) let terms = terms
                forVectors(count * width) { range in
                    for first in stride(from: range.lowerBound * T.lanes, to: range.upperBound * T.lanes, by: T.lanes)
                    {
                        var sum = (terms[0] + first).vector
                        for term in 1..<terms.count { sum += (terms[term] + first).vector }
                        (out + first).vector = sum
                    }
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
            let spline = SplineKernels<T>(intervals: transposed ? count - 1 : count - 3, transposed: transposed)
            forRows((width + T.lanes - 1) / T.lanes, work: count * T.lanes) { range, _ in
                spline.coefficients(x, out, width: width, vectors: range)
            }
        case .edgeFunction(let function, let part):
            edgeFunction(function, part, operands.count > 1 ? operand(1) : nil, pointer(result), graph)
        case .radialBasis(let basis, let part):
            radialBasis(basis, part, operands.count > 1 ? operand(1) : nil, pointer(result), graph)
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
}
