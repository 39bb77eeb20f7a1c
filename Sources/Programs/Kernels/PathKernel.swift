import Compute

/// The innermost loops of a convolution along one path, for all edges of a group. Offsets are those of the path.
protocol PathKernel: SendableMetatype {
    associatedtype Scalar: KernelScalar

    /// `out[m₃] += Σ_e w_e Σ_{m₁} t_e[m₁, m₃] h_e[m₁]`, the sum over edges in registers.
    static func forward(
        _ group: borrowing EdgeGroup<Scalar>, _ path: ConvolutionPlan<Scalar>.Path, table: UnsafePointer<Scalar>,
        features: UnsafePointer<Scalar>, output: UnsafeMutablePointer<Scalar>)

    /// With the cotangents `g_e[m₃]` of the output and the features `h` of the source atom, which all edges share:
    /// `∂h[m₁] += Σ_e w_e v_e[m₁]`, `∂B_e[q] += Σ_c R[k_e + q] Σ_{m₁} h[m₁] v_e[m₁]` and
    /// `∂t_e[m₁, m₃] = Σ_c w_e h[m₁] g_e[m₃]`, where `v_e[m₁] = Σ_{m₃} t_e[m₁, m₃] g_e[m₃]`.
    ///
    /// Sums over channels are left as vectors. Serves `edges` of one tile.
    static func backward(
        _ group: borrowing EdgeGroup<Scalar>, edges: Range<Int>, _ path: ConvolutionPlan<Scalar>.Path,
        table: UnsafePointer<Scalar>, features: UnsafePointer<Scalar>, output: UnsafePointer<Scalar>,
        gradients: PathGradients<Scalar>)

    /// `∂h[m₁] += Σ_e w_e v_e[m₁]` alone, for all edges of the group.
    static func features(
        _ group: borrowing EdgeGroup<Scalar>, _ path: ConvolutionPlan<Scalar>.Path, table: UnsafePointer<Scalar>,
        output: UnsafePointer<Scalar>, gradient: UnsafeMutablePointer<Scalar>)

    /// `∂R[k_e + q] += B_e[q] Σ_{m₃} G[m₃] Σ_{m₁} t_e[m₁, m₃] h_e[m₁]`.
    static func table(
        _ group: borrowing EdgeGroup<Scalar>, _ path: ConvolutionPlan<Scalar>.Path, features: UnsafePointer<Scalar>,
        output: UnsafePointer<Scalar>, gradient: UnsafeMutablePointer<Scalar>)
}

/// Where a backward pass puts its results.
struct PathGradients<T: KernelScalar> {
    /// Row of the source atom's features, added to.
    var features: UnsafeMutablePointer<T>
    /// `[q][edge][lane]` of one tile, added to.
    var basis: UnsafeMutablePointer<T.Vector>
    /// `[slot][edge][lane]` of one tile, replaced.
    var couplings: UnsafeMutablePointer<T.Vector>
}

/// The radial weights of one edge for one vector of channels: the four table rows and their weighted sum.
struct RadialWeights<T: KernelScalar> {
    var r0, r1, r2, r3: T.Vector
    var w: T.Vector

    @inline(__always)
    init(basis: UnsafePointer<T>, row: UnsafePointer<T>, stride: Int) {
        r0 = row.vector
        r1 = (row + stride).vector
        r2 = (row + 2 &* stride).vector
        r3 = (row + 3 &* stride).vector
        w = (r0 * basis[0]).adding(basis[1], times: r1).adding(basis[2], times: r2).adding(basis[3], times: r3)
    }
}
