import Compute
import Programs

/// The arguments of Q (see `Convolution`) as rows in memory. A kernel does not read the argument it differentiates by.
struct ConvolutionTerm<T: KernelScalar> {
    /// `[edge][4]`
    var basis: UnsafePointer<T>
    /// `[edge][4]`, for derivatives by the basis.
    var slopes: UnsafePointer<T>?
    /// `[knot][path channel]`
    var table: UnsafePointer<T>
    /// `[edge][m₂]`
    var harmonics: UnsafePointer<T>
    /// `[atom][m₁][channel]`, read at the source of an edge
    var features: UnsafePointer<T>
    /// `[atom][m₃][path channel]`, read at the receiver of an edge
    var output: UnsafePointer<T>
    /// Whether the harmonics are a change of Y, to which paths with l₂ = 0 add nothing.
    var changesHarmonics: Bool

    @inline(__always)
    func takesPart(_ path: ConvolutionPlan<T>.Path) -> Bool { !(changesHarmonics && path.kind == .diagonal) }
}

/// The edges that a convolution runs over, by receiver and by source.
struct ConvolutionEdges {
    var receivers: UnsafePointer<Int32>
    var sources: UnsafePointer<Int32>
    var offsets: UnsafePointer<Int32>
    var transposed: UnsafePointer<Int32>
    var transposedOffsets: UnsafePointer<Int32>
    /// First of the four knots that an edge's radial weights are made of.
    var knots: UnsafePointer<Int32>
}
