import Atoms
import Testing

@Suite struct StructureTests {
    private var saltLike: Structure {
        var structure = Structure(
            elements: [Element("Na")!, Element("Cl")!], positions: [.zero, SIMD3(0.5, 2.8, 0.1)],
            cell: Cell(a: SIMD3(4, 0, 0), b: SIMD3(2, 3.4, 0), c: SIMD3(2, 1.1, 3.2)))
        structure.energy = -7.5
        structure.forces = [SIMD3(0.1, 0, 0), SIMD3(-0.1, 0, 0)]
        structure.velocities = [SIMD3(0, 1e-3, 0), .zero]
        structure.stress = .identity
        return structure
    }

    @Test func copiesStandAtLatticeVectors() {
        let (small, big) = (saltLike, saltLike.repeated(2, 1, 3))
        #expect(big.count == 6 * small.count)
        let (a, _, c) = small.cell!.vectors.rows
        var copy = 0
        for i in 0..<2 {
            for k in 0..<3 {
                for atom in 0..<small.count {
                    let expected = small.positions[atom] + a * Double(i) + c * Double(k)
                    #expect(big.positions[copy * small.count + atom] == expected)
                    #expect(big.elements[copy * small.count + atom] == small.elements[atom])
                }
                copy += 1
            }
        }
        #expect(abs(big.cell!.volume - 6 * small.cell!.volume) < 1e-11)
    }

    @Test func extensiveLabelsGrowAndStressStays() {
        let (small, big) = (saltLike, saltLike.repeated(2, 2, 1))
        #expect(big.energy == 4 * small.energy!)
        #expect(big.stress == small.stress)
        #expect(big.forces == Array(repeating: small.forces!, count: 4).flatMap { $0 })
        #expect(big.velocities == Array(repeating: small.velocities!, count: 4).flatMap { $0 })
    }

    @Test func formulasAreInOrderOfAtomicNumber() {
        let elements = ["O", "H", "C", "H", "H", "C", "H", "H", "H"].map { Element($0)! }
        let ethanol = Structure(elements: elements, positions: Array(repeating: .zero, count: 9))
        #expect(ethanol.formula == "H6C2O")
    }
}

@Suite struct ElementTests {
    @Test func symbolsAndNumbersAgree() {
        for (symbol, number) in [("H", 1), ("Si", 14), ("Fe", 26), ("W", 74), ("Og", 118)] {
            #expect(Element(symbol)?.atomicNumber == number)
            #expect(Element(atomicNumber: number)?.symbol == symbol)
        }
        #expect(Element("sI") == Element("Si"))
        #expect(Element("Xx") == nil && Element(atomicNumber: 0) == nil && Element(atomicNumber: 119) == nil)
    }

    /// IUPAC 2013, abridged where the standard gives an interval.
    @Test func massesAreStandardAtomicWeights() {
        let expected = [
            "H": 1.008, "C": 12.011, "O": 15.999, "Si": 28.085, "Cu": 63.546, "Pt": 195.084, "U": 238.02891,
        ]
        for (symbol, mass) in expected { #expect(Element(symbol)!.mass == mass) }
    }

    /// Weights grow with the atomic number but for the known inversions and the elements without stable isotopes.
    @Test func everyElementHasAMass() {
        for number in 1...118 { #expect(Element(atomicNumber: number)!.mass > Double(number)) }
    }
}
