/// A block of memory that starts at a cache line, so that every padded row is aligned to a vector register.
public final class AlignedBuffer<Scalar: KernelScalar>: @unchecked Sendable {
    public private(set) var pointer: UnsafeMutablePointer<Scalar>
    public private(set) var capacity: Int

    /// `capacity` scalars, all zero.
    public init(capacity: Int) {
        self.capacity = max(capacity, Scalar.lanes)
        pointer = Self.allocate(self.capacity)
    }

    /// Makes room for `count` scalars; the contents are zero afterwards if the memory was replaced.
    public func reserve(_ count: Int) {
        guard count > capacity else { return }
        pointer.deallocate()
        capacity = count + count / 8
        pointer = Self.allocate(capacity)
    }

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Scalar> {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Scalar>.stride, alignment: 64)
        let pointer = raw.bindMemory(to: Scalar.self, capacity: count)
        pointer.initialize(repeating: 0, count: count)
        return pointer
    }

    deinit { pointer.deallocate() }
}
