/// About the polar factor of a matrix: U Vᵀ of M = U S Vᵀ, the nearest matrix with orthonormal columns or rows.
///
/// Five steps X ← a X + b X XᵀX + c X (XᵀX)² from X = M/‖M‖ with the coefficients of Jordan et al. (Muon, 2024) bring
/// singular values from a hundredth of ‖M‖ on to between 0.68 and 1.13. They are taken with the small matrix G = XᵀX,
/// and X is multiplied once: P = a + b G + c G², Q ← Q P, G ← P G P. For wide matrices G = X Xᵀ, and Q X.
public enum PolarFactor {
    private static var steps: Int { 5 }

    /// `target ← decay · target − length · polar factor`; the factor of zeros is zero, and so is that of a matrix whose
    /// entries are all subnormal.
    ///
    /// A matrix whose squares would leave the range of `T` is scaled by a power of two first, which changes no bit of
    /// the factor: in single precision one of norm below 10⁻¹² or above 10¹⁵.
    ///
    /// - Parameters:
    ///   - matrix: `[rows][columns]`, row by row.
    ///   - stride: of the target's rows.
    @_specialize(where T == Float)
    @_specialize(where T == Double)
    public static func subtract<T: KernelScalar>(
        of matrix: UnsafePointer<T>, rows: Int, columns: Int, length: T, from target: UnsafeMutablePointer<T>,
        stride: Int, decay: T
    ) {
        subtract(
            of: matrix, rows: rows, columns: columns, length: length, from: target, stride: stride, decay: decay,
            isScaled: false)
    }

    /// - Parameter isScaled: whether squares are known to be in range, or zero.
    @_specialize(where T == Float)
    @_specialize(where T == Double)
    private static func subtract<T: KernelScalar>(
        of matrix: UnsafePointer<T>, rows: Int, columns: Int, length: T, from target: UnsafeMutablePointer<T>,
        stride: Int, decay: T, isScaled: Bool
    ) {
        let isWide = rows < columns
        let size = min(rows, columns)
        let count = size * size
        // Room for squares of entries that are 1/ε smaller than the largest, and for sums of many.
        let lowest = Double(T.leastNormalMagnitude / T.ulpOfOne / T.ulpOfOne)
        let highest = Double(T.greatestFiniteMagnitude * T.ulpOfOne)
        withUnsafeTemporaryAllocation(of: T.self, capacity: 5 * count + (isWide ? rows * columns : 0)) { scratch in
            let scratch = scratch.baseAddress!
            func product(_ a: UnsafePointer<T>, _ b: UnsafePointer<T>, into c: UnsafeMutablePointer<T>) {
                T.multiply(
                    transposeA: false, m: size, n: size, k: size, alpha: 1, a: a, strideA: size, b: b, strideB: size,
                    beta: 0, c: c, strideC: size)
            }
            var (gram, square, polynomial, factor, other) = (
                scratch, scratch + count, scratch + 2 * count, scratch + 3 * count, scratch + 4 * count
            )
            var tall = matrix
            if isWide {
                let transposed = scratch + 5 * count
                for i in 0..<rows { for j in 0..<columns { transposed[j * rows + i] = matrix[i * columns + j] } }
                tall = UnsafePointer(transposed)
            }
            T.multiply(
                transposeA: true, m: size, n: size, k: max(rows, columns), alpha: 1, a: tall, strideA: size, b: tall,
                strideB: size, beta: 0, c: gram, strideC: size)
            // ‖M‖², the trace of MᵀM.
            var squares = 0.0
            for k in 0..<size { squares += Double(gram[k * size + k]) }
            guard isScaled || squares > lowest && squares < highest else {
                return subtractScaled(
                    of: matrix, rows: rows, columns: columns, length: length, from: target, stride: stride,
                    decay: decay)
            }
            let inverse = squares > 0 ? 1 / squares : 0
            for k in 0..<count { gram[k] *= T(inverse) }

            let (a, b, c): (T, T, T) = (3.4445, -4.7750, 2.0315)
            for step in 0..<steps {
                product(gram, gram, into: square)
                let next = step == 0 ? factor : polynomial
                for k in 0..<count { next[k] = b * gram[k] + c * square[k] }
                for k in 0..<size { next[k * size + k] += a }
                if step > 0 {
                    product(factor, polynomial, into: other)
                    swap(&factor, &other)
                }
                guard step < steps - 1 else { break }
                product(next, gram, into: square)
                product(square, next, into: gram)
            }

            let alpha = -length * T(inverse.squareRoot())
            let (left, right) = isWide ? (UnsafePointer(factor), matrix) : (matrix, UnsafePointer(factor))
            T.multiply(
                transposeA: false, m: rows, n: columns, k: size, alpha: alpha, a: left, strideA: size, b: right,
                strideB: columns, beta: decay, c: target, strideC: stride)
        }
    }

    /// The same with the largest entry brought between 1 and 2.
    @_specialize(where T == Float)
    @_specialize(where T == Double)
    private static func subtractScaled<T: KernelScalar>(
        of matrix: UnsafePointer<T>, rows: Int, columns: Int, length: T, from target: UnsafeMutablePointer<T>,
        stride: Int, decay: T
    ) {
        withUnsafeTemporaryAllocation(of: T.self, capacity: rows * columns) { scaled in
            let scaled = scaled.baseAddress!
            var (largest, isFinite): (T, Bool) = (0, true)
            for k in 0..<rows * columns {
                largest = max(largest, abs(matrix[k]))
                isFinite = isFinite && matrix[k].isFinite
            }
            // There is no factor, and whoever looks at the target shall see it.
            guard isFinite else {
                for i in 0..<rows { for j in 0..<columns { target[i * stride + j] = .nan } }
                return
            }
            let isZero = largest < T.leastNormalMagnitude
            // In two steps, since 2^(−e) may be out of range where 2^e is not.
            let exponent = isZero ? 0 : -Int(largest.exponent)
            let (first, second) = (exponent / 2, exponent - exponent / 2)
            let factors = (
                T(sign: .plus, exponent: T.Exponent(first), significand: 1),
                T(sign: .plus, exponent: T.Exponent(second), significand: 1)
            )
            for k in 0..<rows * columns { scaled[k] = isZero ? 0 : matrix[k] * factors.0 * factors.1 }
            subtract(
                of: scaled, rows: rows, columns: columns, length: length, from: target, stride: stride, decay: decay,
                isScaled: true)
        }
    }
}
