/// Tensors whose indices are x, y, z, as irreps: stress ("ij=ji"), elastic constants ("ijkl=jikl=ijlk=klij"), any
/// `ReducedProduct` of vectors.
public struct CartesianTensor: Sendable {
    public let product: ReducedProduct

    /// Throws an `IndexSymmetryError` for a formula that makes no sense.
    public init(_ formula: String) throws {
        let symmetry = try IndexSymmetry(formula)
        product = try ReducedProduct(
            formula, Dictionary(uniqueKeysWithValues: symmetry.indices.map { ($0, "1o") }))
    }

    public var irreps: Irreps { product.irreps }
    public var rank: Int { product.inputs.count }

    /// The part with the symmetry, in irreps.
    public func irreps(of tensor: [Double]) -> [Double] { product.irreps(of: tensor) }

    /// The tensor, row by row.
    public func tensor(of features: [Double]) -> [Double] { product.tensor(of: features) }

    /// R applied to every index.
    public func rotating(_ tensor: [Double], by rotation: Rotation) -> [Double] {
        var tensor = tensor
        for axis in 0..<rank {
            let inner = (0..<rank - 1 - axis).reduce(1) { size, _ in 3 * size }
            tensor = tensor.indices.map { flat in
                let row = flat / inner % 3
                return (0..<3).reduce(0) { $0 + rotation[row, $1] * tensor[flat + ($1 - row) * inner] }
            }
        }
        return tensor
    }
}
