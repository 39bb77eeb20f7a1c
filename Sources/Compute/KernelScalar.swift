import COpenBLAS

/// A floating-point type that the kernels are compiled for: `Float` for speed, `Double` for tests and for those who
/// ask for it. `Vector` fills one 512-bit register; on narrower machines the compiler splits it.
public protocol KernelScalar: BinaryFloatingPoint, SIMDScalar, BitwiseCopyable, Codable, Sendable {
    associatedtype Vector: SIMD, BitwiseCopyable, Sendable where Vector.Scalar == Self

    /// `C ← α A·B + β C` for row-major matrices, by BLAS. `A` is `m × k` (or `k × m` when transposed), `B` is `k × n`
    /// (OpenBLAS takes twice as long for a small one that is transposed), `C` is `m × n`; the strides are between rows.
    /// The sums' order depends on the sizes only.
    static func multiply(
        transposeA: Bool, m: Int, n: Int, k: Int,
        alpha: Self, a: UnsafePointer<Self>, strideA: Int, b: UnsafePointer<Self>, strideB: Int,
        beta: Self, c: UnsafeMutablePointer<Self>, strideC: Int)

    /// The sums over the lanes of each of `lanes` consecutive vectors: `sums[i]` is that of vector `i`. Both aligned.
    static func laneSums(_ vectors: UnsafePointer<Vector>, into sums: UnsafeMutablePointer<Self>)

    /// Rows of scalars side by side: component `m` of row `i`, which begins `offsets[i]` after `rows`, goes to
    /// `columns[lanes·m + i]`, for `lanes` rows. Components are taken in fours: up to three behind the last are read,
    /// and as many columns behind it written.
    static func transpose(
        _ rows: UnsafePointer<Self>, offsets: UnsafePointer<Int>, components: Int,
        into columns: UnsafeMutablePointer<Self>)

    static func sine(_ x: Self) -> Self
    static func cosine(_ x: Self) -> Self
    /// eˣ in every lane to about one unit in the last place; saturates instead of overflowing.
    static func exponential(_ x: Vector) -> Vector
}

extension KernelScalar {
    /// The number of scalars in a vector; rows of features are padded to multiples of it.
    @inlinable @inline(__always)
    public static var lanes: Int { Vector.scalarCount }

    /// `count` rounded up to whole vectors.
    @inlinable
    public static func padded(_ count: Int) -> Int { (count + lanes - 1) / lanes * lanes }
}

extension UnsafePointer where Pointee: KernelScalar {
    /// The vector that starts here; the address must be aligned to it.
    @inlinable @inline(__always)
    public var vector: Pointee.Vector { UnsafeRawPointer(self).load(as: Pointee.Vector.self) }

    /// A vector of the `count` scalars from here on, at most a whole one, followed by zeros; at any address.
    @inlinable @inline(__always)
    public func vector(first count: Int) -> Pointee.Vector {
        if count >= Pointee.lanes { return UnsafeRawPointer(self).loadUnaligned(as: Pointee.Vector.self) }
        var vector = Pointee.Vector.zero
        for lane in 0..<count { vector[lane] = self[lane] }
        return vector
    }
}

extension UnsafeMutablePointer where Pointee: KernelScalar {
    /// The vector that starts here; the address must be aligned to it.
    @inlinable @inline(__always)
    public var vector: Pointee.Vector {
        get { UnsafeRawPointer(self).load(as: Pointee.Vector.self) }
        nonmutating set { UnsafeMutableRawPointer(self).storeBytes(of: newValue, as: Pointee.Vector.self) }
    }

    @inlinable @inline(__always)
    public func vector(first count: Int) -> Pointee.Vector { UnsafePointer(self).vector(first: count) }

    /// Stores the first `count` lanes, at most all, at any address.
    @inlinable @inline(__always)
    public func store(_ vector: Pointee.Vector, first count: Int) {
        if count >= Pointee.lanes {
            UnsafeMutableRawPointer(self).storeBytes(of: vector, as: Pointee.Vector.self)
        } else {
            for lane in 0..<count { self[lane] = vector[lane] }
        }
    }
}

extension SIMD where Scalar: FloatingPoint {
    /// `self + a·b` in one instruction.
    @inlinable @inline(__always)
    public func adding(_ a: Self, times b: Self) -> Self { addingProduct(a, b) }

    @inlinable @inline(__always)
    public func adding(_ a: Scalar, times b: Self) -> Self { addingProduct(Self(repeating: a), b) }
}
