import Atoms
import Foundation
import Interactions
import Neighbors

/// The laws that every interaction obeys, each measured as one number with its bound.
///
/// A test target runs it over each of its implementations:
///
///     @Test(arguments: InteractionConformance.Law.allCases)
///     func ziegler(obeys law: InteractionConformance.Law) throws {
///         let result = try InteractionConformance(of: ZBL(cutoff: 4), on: structure).measure(law)
///         #expect(result.holds, "\(result)")
///     }
public struct InteractionConformance {
    public enum Law: String, CaseIterable, Sendable {
        case energyIsInvariantUnderRotation
        case energyIsInvariantUnderInversion
        case energyIsInvariantUnderTranslation
        case resultsFollowAPermutationOfAtoms
        case atomicEnergiesAddUp
        case atomicVirialsAddUp
        case forcesAddUpToZero
        case forcesAreMinusTheGradient
        case virialIsMinusTheStrainDerivative
        case longerEdgesContributeNothing
        case forcesEndSmoothlyAtTheCutoff
        case aSupercellIsTheSumOfItsParts
        case anIsolatedAtomFeelsNothing
        case noAtomsHaveNoEnergy
        case resultsAreReproducible
        case structuresTogetherAreAsAlone
        case hessianIsTheSlopeOfForces
        case energyFlowsAsEnergiesChange
        case heatFluxOfASupercellIsTheSum
        case heatIsDrivenAsItFlows
    }

    /// How far a law is from being obeyed.
    public struct Measurement: CustomStringConvertible {
        public var law: Law
        public var deviation: Double
        public var bound: Double
        public var holds: Bool { deviation <= bound }
        public var description: String { "\(law.rawValue): \(deviation) where at most \(bound) is allowed" }
    }

    let interaction: any Interaction
    let structure: Structure
    /// The relative rounding error of one evaluation: 1e-12 or so for double precision, 1e-5 for single.
    let precision: Double
    /// Of the five-point differences, Å. By default the one that balances their rounding error ε·E/h with their error
    /// of order h⁴. A function that is only twice continuously differentiable, such as a cubic spline, has an error of
    /// order h² at its knots and needs a smaller one.
    let step: Double

    public init(
        of interaction: any Interaction, on structure: Structure, precision: Double = 1e-12, step: Double? = nil
    ) {
        self.interaction = interaction
        self.structure = structure
        self.precision = precision
        self.step = step ?? 0.3 * pow(precision, 0.2)
    }

    public func measure(_ law: Law) throws -> Measurement {
        let (deviation, bound) =
            switch law {
            case .energyIsInvariantUnderRotation: try deviation(under: Self.rotation)
            case .energyIsInvariantUnderInversion: try deviation(under: Matrix3.identity * -1)
            case .energyIsInvariantUnderTranslation: try deviationUnderTranslation()
            case .resultsFollowAPermutationOfAtoms: try deviationUnderPermutation()
            case .atomicEnergiesAddUp: try deviationOfAtomicEnergies()
            case .atomicVirialsAddUp: try deviationOfAtomicVirials()
            case .forcesAddUpToZero: try deviationOfTotalForce()
            case .forcesAreMinusTheGradient: try deviationFromGradient()
            case .virialIsMinusTheStrainDerivative: try deviationFromStrainDerivative()
            case .longerEdgesContributeNothing: try deviationWithLongerEdges()
            case .forcesEndSmoothlyAtTheCutoff: try deviationAtCutoff()
            case .aSupercellIsTheSumOfItsParts: try deviationOfSupercell()
            case .anIsolatedAtomFeelsNothing: try deviationOfIsolatedAtom()
            case .noAtomsHaveNoEnergy: try deviationWithoutAtoms()
            case .resultsAreReproducible: try deviationOfSecondEvaluation()
            case .structuresTogetherAreAsAlone: try deviationOfABatch()
            case .hessianIsTheSlopeOfForces: try deviationOfHessian()
            case .energyFlowsAsEnergiesChange: try deviationOfEnergyFlow()
            case .heatFluxOfASupercellIsTheSum: try deviationOfHeatFluxOfSupercell()
            case .heatIsDrivenAsItFlows: try deviationOfHeatDriving()
            }
        return Measurement(law: law, deviation: deviation, bound: bound)
    }

    /// About (1, 2, 3) by 1 rad: no symmetry of any structure.
    private static let rotation: Matrix3 = {
        let n = SIMD3(1.0, 2, 3) * (1 / 14.0.squareRoot())
        let (c, s) = (cos(1.0), sin(1.0))
        let cross = Matrix3(SIMD3(0, -n.z, n.y), SIMD3(n.z, 0, -n.x), SIMD3(-n.y, n.x, 0))
        return Matrix3.identity * c + cross * s + Matrix3.outer(n, n) * (1 - c)
    }()
}

// MARK: - Symmetries

extension InteractionConformance {
    func evaluate(
        _ structure: Structure, cutoff: Double? = nil, wantsAtomicVirials: Bool = false
    ) throws -> InteractionResult {
        var result = InteractionResult()
        result.wantsAtomicVirials = wantsAtomicVirials
        try interaction.check(elements: structure.elements)
        try interaction.evaluate(
            Configuration(structure, cutoff: cutoff ?? interaction.cutoff), into: &result)
        return result
    }

    /// The size of the terms whose rounding errors add up in an energy, a force or a virial.
    func scale(_ result: InteractionResult) -> Double {
        result.atomicEnergies.reduce(1) { $0 + abs($1) } + result.forces.reduce(0) { $0 + norm($1) }
            + result.virial.elements.reduce(0) { $0 + abs($1) }
    }

    /// The largest difference of energy, forces and virial.
    private func difference(_ a: InteractionResult, _ b: InteractionResult) -> Double {
        precondition(a.forces.count == b.forces.count)
        let energies = zip(a.atomicEnergies, b.atomicEnergies).map { abs($0 - $1) }
        let forces = zip(a.forces, b.forces).map { norm($0 - $1) }
        let virial = (a.virial - b.virial).elements.map { abs($0) }
        return ([abs(a.energy - b.energy)] + energies + forces + virial).max()!
    }

    private func deviation(under q: Matrix3) throws -> (Double, Double) {
        var moved = structure
        moved.positions = structure.positions.map { $0 * q }
        moved.cell?.vectors = structure.cell!.vectors * q
        let expected = try evaluate(structure)
        var result = try evaluate(moved)
        // x′ = x·Q, so F = F′·Qᵀ and W = Q W′ Qᵀ.
        result.forces = result.forces.map { $0 * q.transposed }
        result.virial = q * result.virial * q.transposed
        return (difference(result, expected), precision * scale(expected))
    }

    private func deviationUnderTranslation() throws -> (Double, Double) {
        var moved = structure
        moved.positions = structure.positions.map { $0 + SIMD3(11.3, -7.1, 3.9) }
        let expected = try evaluate(structure)
        // Positions grow from about 10 Å to 20 Å, and with them the rounding of the edges.
        return (try difference(evaluate(moved), expected), 4 * precision * scale(expected))
    }

    private func deviationUnderPermutation() throws -> (Double, Double) {
        let order = structure.positions.indices.sorted { ($0 * 7919) % 31 > ($1 * 7919) % 31 }
        var moved = structure
        moved.positions = order.map { structure.positions[$0] }
        moved.elements = order.map { structure.elements[$0] }
        let permuted = try evaluate(moved)
        let expected = try evaluate(structure)
        var result = permuted
        for (new, old) in order.enumerated() {
            result.forces[old] = permuted.forces[new]
            result.atomicEnergies[old] = permuted.atomicEnergies[new]
        }
        return (difference(result, expected), precision * scale(expected))
    }

    private func deviationOfAtomicEnergies() throws -> (Double, Double) {
        let result = try evaluate(structure)
        return (abs(result.energy - result.atomicEnergies.reduce(0, +)), precision * scale(result))
    }

    /// Asked for beside the rest, which must not change by it.
    private func deviationOfAtomicVirials() throws -> (Double, Double) {
        let expected = try evaluate(structure)
        let result = try evaluate(structure, wantsAtomicVirials: true)
        guard result.atomicVirials.count == structure.count, expected.atomicVirials.isEmpty else {
            return (.infinity, 0)
        }
        let sum = result.atomicVirials.reduce(Matrix3.zero, +)
        let rest = (sum - result.virial).elements.map { abs($0) }.max()!
        return (max(rest, difference(result, expected) == 0 ? 0 : .infinity), precision * scale(expected))
    }

    private func deviationOfTotalForce() throws -> (Double, Double) {
        let result = try evaluate(structure)
        return (norm(result.forces.reduce(.zero, +)), precision * scale(result))
    }

    private func deviationOfSecondEvaluation() throws -> (Double, Double) {
        let first = try evaluate(structure)
        _ = try evaluate(Structure(elements: [structure.elements[0]], positions: [.zero]))
        return (try difference(evaluate(structure), first), 0)
    }

    /// Structures of several sizes, one of them empty, evaluated side by side: nothing of one reaches another.
    private func deviationOfABatch() throws -> (Double, Double) {
        var strained = structure
        strained.positions = structure.positions.map { $0 * 1.01 }
        strained.cell?.vectors = structure.cell!.vectors * 1.01
        let single = Structure(elements: [structure.elements[0]], positions: [.zero])
        let structures = [structure, single, strained, Structure(elements: [], positions: []), structure]
        let alone = try structures.map { try evaluate($0, wantsAtomicVirials: true) }
        let together = try Evaluator(interaction, parallelism: .serial).evaluate(structures, wantsAtomicVirials: true)
        let deviation = zip(together, alone).map { together, alone in
            let shares = zip(together.atomicVirials, alone.atomicVirials).map { a, b in
                (a - b).elements.map { abs($0) }.max()!
            }
            return ([difference(together, alone)] + shares).max()!
        }
        return (deviation.max()!, precision * alone.map(scale).max()!)
    }
}

// MARK: - Derivatives

extension InteractionConformance {
    /// f′(0) to fourth order: (8(f(h) − f(−h)) − (f(2h) − f(−2h))) / 12h.
    func derivative(_ f: (Double) throws -> Double) rethrows -> Double {
        let h = step
        return try (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)
    }

    /// Both errors of the difference, of energies and of derivatives that vary over ångströms as `scale` says.
    func derivativeBound(_ scale: Double) -> Double { 10 * precision / step * scale }

    private func deviationFromGradient() throws -> (Double, Double) {
        let result = try evaluate(structure)
        var worst = 0.0
        for atom in Set([0, structure.count / 2, structure.count - 1]) {
            for axis in 0..<3 {
                let slope = try derivative { h in
                    var moved = structure
                    moved.positions[atom][axis] += h
                    return try evaluate(moved).energy
                }
                worst = max(worst, abs(slope + result.forces[atom][axis]))
            }
        }
        return (worst, derivativeBound(scale(result)))
    }

    private func deviationFromStrainDerivative() throws -> (Double, Double) {
        let result = try evaluate(structure)
        var worst = 0.0
        for (i, j) in [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2)] {
            let slope = try derivative { h in
                var strain = Matrix3.identity
                strain[i, j] += h / 2
                strain[j, i] += h / 2
                var moved = structure
                moved.positions = structure.positions.map { $0 * strain }
                moved.cell?.vectors = structure.cell!.vectors * strain
                return try evaluate(moved).energy
            }
            worst = max(worst, abs(slope + result.virial[i, j]), abs(result.virial[i, j] - result.virial[j, i]))
        }
        return (worst, derivativeBound(scale(result)))
    }
}

// MARK: - The cutoff and limits

extension InteractionConformance {
    private func deviationWithLongerEdges() throws -> (Double, Double) {
        let expected = try evaluate(structure)
        let result = try evaluate(structure, cutoff: interaction.cutoff * 1.15)
        return (difference(result, expected), precision * scale(expected))
    }

    /// The force of a pair that nears the cutoff must vanish at least as the square of what is left, so halving
    /// that must quarter the force; 30 % stands for the next order.
    private func deviationAtCutoff() throws -> (Double, Double) {
        func force(_ rest: Double) throws -> Double {
            let pair = Structure(
                elements: [structure.elements[0], structure.elements[0]],
                positions: [.zero, SIMD3(interaction.cutoff * (1 - rest), 0, 0)])
            let result = try evaluate(pair)
            return norm(result.forces[0])
        }
        let beyond = try force(-1e-9)
        let (near, far) = try (force(0.002), force(0.004))
        return (max(beyond, near - 0.3 * far), precision)
    }

    private func deviationOfSupercell() throws -> (Double, Double) {
        guard structure.cell?.isFullyPeriodic == true else { return (0, 0) }
        let expected = try evaluate(structure)
        let big = try evaluate(structure.repeated(2, 1, 2))
        var folded = expected
        folded.energy = big.energy / 4
        folded.virial = big.virial * 0.25
        var worst = difference(folded, expected)
        for i in big.forces.indices {
            worst = max(worst, norm(big.forces[i] - expected.forces[i % structure.count]))
        }
        return (worst, 4 * precision * scale(expected))
    }

    private func deviationOfIsolatedAtom() throws -> (Double, Double) {
        let atom = Structure(elements: [structure.elements[0]], positions: [SIMD3(1, 2, 3)])
        var boxed = atom
        boxed.cell = Cell(Matrix3(diagonal: SIMD3(repeating: 3 * interaction.cutoff)))
        let (free, periodic) = try (evaluate(atom), evaluate(boxed))
        return (
            difference(free, periodic) + norm(free.forces[0]) + free.virial.elements.reduce(0) { $0 + abs($1) }, 0
        )
    }

    private func deviationWithoutAtoms() throws -> (Double, Double) {
        let result = try evaluate(Structure(elements: [], positions: []))
        return (abs(result.energy) + Double(result.forces.count) + abs(result.virial.trace), 0)
    }
}
