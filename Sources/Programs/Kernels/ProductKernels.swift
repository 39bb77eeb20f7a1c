import Compute

/// Channel-wise products of scalars and irreps (see `ProductMap`) for ranges of rows.
enum ProductKernels<T: KernelScalar> {
    /// `out[m, c] = a[c] y[m, c]`.
    static func scale(
        _ map: ProductMap, scalars: UnsafePointer<T>, irreps: UnsafePointer<T>, output: UnsafeMutablePointer<T>,
        range: Range<Int>
    ) {
        for row in range {
            for term in map.terms {
                let a = scalars + (row &* map.scalars.width &+ term.scalars.offset)
                for m in 0..<term.irreps.dimension {
                    let offset = row &* map.irreps.width &+ term.irreps.offset &+ m &* term.irreps.stride
                    let (y, out) = (irreps + offset, output + offset)
                    if term.irreps.stride % T.lanes == 0 {
                        var c = 0
                        while c < term.irreps.stride {
                            (out + c).vector = (a + c).vector * (y + c).vector
                            c &+= T.lanes
                        }
                    } else {
                        for c in 0..<term.irreps.stride { out[c] = a[c] * y[c] }
                    }
                }
            }
        }
    }

    /// `out[c] = Σ_m y[m, c] g[m, c]`.
    static func dot(
        _ map: ProductMap, irreps: UnsafePointer<T>, cotangent: UnsafePointer<T>, output: UnsafeMutablePointer<T>,
        range: Range<Int>
    ) {
        for row in range {
            for term in map.terms {
                let out = output + (row &* map.scalars.width &+ term.scalars.offset)
                let offset = row &* map.irreps.width &+ term.irreps.offset
                let (y, g) = (irreps + offset, cotangent + offset)
                let stride = term.irreps.stride
                if stride % T.lanes == 0 {
                    var c = 0
                    while c < stride {
                        var sum = T.Vector.zero
                        for m in 0..<term.irreps.dimension {
                            sum = sum.adding((y + (m &* stride &+ c)).vector, times: (g + (m &* stride &+ c)).vector)
                        }
                        (out + c).vector = sum
                        c &+= T.lanes
                    }
                } else {
                    for c in 0..<stride {
                        out[c] = (0..<term.irreps.dimension).reduce(0) {
                            $0 + y[$1 * stride + c] * g[$1 * stride + c]
                        }
                    }
                }
            }
        }
    }
}
