import Compute
import Programs

/// A channel-wise product prepared for the kernels: plain numbers.
struct ProductPlan<T: KernelScalar>: Sendable {
    struct Term: BitwiseCopyable, Sendable {
        var scalarsOffset: Int
        var irrepsOffset: Int
        /// Components of the irreps.
        var dimension: Int
        /// Channels.
        var stride: Int
    }

    let terms: [Term]

    init(_ map: ProductMap) {
        terms = map.terms.map {
            Term(
                scalarsOffset: $0.scalars.offset, irrepsOffset: $0.irreps.offset, dimension: $0.irreps.dimension,
                stride: $0.irreps.stride)
        }
    }
}

/// Rows that may be parts of longer ones.
struct Rows<T: KernelScalar> {
    var start: UnsafeMutablePointer<T>
    var stride: Int

    @inline(__always)
    subscript(row: Int) -> UnsafeMutablePointer<T> { start + row &* stride }
}

/// Channel-wise products of scalars and irreps (see `ProductMap`) for ranges of rows.
enum ProductKernels<T: KernelScalar> {
    /// `out[m, c] = a[c] y[m, c]`.
    static func scale(
        _ plan: ProductPlan<T>, scalars: Rows<T>, irreps: Rows<T>, output: Rows<T>, range: Range<Int>
    ) {
        plan.terms.withUnsafeBufferPointer { terms in
            for row in range {
                for term in terms {
                    let a = scalars[row] + term.scalarsOffset
                    let (y, out) = (irreps[row] + term.irrepsOffset, output[row] + term.irrepsOffset)
                    var c = 0
                    while c &+ T.lanes <= term.stride {
                        let factor = (a + c).vector
                        for m in 0..<term.dimension {
                            (out + (m &* term.stride &+ c)).vector = factor * (y + (m &* term.stride &+ c)).vector
                        }
                        c &+= T.lanes
                    }
                    while c < term.stride {
                        for m in 0..<term.dimension {
                            out[m &* term.stride &+ c] = a[c] * y[m &* term.stride &+ c]
                        }
                        c &+= 1
                    }
                }
            }
        }
    }

    /// `out[c] = Σ_m y[m, c] g[m, c]`.
    static func dot(
        _ plan: ProductPlan<T>, irreps: Rows<T>, cotangent: Rows<T>, output: Rows<T>, range: Range<Int>
    ) {
        plan.terms.withUnsafeBufferPointer { terms in
            for row in range {
                for term in terms {
                    let out = output[row] + term.scalarsOffset
                    let (y, g) = (irreps[row] + term.irrepsOffset, cotangent[row] + term.irrepsOffset)
                    var c = 0
                    while c &+ T.lanes <= term.stride {
                        var sum = T.Vector.zero
                        for m in 0..<term.dimension {
                            let k = m &* term.stride &+ c
                            sum = sum.adding((y + k).vector, times: (g + k).vector)
                        }
                        (out + c).vector = sum
                        c &+= T.lanes
                    }
                    while c < term.stride {
                        var sum: T = 0
                        for m in 0..<term.dimension { sum += y[m &* term.stride &+ c] * g[m &* term.stride &+ c] }
                        out[c] = sum
                        c &+= 1
                    }
                }
            }
        }
    }
}
