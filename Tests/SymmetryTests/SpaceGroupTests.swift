import Atoms
import Testing

@testable import Symmetry

@Suite(.enabled(if: Spglib.isAvailable)) struct SpaceGroupTests {
    /// Rock salt's conventional cell.
    private static let salt: Structure = {
        let (na, cl) = (Element("Na")!, Element("Cl")!)
        let corners = [SIMD3(0.0, 0, 0), SIMD3(0, 0.5, 0.5), SIMD3(0.5, 0, 0.5), SIMD3(0.5, 0.5, 0)]
        let sites = corners + corners.map { $0 + SIMD3(0.5, 0.5, 0.5) }
        return Structure(
            elements: Array(repeating: na, count: 4) + Array(repeating: cl, count: 4),
            positions: sites.map { $0 * 5.64 },
            cell: Cell(Matrix3(diagonal: SIMD3(5.64, 5.64, 5.64))))
    }()

    @Test func rockSaltHasItsGroup() throws {
        let group = try Spglib.spaceGroup(of: Self.salt)
        #expect(group.number == 225)
        #expect(group.symbol == "Fm-3m")
        #expect(group.operations.count == 192)
        let primitive = try Spglib.standardCell(of: Self.salt, isPrimitive: true)
        let quarter = Self.salt.cell!.volume / 4
        #expect(abs(abs(primitive.determinant) - quarter) < 1e-9)
    }

    /// Along a = (1, 1, 0) and so on, where fractional and Cartesian rotations differ.
    @Test func operationsOfAHexagonalCellAreRotations() throws {
        let a = 3.2
        let cell = Cell(
            a: SIMD3(a, 0, 0), b: SIMD3(-a / 2, a * 3.0.squareRoot() / 2, 0), c: SIMD3(0, 0, 5.2))
        let mg = Element("Mg")!
        let structure = Structure(
            elements: [mg, mg],
            positions: [SIMD3(1.0 / 3, 2.0 / 3, 0.25), SIMD3(2.0 / 3, 1.0 / 3, 0.75)].map { $0 * cell.vectors },
            cell: cell)
        let group = try Spglib.spaceGroup(of: structure)
        #expect(group.number == 194)
        for (operation, map) in zip(group.operations, group.maps) {
            let rotation = operation.cartesianRotation(in: cell)
            let unit = rotation * rotation.transposed - .identity
            #expect(unit.elements.allSatisfy { abs($0) < 1e-12 })
            // Where it takes atoms: R r + w.
            for i in 0..<2 {
                let shift = map.shifts[i]
                let image =
                    structure.positions[map.images[i]]
                    + SIMD3(Double(shift.x), Double(shift.y), Double(shift.z)) * cell.vectors
                let moved = structure.positions[i] * rotation.transposed + operation.translation * cell.vectors
                #expect(norm(image - moved) < 1e-9)
            }
        }
    }

    @Test func anAlmostSymmetricStructureIsMadeSymmetric() throws {
        var structure = Self.salt
        for i in 0..<structure.count { structure.positions[i].x += 2e-4 * Double(i % 3) }
        structure.cell!.vectors[0, 1] = 3e-4
        let group = try Spglib.spaceGroup(of: structure, tolerance: 1e-2)
        let exact = group.symmetrized(structure)
        #expect(try Spglib.spaceGroup(of: exact, tolerance: 1e-8).number == 225)
        #expect(abs(exact.cell!.volume / structure.cell!.volume - 1) < 1e-6)
    }

    @Test func moleculesHaveNoSpaceGroup() {
        let molecule = Structure(elements: [Element("Ar")!], positions: [.zero])
        #expect(throws: Spglib.Failure.self) { try Spglib.spaceGroup(of: molecule) }
    }
}
