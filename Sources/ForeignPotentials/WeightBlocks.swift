import Equivariance

/// Matrices of irreps one after the other, as e3nn's `Linear` stores its weights: for each block of the input, in
/// order, and each block of the output with the same irrep, `[input channels][output channels]`.
struct WeightBlocks {
    struct Matrix {
        var rows, columns: Int
        /// Row by row.
        var numbers: [Double]

        init(rows: Int, columns: Int, numbers: [Double]) {
            precondition(
                numbers.count == rows * columns, "expected \(rows) × \(columns) numbers, got \(numbers.count)")
            (self.rows, self.columns, self.numbers) = (rows, columns, numbers)
        }

        func row(_ index: Int) -> ArraySlice<Double> { numbers[index * columns..<(index + 1) * columns] }
    }

    /// By block of the input and block of the output.
    private var matrices: [[Int]: Matrix] = [:]
    let input, output: Irreps

    /// - Parameter inner: rows of each channel of the input, for maps of products with that many scalars.
    init(
        _ numbers: [Double], from input: Irreps, to output: Irreps, inner: Int = 1, named name: String
    ) throws(ForeignPotentialError) {
        (self.input, self.output) = (input, output)
        var place = 0
        for (i, a) in input.enumerated() {
            for (o, b) in output.enumerated() where a.irrep == b.irrep {
                let (rows, columns) = (a.multiplicity * inner, b.multiplicity)
                guard place + rows * columns <= numbers.count else {
                    throw ForeignPotentialError(
                        "\(name): expected the weights of \(input) → \(output), found \(numbers.count) numbers")
                }
                matrices[[i, o]] = Matrix(
                    rows: rows, columns: columns, numbers: Array(numbers[place..<place + rows * columns]))
                place += rows * columns
            }
        }
        guard place == numbers.count else {
            throw ForeignPotentialError(
                "\(name): expected \(place) weights of \(input) → \(output), found \(numbers.count)")
        }
    }

    /// Of block number `i` of the input to the only block of its irrep.
    func from(_ i: Int) -> Matrix? {
        output.firstIndex { $0.irrep == input[i].irrep }.flatMap { matrices[[i, $0]] }
    }

    /// The channels of an output block that the input's blocks of this irrep lead to, divided by the root of the sum of
    /// their channels: e3nn's normalisation.
    func fanIn(_ irrep: Irrep) -> Int { input.multiplicity(of: irrep) }
}
