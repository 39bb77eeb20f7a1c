import Dynamics
import Trajectory

extension MDSettings {
    /// How atoms move.
    ///
    /// Throws where two timesteps do not go with the ensemble.
    var dynamics: Ensemble {
        get throws {
            guard let count = potential.shortSteps else { return ensemble.ensemble(timestep: timestep, seed: seed) }
            return try .multipleTimesteps(ensemble, timestep: timestep, count: count, seed: seed)
        }
    }

    /// Of the table, beside those that every run has.
    func columns(isCommittee: Bool) -> [ThermoQuantity] {
        if pathIntegral != nil { return [.primitiveKineticEnergy] }
        return (isCommittee ? [.largestForceDeviation] : []) + (biases.isEmpty ? [] : [.biasEnergy])
    }

    var ensembleDescription: String { "\(ensemble.description), timestep \(Written.short(timestep.femtoseconds)) fs" }
}
