import Compute
import Programs

/// Forces and virials from the gradients of edge vectors, and the transposes of these maps.
enum GeometryKernels<T: KernelScalar> {
    /// `F_i = Σ_{e → i} g_e − Σ_{e ← i} g_e` for the atoms and ghosts in `range`; no edge leads to a ghost.
    static func forces(
        _ graph: Graph, _ gradient: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, range: Range<Int>
    ) {
        for atom in range {
            var (x, y, z): (T, T, T) = (0, 0, 0)
            for edge in graph.edges(to: atom) {
                let g = gradient + 3 * edge
                x += g[0]
                y += g[1]
                z += g[2]
            }
            for position in Int(graph.transposedOffsets[atom])..<Int(graph.transposedOffsets[atom + 1]) {
                let g = gradient + 3 * Int(graph.transposed[position])
                x -= g[0]
                y -= g[1]
                z -= g[2]
            }
            (output[3 * atom], output[3 * atom + 1], output[3 * atom + 2]) = (x, y, z)
        }
    }

    /// `g_e = f_receiver − f_source` for the edges in `range`.
    static func difference(
        _ graph: Graph, _ forces: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, range: Range<Int>
    ) {
        for edge in range {
            let a = forces + 3 * Int(graph.receivers[edge])
            let b = forces + 3 * Int(graph.sourceOfEdge[edge])
            for axis in 0..<3 { output[3 * edge + axis] = a[axis] - b[axis] }
        }
    }

    /// `W[a][b] = −Σ_e r_e[a] g_e[b]` over the receivers in `atoms`, added to `sums` `[structure][9]` in double
    /// precision.
    static func virial(
        _ graph: Graph, _ gradient: UnsafePointer<T>, atoms: Range<Int>, sums: UnsafeMutablePointer<Double>
    ) {
        for atom in atoms {
            let sums = sums + 9 * graph.structure(of: atom)
            var (a, b, c) = (SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero)
            for edge in Int(graph.offsets[atom])..<Int(graph.offsets[atom + 1]) {
                let g = gradient + 3 * edge
                let v = SIMD4(Double(g[0]), Double(g[1]), Double(g[2]), 0)
                a += v * graph.x[edge]
                b += v * graph.y[edge]
                c += v * graph.z[edge]
            }
            for axis in 0..<3 {
                sums[axis] -= a[axis]
                sums[3 + axis] -= b[axis]
                sums[6 + axis] -= c[axis]
            }
        }
    }

    /// `W_i[a][b] = −½ Σ_{e → i} r_e[a] g_e[b] − ½ Σ_{e ← i} r_e[a] g_e[b]` for the atoms and ghosts in `range`,
    /// `[source][9]`; over all of them the sum is that of `virial`.
    static func atomicVirials(
        _ graph: Graph, _ gradient: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, range: Range<Int>
    ) {
        for atom in range {
            var (a, b, c) = (SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero)
            func add(_ edge: Int) {
                let g = gradient + 3 * edge
                let v = SIMD4(Double(g[0]), Double(g[1]), Double(g[2]), 0) * 0.5
                a += v * graph.x[edge]
                b += v * graph.y[edge]
                c += v * graph.z[edge]
            }
            for edge in graph.edges(to: atom) { add(edge) }
            for position in Int(graph.transposedOffsets[atom])..<Int(graph.transposedOffsets[atom + 1]) {
                add(Int(graph.transposed[position]))
            }
            let row = output + 9 * atom
            for axis in 0..<3 { (row[axis], row[3 + axis], row[6 + axis]) = (T(-a[axis]), T(-b[axis]), T(-c[axis])) }
        }
    }

    /// `g_e[b] = −Σ_a r_e[a] w[a][b]` for the edges in `range`.
    static func strain(
        _ graph: Graph, _ w: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>, range: Range<Int>
    ) {
        for edge in range {
            let w = w + 9 * graph.structure(of: Int(graph.receivers[edge]))
            let (x, y, z) = (T(graph.x[edge]), T(graph.y[edge]), T(graph.z[edge]))
            for axis in 0..<3 { output[3 * edge + axis] = -(x * w[axis] + y * w[3 + axis] + z * w[6 + axis]) }
        }
    }
}
