/// Products by name, as in e3nn. Neighbouring blocks of the same irrep count as one but in `fullyConnected`.
extension TensorProduct {
    /// Every pair of channels to every channel of the wanted irreps, with weights (`uvw`); of all outputs that there
    /// are.
    public static func fullyConnected(
        _ left: Irreps, _ right: Irreps, to output: Irreps, irrepNormalization: IrrepNormalization = .component,
        pathNormalization: PathNormalization = .element
    ) -> TensorProduct {
        var instructions: [Instruction] = []
        for (i, a) in left.enumerated() {
            for (j, b) in right.enumerated() {
                for (k, c) in output.enumerated() where c.irrep.isProduct(of: a.irrep, b.irrep) {
                    instructions.append(Instruction(i, j, to: k, .uvw))
                }
            }
        }
        return TensorProduct(
            left, right, to: output, instructions, irrepNormalization: irrepNormalization,
            pathNormalization: pathNormalization)
    }

    /// Every pair of channels, no weights: blocks sorted by irrep, those of the same irrep in the order of their
    /// factors. `wanted` leaves others out.
    public static func full(
        _ left: Irreps, _ right: Irreps, keeping wanted: Set<Irrep>? = nil,
        irrepNormalization: IrrepNormalization = .component
    ) -> TensorProduct {
        let (left, right) = (left.simplified, right.simplified)
        var (blocks, instructions): ([Irreps.Block], [Instruction]) = ([], [])
        for (i, a) in left.enumerated() {
            for (j, b) in right.enumerated() {
                for irrep in a.irrep * b.irrep where wanted?.contains(irrep) ?? true {
                    instructions.append(Instruction(i, j, to: blocks.count, .uvuv, weights: false))
                    blocks.append(.init(a.multiplicity * b.multiplicity, irrep))
                }
            }
        }
        return sorted(left, right, blocks, instructions, irrepNormalization)
    }

    /// Channel by channel, no weights (`uuu`). Both sides must have equally many channels; blocks are cut where those
    /// of the other side end.
    public static func elementwise(
        _ left: Irreps, _ right: Irreps, keeping wanted: Set<Irrep>? = nil,
        irrepNormalization: IrrepNormalization = .component
    ) -> TensorProduct {
        precondition(
            left.channelCount == right.channelCount,
            "expected equally many channels, got \(left.channelCount) and \(right.channelCount)")
        var (a, b): ([Irreps.Block], [Irreps.Block]) = ([], [])
        var (restLeft, restRight) = (Array(left.simplified.reversed()), Array(right.simplified.reversed()))
        while let x = restLeft.popLast(), let y = restRight.popLast() {
            let shared = min(x.multiplicity, y.multiplicity)
            a.append(.init(shared, x.irrep))
            b.append(.init(shared, y.irrep))
            if x.multiplicity > shared { restLeft.append(.init(x.multiplicity - shared, x.irrep)) }
            if y.multiplicity > shared { restRight.append(.init(y.multiplicity - shared, y.irrep)) }
        }
        var (blocks, instructions): ([Irreps.Block], [Instruction]) = ([], [])
        for index in a.indices {
            for irrep in a[index].irrep * b[index].irrep where wanted?.contains(irrep) ?? true {
                instructions.append(Instruction(index, index, to: blocks.count, .uuu, weights: false))
                blocks.append(.init(a[index].multiplicity, irrep))
            }
        }
        return TensorProduct(
            Irreps(a), Irreps(b), to: Irreps(blocks), instructions, irrepNormalization: irrepNormalization)
    }

    /// e3nn's `Linear` without biases: each output channel a weighted sum of the input channels of its irrep. The
    /// product with the scalar 1.
    public static func linear(
        _ input: Irreps, to output: Irreps, pathNormalization: PathNormalization = .element
    ) -> TensorProduct {
        fullyConnected(input, "0e", to: output, pathNormalization: pathNormalization)
    }

    /// x ⊗ x without weights: every pair of channels once. The components of the product of a channel with itself have
    /// unit mean square too, for features that are normally distributed. The derivatives of a square are those of its
    /// `TensorSquare`.
    public static func square(
        _ irreps: Irreps, keeping wanted: Set<Irrep>? = nil, irrepNormalization: IrrepNormalization = .component
    ) -> TensorProduct {
        let irreps = irreps.simplified
        var (blocks, instructions): ([Irreps.Block], [Instruction]) = ([], [])
        eachSquare(irreps, wanted, irrepNormalization) { i, j, irrep, isDiagonal, share in
            let (m, n) = (irreps[i].multiplicity, irreps[j].multiplicity)
            let (mode, multiplicity): (Mode, Int) =
                isDiagonal ? (.uuu, m) : i == j ? (.uvuLessV, m * (m - 1) / 2) : (.uvuv, m * n)
            instructions.append(Instruction(i, j, to: blocks.count, mode, weights: false, share: share))
            blocks.append(.init(multiplicity, irrep))
        }
        return sorted(irreps, irreps, blocks, instructions, .none)
    }

    /// x ⊗ x with weights, to every channel of the wanted irreps.
    public static func square(
        _ irreps: Irreps, to output: Irreps, irrepNormalization: IrrepNormalization = .component
    ) -> TensorProduct {
        let irreps = irreps.simplified
        var instructions: [Instruction] = []
        eachSquare(irreps, Set(output.map(\.irrep)), irrepNormalization) { i, j, irrep, isDiagonal, share in
            for (k, block) in output.enumerated() where block.irrep == irrep {
                let mode: Mode = isDiagonal ? .uuw : i == j ? .uLessVw : .uvw
                instructions.append(Instruction(i, j, to: k, mode, share: share))
            }
        }
        return TensorProduct(irreps, irreps, to: output, instructions, irrepNormalization: .none)
    }

    /// The products of pairs of different channels, and of channels with themselves, where those are not zero; with the
    /// square of the factor that gives them unit variance (of the norm: unit mean square norm).
    ///
    /// For a channel with itself ⟨(C x x)²⟩ has two terms more than for different ones, which are the same where the
    /// output is not a scalar; of a scalar, x²/√d, they are 2 beside d.
    private static func eachSquare(
        _ irreps: Irreps, _ wanted: Set<Irrep>?, _ normalization: IrrepNormalization,
        _ body: (_ i: Int, _ j: Int, Irrep, _ isDiagonal: Bool, _ share: Double) -> Void
    ) {
        for (i, a) in irreps.enumerated() {
            for (j, b) in irreps.enumerated() where i <= j {
                for c in a.irrep * b.irrep where wanted?.contains(c) ?? true {
                    let d = Double(a.irrep.dimension)
                    let pair =
                        switch normalization {
                        case .component: Double(c.dimension)
                        case .norm: d * Double(b.irrep.dimension)
                        case .none: 1.0
                        }
                    if i < j {
                        body(i, j, c, false, pair)
                        continue
                    }
                    if a.multiplicity > 1 { body(i, j, c, false, pair) }
                    guard c.l.isMultiple(of: 2) else { continue }
                    let diagonal =
                        switch normalization {
                        case .component: c.l == 0 ? 1 / (d + 2) : Double(c.dimension) / 2
                        case .norm: c.l == 0 ? d : d * (d + 2) / 2
                        case .none: 1.0
                        }
                    body(i, j, c, true, diagonal)
                }
            }
        }
    }

    /// The product whose output blocks are sorted by irrep.
    private static func sorted(
        _ left: Irreps, _ right: Irreps, _ blocks: [Irreps.Block], _ instructions: [Instruction],
        _ normalization: IrrepNormalization
    ) -> TensorProduct {
        let output = Irreps(blocks)
        let places = output.sortedPlaces
        let moved = instructions.map { instruction in
            var instruction = instruction
            instruction.output = places[instruction.output]
            return instruction
        }
        return TensorProduct(left, right, to: output.sorted, moved, irrepNormalization: normalization)
    }
}
