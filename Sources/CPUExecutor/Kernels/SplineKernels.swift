import Compute
import Programs

/// The cubic spline through values at knots as a linear map from n + 1 values v to n + 3 B-spline coefficients c.
///
/// Where knots have an outer part (`SplineKnots`), the parts are splines of their own, and both have the slope of
/// `SplineKnots.joint` where they meet.
struct SplineKernels<T: KernelScalar> {
    private let knots: SplineKnots
    private let isTransposed: Bool
    private let inner: SplinePart<T>
    private let outer: SplinePart<T>?

    /// The map from values to coefficients, or from the cotangent of the coefficients to that of the values.
    init(_ knots: SplineKnots, transposed: Bool) {
        self.knots = knots
        isTransposed = transposed
        inner = SplinePart(
            intervals: knots.intervals, meets: knots.outer == nil ? .nothing : .outer, transposed: transposed)
        outer = knots.outer.map {
            SplinePart(intervals: $0.intervals, meets: .inner(ratio: T(knots.spacingRatio)), transposed: transposed)
        }
    }

    /// `[n + 3][column]` from `[n + 1][column]`, or the reverse when transposed, for columns in whole vectors.
    func coefficients(
        _ input: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, width: Int, vectors range: Range<Int>
    ) {
        precondition(width % T.lanes == 0, "expected columns in whole vectors, got \(width)")
        let columns = SplineColumns<T>(
            first: range.lowerBound * T.lanes, end: range.upperBound * T.lanes, width: width)
        let (row, meeting) = (knots.outerRow * width, knots.intervals * width)
        switch (outer, isTransposed) {
        case (nil, false): inner.solve(input, output, columns, slope: nil)
        case (nil, true): inner.solveTransposed(input, output, columns, slope: nil)
        case (let outer?, false):
            withUnsafeTemporaryAllocation(of: T.self, capacity: 2 * width + T.lanes) { scratch in
                let slope = Self.aligned(scratch)
                columns.inRow(0) { k in
                    var sum = T.Vector.zero
                    for (j, weight) in SplineKnots.joint.enumerated() {
                        sum += (input + meeting - j * width + k).vector * T(weight)
                    }
                    (slope + k).vector = sum
                }
                inner.solve(input, output, columns, slope: slope)
                outer.solve(input + meeting, output + row, columns, slope: slope)
            }
        case (let outer?, true):
            withUnsafeTemporaryAllocation(of: T.self, capacity: 2 * width + T.lanes) { scratch in
                let slope = Self.aligned(scratch)
                let shared = slope + width
                columns.inRow(0) { (slope + $0).vector = .zero }
                // Both parts have a cotangent for the value where they meet.
                outer.solveTransposed(input + row, output + meeting, columns, slope: slope)
                columns.inRow(0) { (shared + $0).vector = (output + meeting + $0).vector }
                inner.solveTransposed(input, output, columns, slope: slope)
                columns.inRow(0) { k in
                    (output + meeting + k).vector += (shared + k).vector
                    for (j, weight) in SplineKnots.joint.enumerated() {
                        (output + meeting - j * width + k).vector += (slope + k).vector * T(weight)
                    }
                }
            }
        }
    }

    /// The first place that a vector may stand at.
    private static func aligned(_ scratch: UnsafeMutableBufferPointer<T>) -> UnsafeMutablePointer<T> {
        let raw = UnsafeMutableRawPointer(scratch.baseAddress!).alignedUp(
            toMultipleOf: MemoryLayout<T.Vector>.alignment)
        return raw.assumingMemoryBound(to: T.self)
    }
}
