import Compute
import Programs

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
    ///     ∂d_e += Σ_c w′_e Σ_{m₂} Y_e[m₂] z_e[m₂],  where z_e[m₂] = Σ_{m₃} H[m₂, m₃] g_e[m₃]
    ///
    /// with the slope `w′_e = Σ_q B′_e[q] R[k_e + q]` of the radial weights. `H[m₂, m₃] = Σ_{m₁} C[m₁ m₂ m₃] h[m₁]` is
    /// made once for all edges (`SourceFeatures`). Sums over channels are left as vectors.
    static func backward(
        _ group: borrowing EdgeGroup<Scalar>, _ path: ConvolutionPlan<Scalar>.Path, table: UnsafePointer<Scalar>,
        source: SourceFeatures<Scalar>, output: UnsafePointer<Scalar>, gradients: PathGradients<Scalar>)

    /// `∂h[m₁] += Σ_e w_e v_e[m₁]` alone.
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
    /// `[m₂][m₃][channel]`, `H` of the path; paths with l₁ = 0 or l₂ = 0 do without.
    var contracted: UnsafePointer<T>
}

/// Where a backward pass adds its results.
struct PathGradients<T: KernelScalar> {
    /// Row of the source atom's features; `nil` where nobody reads it.
    var features: UnsafeMutablePointer<T>?
    /// `[edge][component]` of the group: ∂d, then ∂Y, every component as a vector whose lanes are still to be summed.
    var edges: UnsafeMutablePointer<T.Vector>
    /// Components of an edge: one and the harmonics.
    var components: Int

    /// ∂d of one edge of the group.
    @inline(__always)
    func distance(_ edge: Int) -> UnsafeMutablePointer<T.Vector> { edges + edge &* components }

    /// ∂Y of one edge of the group from the first component of degree l₂ on.
    @inline(__always)
    func harmonics(_ edge: Int, of path: ConvolutionPlan<T>.Path) -> UnsafeMutablePointer<T.Vector> {
        edges + (edge &* components &+ 1 &+ path.firstHarmonic)
    }
}

/// The radial weights of one edge for some channels: weighted sums of four rows of the table.
struct RadialWeights<T: KernelScalar, let W: Int> {
    private let row: UnsafePointer<T>
    private let stride: Int
    private let slopes: UnsafePointer<T>
    let w: Channels<T, W>

    /// Of one edge of a tile for the channels that `table` begins at.
    @inline(__always)
    init(_ tile: EdgeTile<T>, _ lane: Int, _ path: ConvolutionPlan<T>.Path, _ table: UnsafePointer<T>) {
        row = table + tile.tableRows[lane]
        stride = path.weightsStride
        slopes = tile.slopes + 4 &* lane
        w = Self.sum(tile.basis + 4 &* lane, row, stride)
    }

    /// `w′ = Σ_q B′[q] R[k + q]`
    @inline(__always)
    var slope: Channels<T, W> { Self.sum(slopes, row, stride) }

    @inline(__always)
    private static func sum(_ basis: UnsafePointer<T>, _ row: UnsafePointer<T>, _ stride: Int) -> Channels<T, W> {
        (Channels(row) * basis[0]).adding(basis[1], times: Channels(row + stride))
            .adding(basis[2], times: Channels(row + 2 &* stride)).adding(basis[3], times: Channels(row + 3 &* stride))
    }
}

extension PathKernel {
    /// `∂R[k_e + q] += B_e[q] s` for some channels of one edge.
    @inline(__always)
    static func addTable<let W: Int>(
        _ tile: EdgeTile<Scalar>, _ lane: Int, _ path: ConvolutionPlan<Scalar>.Path, _ s: Channels<Scalar, W>,
        to gradient: UnsafeMutablePointer<Scalar>
    ) {
        let basis = tile.basis + 4 &* lane
        var row = gradient + tile.tableRows[lane]
        for q in 0..<4 {
            Channels(row).adding(basis[q], times: s).store(row)
            row += path.weightsStride
        }
    }
}
