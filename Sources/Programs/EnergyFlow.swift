/// How energy moves between atoms that move, through all layers of a model.
///
/// The energy of an atom changes by dE_i/dt = Σ_j ∂E_i/∂r_j·v_j. A path of messages from j to i is made of edges, and
/// so is the way r_i − r_j; summed over all paths, the heat flux Σ_ij (r_i − r_j) (∂E_i/∂r_j·v_j) is therefore one of
/// edges,
///
///     Σ_e (r_receiver − r_source) (g_e·v_source + Σ_layers q_e),   q_e = ⟨∂E/∂(output of the convolution), m_e(ḣ)⟩,
///
/// where g_e is the derivative of the whole energy by the edge's vector and m_e(ḣ) what the edge's message changes by
/// with its source's features alone. It needs no unfolded cell (Langer, Knoop, Carbogno, Scheffler and Rupp, Phys. Rev.
/// B 108, L100302 (2023)): forces, one tangent, and one pass over edges for each layer.
extension ProgramBuilder {
    /// Appends the change of atomic energies with time and `Σ_layers q_e` of every edge, `nil` where no message depends
    /// on another.
    ///
    /// - Parameters:
    ///   - forces: minus the derivative by positions of `Σ_i cotangent_i E_i`, which were written before.
    ///   - velocities: of atoms and ghosts.
    public mutating func energyFlow(
        energies cotangent: Value, forces: Value, velocities: Value
    ) -> (rates: Value, messages: Value?) {
        // The derivative of F·v by the cotangent of E_i is −dE_i/dt; by that of a layer's messages, −ḣ.
        struct Pass {
            var convolution: Convolution
            var term: ConvolutionOperands
            var operands: [Value]
            var features: Value
        }
        let passes = program.instructions.compactMap { instruction -> Pass? in
            guard case .convolution(let convolution, let slots, let terms) = instruction.operation,
                let place = slots.firstIndex(of: .features), terms.count == 1
            else { return nil }
            return Pass(
                convolution: convolution, term: terms[0], operands: instruction.operands,
                features: instruction.results[place])
        }
        let tangents = gradients(of: [(forces, velocities)], to: [cotangent] + passes.map(\.features))
        let flows = zip(passes, tangents.dropFirst()).compactMap { pass, tangent in
            tangent.map { flow(pass.convolution, pass.term, pass.operands, features: $0) }
        }
        return (scaled(tangents[0]!, by: -1), flows.isEmpty ? nil : scaled(sum(flows), by: -1))
    }

    /// Q of every edge: its derivative by the basis, taken along the basis itself.
    private mutating func flow(
        _ convolution: Convolution, _ term: ConvolutionOperands, _ operands: [Value], features: Value
    ) -> Value {
        let values = [term.basis!, term.table!, term.harmonics!, term.output!].map { operands[$0] } + [features]
        let term = ConvolutionOperands(slope: 0, table: 1, harmonics: 2, features: 4, output: 3)
        return append(
            .convolution(convolution, [.basis], [term]), values,
            shapes: [Program.Shape(.edges, convolution.gradientLayout(.basis))])[0]
    }
}
