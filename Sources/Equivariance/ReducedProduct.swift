/// Tensors with an index symmetry as irreps: an orthonormal basis of them in which a rotation of all indices is a
/// rotation of irreps.
///
///     let elastic = try ReducedProduct("ijkl=jikl=ijlk=klij", ["i": "1o"])   // 2x0e+2x2e+1x4e
///     let parts = elastic.irreps(of: tensor)
///
/// All paths ((i × j) × k) … are orthonormal tensors P_a[m]; the projection S to the symmetry commutes with rotations,
/// so within an irrep it is a matrix A between paths alone, the same for all components m. The combinations of paths
/// that S leaves unchanged are the basis. They are free within an irrep that occurs more than once; here they are the
/// first paths, made orthogonal in their order, with positive first coefficients, so that the same numbers come out
/// everywhere. Time and memory grow with the square of the number of components.
public struct ReducedProduct: Sendable {
    public let symmetry: IndexSymmetry
    /// Of each index.
    public let inputs: [Irreps]
    public let irreps: Irreps
    /// `[component of irreps][component of the tensor, row by row]`; the rows are orthonormal.
    public let basis: [[Double]]

    /// The irreps of indices that are not given are those of an index that they are exchanged with. `wanted` leaves out
    /// other irreps of the result, `intermediate` those that other irreps of the first indices lead to, or that are
    /// none of these themselves.
    ///
    /// Throws an `IndexSymmetryError` for a formula that makes no sense, or irreps that contradict it.
    public init(
        _ formula: String, _ given: [Character: Irreps], keeping wanted: Set<Irrep>? = nil,
        through intermediate: Set<Irrep>? = nil
    ) throws {
        let symmetry = try IndexSymmetry(formula)
        let inputs = try Self.inputs(of: symmetry, given)
        let size = inputs.reduce(1) { $0 * $1.dimension }
        guard size <= 4096 else {
            throw IndexSymmetryError(
                description:
                    "'\(formula)' of \(inputs.map(\.description).joined(separator: ", ")): found tensors of \(size) components, of at most 4096"
            )
        }
        let paths = Self.paths(inputs, through: intermediate)
        let dimensions = inputs.map(\.dimension)
        var (blocks, basis): ([Irreps.Block], [[Double]]) = ([], [])
        for irrep in Set(paths.map(\.irrep)).sorted() where wanted?.contains(irrep) ?? true {
            let same = paths.filter { $0.irrep == irrep }
            let combinations = Self.unchanged(
                same.map(\.components[0]), by: { symmetry.symmetrizing($0, dimensions: dimensions) })
            if combinations.isEmpty { continue }
            blocks.append(.init(combinations.count, irrep))
            for combination in combinations {
                for m in 0..<irrep.dimension {
                    basis.append(
                        zip(combination, same).reduce(into: Array(repeating: 0.0, count: size)) { row, term in
                            guard term.0 != 0 else { return }
                            for i in row.indices { row[i] += term.0 * term.1.components[m][i] }
                        })
                }
            }
        }
        (self.symmetry, self.inputs, self.basis) = (symmetry, inputs, basis)
        irreps = Irreps(blocks)
    }

    /// The part of a tensor that has the symmetry, in irreps.
    public func irreps(of tensor: [Double]) -> [Double] {
        basis.map { row in dot(row, tensor) }
    }

    /// The tensor of such a part: the transpose, and the inverse on tensors with the symmetry.
    public func tensor(of features: [Double]) -> [Double] {
        precondition(features.count == basis.count, "expected \(basis.count) components, got \(features.count)")
        return zip(features, basis).reduce(into: Array(repeating: 0.0, count: size)) { tensor, term in
            for i in tensor.indices { tensor[i] += term.0 * term.1[i] }
        }
    }

    /// A tensor's part in one irrep.
    public func part(of tensor: [Double], in irrep: Irrep) -> [Double] {
        var features = irreps(of: tensor)
        for (block, range) in zip(irreps, irreps.ranges) where block.irrep != irrep {
            for i in range { features[i] = 0 }
        }
        return self.tensor(of: features)
    }

    /// The product of one feature for each index, in irreps: e3nn's `ReducedTensorProducts` as a function.
    public func callAsFunction(_ features: [[Double]]) -> [Double] {
        precondition(features.count == inputs.count, "expected \(inputs.count) features, got \(features.count)")
        for (feature, input) in zip(features, inputs) {
            precondition(
                feature.count == input.dimension, "expected \(input.dimension) components, got \(feature.count)")
        }
        let product = features.reduce([1.0]) { product, feature in
            product.flatMap { value in feature.map { value * $0 } }
        }
        return irreps(of: product)
    }

    private var size: Int { inputs.reduce(1) { $0 * $1.dimension } }
}

extension ReducedProduct {
    /// The irreps of each index: the given ones, or those of an index that it takes the place of.
    private static func inputs(of symmetry: IndexSymmetry, _ given: [Character: Irreps]) throws -> [Irreps] {
        func wrong(_ found: String) -> IndexSymmetryError {
            IndexSymmetryError(description: "the index symmetry '\(symmetry)': \(found)")
        }
        if let other = given.keys.sorted().first(where: { !symmetry.indices.contains($0) }) {
            throw wrong("found irreps of \(other), which is none of its indices")
        }
        return try symmetry.indices.indices.map { index in
            let orbit = Set(symmetry.permutations.map { $0.places[index] }).sorted()
            let found = orbit.compactMap { given[symmetry.indices[$0]] }
            guard let first = found.first else {
                throw wrong("expected irreps of \(symmetry.indices[index]), found none")
            }
            guard found.allSatisfy({ $0 == first }) else {
                throw wrong(
                    "expected the same irreps of indices that are exchanged, found \(found[0]) and \(found.last!)")
            }
            return first
        }
    }

    /// An irrep within the space of tensors: `[m][component of the tensor]`, orthonormal.
    private struct Path {
        var irrep: Irrep
        var components: [[Double]]
    }

    /// Ways to multiply the irreps of all indices from left to right.
    private static func paths(_ inputs: [Irreps], through intermediate: Set<Irrep>?) -> [Path] {
        var paths = [Path(irrep: .scalar, components: [[1]])]
        for input in inputs {
            var next: [Path] = []
            for path in paths {
                for (block, range) in zip(input, input.ranges) {
                    for irrep in path.irrep * block.irrep where intermediate?.contains(irrep) ?? true {
                        let coupling = Wigner3j(path.irrep.l, block.irrep.l, irrep.l)
                        let scale = Double(irrep.dimension).squareRoot()
                        for channel in 0..<block.multiplicity {
                            let first = range.lowerBound + channel * block.irrep.dimension
                            var components = Array(
                                repeating: Array(repeating: 0.0, count: path.components[0].count * input.dimension),
                                count: irrep.dimension)
                            for entry in coupling.entries {
                                let value = scale * entry.value
                                let below = path.components[entry.m1]
                                for i in below.indices where below[i] != 0 {
                                    components[entry.m3][i * input.dimension + first + entry.m2] += value * below[i]
                                }
                            }
                            next.append(Path(irrep: irrep, components: components))
                        }
                    }
                }
            }
            paths = next
        }
        return paths
    }

    /// Orthonormal combinations of orthonormal tensors that a projection leaves unchanged.
    ///
    /// A = ⟨P_a, S P_b⟩ has eigenvalues 0 … 1, and 1 belongs to those. The projection to their eigenvectors does not
    /// depend on how these are found; its columns, made orthogonal in order, are the result.
    private static func unchanged(_ tensors: [[Double]], by projection: ([Double]) -> [Double]) -> [[Double]] {
        let count = tensors.count
        let projected = tensors.map(projection)
        let matrix = (0..<count * count).map { dot(tensors[$0 / count], projected[$0 % count]) }
        let (values, vectors) = symmetricEigen(matrix, count)
        var kept: [[Double]] = []
        let chosen = values.indices.filter { values[$0] > 1 - 1e-8 }
        for column in 0..<count where kept.count < chosen.count {
            var vector = (0..<count).map { (row: Int) -> Double in
                var sum = 0.0
                for index in chosen { sum += vectors[index][row] * vectors[index][column] }
                return sum
            }
            // Twice, so that what is left is orthogonal to the last digit.
            for _ in 0..<2 {
                for other in kept {
                    let overlap = dot(other, vector)
                    for i in 0..<count { vector[i] -= overlap * other[i] }
                }
            }
            let length = dot(vector, vector).squareRoot()
            guard length > 1e-6 else { continue }
            let first = vector.first { abs($0) > 1e-9 * length }!
            kept.append(vector.map { abs($0) < 1e-14 * length ? 0 : $0 / (first < 0 ? -length : length) })
        }
        return kept
    }
}

private func dot(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count, "expected \(a.count) components, got \(b.count)")
    var sum = 0.0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
}
