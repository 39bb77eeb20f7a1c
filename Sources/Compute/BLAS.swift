import COpenBLAS

/// The BLAS this process uses. Its own threads are switched off: parallel ranges call it from inside.
public enum BLAS {
    /// Call once before the first product.
    public static func useOneThread() { openblas_set_num_threads(1) }

    /// The kernel set that OpenBLAS chose for this processor, for example `SkylakeX`.
    public static var kernels: String { String(cString: openblas_get_corename()) }
}
