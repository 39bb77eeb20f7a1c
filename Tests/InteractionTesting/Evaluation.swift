import Atoms
import Interactions
import Neighbors

/// Energies and forces of a structure under an interaction.
public func evaluate(_ structure: Structure, under interaction: any Interaction) throws -> InteractionResult {
    let edges = try EdgeList(
        positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(interaction.cutoff))
    var result = InteractionResult()
    try interaction.evaluate(elements: structure.elements, edges: edges, into: &result)
    return result
}
