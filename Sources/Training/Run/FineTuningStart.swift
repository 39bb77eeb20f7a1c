import Atoms
import Compute
import DataSets
import Foundation
import Layers
import Models
import Potentials

/// The potential that a training starts from, made fit for new data: more elements, other shifts.
struct FineTuningStart: Sendable {
    let settings: FineTuningSettings
    let potential: Potential

    /// Reads the potential. Throws a `PotentialError` that names the file.
    init(_ settings: FineTuningSettings) throws {
        self.settings = settings
        potential = try Potential(verifying: settings.potential)
        guard potential.members.count == 1 else {
            throw TrainingError(
                "fine_tuning.potential: \(settings.potential) is a committee of \(potential.members.count); start from the potential of one of them (member-1/potential.safetensors)"
            )
        }
    }

    /// Throws where the potential does not predict what the loss asks for.
    func check(_ loss: LossSettings) throws {
        let missing = loss.labels.filter { !potential.properties.contains($0) }
        guard missing.isEmpty else {
            let names = missing.map(\.name).joined(separator: ", ")
            throw TrainingError(
                "fine_tuning.potential: \(settings.potential) predicts \(potential.properties.map(\.name).joined(separator: ", ")), and no \(names), for which training.loss asks; give it no weight (training.loss.\(missing[0]): 0), or train a new potential"
            )
        }
    }

    /// The potential's model with the elements of the structures added and shifts for the new level of theory.
    ///
    /// New elements have no scale in the potential: they get the mean of the others.
    func configuration(
        for structures: some Collection<Structure>, _ statistics: DataStatistics, isolatedAtoms: [Element: Double],
        parallelism: Parallelism, _ remarks: inout [Remark]
    ) throws -> ModelConfiguration {
        var configuration = potential.configuration
        let new = statistics.elements.filter { !configuration.elements.contains($0) }
        let types = Double(configuration.typeNames.count)
        if !new.isEmpty {
            guard configuration.perEdgeTypeCutoff.isEmpty else {
                throw TrainingError(
                    "fine_tuning.potential: has cutoffs by pairs of elements, and none for \(new.map(\.symbol).joined(separator: ", ")); elements can be added to potentials of one cutoff"
                )
            }
            let scale = configuration.perTypeEnergyScales.reduce(0, +) / types
            let shift = configuration.perTypeEnergyShifts.reduce(0, +) / types
            let average = configuration.avgNumNeighbors
            configuration.typeNames += new.map(\.symbol)
            configuration.perTypeEnergyScales += new.map { _ in scale }
            configuration.perTypeEnergyShifts += new.map { _ in shift }
            if average.count > 1 {
                configuration.avgNumNeighbors += new.map { _ in average.reduce(0, +) / types }
            }
            remarks.append(
                .notice("elements added to the potential: \(new.map(\.symbol).joined(separator: ", "))"))
        }
        guard configuration.predictsEnergy else {
            try configuration.validate()
            return configuration
        }
        let fitted = settings.shifts == .refit ? statistics.elements : new
        let before = configuration.perTypeEnergyShifts
        for (type, element) in configuration.elements.enumerated() where fitted.contains(element) {
            if let energy = isolatedAtoms[element] { configuration.perTypeEnergyShifts[type] = energy }
        }
        if !configuration.architecture.isolatedAtomsHaveShifts {
            try separateNetwork(fitted.filter { isolatedAtoms[$0] != nil }, in: &configuration, parallelism)
            remarks += Self.remarks(onIsolatedAtoms: fitted.filter { isolatedAtoms[$0] != nil })
        }
        let free = fitted.filter { isolatedAtoms[$0] == nil }
        if !free.isEmpty, structures.contains(where: { $0.energy != nil }) {
            try refit(free, in: &configuration, to: structures, parallelism, &remarks)
        }
        let changed = zip(configuration.typeNames, zip(before, configuration.perTypeEnergyShifts))
            .filter { $1.0 != $1.1 }
            .map { "\($0) \(String(format: "%.4f → %.4f", $1.0, $1.1))" }
        if !changed.isEmpty { remarks.append(.notice("energy shifts: \(changed.joined(separator: ", ")) eV")) }
        try configuration.validate()
        return configuration
    }

    /// Takes from shifts what the network itself gives an atom alone, so that both are the energy of the isolated atom.
    private func separateNetwork(
        _ elements: [Element], in configuration: inout ModelConfiguration, _ parallelism: Parallelism
    ) throws {
        guard !elements.isEmpty else { return }
        let model = try Model(configuration)
        let start = weights(in: model, besides: ParameterSet(model.parameters, seed: 1))
        let evaluation = try Evaluation(
            of: Potential(configuration: configuration, parameters: start, precision: potential.precision),
            parallelism: parallelism)
        var atoms = elements.map { Structure(elements: [$0], positions: [.zero], cell: nil) }[...]
        var energies: [Double] = []
        try evaluation.predict {
            atoms.popFirst()
        } _: {
            energies.append($1.energy!)
        }
        for (element, energy) in zip(elements, energies) {
            let type = configuration.elements.firstIndex(of: element)!
            configuration.perTypeEnergyShifts[type] -= energy - configuration.perTypeEnergyShifts[type]
        }
    }

    /// What is to be known of isolated atoms where the network has a say in their energies.
    static func remarks(onIsolatedAtoms elements: [Element]) -> [Remark] {
        guard !elements.isEmpty else { return [] }
        return [
            .warning(
                "the model's network gives atoms alone an energy too (\(elements.map(\.symbol).joined(separator: ", "))): those of isolated atoms are right at the start, and training may move them"
            )
        ]
    }

    /// Shifts of some elements by least squares on the labels less what the potential says already, so that it starts
    /// as near to the new energies as shifts can bring it. What the compositions leave open stays near the old shifts.
    private func refit(
        _ elements: [Element], in configuration: inout ModelConfiguration, to structures: some Collection<Structure>,
        _ parallelism: Parallelism, _ remarks: inout [Remark]
    ) throws {
        let model = try Model(configuration)
        let start = weights(in: model, besides: ParameterSet(model.parameters, seed: 1))
        let evaluation = try Evaluation(
            of: Potential(configuration: configuration, parameters: start, precision: potential.precision),
            parallelism: parallelism)
        // Differences to the present shifts are fitted, so that the ridge draws towards these.
        var differences: [Structure] = []
        var labelled = structures.lazy.filter { $0.energy != nil && $0.elements.contains(where: elements.contains) }
            .makeIterator()
        try evaluation.predict {
            labelled.next()
        } _: { structure, prediction in
            var difference = structure
            difference.energy = structure.energy! - prediction.energy!
            difference.forces = nil
            differences.append(difference)
        }
        guard !differences.isEmpty else { return }
        let fit = try DataStatistics.isolatedAtomEnergies(
            differences, elements: configuration.elements,
            known: Dictionary(
                uniqueKeysWithValues: configuration.elements.filter { !elements.contains($0) }.map { ($0, 0) }))
        for (type, element) in configuration.elements.enumerated() where elements.contains(element) {
            configuration.perTypeEnergyShifts[type] += fit.energies[type]
        }
        if !fit.isDetermined {
            remarks.append(
                .warning(
                    "the compositions do not determine the shifts of all elements; add isolated atoms to the data if they matter"
                ))
        }
    }

    /// The potential's own shifts, for the elements of a configuration that may have more; those get its.
    func shifts(in configuration: ModelConfiguration) -> [Double] {
        potential.configuration.perTypeEnergyShifts
            + configuration.perTypeEnergyShifts.dropFirst(potential.configuration.typeNames.count)
    }

    /// The potential's weights in a model that may have more elements; their embeddings are those of `random`.
    func weights(in model: Model, besides random: ParameterSet) -> ParameterSet {
        var weights = random
        for (parameter, offset) in zip(weights.parameters, weights.offsets) {
            // Rows of the embedding are types, and new ones follow the old.
            guard let old = potential.parameters[parameter.name] else { continue }
            weights.values.replaceSubrange(offset..<offset + old.count, with: old)
            guard model.configuration.architecture.isExtended, !old.isEmpty else { continue }
            // Of the size of the old ones, which another program may have chosen.
            let size = (old.reduce(0) { $0 + $1 * $1 } / Double(old.count)).squareRoot()
            for k in offset + old.count..<offset + parameter.count { weights.values[k] *= size }
        }
        return weights
    }

    /// The names of the parameters that stay as they are. Throws where a pattern fits none.
    func frozen(in model: Model) throws -> Set<String> {
        var names: Set<String> = []
        for pattern in settings.frozen {
            let matching = model.parameters.map(\.name).filter { fnmatch(pattern + "*", $0, 0) == 0 }
            guard !matching.isEmpty else {
                throw TrainingError(
                    "fine_tuning.freeze: no parameter's name begins with \(pattern); they are \(model.parameters.map(\.name).joined(separator: ", "))"
                )
            }
            names.formUnion(matching)
        }
        guard model.parameters.contains(where: { $0.isTrainable && !names.contains($0.name) }) else {
            throw TrainingError("fine_tuning.freeze: freezes all parameters, so there is nothing to train")
        }
        return names
    }
}
