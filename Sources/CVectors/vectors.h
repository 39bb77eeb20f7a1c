// Shuffles of vectors that Swift's SIMD types have no words for, in clang's own vector extension: it becomes the
// instructions of whatever processor the program is built for.
typedef float apus_float16 __attribute__((vector_size(64)));
typedef double apus_double8 __attribute__((vector_size(64)));

/// Lane i of `sums` becomes the sum over the lanes of vector i, of 16. Two vectors become one by adding what the two
/// inputs of a shuffle leave: four rounds, which are written here by their results.
static inline void apus_lane_sums_float(const void *vectors, void *sums) {
    const apus_float16 *v = (const apus_float16 *)vectors;
#define PAIR(a, b) /* a b a b in every quarter */                                                                     \
    (__builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29) +                         \
     __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31))
#define FOUR(a, b) /* a a b b in every quarter: the sums of four vectors */                                           \
    (__builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +                         \
     __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
#define HALF(a, b) /* quarters of a in one half, of b in the other */                                                 \
    (__builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +                           \
     __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
#define WHOLE(a, b)                                                                                                   \
    (__builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +                         \
     __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31))
    apus_float16 four[4];
    for (int i = 0; i < 4; i++) {
        apus_float16 first = PAIR(v[4 * i], v[4 * i + 1]), second = PAIR(v[4 * i + 2], v[4 * i + 3]);
        four[i] = FOUR(first, second);
    }
    apus_float16 low = HALF(four[0], four[1]), high = HALF(four[2], four[3]);
    *(apus_float16 *)sums = WHOLE(low, high);
#undef PAIR
#undef FOUR
#undef HALF
#undef WHOLE
}

/// The same for 8 vectors of 8 lanes.
static inline void apus_lane_sums_double(const void *vectors, void *sums) {
    const apus_double8 *v = (const apus_double8 *)vectors;
#define PAIR(a, b) /* a b in every quarter */                                                                         \
    (__builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14) +                                                        \
     __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15))
#define HALF(a, b) /* quarters of a in one half, of b in the other */                                                 \
    (__builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) + __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15))
#define WHOLE(a, b)                                                                                                   \
    (__builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13) + __builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15))
    apus_double8 ab = PAIR(v[0], v[1]), cd = PAIR(v[2], v[3]), ef = PAIR(v[4], v[5]), gh = PAIR(v[6], v[7]);
    apus_double8 low = HALF(ab, cd), high = HALF(ef, gh);
    *(apus_double8 *)sums = WHOLE(low, high);
#undef PAIR
#undef HALF
#undef WHOLE
}

typedef float apus_float4 __attribute__((vector_size(16), aligned(4)));
typedef double apus_double4 __attribute__((vector_size(32), aligned(8)));

/// Component m of row i, which begins `offsets[i]` scalars after `rows`, goes to `columns[lanes·m + i]`, for `lanes`
/// rows. Components are taken four at a time: up to three behind the last are read, and as many columns behind it
/// written.
#define APUS_TRANSPOSE(name, scalar, vector, lanes)                                                                   \
    static inline void name(const scalar *rows, const long *offsets, long components, scalar *columns) {              \
        for (long m = 0; m < components; m += 4) {                                                                    \
            for (long i = 0; i < lanes; i += 4) {                                                                     \
                vector a = *(const vector *)(rows + offsets[i] + m), b = *(const vector *)(rows + offsets[i + 1] + m); \
                vector c = *(const vector *)(rows + offsets[i + 2] + m), d = *(const vector *)(rows + offsets[i + 3] + m); \
                vector ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5); \
                vector ba = __builtin_shufflevector(a, b, 2, 6, 3, 7), dc = __builtin_shufflevector(c, d, 2, 6, 3, 7); \
                scalar *column = columns + lanes * m + i;                                                             \
                *(vector *)column = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);                                       \
                *(vector *)(column + lanes) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);                             \
                *(vector *)(column + 2 * lanes) = __builtin_shufflevector(ba, dc, 0, 1, 4, 5);                         \
                *(vector *)(column + 3 * lanes) = __builtin_shufflevector(ba, dc, 2, 3, 6, 7);                         \
            }                                                                                                         \
        }                                                                                                             \
    }

APUS_TRANSPOSE(apus_transpose_float, float, apus_float4, 16)
APUS_TRANSPOSE(apus_transpose_double, double, apus_double4, 8)
#undef APUS_TRANSPOSE
