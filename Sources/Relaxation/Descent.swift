import Atoms
import Interactions
import Symmetry

/// The way of one structure to its minimum.
struct Descent {
    let index: Int
    /// Where the step began, and what was found there.
    private var base: DeformedStructure
    private var baseResult = InteractionResult()
    /// Where it leads: what is evaluated next.
    private(set) var place: DeformedStructure
    private var step: [Double] = []
    private var minimizer: (any Minimizer)?
    private(set) var evaluations = 0
    private(set) var largestForce = 0.0
    private var startingEnergy: Double?
    /// Why there is nothing to evaluate.
    private(set) var problem: (any Error)?

    init(index: Int, structure: Structure, group: SpaceGroup?, settings: RelaxationSettings) {
        self.index = index
        var freedom = StrainFreedom.none
        do {
            freedom = try StrainFreedom(
                settings.cellChange, of: structure.cell, axes: settings.axes, group: group)
        } catch {
            problem = error
        }
        if let last = settings.fixedAtoms.max(), last >= structure.count {
            problem = StrainFreedom.Problem(
                description: "expected an atom of 1…\(structure.count) to be fixed, found \(last + 1)")
        }
        base = DeformedStructure(structure, freedom: freedom, group: group, settings: settings)
        place = base
    }

    /// Takes the result of `place`, and chooses the next place; returns what became of it where there is none.
    mutating func absorb(
        _ outcome: Result<InteractionResult, any Error>, settings: RelaxationSettings, energyNoise: Double
    ) -> RelaxedStructure? {
        let result: InteractionResult
        switch outcome {
        case .success(let found): result = found
        case .failure(let error):
            let whole = evaluations == 0 ? nil : baseResult
            return ended(at: base, whole, isConverged: false, settings, failure: "\(error)")
        }
        evaluations += 1
        if startingEnergy == nil { startingEnergy = result.energy }
        let force = place.largestForce(result)
        let deviation = place.stressDeviation(result)
        largestForce = force
        // The strain's derivative per atom too: a stress is small where a cell is mostly empty.
        let strainForce = deviation * (place.structure.cell?.volume ?? 0) / Double(max(1, place.structure.count))
        if force <= settings.forceTolerance, deviation <= settings.stressTolerance,
            strainForce <= max(settings.forceTolerance, 1e-9)
        {
            return ended(at: place, result, isConverged: true, settings)
        }
        guard evaluations < settings.maximumEvaluations else {
            return ended(
                at: place, result, isConverged: false, settings,
                failure: "not relaxed after \(evaluations) evaluations")
        }
        do {
            if minimizer == nil {
                switch settings.method {
                case .fire: minimizer = FIRE()
                case .lbfgs:
                    minimizer = LBFGS(
                        try BondModel(place, fixed: settings.fixedAtoms),
                        energyNoise: energyNoise * Double(place.structure.count))
                }
            }
        } catch {
            return ended(at: place, result, isConverged: false, settings, failure: "\(error)")
        }
        let change = step.isEmpty ? 0 : result.energy - baseResult.energy + base.work(to: place, by: step)
        let here = place
        let decision = minimizer!.next(
            energyChange: change, gradient: place.gradient(result), limit: { here.limited($0, settings) })
        if decision.accepts {
            base = place
            baseResult = result
        }
        step = decision.step
        guard step.contains(where: { abs($0) > 1e-12 }) else {
            return ended(
                at: base, baseResult, isConverged: false, settings,
                failure: "no step lowers the energy: rounding is larger than the tolerance")
        }
        place = base.moved(by: step)
        return nil
    }

    private func ended(
        at place: DeformedStructure, _ result: InteractionResult?, isConverged: Bool, _ settings: RelaxationSettings,
        failure: String? = nil
    ) -> RelaxedStructure {
        var structure = place.structure
        structure.velocities = nil
        structure.energy = result?.energy
        structure.forces = result?.forces
        structure.stress = result.flatMap { result in structure.cell.map { $0.stress(ofVirial: result.virial) } }
        structure.deviation = result?.deviation
        return RelaxedStructure(
            index: index, structure: structure, isConverged: isConverged, evaluations: evaluations,
            largestForce: result.map(place.largestForce) ?? .nan,
            stressDeviation: result.map(place.stressDeviation) ?? .nan,
            failure: failure, energyChange: result.flatMap { result in startingEnergy.map { result.energy - $0 } })
    }
}
