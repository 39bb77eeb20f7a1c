import Atoms
import Testing

@Suite struct CellTests {
    private let triclinic = Cell(a: SIMD3(4.1, 0, 0), b: SIMD3(-1.2, 3.7, 0), c: SIMD3(0.9, -0.8, 5.3))
    /// The same with two vectors exchanged.
    private var leftHanded: Cell {
        Cell(a: triclinic.vectors.rows.1, b: triclinic.vectors.rows.0, c: triclinic.vectors.rows.2)
    }

    @Test func volumesArePositiveForEitherHand() {
        #expect(leftHanded.vectors.determinant < 0)
        #expect(abs(leftHanded.volume - triclinic.volume) < 1e-13)
        #expect(abs(triclinic.volume - 4.1 * 3.7 * 5.3) < 1e-12)
    }

    /// A height times the area of its face is the volume.
    @Test func heightsTimesAreasAreTheVolume() {
        let (a, b, c) = triclinic.vectors.rows
        for (height, area) in zip(
            [triclinic.heights.x, triclinic.heights.y, triclinic.heights.z],
            [norm(cross(b, c)), norm(cross(c, a)), norm(cross(a, b))])
        {
            #expect(abs(height * area - triclinic.volume) < 1e-12)
        }
    }

    @Test func anglesAreThoseBetweenTheOtherTwoVectors() {
        let hexagonal = Cell(a: SIMD3(3, 0, 0), b: SIMD3(-1.5, 1.5 * 3.0.squareRoot(), 0), c: SIMD3(0, 0, 5))
        let (lengths, angles) = hexagonal.lengthsAndAngles
        #expect(norm(lengths - SIMD3(3, 3, 5)) < 1e-14)
        #expect(norm(angles - SIMD3(90, 90, 120)) < 1e-12)
    }

    /// Fractional coordinates lie in [0, 1), and the atom has moved by whole lattice vectors.
    @Test func wrappedPositionsLieInTheCell() {
        for cell in [triclinic, leftHanded] {
            for position in [SIMD3(-7.3, 21.9, -0.01), SIMD3(0, 0, 0), SIMD3(1e3, -1e3, 17.0)] {
                let wrapped = cell.wrapped(position)
                let fractional = wrapped * cell.vectors.inverse
                let images = (position - wrapped) * cell.vectors.inverse
                for axis in 0..<3 {
                    // Rounding of a position of 1000 Å.
                    #expect(fractional[axis] > -1e-12 && fractional[axis] < 1 + 1e-12)
                    #expect(abs(images[axis] - images[axis].rounded()) < 1e-10)
                }
            }
        }
    }

    @Test func openDirectionsAreLeftAlone() {
        let slab = Cell(Matrix3(diagonal: SIMD3(3, 3, 10)), periodic: (true, true, false))
        #expect(slab.wrapped(SIMD3(4, -1, 25)) == SIMD3(1, 2, 25))
    }
}
