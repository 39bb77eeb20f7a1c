import Atoms
import Testing

@Suite struct PairTables {
    @Test func everyOrderedPairHasItsOwnValue() throws {
        let (first, last) = (try #require(Element("H")), try #require(Element(atomicNumber: Element.count)))
        var table = PairTable(repeating: 0.0)
        table[first, last] = 1
        table[last, last] = 3
        #expect(table[first, last] == 1 && table[last, first] == 0 && table[118, 118] == 3)
        #expect(table.largest == 3 && table.mapValues { 2 * $0 }[first, last] == 2)
    }

    @Test func stressAndVirialAreInverse() {
        let cell = Cell(Matrix3(SIMD3(2, 0, 0), SIMD3(0, 0, 2), SIMD3(0, 2, 0)))
        let stress = cell.stress(ofVirial: .identity * 16)
        #expect(stress == .identity * -2)
        #expect(cell.virial(ofStress: stress) == .identity * 16)
    }
}
