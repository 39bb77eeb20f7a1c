import Atoms
import Testing

@Suite struct MatrixTests {
    private let matrix = Matrix3(SIMD3(4.1, 0.3, -0.2), SIMD3(-1.2, 3.7, 0.5), SIMD3(0.9, -0.8, 5.3))

    @Test func theInverseUndoesFromBothSides() {
        for product in [matrix * matrix.inverse, matrix.inverse * matrix] {
            for (found, expected) in zip(product.elements, Matrix3.identity.elements) {
                #expect(abs(found - expected) < 1e-15)
            }
        }
    }

    /// det(M N) = det M det N, and a transposition leaves it.
    @Test func determinantsMultiply() {
        let other = Matrix3(SIMD3(0, 2, 1), SIMD3(1, 0, 3), SIMD3(-1, 1, 0))
        #expect(abs((matrix * other).determinant - matrix.determinant * other.determinant) < 1e-12)
        #expect(abs(matrix.transposed.determinant - matrix.determinant) < 1e-13)
    }

    /// (v M) N = v (M N): vectors are rows.
    @Test func vectorsAreRows() {
        let v = SIMD3(0.3, -1.7, 2.2)
        let difference = (v * matrix) * matrix.transposed - v * (matrix * matrix.transposed)
        #expect(norm(difference) < 1e-13)
        #expect(SIMD3(1, 0, 0) * matrix == matrix.rows.0)
    }

    @Test func elementsReadBack() { #expect(Matrix3(elements: matrix.elements) == matrix) }
}
