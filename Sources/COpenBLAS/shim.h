// OpenBLAS as installed by the system, and the instruction set this build was compiled for.
#include <cblas.h>

/// Bits in the widest vector register that the compiler was allowed to use.
static inline int apus_simd_bits(void) {
#if defined(__AVX512F__)
    return 512;
#elif defined(__AVX2__)
    return 256;
#else
    return 128;
#endif
}

/// Whether fused multiply-add is one instruction in this build.
static inline int apus_has_fma(void) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return 1;
#else
    return 0;
#endif
}
