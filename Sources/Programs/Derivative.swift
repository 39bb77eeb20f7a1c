/// Reverse-mode differentiation as a transform of programs.
extension ProgramBuilder {
    /// The arguments of Q by slot, and what a derivative by the basis is taken along.
    private struct Form {
        /// The argument that a cotangent stands for.
        var slot: Convolution.Slot
        var arguments: [Convolution.Slot: Value] = [:]
        var slope: Value?
        /// What a derivative by the slope is taken along, where a tangent of the basis stands for it.
        var slopeOfTangent: Value?
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
                "\(instruction.operation.name) has no derivative with respect to its operand \(operand)")
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
        case .splineCoefficients(let transposed):
            return [(x[0], transposed ? splineCoefficients(g) : splineCoefficientsTransposed(g))]
        case .edgeVectors:
            var contributions: [(Value, Value)] = []
            if isActive(x[0]) { contributions.append((x[0], scaled(edgeForces(g), by: -1))) }
            if isActive(x[1]) {
                contributions.append((x[1], scaled(edgeVirial(instruction.results[0], g), by: -1)))
            }
            return contributions
        case .edgeFunction(let function, .value): return [(x[0], pullback(function, x[0], g))]
        case .edgeFunction(let function, .pullback):
            let along = isActive(x[0]) ? [(x[0], curvature(function, x[0], x[1], g))] : []
            return along + [(x[1], tangent(function, x[0], g))]
        case .edgeFunction(let function, .tangent):
            let along = isActive(x[0]) ? [(x[0], curvature(function, x[0], g, x[1]))] : []
            return along + [(x[1], pullback(function, x[0], g))]
        case .edgeFunction(let function, .curvature):
            // Symmetric in the direction and the cotangent of the result.
            unsupported(0)
            unsupported(1)
            return [(x[2], curvature(function, x[0], x[1], g))]
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
            let slopeIsActive = term.slope.map { isActive(operands[$0]) } ?? false
            let forms = zip(slots, cotangents).compactMap {
                slot, cotangent -> (slot: Convolution.Slot, form: Form)? in
                guard let cotangent, slot != term.omitted else { return nil }
                var form = Form(slot: slot)
                for other in Convolution.Slot.allCases where other != slot {
                    form.arguments[other] = term[other].map { operands[$0] }
                }
                form.slope = term.slope.map { operands[$0] }
                form.changesHarmonics = term.changesHarmonics || slot == .harmonics
                form.arguments[slot] = slot == .basis ? tangent(along: form.slope!, cotangent) : cotangent
                if slot == .basis, slopeIsActive { form.slopeOfTangent = curvature(along: form.slope!, cotangent) }
                return (slot, form)
            }
            if slopeIsActive {
                contributions += pullbackOfPositions(
                    convolution, term, operands, forms.map(\.form), isActive: isActive)
                continue
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

    /// Likewise where the slope of the basis depends on what derivatives are taken by, as in derivatives of forces by
    /// positions: the basis, its slope and the harmonics then do as well.
    ///
    /// One pass gives the derivatives by features, harmonics and basis of all forms; a form has none by the argument
    /// that a cotangent stands for, except that the tangent a B′ changes along a B″.
    private mutating func pullbackOfPositions(
        _ convolution: Convolution, _ term: ConvolutionOperands, _ operands: [Value], _ forms: [Form],
        isActive: (Value) -> Bool
    ) -> [(Value, Value)] {
        let distance = origin(ofBasis: operands[term.slope!]).operands[0]
        var slots: [Convolution.Slot] = [.basis]
        for slot in [Convolution.Slot.features, .harmonics] where term[slot].map({ isActive(operands[$0]) }) ?? false
        {
            slots.append(slot)
        }
        var contributions: [(Value, Value)] = []
        // The tangent of the basis first: it takes part in all results.
        let ordered = [Convolution.Slot.basis, .features, .harmonics, .table, .output].flatMap { slot in
            forms.filter { $0.slot == slot }
        }.map { form in
            var form = form
            if let slope = form.slopeOfTangent { form.slope = slope }
            return form
        }
        slots.removeAll { slot in slot != .basis && ordered.allSatisfy { $0.slot == slot } }
        guard !ordered.isEmpty else { return [] }
        func axis(_ slot: Convolution.Slot) -> Axis { slot == .basis ? .edges : shape(operands[term[slot]!]).axis }
        let results = partials(convolution, slots.map { ($0, axis($0)) }, ordered, omitting: true)
        contributions += zip(slots, results).map { slot, result in
            (slot == .basis ? distance : operands[term[slot]!], result)
        }
        for slot in [Convolution.Slot.table, .output] where term[slot].map({ isActive(operands[$0]) }) ?? false {
            let result = partials(convolution, [(slot, axis(slot))], forms.filter { $0.slot != slot })[0]
            contributions.append((operands[term[slot]!], result))
        }
        return contributions
    }

    /// The sum over `forms` of ∂Q/∂s for every slot s in `slots`, given with the axis of its argument.
    ///
    /// - Parameter omitting: whether forms say which of the results they have no part in.
    private mutating func partials(
        _ convolution: Convolution, _ slots: [(slot: Convolution.Slot, axis: Axis)], _ forms: [Form],
        omitting: Bool = false
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
            if omitting, form.slot != .basis, slots.contains(where: { $0.slot == form.slot }) {
                term.omitted = form.slot
            }
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

    /// The change of a slope with the number that its basis is a function of.
    private mutating func curvature(along slope: Value, _ direction: Value) -> Value {
        let producer = producer(of: slope)
        guard case .radialBasis(let basis, .slope)? = producer?.operation else {
            preconditionFailure("third derivatives with respect to positions are not provided")
        }
        return radialBasis(basis, .curvature, [producer!.operands[0], direction])
    }

    /// Its derivative by that number.
    private mutating func slope(ofBasis value: Value) -> Value {
        let origin = origin(ofBasis: value)
        return radialBasis(origin.basis, .slope, [origin.operands[0]])
    }

    /// The change of a basis of this slope with that of its variable; along the basis itself, it times a number.
    private mutating func tangent(along slope: Value, _ direction: Value) -> Value {
        guard let producer = producer(of: slope), case .radialBasis(let basis, let part) = producer.operation,
            let distance = producer.operands.first
        else { preconditionFailure("what each edge has a row of its own for has no derivative along its basis") }
        return radialBasis(basis, part == .value ? .scaled : .tangent, [distance, direction])
    }
}
