import Atoms

extension Structure {
    /// Repeated along what repeats, the thinnest direction first, until there are so many atoms, so that hot atoms do
    /// not meet themselves. Without a cell it stays as it is.
    func repeated(toAtoms atoms: Int) -> Structure {
        guard let cell else { return self }
        let open = (0..<3).filter { cell.repeats(along: $0) }
        var copies = [1, 1, 1]
        while copies.reduce(count, *) < atoms {
            guard
                let thinnest = open.min(by: {
                    cell.heights[$0] * Double(copies[$0]) < cell.heights[$1] * Double(copies[$1])
                })
            else { break }
            copies[thinnest] += 1
        }
        return repeated(copies[0], copies[1], copies[2])
    }
}
