import Dynamics
import Trajectory

extension MDSettings {
    var dynamics: Ensemble { ensemble.ensemble(timestep: timestep, seed: seed) }

    /// Of the table, beside those that every run has.
    func columns(isCommittee: Bool) -> [ThermoQuantity] {
        (isCommittee ? [.largestForceDeviation] : []) + (biases.isEmpty ? [] : [.biasEnergy])
    }

    var ensembleDescription: String { "\(ensemble.description), timestep \(Written.short(timestep.femtoseconds)) fs" }
}
