extension Cell {
    /// The image of a position that lies in the cell: fractional coordinates in [0, 1) along periodic vectors, and
    /// left alone along the others.
    public func wrapped(_ position: SIMD3<Double>) -> SIMD3<Double> {
        let fractional = position * vectors.inverse
        var images = fractional.rounded(.down)
        for axis in 0..<3 where !repeats(along: axis) { images[axis] = 0 }
        return position - images * vectors
    }
}
