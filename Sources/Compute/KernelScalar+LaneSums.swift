/// Sums over lanes by halving: a vector becomes four lanes by additions of halves, and four such a transposed sum.
extension Float {
    /// The sums over the lanes of four consecutive vectors.
    @inlinable @inline(__always)
    static func fourSums(_ v: UnsafePointer<Vector>) -> SIMD4<Float> {
        SIMD4.laneSums(v[0].quarter, v[1].quarter, v[2].quarter, v[3].quarter)
    }

    @inlinable @inline(__always)
    public static func laneSums(_ v: UnsafePointer<Vector>) -> Vector {
        Vector(
            lowHalf: SIMD8(lowHalf: fourSums(v), highHalf: fourSums(v + 4)),
            highHalf: SIMD8(lowHalf: fourSums(v + 8), highHalf: fourSums(v + 12)))
    }
}

extension Double {
    /// The sums over the lanes of four consecutive vectors.
    @inlinable @inline(__always)
    static func fourSums(_ v: UnsafePointer<Vector>) -> SIMD4<Double> {
        SIMD4.laneSums(v[0].half, v[1].half, v[2].half, v[3].half)
    }

    @inlinable @inline(__always)
    public static func laneSums(_ v: UnsafePointer<Vector>) -> Vector {
        Vector(lowHalf: fourSums(v), highHalf: fourSums(v + 4))
    }
}

extension SIMD8 where Scalar: FloatingPoint {
    /// Lanes i and i + 4, summed.
    @inlinable @inline(__always)
    var half: SIMD4<Scalar> { lowHalf + highHalf }
}

extension SIMD16 where Scalar: FloatingPoint {
    /// Lanes i, i + 4, i + 8 and i + 12, summed.
    @inlinable @inline(__always)
    var quarter: SIMD4<Scalar> { (lowHalf + highHalf).half }
}

extension SIMD4 where Scalar: FloatingPoint {
    /// The sums over the lanes of four vectors.
    @inlinable @inline(__always)
    static func laneSums(_ a: SIMD4, _ b: SIMD4, _ c: SIMD4, _ d: SIMD4) -> SIMD4 {
        let ab = SIMD4(lowHalf: a.lowHalf + a.highHalf, highHalf: b.lowHalf + b.highHalf)
        let cd = SIMD4(lowHalf: c.lowHalf + c.highHalf, highHalf: d.lowHalf + d.highHalf)
        return SIMD4(lowHalf: ab.evenHalf, highHalf: cd.evenHalf) + SIMD4(lowHalf: ab.oddHalf, highHalf: cd.oddHalf)
    }
}
