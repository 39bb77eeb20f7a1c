import Compute
import Foundation
import Testing

@Suite struct KernelScalarTests {
    /// Over the whole range, against Foundation's exp in double: 2 units in the last place, of which one is the
    /// rounding of the argument's reduction.
    @Test func floatExponentialsAreRightToTwoUnits() {
        for k in 0..<40_000 {
            let x = Float(-86.9 + 174.8 * Double(k) / 40_000)
            let found = Float.exponential(.init(repeating: x))
            let exact = exp(Double(x))
            #expect(abs(Double(found[k % 16]) - exact) < 2 * exact * Double(Float.ulpOfOne), "at \(x)")
        }
    }

    @Test func doubleExponentialsAreRightToTwoUnits() {
        for k in 0..<40_000 {
            let x = -707.9 + 1416.8 * Double(k) / 40_000
            let found = Double.exponential(.init(repeating: x))[k % 8]
            #expect(abs(found - exp(x)) < 2 * exp(x) * Double.ulpOfOne, "at \(x)")
        }
    }

    @Test func exponentialsSaturateInsteadOfOverflowing() {
        for x in [Float(1e4), .infinity] { #expect(Float.exponential(.init(repeating: x))[0].isFinite) }
        for x in [Float(-1e4), -.infinity] {
            let tiny = Float.exponential(.init(repeating: x))[0]
            #expect(tiny >= 0 && tiny < 1e-37)
        }
    }

    /// Small integers, so that the sums are exact in any order.
    @Test func laneSumsAreTheSumsOfEachVector() {
        func check<T: KernelScalar>(_: T.Type) {
            let buffer = AlignedBuffer<T>(capacity: T.lanes * T.lanes)
            for k in 0..<T.lanes * T.lanes { buffer.pointer[k] = T((k * 37) % 101 - 50) }
            let sums = AlignedBuffer<T>(capacity: T.lanes)
            buffer.pointer.withMemoryRebound(to: T.Vector.self, capacity: T.lanes) {
                T.laneSums($0, into: sums.pointer)
            }
            for i in 0..<T.lanes {
                let expected = (0..<T.lanes).reduce(T.zero) { $0 + buffer.pointer[i * T.lanes + $1] }
                #expect(sums.pointer[i] == expected)
            }
        }
        check(Float.self)
        check(Double.self)
    }

    /// Rows anywhere, of 5 components where 8 are read.
    @Test func transposedRowsAreColumns() {
        func check<T: KernelScalar>(_: T.Type) {
            let rows = (0..<T.lanes * 7 + 3).map { T($0) }
            let offsets = (0..<T.lanes).map { ($0 * 5) % T.lanes * 7 }
            let columns = AlignedBuffer<T>(capacity: 8 * T.lanes)
            T.transpose(rows, offsets: offsets, components: 5, into: columns.pointer)
            for m in 0..<5 {
                for i in 0..<T.lanes { #expect(columns.pointer[m * T.lanes + i] == rows[offsets[i] + m]) }
            }
        }
        check(Float.self)
        check(Double.self)
    }

    /// OpenBLAS takes kernels without AVX on processors that it does not know.
    @Test func productsUseTheVectorsOfThisBuild() {
        BLAS.prepare()
        let isChosen = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] != nil
        #expect(isChosen || BuildTarget.simdBits == 128 || BLAS.kernels != "Prescott")
    }

    /// Sizes that fill no kernel's tile, against sums of products.
    @Test(arguments: [(37, 29, 53), (1, 32, 96), (128, 33, 7)])
    func matrixProductsAreSumsOfProducts(m: Int, n: Int, k: Int) {
        BLAS.prepare()
        let a = (0..<m * k).map { Float(($0 * 29) % 17 - 8) }
        let b = (0..<k * n).map { Float(($0 * 31) % 13 - 6) }
        var c = [Float](repeating: 1, count: m * n)
        Float.multiply(
            transposeA: false, m: m, n: n, k: k, alpha: 2, a: a, strideA: k, b: b, strideB: n,
            beta: 3, c: &c, strideC: n)
        for i in 0..<m {
            for j in 0..<n {
                // Integers below 2²⁴, so that any order of the sum is exact.
                #expect(c[i * n + j] == 3 + 2 * (0..<k).reduce(0) { $0 + a[i * k + $1] * b[$1 * n + j] })
            }
        }
    }

    @Test func matrixProductsFollowTheirStridesAndTranspositions() {
        // C ← 2 Aᵀ B − C with A 3 × 2 in rows of 4, B 3 × 2 in rows of 5, C 2 × 2 in rows of 3.
        let a: [Double] = [1, 2, 9, 9, 3, 4, 9, 9, 5, 6, 9, 9]
        let b: [Double] = [1, 0, 7, 7, 7, 0, 1, 7, 7, 7, 1, 1, 7, 7, 7]
        var c: [Double] = [1, 1, -5, 1, 1, -5]
        Double.multiply(
            transposeA: true, m: 2, n: 2, k: 3, alpha: 2, a: a, strideA: 4, b: b, strideB: 5,
            beta: -1, c: &c, strideC: 3)
        #expect(c == [11, 15, -5, 15, 19, -5])
    }

    @Test func partsOfVectorsTouchNothingBehindThem() {
        var numbers = (1...40).map(Float.init)
        numbers.withUnsafeMutableBufferPointer { numbers in
            let start = numbers.baseAddress! + 3
            let part = start.vector(first: 5)
            #expect((0..<16).map { part[$0] } == [4, 5, 6, 7, 8] + Array(repeating: 0, count: 11))
            start.store(part + part, first: 5)
            (start + 10).store((start + 10).vector(first: 99) * 3, first: 99)
        }
        let expected: [Float] =
            [1, 2, 3, 8, 10, 12, 14, 16] + (9...13).map(Float.init) + (14...29).map { Float($0) * 3 }
            + (30...40).map(Float.init)
        #expect(numbers == expected)
    }

    @Test func reservedMemoryIsAlignedAndZero() {
        let buffer = AlignedBuffer<Float>(capacity: 10)
        buffer.pointer[3] = 7
        buffer.reserve(10_000)
        #expect(UInt(bitPattern: buffer.pointer) % 64 == 0)
        #expect((0..<10_000).allSatisfy { buffer.pointer[$0] == 0 })
        let address = buffer.pointer
        buffer.reserve(5_000)
        #expect(buffer.pointer == address)
    }
}
