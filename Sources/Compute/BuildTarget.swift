import COpenBLAS

/// What this program was compiled for.
public enum BuildTarget {
    /// Width of the widest vector register in bits.
    public static var simdBits: Int { Int(apus_simd_bits()) }
    public static var hasFusedMultiplyAdd: Bool { apus_has_fma() != 0 }

    /// As commands print it when they begin: `built for 512-bit SIMD`.
    public static var description: String { "built for \(simdBits)-bit SIMD" }
}
