import Compute

/// The innermost loops of a convolution along one path, for all edges of a group. Offsets are those of the path.
protocol PathKernel: SendableMetatype {
    associatedtype Scalar: KernelScalar

    /// `out[m₃] += Σ_e w_e Σ_{m₁} t_e[m₁, m₃] h_e[m₁]`, the sum over edges in registers.
    static func forward(
        _ group: borrowing EdgeGroup<Scalar>, _ path: ConvolutionPlan<Scalar>.Path, table: UnsafePointer<Scalar>,
        features: UnsafePointer<Scalar>, output: UnsafeMutablePointer<Scalar>)

    /// With the cotangents `g_e[m₃]` of the output and the features `h` of the source atom, which all edges share:
    ///
    ///     ∂h[m₁] += Σ_e w_e Σ_{m₃} t_e[m₁, m₃] g_e[m₃],  ∂Y_e[m₂] += Σ_c w_e z_e[m₂],
    ///     ∂B_e[q] += Σ_c R[k_e + q] Σ_{m₂} Y_e[m₂] z_e[m₂],  where z_e[m₂] = Σ_{m₃} H[m₂, m₃] g_e[m₃]
    ///
    /// and `H[m₂, m₃] = Σ_{m₁} C[m₁ m₂ m₃] h[m₁]` is made once for all edges (`SourceFeatures`). Sums over channels
    /// are left as vectors. Serves `edges` of one tile.
    static func backward(
        _ group: borrowing EdgeGroup<Scalar>, edges: Range<Int>, _ path: ConvolutionPlan<Scalar>.Path,
        table: UnsafePointer<Scalar>, source: SourceFeatures<Scalar>, output: UnsafePointer<Scalar>,
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

/// The atom that all edges of a backward pass leave from.
struct SourceFeatures<T: KernelScalar> {
    /// Its row of features.
    var row: UnsafePointer<T>
    /// `[vector of channels][m₂][m₃][lane]`, `H` of the path; paths with l₁ = 0 or l₂ = 0 do without.
    var contracted: UnsafePointer<T>
}

/// Where a backward pass adds its results.
struct PathGradients<T: KernelScalar> {
    /// Row of the source atom's features; `nil` where nobody reads it.
    var features: UnsafeMutablePointer<T>?
    /// `[q][edge][lane]` of one tile.
    var basis: UnsafeMutablePointer<T.Vector>
    /// `[m₂][edge][lane]` of one tile.
    var harmonics: UnsafeMutablePointer<T.Vector>

    /// `∂B_e[q] += R[k_e + q] s` for one vector of channels.
    @inline(__always)
    func addBasis(_ radial: RadialWeights<T>, times s: T.Vector, lane: Int) {
        let basis = basis + lane
        basis[0] = basis[0].adding(radial.r0, times: s)
        basis[T.lanes] = basis[T.lanes].adding(radial.r1, times: s)
        basis[2 &* T.lanes] = basis[2 &* T.lanes].adding(radial.r2, times: s)
        basis[3 &* T.lanes] = basis[3 &* T.lanes].adding(radial.r3, times: s)
    }
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

extension PathKernel {
    /// `∂R[k_e + q] += B_e[q] s` for one vector of channels of edge `k` of the group.
    @inline(__always)
    static func addTable(
        _ group: borrowing EdgeGroup<Scalar>, _ k: Int, _ path: ConvolutionPlan<Scalar>.Path, _ s: Scalar.Vector,
        to gradient: UnsafeMutablePointer<Scalar>
    ) {
        let basis = group.basis + 4 &* k
        var row = gradient + group.tableRows[k]
        for q in 0..<4 {
            row.vector = row.vector.adding(basis[q], times: s)
            row += path.weightsStride
        }
    }
}
