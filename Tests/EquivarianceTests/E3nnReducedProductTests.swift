import TestSupport
import Testing

@testable import Equivariance

@Suite struct E3nnReducedProductTests {
    /// The basis within an irrep that occurs more than once is free: what is compared does not depend on it.
    @Test func reducedProductsAreThoseOfE3nn() throws {
        for item in try ReferenceCase.all("reduced_tensor_products") {
            let given = try item.at("irreps")
            let product = try ReducedProduct(
                item.text("formula"),
                Dictionary(uniqueKeysWithValues: given.keys.map { (Character($0), try! given.irreps($0)) }),
                keeping: item.irrepSet("filter_ir_out"), through: item.irrepSet("filter_ir_mid"))
            #expect(product.irreps == (try item.irreps("irreps_out")), "\(item)")
            #expect(product.inputs == (try item.texts("irreps_in").map { try Irreps(parsing: $0) }))
            try check(product)

            let parts = try item.at("parts")
            for (index, tensor) in try item.rows("tensors").enumerated() {
                for key in parts.keys {
                    let part = product.part(of: tensor, in: try #require(Irrep(key)))
                    #expect(relativeDifference(part, try parts.rows(key)[index]) < agreement, "\(key) of \(item)")
                }
            }
            let result = product(try item.rows("vectors"))
            let squares = try item.at("output_square_by_irrep")
            for (block, range) in zip(product.irreps, product.irreps.ranges) {
                let square = result[range].reduce(0) { $0 + $1 * $1 }
                let expected = try squares.number(block.irrep.description)
                #expect(abs(square - expected) < agreement * max(1, expected), "\(item)")
            }
        }
    }

    /// Rows are orthonormal, have the symmetry of the indices, and turn as their irreps.
    private func check(_ product: ReducedProduct) throws {
        var stream = SplitMix64(51)
        let dimensions = product.inputs.map(\.dimension)
        for (a, row) in product.basis.enumerated() {
            #expect(largestDifference(product.symmetry.symmetrizing(row, dimensions: dimensions), row) < 1e-13)
            for (b, other) in product.basis.enumerated() {
                let overlap = zip(row, other).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(abs(overlap - (a == b ? 1 : 0)) < 1e-13)
            }
        }
        for rotation in [Rotation.random(using: &stream), Rotation.random(using: &stream) * .inversion] {
            let degree = max(product.irreps.lMax ?? 0, product.inputs.compactMap(\.lMax).max() ?? 0)
            let wigner = WignerD(lMax: degree, of: rotation)
            let features = dimensions.map { (0..<$0).map { _ in Double.random(in: -1...1, using: &stream) } }
            let turned = zip(features, product.inputs).map { wigner.rotating($0, $1) }
            #expect(
                largestDifference(product(turned), wigner.rotating(product(features), product.irreps)) < 1e-12)
        }
    }

    @Test func cartesianTensorsAreThoseOfE3nn() throws {
        for item in try ReferenceCase.all("cartesian_tensors") {
            let tensor = try CartesianTensor(item.text("formula"))
            #expect(tensor.irreps == (try item.irreps("irreps")))
            let rotation = Rotation(elements: try item.numbers("rotation"))
            let wigner = WignerD(lMax: 4, of: rotation)
            for (index, values) in try item.rows("tensors").enumerated() {
                let features = tensor.irreps(of: values)
                let symmetric = tensor.tensor(of: features)
                #expect(relativeDifference(symmetric, try item.rows("symmetrized")[index]) < agreement)
                for (block, range) in zip(tensor.irreps, tensor.irreps.ranges) {
                    let key = block.irrep.description
                    let square = features[range].reduce(0) { $0 + $1 * $1 }
                    #expect(abs(square - (try item.at("square_by_irrep").numbers(key)[index])) < 1e-11)
                    let part = tensor.product.part(of: values, in: block.irrep)
                    #expect(relativeDifference(part, try item.at("parts").rows(key)[index]) < agreement)
                }
                let turned = tensor.rotating(symmetric, by: rotation)
                #expect(relativeDifference(turned, try item.rows("rotated_symmetrized")[index]) < agreement)
                #expect(
                    relativeDifference(tensor.irreps(of: turned), wigner.rotating(features, tensor.irreps))
                        < agreement)
            }
        }
    }

    @Test(arguments: [
        ("ij=jk", "found 'jk'"), ("ii", "occurs twice"), ("i1=1i", "'i1'"), ("ij=ji=-ji", "only zero"),
        ("ij=", "found ''"), ("", "found ''"),
    ])
    func wrongFormulasAreNamed(_ formula: String, _ words: String) throws {
        let error = try #require(throws: IndexSymmetryError.self) { try IndexSymmetry(formula) }
        #expect(error.description.contains(words), "\(error)")
    }

    @Test func irrepsThatContradictAFormulaAreNamed() throws {
        for (given, words) in [
            (["i": "1o", "j": "2e"] as [Character: Irreps], "the same irreps"), (["k": "1o"], "irreps of k"),
            ([:], "irreps of i, found none"),
        ] {
            let error = try #require(throws: IndexSymmetryError.self) { try ReducedProduct("ij=ji", given) }
            #expect(error.description.contains(words), "\(error)")
        }
    }

    /// Independent of e3nn: elastic constants of an isotropic body are λ δδ + μ (δδ + δδ), which has scalars alone.
    @Test func isotropicElasticityIsScalar() throws {
        let elastic = try CartesianTensor("ijkl=jikl=ijlk=klij")
        func delta(_ a: Int, _ b: Int) -> Double { a == b ? 1 : 0 }
        let tensor = (0..<81).map { n in
            let (i, j, k, l) = (n / 27, n / 9 % 3, n / 3 % 3, n % 3)
            return 1.3 * delta(i, j) * delta(k, l) + 0.4 * (delta(i, k) * delta(j, l) + delta(i, l) * delta(j, k))
        }
        let features = elastic.irreps(of: tensor)
        #expect(features[2...].allSatisfy { abs($0) < 1e-14 })
        #expect(largestDifference(elastic.tensor(of: features), tensor) < 1e-14)
    }
}
