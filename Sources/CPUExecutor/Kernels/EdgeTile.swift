import Compute
import Programs

/// Up to `T.lanes` edges of a group.
struct EdgeTile<T: KernelScalar> {
    /// Number of the first within the group.
    let first: Int
    let count: Int
    /// `[slot][lane]`
    let couplings: UnsafePointer<T>
    /// `[m₂][lane]`
    let harmonics: UnsafePointer<T>
    /// `[lane][4]`
    let basis: UnsafePointer<T>
    /// `[lane][4]`
    let slopes: UnsafePointer<T>
    /// Position in the table of each edge's first knot.
    let tableRows: UnsafePointer<Int>
    /// Position of the row of each edge's other atom.
    let atomRows: UnsafePointer<Int>

    /// The coupling matrix of a path for one edge: element `slot` lies at `slot * T.lanes`.
    @inline(__always)
    func coupling(_ lane: Int, of path: ConvolutionPlan<T>.Path) -> UnsafePointer<T> {
        couplings + (path.slot &* T.lanes &+ lane)
    }

    /// The harmonics of degree l₂ of one edge: component `m₂` lies at `m₂ * T.lanes`.
    @inline(__always)
    func harmonics(_ lane: Int, of path: ConvolutionPlan<T>.Path) -> UnsafePointer<T> {
        harmonics + (path.firstHarmonic &* T.lanes &+ lane)
    }
}
