import Dynamics

extension MDSettings {
    var dynamics: Ensemble { ensemble.ensemble(timestep: timestep, seed: seed) }

    var ensembleDescription: String { "\(ensemble.description), timestep \(Written.short(timestep.femtoseconds)) fs" }
}
