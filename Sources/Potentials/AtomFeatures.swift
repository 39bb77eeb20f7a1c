import Atoms
import Compute
import Interactions
import Models

/// What a potential knows of atoms before it says energies (`NetworkInteraction.features`), in single precision.
public final class AtomFeatures {
    private let network: NetworkInteraction<Float>
    private let parallelism: Parallelism

    public init(_ potential: Potential, parallelism: Parallelism) throws {
        network = NetworkInteraction<Float>(
            try Model(potential.configuration), potential.members, parallelism: parallelism)
        self.parallelism = parallelism
    }

    /// Throws an `InteractionError` where an element is not covered.
    public func check(elements: [Element]) throws { try network.check(elements: elements) }

    /// `[atom][member, channel]`. Throws where a structure has no neighbour list, or features that are not finite.
    public func callAsFunction(_ structure: Structure) throws -> [[Float]] {
        try network.features(of: Configuration(structure, cutoff: network.cutoff, parallelism: parallelism))
    }
}
