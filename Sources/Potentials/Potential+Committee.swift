/// Committees: several sets of weights of one model in one potential.
extension Potential {
    /// The members of several potentials as one committee. Throws a `PotentialError` where their models differ: then
    /// they have not been trained for the same elements, shifts and statistics.
    public init(joining potentials: [Potential]) throws {
        guard let first = potentials.first, potentials.reduce(0, { $0 + $1.members.count }) > 1 else {
            throw PotentialError("expected at least two potentials to join, found \(potentials.count)")
        }
        for (index, other) in potentials.enumerated() {
            guard other.configuration == first.configuration else {
                throw PotentialError(
                    "potential \(index + 1) has another model than the first (hyperparameters, elements, shifts, scales and average neighbours must agree); train the members of a committee together, with committee: {members: \(potentials.count)}"
                )
            }
            guard other.precision == first.precision else {
                throw PotentialError(
                    "potential \(index + 1) is in \(other.precision.rawValue), the first in \(first.precision.rawValue)"
                )
            }
        }
        var distances = first.shortestDistances
        for other in potentials.dropFirst() { distances.merge(other.shortestDistances, uniquingKeysWith: min) }
        self.init(
            configuration: first.configuration, members: potentials.flatMap(\.members), precision: first.precision,
            provenance: first.provenance, shortestDistances: distances)
        provenance.epochs = potentials.map(\.provenance.epochs).max()!
        try renewReferences(from: first)
    }

    /// Computes the reference structures of another potential with this one.
    private mutating func renewReferences(from other: Potential) throws {
        references = []
        let interaction = try interaction(parallelism: .serial)
        references = try other.references.map { try ReferenceStructure($0.structure, under: interaction) }
    }
}
