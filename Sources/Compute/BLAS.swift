import COpenBLAS
import Foundation

/// The BLAS that this process uses.
public enum BLAS {
    /// Switches its own threads off, because parallel ranges call it from inside, and sees to it that it uses the
    /// vectors that this program is built for. Call before the first product; only the first call does anything.
    public static func prepare() { _ = isPrepared }

    private static let isPrepared: Bool = {
        openblas_set_num_threads(1)
        // What OpenBLAS falls back to on a processor that it does not know; see shim.h.
        let isFallback = kernels == "Prescott" && ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] == nil
        switch BuildTarget.simdBits {
        case 512 where isFallback: apus_choose_kernels("SkylakeX")
        case 256 where isFallback: apus_choose_kernels("Haswell")
        default: break
        }
        return true
    }()

    /// The kernel set that OpenBLAS chose for this processor, for example `SkylakeX`.
    public static var kernels: String { String(cString: openblas_get_corename()) }
}
