/// The rows of an array in a file of NumPy, read some at a time.
final class NumPyRows {
    let header: NumPyHeader
    let rows: Int
    /// Numbers in a row.
    let width: Int
    private let file: ByteFile
    /// The rows at hand, and their numbers.
    private var held = 0..<0
    private var numbers: [Double] = []

    /// Throws a `StructureFileError`, or a `FormatProblem` of what the file holds.
    init(path: String) throws {
        file = try ByteFile(path: path)
        header = try NumPyHeader(file.bytes(at: 0, count: min(file.count, 1 << 16), for: "the head of an array"))
        guard !header.isColumnMajor || header.shape.count <= 1 else {
            throw FormatProblem(
                "\(path): expected an array in the order of C, found Fortran's; write it again by numpy.ascontiguousarray"
            )
        }
        rows = header.shape.first ?? 1
        width = header.shape.dropFirst().reduce(1, *)
        guard header.numbers([]) != nil else {
            throw FormatProblem("\(path): expected an array of numbers, found type \(header.kind)\(header.size)")
        }
        guard file.count >= header.length + header.count * header.size else {
            throw FormatProblem(
                "\(path): expected \(header.count) numbers, found a file that ends before: it was cut off")
        }
    }

    /// A row's numbers.
    func row(_ index: Int) throws -> ArraySlice<Double> {
        precondition((0..<rows).contains(index), "expected a row below \(rows), got \(index)")
        if !held.contains(index) {
            let step = max(1, (1 << 17) / max(1, width))
            held = index..<min(rows, index + step)
            let size = width * header.size
            numbers =
                header.numbers(
                    try file.bytes(
                        at: header.length + index * size, count: held.count * size, for: "rows of an array")) ?? []
        }
        let begin = (index - held.lowerBound) * width
        return numbers[begin..<begin + width]
    }
}
