import Programs

/// Rows of heads in a program as numbers, and back. A scalar has a row of one number; a vector has one channel of
/// degree 1 (components x, y, z), padded as features are.
public enum HeadRows {
    private static func stride(_ head: Head) -> (row: Int, component: Int) {
        guard head.shape != .scalar else { return (1, 1) }
        let layout = Layout.features([(1, 1)])
        return (layout.width, layout.blocks[0].stride)
    }

    /// `[atom][component]`
    public static func read<T: BinaryFloatingPoint>(
        _ rows: UnsafeBufferPointer<T>, _ head: Head, _ atoms: Range<Int>
    ) -> [Double] {
        let (row, component) = stride(head)
        return atoms.flatMap { atom in
            (0..<head.shape.components).map { Double(rows[row * atom + component * $0]) }
        }
    }

    /// - Parameter numbers: `[atom][component]`; everything else becomes zero.
    public static func write<T: BinaryFloatingPoint>(
        _ numbers: [T], to rows: UnsafeMutableBufferPointer<T>, _ head: Head
    ) {
        let ((row, component), count) = (stride(head), head.shape.components)
        rows.update(repeating: 0)
        for (place, number) in numbers.enumerated() {
            rows[row * (place / count) + component * (place % count)] = number
        }
    }
}
