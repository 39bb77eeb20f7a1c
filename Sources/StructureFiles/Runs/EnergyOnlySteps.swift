/// Steps that have an energy and no gradient: structures of a run that computes energies alone, and of no use in one
/// that computes gradients, where they are points of a search along a line, or the last structure once more.
///
/// Which of both a run is shows at its first gradient or at its end, so steps wait until then.
struct EnergyOnlySteps {
    private var waiting: [RunStep] = []
    /// Whether the run has printed a gradient.
    private var hasGradients = false

    mutating func finish(_ step: RunStep, into steps: inout RunSteps) throws {
        if step.forces != nil {
            hasGradients = true
            waiting = []
        }
        if step.forces != nil || step.isCut || step.isConverged == false || step.flaw != nil {
            try steps.finish(step)
        } else if !hasGradients, step.energy != nil, step.positions != nil {
            waiting.append(step)
        }
    }

    /// At the end of a run.
    mutating func endRun(into steps: inout RunSteps) throws {
        for step in waiting { try steps.finish(step) }
        (waiting, hasGradients) = ([], false)
    }
}
