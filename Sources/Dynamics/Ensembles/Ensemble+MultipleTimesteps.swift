import Compute
import Interactions

extension Ensemble {
    /// The same with forces of two timesteps.
    ///
    /// - Parameters:
    ///   - kind: of which this is made anew with the long timestep.
    ///   - timestep: the short one.
    ///   - count: short timesteps to a long one.
    /// - Throws: for ensembles that move the cell.
    public static func multipleTimesteps(
        _ kind: any EnsembleKind, timestep: Time, count: Int, seed: UInt64
    ) throws -> Ensemble {
        let long = Time.femtoseconds(timestep.femtoseconds * Double(count))
        let ensemble = kind.ensemble(timestep: long, seed: seed)
        guard !ensemble.movesCell else {
            throw SimulationError(
                .invalidSetting,
                "Forces of two timesteps need a cell that stays: \(type(of: kind).name) moves it. Take nve, langevin, csvr or nose-hoover."
            )
        }
        let verlet = MultipleTimesteps(timestep: long, count: count)
        var hasVerlet = false
        var pieces: [any Propagator] = []
        var places: [[Int]] = []
        for piece in ensemble.pieces {
            places.append([pieces.count])
            switch piece {
            case is VelocityVerlet:
                pieces.append(verlet)
                hasVerlet = true
            case let langevin as Langevin:
                places[places.count - 1].append(pieces.count + 1)
                pieces.append(verlet)
                pieces.append(
                    VelocityNoise(
                        timestep: long, temperature: langevin.temperature, friction: langevin.friction,
                        seed: langevin.seed, keepsCentreOfMass: langevin.keepsCentreOfMass))
                hasVerlet = true
            default: pieces.append(piece)
            }
        }
        guard hasVerlet else {
            throw SimulationError(
                .invalidSetting, "Forces of two timesteps are not there for the ensemble \(type(of: kind).name).")
        }
        return Ensemble(
            timestep: long, pieces: pieces, sequence: ensemble.sequence.flatMap { places[$0] },
            temperature: ensemble.temperature, movesCell: false, conservesMomentum: ensemble.conservesMomentum,
            conservesAngularMomentum: ensemble.conservesAngularMomentum, order: ensemble.order,
            isReversible: ensemble.isReversible, isDeterministic: ensemble.isDeterministic, stepsAtOnce: count)
    }

    /// What finds the cheap forces, if some piece asks for them.
    ///
    /// - Throws: where it does and there are none.
    func cheapEvaluator(of interaction: any Interaction, skin: Double, parallelism: Parallelism) throws -> Evaluator?
    {
        guard pieces.contains(where: { $0 is MultipleTimesteps }) else { return nil }
        guard let both = interaction as? TwoTimescales else {
            throw SimulationError(
                .invalidSetting, "Forces of two timesteps need two interactions, a cheap one and a dear one.")
        }
        return Evaluator(both.cheap, skin: skin, parallelism: parallelism)
    }
}
