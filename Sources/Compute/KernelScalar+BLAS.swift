import COpenBLAS
import Foundation

extension Float: KernelScalar {
    public typealias Vector = SIMD16<Float>

    public static func multiply(
        transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
        alpha: Float, a: UnsafePointer<Float>, strideA: Int, b: UnsafePointer<Float>, strideB: Int,
        beta: Float, c: UnsafeMutablePointer<Float>, strideC: Int
    ) {
        cblas_sgemm(
            CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
            Int32(m), Int32(n), Int32(k), alpha, a, Int32(strideA), b, Int32(strideB), beta, c, Int32(strideC))
    }

    /// Lanes `2i` and `2i + 1` of `a ‖ b`, summed.
    @inlinable @inline(__always)
    static func pairwiseSums(_ a: Vector, _ b: Vector) -> Vector {
        Vector(lowHalf: a.evenHalf, highHalf: b.evenHalf) + Vector(lowHalf: a.oddHalf, highHalf: b.oddHalf)
    }

    @inlinable @inline(__always)
    public static func laneSums(_ v: UnsafePointer<Vector>) -> Vector {
        let a = pairwiseSums(pairwiseSums(v[0], v[1]), pairwiseSums(v[2], v[3]))
        let b = pairwiseSums(pairwiseSums(v[4], v[5]), pairwiseSums(v[6], v[7]))
        let c = pairwiseSums(pairwiseSums(v[8], v[9]), pairwiseSums(v[10], v[11]))
        let d = pairwiseSums(pairwiseSums(v[12], v[13]), pairwiseSums(v[14], v[15]))
        return pairwiseSums(pairwiseSums(a, b), pairwiseSums(c, d))
    }

    public static func sine(_ x: Float) -> Float { sinf(x) }
    public static func cosine(_ x: Float) -> Float { cosf(x) }
}

extension Double: KernelScalar {
    public typealias Vector = SIMD8<Double>

    public static func multiply(
        transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
        alpha: Double, a: UnsafePointer<Double>, strideA: Int, b: UnsafePointer<Double>, strideB: Int,
        beta: Double, c: UnsafeMutablePointer<Double>, strideC: Int
    ) {
        cblas_dgemm(
            CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
            Int32(m), Int32(n), Int32(k), alpha, a, Int32(strideA), b, Int32(strideB), beta, c, Int32(strideC))
    }

    /// Lanes `2i` and `2i + 1` of `a ‖ b`, summed.
    @inlinable @inline(__always)
    static func pairwiseSums(_ a: Vector, _ b: Vector) -> Vector {
        Vector(lowHalf: a.evenHalf, highHalf: b.evenHalf) + Vector(lowHalf: a.oddHalf, highHalf: b.oddHalf)
    }

    @inlinable @inline(__always)
    public static func laneSums(_ v: UnsafePointer<Vector>) -> Vector {
        let a = pairwiseSums(pairwiseSums(v[0], v[1]), pairwiseSums(v[2], v[3]))
        let b = pairwiseSums(pairwiseSums(v[4], v[5]), pairwiseSums(v[6], v[7]))
        return pairwiseSums(a, b)
    }

    public static func sine(_ x: Double) -> Double { sin(x) }
    public static func cosine(_ x: Double) -> Double { cos(x) }
}
