import Atoms
import Interactions

/// Energies and forces of a structure under an interaction.
public func evaluate(_ structure: Structure, under interaction: any Interaction) throws -> InteractionResult {
    var result = InteractionResult()
    try interaction.evaluate(Configuration(structure, cutoff: interaction.cutoff), into: &result)
    return result
}
