import CVectors

extension Float {
    @inlinable @inline(__always)
    public static func laneSums(_ vectors: UnsafePointer<Vector>, into sums: UnsafeMutablePointer<Float>) {
        apus_lane_sums_float(vectors, sums)
    }

    @inlinable @inline(__always)
    public static func transpose(
        _ rows: UnsafePointer<Float>, offsets: UnsafePointer<Int>, components: Int,
        into columns: UnsafeMutablePointer<Float>
    ) {
        apus_transpose_float(rows, offsets, components, columns)
    }
}

extension Double {
    @inlinable @inline(__always)
    public static func laneSums(_ vectors: UnsafePointer<Vector>, into sums: UnsafeMutablePointer<Double>) {
        apus_lane_sums_double(vectors, sums)
    }

    @inlinable @inline(__always)
    public static func transpose(
        _ rows: UnsafePointer<Double>, offsets: UnsafePointer<Int>, components: Int,
        into columns: UnsafeMutablePointer<Double>
    ) {
        apus_transpose_double(rows, offsets, components, columns)
    }
}
