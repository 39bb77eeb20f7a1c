import CVectors

extension Float {
    @inlinable @inline(__always)
    public static func laneSums(_ vectors: UnsafePointer<Vector>, into sums: UnsafeMutablePointer<Float>) {
        apus_lane_sums_float(vectors, sums)
    }
}

extension Double {
    @inlinable @inline(__always)
    public static func laneSums(_ vectors: UnsafePointer<Vector>, into sums: UnsafeMutablePointer<Double>) {
        apus_lane_sums_double(vectors, sums)
    }
}
