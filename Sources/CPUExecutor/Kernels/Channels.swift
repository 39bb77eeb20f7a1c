import Compute
import Programs

/// `W` vectors of channels that a kernel takes at once: what belongs to an edge alone is read once for all of them.
struct Channels<T: KernelScalar, let W: Int> {
    private var vectors: InlineArray<W, T.Vector>

    @inline(__always)
    static var zero: Channels { Channels(vectors: InlineArray(repeating: .zero)) }

    @inline(__always)
    private init(vectors: InlineArray<W, T.Vector>) { self.vectors = vectors }

    /// Reads `W` vectors from here on.
    @inline(__always)
    init(_ pointer: UnsafePointer<T>) {
        vectors = InlineArray { (pointer + $0 &* T.lanes).vector }
    }

    @inline(__always)
    init(_ pointer: UnsafeMutablePointer<T>) { self.init(UnsafePointer(pointer)) }

    @inline(__always)
    func store(_ pointer: UnsafeMutablePointer<T>) {
        for k in 0..<W { (pointer + k &* T.lanes).vector = vectors[k] }
    }

    /// `self + a·b`
    @inline(__always)
    func adding(_ a: T, times b: Channels) -> Channels {
        Channels(vectors: InlineArray { vectors[$0].adding(a, times: b.vectors[$0]) })
    }

    @inline(__always)
    func adding(_ a: Channels, times b: Channels) -> Channels {
        Channels(vectors: InlineArray { vectors[$0].adding(a.vectors[$0], times: b.vectors[$0]) })
    }

    /// Adds to what is there.
    @inline(__always)
    func add(to pointer: UnsafeMutablePointer<T>) {
        for k in 0..<W { (pointer + k &* T.lanes).vector += vectors[k] }
    }

    @inline(__always)
    static func * (a: Channels, b: T) -> Channels {
        Channels(vectors: InlineArray { a.vectors[$0] * b })
    }

    @inline(__always)
    static func * (a: Channels, b: Channels) -> Channels {
        Channels(vectors: InlineArray { a.vectors[$0] * b.vectors[$0] })
    }

    /// Adds the products of all `W` vectors to one sum.
    @inline(__always)
    static func add(_ a: Channels, times b: Channels, to sum: inout T.Vector) {
        var result = sum
        for k in 0..<W { result = result.adding(a.vectors[k], times: b.vectors[k]) }
        sum = result
    }
}
