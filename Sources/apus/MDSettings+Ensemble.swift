import Dynamics

extension MDSettings {
    var integrator: any Integrator {
        switch ensemble {
        case .nve: VelocityVerlet(timestep: timestep)
        case .langevin(let temperature, let friction, let keepsCentreOfMass):
            Langevin(
                timestep: timestep, temperature: temperature, friction: friction, seed: seed,
                keepsCentreOfMass: keepsCentreOfMass)
        }
    }

    var ensembleDescription: String {
        let dt = "timestep \(Written.short(timestep.femtoseconds)) fs"
        switch ensemble {
        case .nve: return "constant energy (nve), \(dt)"
        case .langevin(let temperature, let friction, _):
            return "Langevin at \(Written.short(temperature.kelvin)) K, friction "
                + "\(Written.short(friction.perFemtosecond * 1e3))/ps, \(dt)"
        }
    }
}
