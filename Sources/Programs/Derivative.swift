/// Reverse-mode differentiation as a transform of programs.
extension ProgramBuilder {
    /// The arguments of Q by slot, and what a derivative by the basis is taken along.
    private struct Form {
        var arguments: [Convolution.Slot: Value] = [:]
        var slope: Value?
        var changesHarmonics = false
    }

    /// Appends the instructions that compute, for `Q = Σ_k ⟨cotangent_k, value_k⟩`, the derivative of Q with respect
    /// to each of `arguments`; `nil` where Q does not depend on one.
    ///
    /// Applied to an energy it yields forces and virial; applied to those it yields the gradient of a loss on them.
    public mutating func gradients(
        of targets: [(value: Value, cotangent: Value)], to arguments: [Value]
    ) -> [Value?] {
        let instructions = program.instructions
        var isActive = Set(arguments)
        for instruction in instructions where instruction.operands.contains(where: isActive.contains) {
            isActive.formUnion(instruction.results)
        }
        var cotangents: [Value: [Value]] = [:]
        for target in targets { cotangents[target.value, default: []].append(target.cotangent) }
        for instruction in instructions.reversed()
        where instruction.results.contains(where: { cotangents[$0] != nil }) {
            let given = instruction.results.map { result in cotangents[result].map { sum($0) } }
            for (operand, contribution) in pullback(instruction, given, isActive: isActive.contains) {
                cotangents[operand, default: []].append(contribution)
            }
        }
        return arguments.map { argument in cotangents[argument].map { sum($0) } }
    }

    /// The contributions of one instruction to the cotangents of its active operands.
    private mutating func pullback(
        _ instruction: Program.Instruction, _ cotangents: [Value?], isActive: (Value) -> Bool
    ) -> [(Value, Value)] {
        let x = instruction.operands
        if case .convolution(let convolution, let slots, let terms) = instruction.operation {
            return pullback(convolution, slots, terms, x, cotangents, isActive: isActive)
        }
        guard let g = cotangents[0] else { return [] }
        func unsupported(_ operand: Int) {
            precondition(
                !isActive(x[operand]),
                "\(instruction.operation.name) has no derivative with respect to edge vectors: "
                    + "second derivatives with respect to positions are not provided")
        }
        switch instruction.operation {
        case .input, .constant, .fill: return []
        case .gather(let relation):
            return [(x[0], segmentSum(g, by: relation, into: shape(x[0]).axis))]
        case .segmentSum(let relation):
            return [(x[0], gather(g, by: relation))]
        case .fillGhosts: return [(x[0], addGhosts(g))]
        case .addGhosts: return [(x[0], fillGhosts(g))]
        case .linear(let map, let slot):
            return partials(of: x, slot, g, isActive: isActive).map { operand, slot, rest in
                (operand, linear(map, slot, rest, shape(operand).axis))
            }
        case .product(let map, let slot):
            return partials(of: x, slot, g, isActive: isActive).map { operand, slot, rest in
                (operand, product(map, slot, rest))
            }
        case .pointwise(let activations, let orders):
            return [(x[0], product(pointwise(x[0], activations, order: orders[0] + 1), g))]
        case .slice(let blocks): return [(x[0], embed(g, blocks, in: shape(x[0]).layout))]
        case .embed(let blocks): return [(x[0], slice(g, blocks))]
        case .concatenated:
            preconditionFailure("rows are concatenated when a program is finished, after its derivatives")
        case .sum: return x.filter(isActive).map { ($0, g) }
        case .scaled(let factor): return [(x[0], scaled(g, by: factor))]
        case .splineCoefficients(let knots, let transposed):
            return [(x[0], transposed ? splineCoefficients(g, knots) : splineCoefficientsTransposed(g, knots))]
        case .edgeVectors:
            var contributions: [(Value, Value)] = []
            if isActive(x[0]) { contributions.append((x[0], scaled(edgeForces(g), by: -1))) }
            if isActive(x[1]) {
                contributions.append((x[1], scaled(edgeVirial(instruction.results[0], g), by: -1)))
            }
            return contributions
        case .edgeFunction(let function, .value): return [(x[0], pullback(function, x[0], g))]
        case .edgeFunction(let function, .pullback):
            unsupported(0)
            return [(x[1], tangent(function, x[0], g))]
        case .edgeFunction(let function, .tangent):
            unsupported(0)
            return [(x[1], pullback(function, x[0], g))]
        case .edgeForces: return [(x[0], edgeDifference(g))]
        case .edgeDifference: return [(x[0], edgeForces(g))]
        case .edgeVirial:
            unsupported(0)
            return [(x[1], edgeStrain(x[0], g))]
        case .edgeStrain:
            unsupported(0)
            return [(x[1], edgeVirial(x[0], g))]
        case .atomicVirials:
            preconditionFailure("shares of atoms in the virial have no derivative")
        case .radialBasis:
            preconditionFailure("the cotangent of a radial basis goes to its distance at once")
        case .convolution: return []
        }
    }

    /// Of a form of three arguments, differentiated by that in `slot`, with the two others as operands in order: each
    /// active operand with its slot, and the arguments of the form's derivative by it, among which the cotangent of
    /// the result stands in `slot`.
    private func partials<Slot: CaseIterable & Hashable>(
        of operands: [Value], _ slot: Slot, _ cotangent: Value, isActive: (Value) -> Bool
    ) -> [(operand: Value, slot: Slot, rest: [Value])] {
        let others = Slot.allCases.filter { $0 != slot }
        return zip(operands, others).filter { isActive($0.0) }.map { operand, active in
            let rest = Slot.allCases.filter { $0 != active }.map { other in
                others.firstIndex(of: other).map { operands[$0] } ?? cotangent
            }
            return (operand, active, rest)
        }
    }

    /// Q with the argument in slot s replaced by the cotangent of result s, differentiated by each active operand.
    ///
    /// The derivatives by features, harmonics and basis of a single term share a pass.
    private mutating func pullback(
        _ convolution: Convolution, _ slots: [Convolution.Slot], _ terms: [ConvolutionOperands], _ operands: [Value],
        _ cotangents: [Value?], isActive: (Value) -> Bool
    ) -> [(Value, Value)] {
        var contributions: [(Value, Value)] = []
        for term in terms {
            precondition(
                !(term.slope.map { isActive(operands[$0]) } ?? false),
                "second derivatives of a convolution with respect to positions are not provided")
            let forms = zip(slots, cotangents).compactMap {
                slot, cotangent -> (slot: Convolution.Slot, form: Form)? in
                guard let cotangent else { return nil }
                var form = Form()
                for other in Convolution.Slot.allCases where other != slot {
                    form.arguments[other] = term[other].map { operands[$0] }
                }
                form.slope = term.slope.map { operands[$0] }
                form.changesHarmonics = term.changesHarmonics || slot == .harmonics
                form.arguments[slot] = slot == .basis ? tangent(along: form.slope!, cotangent) : cotangent
                return (slot, form)
            }
            let active = Convolution.Slot.allCases.filter { slot in term[slot].map { isActive(operands[$0]) } ?? false
            }
            let shared = active.filter { $0 == .features || $0 == .harmonics || $0 == .basis }
            let alone = (slots == [.output] ? [] : shared) + active.filter { !shared.contains($0) }
            for group in (slots == [.output] ? [shared] : []) + alone.map({ [$0] }) where !group.isEmpty {
                // A form does not depend on the argument that the cotangent stands for.
                let forms = forms.filter { !group.contains($0.slot) }.map(\.form)
                guard !forms.isEmpty else { continue }
                let axes = group.map { shape(operands[term[$0]!]).axis }
                let results = partials(convolution, Array(zip(group, axes)), forms)
                contributions += zip(group, results).map { slot, result in
                    let argument = operands[term[slot]!]
                    return (slot == .basis ? variable(ofBasis: argument) : argument, result)
                }
            }
        }
        return contributions
    }

    /// The sum over `forms` of ∂Q/∂s for every slot s in `slots`, given with the axis of its argument.
    private mutating func partials(
        _ convolution: Convolution, _ slots: [(slot: Convolution.Slot, axis: Axis)], _ forms: [Form]
    ) -> [Value] {
        var operands: [Value] = []
        let terms = forms.map { form in
            var term = ConvolutionOperands()
            func position(_ value: Value) -> Int {
                let position = operands.firstIndex(of: value) ?? operands.endIndex
                if position == operands.endIndex { operands.append(value) }
                return position
            }
            for slot in Convolution.Slot.allCases where slots.count > 1 || slots[0].slot != slot {
                term[slot] = form.arguments[slot].map(position)
            }
            term.changesHarmonics = form.changesHarmonics
            if slots.contains(where: { $0.slot == .basis }) {
                term.slope = (form.slope ?? form.arguments[.basis].map { slope(ofBasis: $0) }).map(position)
            }
            return term
        }
        return append(
            .convolution(convolution, slots.map(\.slot), terms), operands,
            shapes: slots.map { Program.Shape($0.axis, convolution.gradientLayout($0.slot)) })
    }

    /// The instruction whose only result is this value.
    private func producer(of value: Value) -> Program.Instruction? {
        program.instructions.first { $0.results == [value] }
    }

    // MARK: Radial bases as functions of one number

    /// How a basis was made.
    private func origin(ofBasis value: Value) -> (basis: RadialBasis, operands: [Value]) {
        guard let producer = producer(of: value), case .radialBasis(let basis, _) = producer.operation else {
            preconditionFailure("a convolution is differentiated by a basis that is not a radial basis")
        }
        return (basis, producer.operands)
    }

    /// The number that a basis, or a tangent of one, is a function of.
    private func variable(ofBasis value: Value) -> Value { origin(ofBasis: value).operands.last! }

    /// Its derivative by that number.
    private mutating func slope(ofBasis value: Value) -> Value {
        let origin = origin(ofBasis: value)
        return radialBasis(origin.basis, .slope, [origin.operands[0]])
    }

    /// The change of a basis of this slope with that of its variable.
    private mutating func tangent(along slope: Value, _ direction: Value) -> Value {
        let origin = origin(ofBasis: slope)
        return radialBasis(origin.basis, .tangent, [origin.operands[0], direction])
    }
}
