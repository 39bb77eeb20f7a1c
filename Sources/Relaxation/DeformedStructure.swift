import Atoms
import Interactions
import Symmetry

/// A structure and how it has been deformed: rᵢ = r̃ᵢ F with rows, cell h = h₀ F.
///
/// A step changes r̃ and multiplies F by e^ε, ε symmetric, so that the cell never turns. In these coordinates the
/// derivatives of E − V₀ σ : ε are −fᵢ Fᵀ and −W − V σ for a target stress σ (W = −dE/dε, the virial). ε has the
/// components of `freedom`, over `strainScale`, so that a unit of them moves atoms as a unit of r̃ does.
/// Tadmor, Smith, Bernstein and Kaxiras, Phys. Rev. B 59, 235 (1999), with ln F in the place of F.
struct DeformedStructure {
    private(set) var structure: Structure
    /// r̃, Å
    private var reference: [SIMD3<Double>]
    /// F
    private var deformation = Matrix3.identity
    let freedom: StrainFreedom
    let group: SpaceGroup?
    private let isFixed: [Bool]
    private let targetStress: Matrix3
    let strainScale: Double

    init(_ structure: Structure, freedom: StrainFreedom, group: SpaceGroup?, settings: RelaxationSettings) {
        self.structure = structure
        self.freedom = freedom
        self.group = group
        reference = structure.positions
        isFixed = (0..<structure.count).map(settings.fixedAtoms.contains)
        targetStress = settings.targetStress
        // Of a cell with the stiffness of its bonds: N atoms a bond apart, sheared by a unit.
        strainScale = 1.5 * Double(structure.count).squareRoot()
    }

    var count: Int { 3 * structure.count + freedom.count }

    /// The derivatives of the enthalpy, `[3 atom + axis]`, then by strain.
    func gradient(_ result: InteractionResult) -> [Double] {
        var gradient = [Double](repeating: 0, count: count)
        var forces = result.forces
        if let group, let cell = structure.cell { forces = group.symmetrized(forces, in: cell) }
        let transposed = deformation.transposed
        for i in 0..<structure.count where !isFixed[i] {
            let g = forces[i] * transposed
            for k in 0..<3 { gradient[3 * i + k] = -g[k] }
        }
        guard let cell = structure.cell, freedom.count > 0 else { return gradient }
        let derivative = result.virial * -1 - targetStress * cell.volume
        for (k, component) in freedom.components(of: derivative).enumerated() {
            gradient[3 * structure.count + k] = component / strainScale
        }
        return gradient
    }

    /// Where a step leads.
    func moved(by step: [Double]) -> DeformedStructure {
        var moved = self
        for i in 0..<structure.count {
            moved.reference[i] += SIMD3(step[3 * i], step[3 * i + 1], step[3 * i + 2])
        }
        if freedom.count > 0 {
            let growth = strain(of: step).exponential
            moved.deformation = deformation * growth
            moved.structure.cell!.vectors = structure.cell!.vectors * growth
        }
        for i in 0..<structure.count { moved.structure.positions[i] = moved.reference[i] * moved.deformation }
        return moved
    }

    func strain(of step: [Double]) -> Matrix3 {
        freedom.strain(step[(3 * structure.count)...].lazy.map { $0 / strainScale })
    }

    /// The change of −V σ : ε along a step from here to `other`: p ΔV for the hydrostatic part, the trapezoidal rule
    /// for the rest, which is no difference of a function.
    func work(to other: DeformedStructure, by step: [Double]) -> Double {
        guard freedom.count > 0, let before = structure.cell, let after = other.structure.cell else { return 0 }
        let pressure = -targetStress.trace / 3
        let deviator = targetStress + Matrix3.identity * pressure
        return pressure * (after.volume - before.volume)
            - 0.5 * (before.volume + after.volume) * deviator.contracted(with: strain(of: step))
    }

    /// The step made no longer than the settings allow.
    func limited(_ step: [Double], _ settings: RelaxationSettings) -> [Double] {
        var factor = 1.0
        for i in 0..<structure.count {
            let length = norm(SIMD3(step[3 * i], step[3 * i + 1], step[3 * i + 2]))
            if length * factor > settings.largestMove { factor = settings.largestMove / length }
        }
        if freedom.count > 0 {
            let strain = strain(of: step).largestComponent
            if strain * factor > settings.largestStrain { factor = settings.largestStrain / strain }
        }
        return factor < 1 ? step.map { $0 * factor } : step
    }

    /// The longest force on an atom that may move, eV/Å.
    func largestForce(_ result: InteractionResult) -> Double {
        var largest = 0.0
        for i in 0..<structure.count where !isFixed[i] { largest = max(largest, norm(result.forces[i])) }
        return largest
    }

    /// How far the stress is from its target in what may change of the cell: the largest component, eV/Å³.
    func stressDeviation(_ result: InteractionResult) -> Double {
        guard freedom.count > 0, let cell = structure.cell else { return 0 }
        let difference = cell.stress(ofVirial: result.virial) - targetStress
        return freedom.strain(freedom.components(of: difference)).largestComponent
    }
}
