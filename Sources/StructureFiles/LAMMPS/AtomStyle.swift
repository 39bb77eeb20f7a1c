/// Where the columns of an atom stand in a LAMMPS data file (its page of read_data).
struct LAMMPSAtomStyle {
    var name: String
    var width: Int
    var type: Int
    var position: Int
    var charge: Int?

    private static let all: [LAMMPSAtomStyle] = [
        .init(name: "atomic", width: 5, type: 1, position: 2),
        .init(name: "charge", width: 6, type: 1, position: 3, charge: 2),
        .init(name: "molecular", width: 6, type: 2, position: 3), .init(name: "bond", width: 6, type: 2, position: 3),
        .init(name: "angle", width: 6, type: 2, position: 3),
        .init(name: "full", width: 7, type: 2, position: 4, charge: 3),
        .init(name: "sphere", width: 7, type: 1, position: 4),
        .init(name: "dipole", width: 9, type: 1, position: 3, charge: 2),
    ]

    /// By its name behind `Atoms #`, or else the first row. Throws a `FormatProblem` where the row leaves a choice.
    init(hint: String?, row: [Substring]) throws {
        if let hint {
            guard let style = Self.all.first(where: { $0.name == hint }) else {
                throw FormatProblem(
                    "expected atoms of style \(Self.all.map(\.name).joined(separator: ", ")), found \(hint.prefix(40))"
                )
            }
            self = style
            return
        }
        let fits = Self.all.filter { style in
            guard [style.width, style.width + 3].contains(row.count),
                !["bond", "angle", "sphere", "dipole"].contains(style.name)
            else { return false }
            // Integers stand for ids, types and images, and nothing else does (`1` for a coordinate is one too).
            func isInteger(_ column: Int) -> Bool { Int(row[column]) != nil }
            let images = row.count > style.width ? Array(style.width..<row.count) : []
            let whole = Array(0...style.type) + images
            return whole.allSatisfy(isInteger) && !(style.charge.map(isInteger) ?? false)
        }
        guard fits.count == 1 else {
            throw FormatProblem(
                "expected the style of the atoms behind \"Atoms #\", found none, and \(row.count) columns leave \(fits.isEmpty ? "none" : "more than one") to choose; write for example \"Atoms # charge\""
            )
        }
        self = fits[0]
    }

    private init(name: String, width: Int, type: Int, position: Int, charge: Int? = nil) {
        (self.name, self.width, self.type, self.position, self.charge) = (name, width, type, position, charge)
    }
}
