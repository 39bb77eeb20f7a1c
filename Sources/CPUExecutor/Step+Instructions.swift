import Compute
import Programs

extension StepPreparation {
    /// What runs the instruction; `nil` where there is nothing to do.
    func body(_ instruction: Program.Instruction, at index: Int) -> Step<T>.Body? {
        let operands = instruction.operands
        let result = instruction.results[0]
        let shape = program.shape(of: result)
        let (axis, width) = (shape.axis, shape.layout.width)
        switch instruction.operation {
        case .input, .edgeVectors: return nil
        case .constant(let index):
            let numbers = program.constants[index]
            return { executor, _ in
                let out = executor.pointer(result)
                for (k, number) in numbers.enumerated() { out[k] = T(number) }
            }
        case .fill(let number):
            return { executor, graph in
                executor.pointer(result).update(repeating: T(number), count: graph.rows(axis) * width)
            }

        case .gather(let relation):
            return { executor, graph in
                let (x, out) = (executor.pointer(operands[0]), executor.pointer(result))
                executor.forRows(graph.rows(axis), work: width) { range, _ in
                    for row in range {
                        (out + row * width).update(from: x + graph.index(relation, row) * width, count: width)
                    }
                }
            }
        case .segmentSum(let relation):
            return { executor, graph in
                let (x, out) = (executor.pointer(operands[0]), executor.pointer(result))
                out.update(repeating: 0, count: graph.rows(axis) * width)
                for row in 0..<graph.rows(relation.rows) {
                    let place = out + graph.index(relation, row) * width
                    let row = x + row * width
                    for c in 0..<width { place[c] += row[c] }
                }
            }

        case .fillGhosts, .addGhosts:
            let isPart = isPart(operands[0], of: result)
            let isFilled = instruction.operation == .fillGhosts
            return { executor, graph in
                let (x, out) = (executor.pointer(operands[0]), executor.pointer(result))
                if !isFilled { executor.exchange(x, width: width, on: graph) { $0.add($1) } }
                if !isPart { out.update(from: x, count: graph.atoms * width) }
                if isFilled { executor.exchange(out, width: width, on: graph) { $0.fill($1) } }
            }

        case .linear(let map, .output):
            let weights = operands[1]
            return linear(map, operands[0], kinds: kinds(map, weights: weights), result) { executor, _ in
                UnsafePointer(executor.pointer(weights))
            }
        case .linear(let map, .input):
            let (offset, write) = transpose(operands[1], of: map, at: index)
            return linear(
                map.transposed, operands[0], kinds: kinds(map, weights: operands[1]), result
            ) { executor, graph in
                write?(executor, graph)
                return UnsafePointer(executor.transposed.pointer + offset)
            }
        case .linear(let map, .weights): return linearWeights(map, operands, result)
        case .product(let map, let slot):
            let plan = ProductPlan<T>(map)
            let strides = (rowStride(operands[0]), rowStride(operands[1]), rowStride(result))
            return { executor, graph in
                let a = Rows(start: executor.pointer(operands[0]), stride: strides.0)
                let b = Rows(start: executor.pointer(operands[1]), stride: strides.1)
                let out = Rows(start: executor.pointer(result), stride: strides.2)
                executor.forRows(graph.rows(axis), work: map.irreps.width) { range, _ in
                    if slot == .scalars {
                        ProductKernels.dot(plan, irreps: a, cotangent: b, output: out, range: range)
                    } else {
                        ProductKernels.scale(plan, scalars: a, irreps: b, output: out, range: range)
                    }
                }
            }
        case .convolution(let convolution, let slots, let terms):
            return self.convolution(plan(convolution), slots, terms, instruction)
        case .pointwise(let activations, let orders): return pointwise(activations, orders, instruction)

        case .slice where isPart(result, of: operands[0]): return nil
        case .slice(let blocks):
            let full = program.shape(of: operands[0]).layout
            let (offset, stride) = (full.blocks[blocks.lowerBound].offset, rowStride(operands[0]))
            return { executor, graph in
                let (x, out) = (executor.pointer(operands[0]) + offset, executor.pointer(result))
                executor.forRows(graph.rows(axis), work: width) { range, _ in
                    for row in range { (out + row * width).update(from: x + row * stride, count: width) }
                }
            }
        case .embed(let blocks):
            let part = program.shape(of: operands[0]).layout.width
            let offset = shape.layout.blocks[blocks.lowerBound].offset
            return { executor, graph in
                let (x, out) = (executor.pointer(operands[0]), executor.pointer(result))
                executor.forRows(graph.rows(axis), work: width) { range, _ in
                    for row in range {
                        let place = out + row * width
                        place.update(repeating: 0, count: offset)
                        (place + offset).update(from: x + row * part, count: part)
                        (place + offset + part).update(repeating: 0, count: width - offset - part)
                    }
                }
            }
        case .concatenated: return concatenated(operands, result)
        case .sum:
            return { executor, graph in
                let out = executor.pointer(result)
                executor.forVectors(graph.rows(axis) * width) { range in
                    for first in stride(from: range.lowerBound * T.lanes, to: range.upperBound * T.lanes, by: T.lanes)
                    {
                        var sum = (executor.pointer(operands[0]) + first).vector
                        for term in 1..<operands.count { sum += (executor.pointer(operands[term]) + first).vector }
                        (out + first).vector = sum
                    }
                }
            }
        case .scaled(let factor):
            let scale = T.Vector(repeating: T(factor))
            return { executor, graph in
                let (x, out) = (executor.pointer(operands[0]), executor.pointer(result))
                executor.forVectors(graph.rows(axis) * width) { range in
                    for k in range { (out + k * T.lanes).vector = scale * (x + k * T.lanes).vector }
                }
            }

        case .splineCoefficients(let knots, let transposed):
            let spline = SplineKernels<T>(knots, transposed: transposed)
            return { executor, _ in
                let (x, out) = (executor.pointer(operands[0]), executor.pointer(result))
                executor.forRows((width + T.lanes - 1) / T.lanes, work: knots.coefficients * T.lanes) { range, _ in
                    spline.coefficients(x, out, width: width, vectors: range)
                }
            }
        case .edgeFunction(let function, let part): return edgeFunction(function, part, operands, result)
        case .radialBasis(let basis, let part): return radialBasis(basis, part, operands, result)
        case .edgeForces:
            return { executor, graph in
                let (g, out) = (executor.pointer(operands[0]), executor.pointer(result))
                executor.forRows(graph.sources, work: 200) { range, _ in
                    GeometryKernels.forces(graph, g, out, range: range)
                }
            }
        case .edgeDifference:
            return { executor, graph in
                let (f, out) = (executor.pointer(operands[0]), executor.pointer(result))
                executor.forRows(graph.edges, work: 6) { range, _ in
                    GeometryKernels.difference(graph, f, out, range: range)
                }
            }
        case .edgeVirial:
            return { executor, graph in
                executor.virial(executor.pointer(operands[1]), executor.pointer(result), graph)
            }
        case .atomicVirials:
            return { executor, graph in
                let (g, out) = (executor.pointer(operands[1]), executor.pointer(result))
                executor.forRows(graph.sources, work: 600) { range, _ in
                    GeometryKernels.atomicVirials(graph, g, out, range: range)
                }
            }
        case .edgeStrain:
            return { executor, graph in
                let (w, out) = (executor.pointer(operands[1]), executor.pointer(result))
                executor.forRows(graph.edges, work: 15) { range, _ in
                    GeometryKernels.strain(graph, w, out, range: range)
                }
            }
        }
    }

    // MARK: Node operations

    /// `weights` says where they stand.
    private func linear(
        _ map: LinearMap, _ x: Program.Value, kinds: Int?, _ result: Program.Value,
        weights: @escaping (ProcessorExecutor<T>, Graph) -> UnsafePointer<T>
    ) -> Step<T>.Body {
        let plan = LinearPlan<T>(map)
        let axis = program.shape(of: result).axis
        needsScratch(LinearKernels<T>.scratchSize(map))
        return { executor, graph in
            let (x, weights, out) = (executor.pointer(x), weights(executor, graph), executor.pointer(result))
            let species = kinds.map { LinearKernels<T>.Species(ofRow: graph.species, count: $0) }
            executor.forRows(graph.rows(axis), work: plan.work / 8, length: LinearKernels<T>.rows) { range, worker in
                LinearKernels.output(
                    plan, x: x, weights: weights, output: out, range: range, species: species,
                    scratch: executor.scratch[worker].pointer)
            }
        }
    }

    private func linearWeights(
        _ map: LinearMap, _ operands: [Program.Value], _ result: Program.Value
    ) -> Step<T>.Body {
        let plan = LinearPlan<T>(map)
        let parts = plan.weightParts
        let axis = program.shape(of: operands[0]).axis
        let kinds = kinds(map, weights: result)
        needsScratch(LinearKernels<T>.scratchSize(map))
        return { executor, graph in
            let (x, g, out) = (executor.pointer(operands[0]), executor.pointer(operands[1]), executor.pointer(result))
            let count = graph.rows(axis)
            let species = kinds.map { LinearKernels<T>.Species(ofRow: graph.species, count: $0) }
            let isLarge = plan.work / 8 * count > ProcessorExecutor<T>.serialWork
            (isLarge ? executor.parallelism : .serial).forEach(chunks: parts.count) { part, worker in
                LinearKernels.weights(
                    map, parts[part].term, columns: parts[part].columns, x: x, cotangent: g, output: out,
                    count: count, species: species, scratch: executor.scratch[worker].pointer)
            }
        }
    }

    /// The number of species that have weights of their own.
    private func kinds(_ map: LinearMap, weights: Program.Value) -> Int? {
        guard map.isPerSpecies, case .fixed(let rows) = program.shape(of: weights).axis else { return nil }
        return rows
    }

    /// Copies the parts that are not written in their place.
    private func concatenated(
        _ operands: [Program.Value], _ result: Program.Value
    ) -> Step<T>.Body? {
        let (axis, stride) = (program.shape(of: result).axis, rowStride(result))
        var parts: [(value: Program.Value, offset: Int, width: Int, stride: Int)] = []
        var offset = 0
        for operand in operands {
            let width = program.shape(of: operand).layout.width
            if !isPart(operand, of: result) { parts.append((operand, offset, width, rowStride(operand))) }
            offset += width
        }
        guard !parts.isEmpty else { return nil }
        return { executor, graph in
            for part in parts {
                let (x, out) = (executor.pointer(part.value), executor.pointer(result) + part.offset)
                executor.forRows(graph.rows(axis), work: part.width) { range, _ in
                    for row in range { (out + row * stride).update(from: x + row * part.stride, count: part.width) }
                }
            }
        }
    }

    private func pointwise(
        _ activations: [Activation], _ orders: [Int], _ instruction: Program.Instruction
    ) -> Step<T>.Body {
        let (x, results) = (instruction.operands[0], instruction.results)
        let shape = program.shape(of: x)
        let (axis, width, stride) = (shape.axis, shape.layout.width, rowStride(x))
        // Blocks with the same function are one.
        var blocks: [(activation: Activation, offset: Int, count: Int)] = []
        for (block, activation) in zip(shape.layout.blocks, activations) {
            if let last = blocks.indices.last, blocks[last].activation == activation {
                blocks[last].count += block.width
            } else {
                blocks.append((activation, block.offset, block.width))
            }
        }
        return { executor, graph in
            let x = executor.pointer(x)
            var outputs = PointwiseKernels<T>.Outputs(repeating: nil)
            for (order, result) in zip(orders, results) { outputs[order] = executor.pointer(result) }
            let count = graph.rows(axis)
            if blocks.count == 1, stride == width {
                executor.forRows((count * width + T.lanes - 1) / T.lanes, work: 10 * T.lanes) { range, _ in
                    PointwiseKernels.apply(
                        blocks[0].activation, x: x, outputs, rows: 0..<1, inputStride: 0, outputStride: 0,
                        columns: range.lowerBound * T.lanes..<range.upperBound * T.lanes)
                }
            } else {
                executor.forRows(count, work: 10 * width) { range, _ in
                    for block in blocks {
                        PointwiseKernels.apply(
                            block.activation, x: x, outputs, rows: range, inputStride: stride, outputStride: width,
                            columns: block.offset..<block.offset + block.count)
                    }
                }
            }
        }
    }
}
