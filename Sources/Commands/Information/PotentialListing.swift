import Potentials

/// What `apus info --potentials` says: the potentials that are found by name.
struct PotentialListing: Encodable {
    struct Entry: Encodable {
        var name: String
        var path: String
        var elements: [String]
        var predicts: [String]
        /// In a line.
        var model: String
        var origin: String?
    }

    var potentials: [Entry] = []
    /// Where they are looked for.
    var folders = PotentialLibrary.folders

    /// Files of the folders that are no potentials are left out.
    init() {
        for (name, path) in PotentialLibrary.files() {
            guard let potential = try? Potential(contentsOf: path) else { continue }
            potentials.append(
                Entry(
                    name: name, path: path, elements: potential.configuration.typeNames,
                    predicts: potential.properties.map(\.name), model: PotentialSummary(potential).line,
                    origin: potential.provenance.origin?.name))
        }
    }

    var lines: [String] {
        guard !potentials.isEmpty else {
            return ["no potentials in \(folders.joined(separator: ", "))"]
        }
        return Terminal.table(potentials.map { [$0.name, $0.model, $0.path] }, leftAligned: [0, 1, 2])
    }
}
