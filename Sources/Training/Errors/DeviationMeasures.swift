import Atoms

/// How far the members of a committee disagree over many structures.
public struct DeviationMeasures: Sendable {
    private var (energies, forces) = (Mean(), Mean())
    private var largest = 0.0

    private struct Mean: Sendable {
        var sum = 0.0
        var count = 0
        var value: Double? { count > 0 ? sum / Double(count) : nil }
    }

    public init() {}

    public mutating func add(_ prediction: Structure) {
        guard let deviation = prediction.deviation else { return }
        energies.sum += deviation.energy / Double(prediction.count)
        energies.count += 1
        forces.sum += deviation.forces.reduce(0, +)
        forces.count += deviation.forces.count
        largest = max(largest, deviation.forces.max() ?? 0)
    }

    public var isEmpty: Bool { energies.count == 0 }

    /// Named values in the order of printing, meV/atom and meV/Å; none without a committee.
    public var named: [(name: String, value: Double)] {
        guard let energy = energies.value, let forces = forces.value else { return [] }
        return [
            ("energy_deviation_mean_mev_per_atom", 1000 * energy),
            ("forces_deviation_mean_mev_per_angstrom", 1000 * forces),
            ("forces_deviation_max_mev_per_angstrom", 1000 * largest),
        ]
    }
}
