import COpenBLAS
import Foundation

extension Float: KernelScalar {
    public typealias Vector = SIMD16<Float>

    public static func multiply(
        transposeA: Bool, m: Int, n: Int, k: Int,
        alpha: Float, a: UnsafePointer<Float>, strideA: Int, b: UnsafePointer<Float>, strideB: Int,
        beta: Float, c: UnsafeMutablePointer<Float>, strideC: Int
    ) {
        cblas_sgemm(
            CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, CblasNoTrans,
            Int32(m), Int32(n), Int32(k), alpha, a, Int32(strideA), b, Int32(strideB), beta, c, Int32(strideC))
    }

    public static func sine(_ x: Float) -> Float { sinf(x) }
    public static func cosine(_ x: Float) -> Float { cosf(x) }
}

extension Double: KernelScalar {
    public typealias Vector = SIMD8<Double>

    public static func multiply(
        transposeA: Bool, m: Int, n: Int, k: Int,
        alpha: Double, a: UnsafePointer<Double>, strideA: Int, b: UnsafePointer<Double>, strideB: Int,
        beta: Double, c: UnsafeMutablePointer<Double>, strideC: Int
    ) {
        cblas_dgemm(
            CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, CblasNoTrans,
            Int32(m), Int32(n), Int32(k), alpha, a, Int32(strideA), b, Int32(strideB), beta, c, Int32(strideC))
    }

    public static func sine(_ x: Double) -> Double { sin(x) }
    public static func cosine(_ x: Double) -> Double { cos(x) }
}
