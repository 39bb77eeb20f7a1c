import Atoms
import Interactions
import Neighbors

/// When a simulation must stop, because what follows would be nonsense.
public struct Guards: Sendable {
    /// How close atoms may come; unless given, what the interaction has learned from.
    public var minimumDistances: MinimumDistances?
    /// Above it a run has exploded. Far above what any solid or liquid has, and below what an overlap makes of it.
    public var highestTemperature = Temperature.kelvin(20_000)

    /// How far the members of a committee may disagree about the force on an atom, eV/Å; no limit unless given.
    public var largestForceDeviation: Double?

    public init() {}

    /// - Throws: `SimulationError` for the pair of atoms that is farthest below its limit.
    func check(_ edges: EdgeList, of elements: [Element], limits: MinimumDistances, step: Int) throws {
        guard let pair = limits.worstViolation(in: edges, of: elements) else { return }
        let (i, j) = pair.atoms
        let (a, b) = (elements[i], elements[j])
        throw SimulationError(
            .tooClose, step: step,
            "At step \(step) atoms \(i + 1) (\(a)) and \(j + 1) (\(b)) are \(format(pair.distance)) Å apart, "
                + "\(pair.reason). The potential knows nothing there: add such structures to the training data, or look at the start and the "
                + "timestep.")
    }

    private func format(_ length: Double) -> String { "\((length * 1000).rounded() / 1000)" }

    /// - Throws: `SimulationError` for the atom whose force the committee disagrees most about.
    func check(_ deviation: Structure.Deviation?, of elements: [Element], step: Int) throws {
        guard let limit = largestForceDeviation, let deviation else { return }
        let largest = deviation.largestOfForces
        guard largest > limit, let atom = deviation.forces.firstIndex(of: largest) else { return }
        throw SimulationError(
            .uncertain, step: step,
            "At step \(step) the members of the committee disagree about the force on atom \(atom + 1) "
                + "(\(elements[atom])) by \(format(largest)) eV/Å, more than the limit of \(limit) eV/Å. They have seen "
                + "nothing like it: add such structures to the training data.")
    }

    /// - Parameter isStart: whether nothing has moved yet, so that the start itself is to blame.
    func check(temperature: Double, energy: Double, step: Int, isStart: Bool = false) throws {
        guard temperature.isFinite, energy.isFinite else {
            throw SimulationError(
                .notFinite, step: step,
                "At step \(step) the energy or a velocity is not a number any more (energy \(energy) eV, temperature "
                    + "\(temperature) K). Try a shorter timestep.")
        }
        guard temperature <= highestTemperature.kelvin else {
            guard !isStart else {
                throw SimulationError(
                    .tooHot, step: step,
                    "The velocities at the start have a temperature of \(temperature.rounded()) K, above the limit of "
                        + "\(highestTemperature.kelvin) K. Correct them or their unit (Å/fs), or raise the limit.")
            }
            throw SimulationError(
                .tooHot, step: step,
                "At step \(step) the temperature is \(temperature.rounded()) K, above the limit of "
                    + "\(highestTemperature.kelvin) K: the run has exploded. Try a shorter timestep, or relax the "
                    + "structure first.")
        }
    }

    /// - Throws: `SimulationError` naming the first atom that is nowhere.
    func check(positions: [SIMD3<Double>], step: Int) throws {
        var sum = SIMD3<Double>.zero
        for position in positions { sum += position * 0 }  // 0, unless something is infinite or not a number
        guard sum != .zero, let atom = positions.firstIndex(where: { !dot($0, $0).isFinite }) else { return }
        throw SimulationError(
            .notFinite, step: step,
            "At step \(step) atom \(atom + 1) is at \(positions[atom]): its force or velocity was not a number. Try a "
                + "shorter timestep.")
    }
}
