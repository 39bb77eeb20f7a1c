import Atoms

extension Cell {
    /// The shortest of a displacement and its images along the vectors that repeat.
    public func shortest(_ displacement: SIMD3<Double>) -> SIMD3<Double> {
        guard isPeriodic != SIMD3(0, 0, 0) else { return displacement }
        let fractions = displacement * vectors.inverse
        let whole = SIMD3<Double>(isPeriodic) * fractions.rounded(.toNearestOrEven)
        let near = (fractions - whole) * vectors
        // In oblique cells the shortest may be a neighbour of that, or of a neighbour.
        var best = near
        func reach(_ axis: Int) -> ClosedRange<Int> { repeats(along: axis) ? -1...1 : 0...0 }
        var middle: SIMD3<Double>
        repeat {
            middle = best
            for i in reach(0) {
                for j in reach(1) {
                    for k in reach(2) {
                        let image = middle + SIMD3(Double(i), Double(j), Double(k)) * vectors
                        if dot(image, image) < dot(best, best) - 1e-9 { best = image }
                    }
                }
            }
        } while middle != best
        return best
    }
}
