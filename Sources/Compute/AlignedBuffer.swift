/// A block of memory that starts at a cache line, so that every padded row is aligned to a vector register.
public final class AlignedBuffer<Scalar: BitwiseCopyable & AdditiveArithmetic>: @unchecked Sendable {
    public private(set) var pointer: UnsafeMutablePointer<Scalar>
    public private(set) var capacity: Int

    /// `capacity` scalars, all zero.
    public init(capacity: Int) {
        self.capacity = max(capacity, Self.alignment / MemoryLayout<Scalar>.stride)
        pointer = Self.allocate(self.capacity)
    }

    /// Makes room for `count` scalars; the contents are zero afterwards if the memory was replaced.
    public func reserve(_ count: Int) {
        guard count > capacity else { return }
        pointer.deallocate()
        capacity = count
        pointer = Self.allocate(capacity)
    }

    /// A cache line, in bytes.
    private static var alignment: Int { 64 }

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Scalar> {
        // A line more, so that reading a whole vector at the end stays inside.
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<Scalar>.stride + alignment, alignment: alignment)
        let pointer = raw.bindMemory(to: Scalar.self, capacity: count)
        pointer.initialize(repeating: .zero, count: count)
        return pointer
    }

    deinit { pointer.deallocate() }
}
