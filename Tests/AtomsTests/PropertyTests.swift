import Foundation
import Testing

@testable import Atoms

@Suite struct Properties {
    private func ion(charge: String?, origin: String? = nil) -> Structure {
        var structure = Structure(
            elements: [Element("O")!, Element("H")!], positions: [SIMD3(1, 0, 0), SIMD3(2, 1, 0)])
        structure.properties[.dipole] = [0.1, -0.2, 0.3]
        structure.information["charge"] = charge
        structure.information["dipole_origin"] = origin
        return structure
    }

    @Test func namesAreUniqueAndFound() throws {
        #expect(Set(Property.all.map(\.name)).count == Property.all.count)
        for property in Property.all {
            #expect(Property(named: property.name) == property)
            let coded = try JSONDecoder().decode([Property].self, from: JSONEncoder().encode([property]))
            #expect(coded == [property])
        }
        #expect(Property(named: "dipol") == nil)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Property].self, from: Data("[\"x\"]".utf8)) }
    }

    /// `Σ q (r − origin)` about two origins differs by Q times their distance.
    @Test func theDipoleOfAnIonFollowsItsOrigin() throws {
        let charges = [-0.4, 1.4]
        var structure = ion(charge: "1", origin: "0.5 -1 2")
        func dipole(about origin: SIMD3<Double>) -> SIMD3<Double> {
            zip(charges, structure.positions).reduce(.zero) { $0 + $1.0 * ($1.1 - origin) }
        }
        let stated = dipole(about: SIMD3(0.5, -1, 2))
        structure.properties[.dipole] = [stated.x, stated.y, stated.z]
        let found = try #require(try structure.dipoleAboutCentroid())
        #expect(norm(found - dipole(about: structure.centroid)) < 1e-14)
    }

    @Test func ofANeutralMoleculeTheOriginDoesNotMatter() throws {
        #expect(try ion(charge: nil).dipoleAboutCentroid() == SIMD3(0.1, -0.2, 0.3))
        #expect(try ion(charge: "0", origin: "9 9 9").dipoleAboutCentroid() == SIMD3(0.1, -0.2, 0.3))
    }

    @Test(arguments: [
        (charge: "1", origin: String?.none, words: "dipole_origin"), (charge: "1", origin: "0 0", words: "\"0 0\""),
        (charge: "one", origin: "0 0 0", words: "charge=one"),
    ])
    func whatDoesNotSayEnoughIsRefused(_ case: (charge: String, origin: String?, words: String)) {
        let error = #expect(throws: PropertyProblem.self) {
            try ion(charge: `case`.charge, origin: `case`.origin).dipoleAboutCentroid()
        }
        #expect(error?.message.contains(`case`.words) == true)
    }

    @Test func aCrystalHasNoDipole() {
        var structure = ion(charge: nil)
        structure.cell = Cell(Matrix3(SIMD3(9, 0, 0), SIMD3(0, 9, 0), SIMD3(0, 0, 9)))
        let error = #expect(throws: PropertyProblem.self) { try structure.dipoleAboutCentroid() }
        #expect(error?.message.contains("polarisation") == true)
        #expect(!structure.allows(.dipole) && structure.allows(.charges))
        structure.cell = Cell(structure.cell!.vectors, periodic: (false, false, false))
        #expect(throws: Never.self) { try structure.dipoleAboutCentroid() }
    }

    /// Two keys that say different things say nothing.
    @Test func chargesThatDisagreeAreNone() {
        var structure = ion(charge: "1")
        structure.information["total_charge"] = "1.0"
        #expect(structure.totalCharge == 1)
        structure.information["total_charge"] = "2"
        #expect(structure.totalCharge == nil)
    }
}
