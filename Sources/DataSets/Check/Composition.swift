import Atoms

/// How many atoms of each element structures have, kept once for all structures that share it.
struct Composition {
    let formula: String
    /// Elements in order of atomic number.
    let counts: [(element: Element, count: Int)]
    let atoms: Int

    init(_ structure: Structure) {
        counts = structure.composition
        formula = structure.formula
        atoms = structure.count
    }

    var elements: [Element] { counts.map(\.element) }

    /// The sum of a number of each atom.
    func sum(_ number: (Element) -> Double) -> Double {
        counts.reduce(0) { $0 + Double($1.count) * number($1.element) }
    }

    /// `[element]`: how many atoms of each of some elements there are.
    func numbers(of elements: [Element]) -> [Double] {
        elements.map { element in Double(counts.first { $0.element == element }?.count ?? 0) }
    }
}

/// All compositions of a data set.
struct Compositions {
    private(set) var all: [Composition] = []
    private var numbers: [String: Int32] = [:]

    subscript(number: Int32) -> Composition { all[Int(number)] }

    mutating func number(of structure: Structure) -> Int32 {
        let formula = structure.formula
        if let known = numbers[formula] { return known }
        let number = Int32(all.count)
        all.append(Composition(structure))
        numbers[formula] = number
        return number
    }
}
