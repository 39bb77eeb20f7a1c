/// Floating-point operations that the mathematics of a program needs on a graph; a multiplication and an addition count
/// one each.
///
/// Counted from the program's instructions, so forces cost what their derivative needs and no more. Not counted:
/// padding of channels in convolutions, and the elementary functions of an edge or a scalar (harmonics, spline basis,
/// activations), which are about a hundredth of the whole.
public struct OperationCount: Sendable, Equatable {
    /// Convolutions for energies.
    public var convolution = 0.0
    /// Their derivatives.
    public var convolutionDerivatives = 0.0
    /// Linear maps, self-connections and their derivatives.
    public var linear = 0.0
    /// Gates, sums and scatters.
    public var elementwise = 0.0

    public init() {}

    public var total: Double { convolution + convolutionDerivatives + linear + elementwise }
}

extension Program {
    /// The operations of one run, all stages.
    /// - Parameter weightsChange: whether what depends on the weights only is computed in every run too, as in
    ///   training.
    public func operationCount(
        atoms: Int, edges: Int, structures: Int = 1, weightsChange: Bool = false
    ) -> OperationCount {
        let isStatic = staticValues
        var count = OperationCount()
        for instruction in instructions where weightsChange || !isStatic[instruction.results[0].index] {
            let shape = shape(of: instruction.results[0])
            let rows = rows(of: instruction.results[0], atoms, edges, structures)
            let width = Double(shape.layout.blocks.reduce(0) { $0 + $1.dimension * $1.multiplicity })
            switch instruction.operation {
            case .convolution(let convolution, let slots, let terms):
                let perEdge = terms.reduce(0) { sum, term in
                    sum
                        + convolution.operationsPerEdge(
                            for: slots.filter { $0 != term.omitted }, changesHarmonics: term.changesHarmonics)
                }
                let operations = Double(edges) * perEdge
                if slots == [.output] {
                    count.convolution += operations
                } else {
                    count.convolutionDerivatives += operations
                }
            case .linear(let map, let slot):
                // Operand 0 has a row for each of the form, whatever the slot.
                count.linear +=
                    map.operationsPerRow
                    * (slot == .weights ? self.rows(of: instruction.operands[0], atoms, edges, structures) : rows)
            case .product(let map, let slot):
                let width = map.terms.reduce(0) { $0 + $1.irreps.dimension * $1.irreps.multiplicity }
                count.elementwise += rows * Double(width) * (slot == .scalars ? 2 : 1)
            case .sum: count.elementwise += rows * width * Double(instruction.operands.count - 1)
            case .scaled: count.elementwise += rows * width
            case .segmentSum: count.elementwise += Double(atoms) * width
            case .edgeForces, .edgeDifference: count.elementwise += 6 * Double(edges)
            case .edgeVirial, .edgeStrain, .atomicVirials: count.elementwise += 18 * Double(edges)
            case .edgeVectors: count.elementwise += 6 * Double(edges)
            case .input, .constant, .fill, .gather, .pointwise, .slice, .embed, .concatenated,
                .splineCoefficients, .edgeFunction, .radialBasis, .fillGhosts, .addGhosts:
                break
            }
        }
        return count
    }

    private func rows(of value: Value, _ atoms: Int, _ edges: Int, _ structures: Int) -> Double {
        switch shape(of: value).axis {
        case .fixed(let count): Double(count)
        case .atoms, .sources: Double(atoms)
        case .structures: Double(structures)
        case .edges, .edgeKnots: Double(edges)
        }
    }
}

extension LinearMap {
    /// For one row, also in the derivatives.
    fileprivate var operationsPerRow: Double {
        terms.reduce(0) { $0 + 2 * Double($1.input.dimension * $1.input.multiplicity * $1.output.multiplicity) }
    }
}

extension Convolution {
    /// One term of Q differentiated by these slots, for one edge.
    ///
    /// The coupling matrix t[m₁, m₃] = Σ C Y is built once for each edge and triple of degrees, with the non-zero C
    /// only; H[m₂, m₃] = Σ C h is made once for each atom and not counted. Then, for each channel of a path with S
    /// non-zero elements of t and S′ of H,
    ///
    ///     w = Σ_q B[q] R[q]          8
    ///     u = t h,  out += w u       2S + 2(2l₃+1)
    ///     v = t g,  ∂h += w v        2S + 2(2l₁+1)
    ///     z = H g                    2S′            for distance and harmonics alike
    ///     s = Y·z,  ∂d += w′ s       2(2l₂+1) + 10  with w′ = Σ_q B′[q] R[q]
    ///     ∂Y += w z                  2(2l₂+1)
    ///     s = h·v,  ∂R[q] += B[q] s  2(2l₁+1) + 8   after v = t g
    ///
    /// For l₂ = 0, t is a number that joins the weight, and z = h·g; for l₁ = 0, z is h g and s is h v.
    func operationsPerEdge(for slots: [Slot], changesHarmonics: Bool = false) -> Double {
        let wanted = Set(slots)
        func wants(_ slots: Slot...) -> Bool { !wanted.isDisjoint(with: slots) }
        var operations = 0
        for path in paths {
            let coupling = couplings[path.coupling]
            let (d1, d2, d3) = (2 * coupling.l1 + 1, 2 * coupling.l2 + 1, 2 * coupling.l3 + 1)
            if changesHarmonics, coupling.kind == .diagonal { continue }
            let matrix = coupling.kind == .diagonal ? 0 : Set(coupling.entries.map(\.slot)).count
            var perChannel = 0
            if wants(.output, .features, .harmonics) { perChannel += 8 }
            if wants(.output) { perChannel += 2 * matrix + 2 * d3 }
            if wants(.features, .table) || coupling.kind == .scalar && wants(.basis) { perChannel += 2 * matrix }
            if wants(.features) { perChannel += 2 * d1 }
            if wants(.table) { perChannel += 2 * d1 + 8 }
            switch coupling.kind {
            case .diagonal:
                if wants(.basis) { perChannel += 2 * d1 + 10 }
            case .scalar:
                if wants(.basis) { perChannel += 1 + 10 }
                if wants(.harmonics) { perChannel += 1 + 2 * d3 }
            case .coupled:
                if wants(.basis, .harmonics) {
                    perChannel += 2 * Set(coupling.entries.map { [$0.harmonic, $0.slot % d3] }).count
                }
                if wants(.basis) { perChannel += 2 * d2 + 10 }
                if wants(.harmonics) { perChannel += 2 * d2 }
            }
            operations += perChannel * path.input.multiplicity
        }
        for coupling in couplings where coupling.kind != .diagonal && wants(.output, .features, .table) {
            operations += 2 * coupling.entries.count
        }
        return Double(operations)
    }
}
