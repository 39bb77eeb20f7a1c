/// Clearing away: what is computed twice is not written twice (`ProgramBuilder.append`), what nobody reads is
/// removed here, and sums of convolutions become one.
extension Program {
    mutating func simplify() {
        mergeSumsOfConvolutions()
        mergeActivations()
        concatenate()
        foldScales()
        removeUnread()
    }

    /// Removes instructions, and results of those with several, that no output depends on.
    private mutating func removeUnread() {
        var isRead = Set(outputs.values)
        var kept: [Instruction] = []
        for var instruction in instructions.reversed() where instruction.results.contains(where: isRead.contains) {
            let read = instruction.results.indices.filter { isRead.contains(instruction.results[$0]) }
            switch instruction.operation {
            case .convolution(let convolution, let slots, let terms):
                instruction.operation = .convolution(convolution, read.map { slots[$0] }, terms)
            case .pointwise(let activations, let orders):
                instruction.operation = .pointwise(activations, orders: read.map { orders[$0] })
            default: break
            }
            instruction.results = read.map { instruction.results[$0] }
            isRead.formUnion(instruction.operands)
            kept.append(instruction)
        }
        instructions = kept.reversed()
        unreadInputs = unreadInputs.union(inputs.filter { !isRead.contains($0.value) }.keys)
        inputs = inputs.filter { isRead.contains($0.value) }
    }

    /// `a·(b·x) = (ab)·x`, and `1·x = x`.
    private mutating func foldScales() {
        var source: [Value: (value: Value, factor: Double)] = [:]
        var replaced: [Value: Value] = [:]
        for index in instructions.indices {
            instructions[index].operands = instructions[index].operands.map { replaced[$0] ?? $0 }
            guard case .scaled(let factor) = instructions[index].operation else { continue }
            let (operand, result) = (instructions[index].operands[0], instructions[index].results[0])
            let origin = source[operand] ?? (operand, 1)
            let product = factor * origin.factor
            source[result] = (origin.value, product)
            if product == 1 {
                replaced[result] = origin.value
            } else {
                instructions[index].operation = .scaled(product)
                instructions[index].operands = [origin.value]
            }
        }
        outputs = outputs.mapValues { replaced[$0] ?? $0 }
    }

    /// Derivatives of the same functions at the same scalars, which share most of their work, are taken at once.
    private mutating func mergeActivations() {
        struct Key: Hashable {
            var activations: [Activation]
            var x: Value
        }
        var first: [Key: Int] = [:]
        var merged: Set<Int> = []
        for index in instructions.indices {
            guard case .pointwise(let activations, let orders) = instructions[index].operation else { continue }
            let key = Key(activations: activations, x: instructions[index].operands[0])
            guard let target = first[key] else {
                first[key] = index
                continue
            }
            guard case .pointwise(_, let others) = instructions[target].operation else { continue }
            instructions[target].operation = .pointwise(activations, orders: others + orders)
            instructions[target].results += instructions[index].results
            merged.insert(index)
        }
        instructions = instructions.indices.filter { !merged.contains($0) }.map { instructions[$0] }
    }

    /// A sum of rows that are zero but for some blocks, each block in one of them, puts these blocks together.
    private mutating func concatenate() {
        var producer: [Value: Instruction] = [:]
        for instruction in instructions { producer[instruction.results[0]] = instruction }
        for index in instructions.indices {
            guard case .sum = instructions[index].operation else { continue }
            let parts = instructions[index].operands.compactMap { operand -> (blocks: Range<Int>, value: Value)? in
                guard let part = producer[operand], case .embed(let blocks) = part.operation else { return nil }
                return (blocks, part.operands[0])
            }.sorted { $0.blocks.lowerBound < $1.blocks.lowerBound }
            let blocks = shape(of: instructions[index].results[0]).layout.blocks.indices
            guard parts.count == instructions[index].operands.count,
                parts.map(\.blocks).flatMap({ $0 }) == Array(blocks)
            else { continue }
            instructions[index].operation = .concatenated
            instructions[index].operands = parts.map(\.value)
        }
    }

    /// A sum of convolutions by the same coefficients and slot becomes one convolution with several terms, which
    /// adds up in place.
    private mutating func mergeSumsOfConvolutions() {
        var uses: [Value: Int] = [:]
        for value in instructions.flatMap(\.operands) + Array(outputs.values) { uses[value, default: 0] += 1 }
        var producer: [Value: Int] = [:]
        for (index, instruction) in instructions.enumerated() {
            for result in instruction.results { producer[result] = index }
        }
        for index in instructions.indices {
            guard case .sum = instructions[index].operation else { continue }
            var rest: [Value] = []
            var groups: [Key: [Value]] = [:]
            var order: [Key] = []
            for operand in instructions[index].operands {
                guard uses[operand] == 1, let at = producer[operand],
                    case .convolution(let convolution, let slots, _) = instructions[at].operation, slots.count == 1
                else {
                    rest.append(operand)
                    continue
                }
                let key = Key(convolution: convolution, slot: slots[0])
                if groups[key] == nil { order.append(key) }
                groups[key, default: []].append(operand)
            }
            for key in order {
                let members = groups[key]!
                let last = members.max { producer[$0]! < producer[$1]! }!
                merge(members.map { producer[$0]! }, into: producer[last]!, key)
                rest.append(last)
            }
            if rest.count == 1 {
                instructions[index].operation = .scaled(1)
            }
            instructions[index].operands = rest
        }
    }

    private struct Key: Hashable {
        var convolution: Convolution
        var slot: Convolution.Slot
    }

    private mutating func merge(_ members: [Int], into target: Int, _ key: Key) {
        var operands: [Value] = []
        var merged: [ConvolutionOperands] = []
        for member in members {
            guard case .convolution(_, _, let terms) = instructions[member].operation else { continue }
            for term in terms {
                func place(_ position: Int) -> Int {
                    let value = instructions[member].operands[position]
                    let place = operands.firstIndex(of: value) ?? operands.endIndex
                    if place == operands.endIndex { operands.append(value) }
                    return place
                }
                var moved = term
                for slot in Convolution.Slot.allCases { moved[slot] = term[slot].map(place) }
                moved.slope = term.slope.map(place)
                merged.append(moved)
            }
        }
        instructions[target].operation = .convolution(key.convolution, [key.slot], merged)
        instructions[target].operands = operands
    }
}
