/// What the columns of a dump are, by LAMMPS' names.
struct DumpColumns {
    enum Slot: Equatable {
        case id, type, element, ignored
        /// A number of the row: see the constants below.
        case number(Int)
    }

    private(set) var slots: [Slot] = []
    private(set) var has = [Bool](repeating: false, count: Self.count)
    private(set) var hasID = false
    private(set) var hasType = false
    private(set) var hasElement = false
    /// How coordinates are written: where they begin among the numbers, and whether they are shares of the box.
    let coordinates: (first: Int, isScaled: Bool)

    static let (plain, unwrapped, scaled, scaledUnwrapped) = (0, 3, 6, 9)
    static let (force, velocity, mass, charge, count) = (12, 15, 18, 19, 20)

    private static let names: [String: Int] = [
        "x": 0, "y": 1, "z": 2, "xu": 3, "yu": 4, "zu": 5, "xs": 6, "ys": 7, "zs": 8, "xsu": 9, "ysu": 10, "zsu": 11,
        "fx": 12, "fy": 13, "fz": 14, "vx": 15, "vy": 16, "vz": 17, "mass": 18, "q": 19,
    ]

    /// Throws a `FormatProblem`.
    init(_ names: [Substring]) throws {
        var seen: Set<Substring> = []
        for name in names {
            guard seen.insert(name).inserted else {
                throw FormatProblem("expected every column once, found \(name) twice")
            }
            switch name {
            case "id":
                slots.append(.id)
                hasID = true
            case "type":
                slots.append(.type)
                hasType = true
            case "element", "typelabel":
                // Of both, the element.
                if name == "element" || !names.contains("element") {
                    slots.append(.element)
                    hasElement = true
                } else {
                    slots.append(.ignored)
                }
            default:
                if let number = Self.names[String(name)] {
                    slots.append(.number(number))
                    has[number] = true
                } else {
                    slots.append(.ignored)
                }
            }
        }
        let has = has
        func all(_ first: Int) -> Bool { has[first] && has[first + 1] && has[first + 2] }
        let found = [Self.unwrapped, Self.plain, Self.scaledUnwrapped, Self.scaled].first(where: all)
        guard let found else {
            throw FormatProblem(
                "expected columns of coordinates (x y z, xu yu zu, xs ys zs or xsu ysu zsu), found \(names.joined(separator: " "))"
            )
        }
        coordinates = (found, found >= Self.scaled)
    }

    func hasVector(_ first: Int) -> Bool { has[first] && has[first + 1] && has[first + 2] }
}
