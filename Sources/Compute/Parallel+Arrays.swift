/// Parallel loops that write arrays: every range of elements belongs to one call of the body, and what the calls
/// return is combined in the order of the ranges. So results are bitwise the same for any number of threads.
extension Parallelism {
    /// Calls `body` with consecutive ranges of at most `length` elements of `b`, and these elements of `a` and `b`;
    /// what `a` has beyond them is left alone. Index the spans from 0; `range` is for reading other arrays. Only the
    /// results of the ranges take memory for a while.
    @inlinable
    public func reduce<A, B, Result>(
        _ a: inout [A], _ b: inout [B], by length: Int, from zero: Result, _ combine: (inout Result, Result) -> Void,
        body: (Range<Int>, inout MutableSpan<A>, inout MutableSpan<B>) -> Result
    ) -> Result {
        precondition(a.count >= b.count, "expected at least \(b.count) elements, got \(a.count)")
        let count = b.count
        let chunks = (count + length - 1) / length
        return a.withUnsafeMutableBufferPointer { a in
            b.withUnsafeMutableBufferPointer { b in
                nonisolated(unsafe) let (a, b) = (a, b)
                return withUnsafeTemporaryAllocation(of: Result.self, capacity: max(chunks, 1)) { partial in
                    nonisolated(unsafe) let partial = partial
                    forEach(count, by: length) { range in
                        var rowsOfA = UnsafeMutableBufferPointer(rebasing: a[range]).mutableSpan
                        var rowsOfB = UnsafeMutableBufferPointer(rebasing: b[range]).mutableSpan
                        let result = body(range, &rowsOfA, &rowsOfB)
                        partial.initializeElement(at: range.lowerBound / length, to: result)
                    }
                    var total = zero
                    for chunk in 0..<chunks { combine(&total, partial[chunk]) }
                    partial.extracting(0..<chunks).deinitialize()
                    return total
                }
            }
        }
    }

    /// Calls `body` with consecutive ranges of at most `length` elements and these elements of `a`.
    @inlinable
    public func update<A>(_ a: inout [A], by length: Int, body: (Range<Int>, inout MutableSpan<A>) -> Void) {
        let count = a.count
        a.withUnsafeMutableBufferPointer { a in
            nonisolated(unsafe) let a = a
            forEach(count, by: length) { range in
                var rows = UnsafeMutableBufferPointer(rebasing: a[range]).mutableSpan
                body(range, &rows)
            }
        }
    }

    /// The sum of what `body` returns for consecutive ranges of at most `length` that cover `0..<count`.
    @inlinable
    public func sum(_ count: Int, by length: Int, _ body: (Range<Int>) -> Double) -> Double {
        let chunks = (count + length - 1) / length
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(chunks, 1)) { partial in
            nonisolated(unsafe) let partial = partial
            forEach(count, by: length) { range in
                partial.initializeElement(at: range.lowerBound / length, to: body(range))
            }
            return partial.prefix(chunks).reduce(0, +)
        }
    }
}
