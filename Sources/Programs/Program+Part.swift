extension Program {
    /// What of it makes some of its values: the same values in the same places, as outputs under the names of their
    /// numbers. Inputs that these do not depend on are left out.
    public func part(for values: [Value]) -> Program {
        var isNeeded = Array(repeating: false, count: shapes.count)
        for value in values { isNeeded[value.index] = true }
        var kept: [Instruction] = []
        for instruction in instructions.reversed() where instruction.results.contains(where: { isNeeded[$0.index] }) {
            for operand in instruction.operands { isNeeded[operand.index] = true }
            kept.append(instruction)
        }
        var part = self
        part.instructions = kept.reversed()
        part.outputs = Dictionary(values.map { ("\($0.index)", $0) }, uniquingKeysWith: { a, _ in a })
        part.inputs = inputs.filter { isNeeded[$0.value.index] }
        part.unreadInputs = unreadInputs.union(inputs.keys).subtracting(part.inputs.keys)
        part.repeatedStages = []
        return part
    }

    /// The values of tables of splines that depend on fixed inputs alone; none where parameters are differentiated by,
    /// as in training, where they change with each step.
    public var splineTables: [Value] {
        let isStatic = staticValues
        var tables: [Value] = []
        for instruction in instructions {
            guard case .splineCoefficients(_, let transposed) = instruction.operation else { continue }
            if transposed { return [] }
            if isStatic[instruction.results[0].index] { tables.append(instruction.results[0]) }
        }
        return tables
    }
}
