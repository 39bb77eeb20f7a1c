// OpenBLAS as installed by the system, and the instruction set this build was compiled for.
#include <cblas.h>
#include <stdlib.h>

// OpenBLAS chooses its kernels when it is loaded, from the processors that its release knows; for a younger one it
// takes those of 2004, ten times slower. These entry points of builds that choose (DYNAMIC_ARCH; others lack them)
// choose again.
__attribute__((weak)) void gotoblas_dynamic_quit(void);
__attribute__((weak)) void gotoblas_dynamic_init(void);

/// Makes OpenBLAS take the kernels for `core`, a name of its own. Nothing may be computing meanwhile.
static inline void apus_choose_kernels(const char *core) {
    if (!gotoblas_dynamic_quit || !gotoblas_dynamic_init) return;
    setenv("OPENBLAS_CORETYPE", core, 1);
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
    unsetenv("OPENBLAS_CORETYPE");
}

// LAPACK, which OpenBLAS holds; its header is in another package. Matrices by columns, complex numbers as pairs.
void dsyev_(
    const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
    const int *lwork, int *info);
void zheev_(
    const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
    const int *lwork, double *rwork, int *info);
void dgesv_(const int *n, const int *nrhs, double *a, const int *lda, int *ipiv, double *b, const int *ldb, int *info);

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
