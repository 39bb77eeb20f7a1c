import Programs

extension NequIPModel {
    /// What energies, forces and virial need on a structure with so many atoms and edges; see `OperationCount`.
    public func operationCount(atoms: Int, edges: Int, members: Int = 1) -> OperationCount {
        evaluationProgram(members: members).operationCount(atoms: atoms, edges: edges)
    }

    /// The irreps of the features that each layer hands on, as e3nn writes them.
    public var featureIrreps: [String] { layers.map { $0.output.description } }

    /// The number of tensor-product paths of each layer.
    public var pathCounts: [Int] { layers.map(\.paths.count) }
}
