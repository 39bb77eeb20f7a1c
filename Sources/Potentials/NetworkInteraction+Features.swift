import Atoms
import Interactions
import Models
import Programs

/// What the network knows of atoms before it says energies: the scalars behind the last layer.
extension NetworkInteraction {
    /// `[atom][member, channel]` of a whole structure. They do not change when it turns, moves, or numbers its atoms
    /// otherwise.
    public func features(of configuration: Configuration) throws -> [[T]] {
        precondition(configuration.isWhole, "expected a whole structure, got a host's part of one")
        try find(speciesOf: configuration.elements)
        let executor = featureExecutor
        return try Graph.with(species: species, edges: configuration.edges) { graph in
            executor.run(on: graph, stage: 0)
            var rows = [[T]](repeating: [], count: graph.atoms)
            for member in 0..<memberCount {
                let output = executor.program.output(Model.prefix(member, of: memberCount) + "features")
                let layout = executor.program.shape(of: output.value).layout
                executor.withOutput(output, on: graph) { numbers in
                    for atom in rows.indices {
                        for block in layout.blocks {
                            let first = atom * layout.width + block.offset
                            rows[atom] += numbers[first..<first + block.multiplicity]
                        }
                    }
                }
            }
            guard rows.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
                throw InteractionError(
                    .notFinite,
                    "The potential gives features that are not finite numbers: atoms are probably on top of each other."
                )
            }
            return rows
        }
    }
}
