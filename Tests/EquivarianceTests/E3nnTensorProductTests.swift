import TestSupport
import Testing

@testable import Equivariance

@Suite struct E3nnTensorProductTests {
    private func product(_ item: ReferenceCase) throws -> TensorProduct {
        let normalization =
            try item.has("irrep_normalization")
            ? #require(TensorProduct.IrrepNormalization(rawValue: item.text("irrep_normalization"))) : .component
        let paths =
            try item.has("path_normalization")
            ? #require(TensorProduct.PathNormalization(rawValue: item.text("path_normalization"))) : .element
        let left = try item.irreps("irreps_in1")
        let wanted = try item.irrepSet("filter_ir_out")
        switch try item.text("kind") {
        case "FullyConnected":
            return .fullyConnected(
                left, try item.irreps("irreps_in2"), to: try item.irreps("irreps_out"),
                irrepNormalization: normalization, pathNormalization: paths)
        case "Full":
            return .full(left, try item.irreps("irreps_in2"), keeping: wanted, irrepNormalization: normalization)
        case "Elementwise":
            return .elementwise(
                left, try item.irreps("irreps_in2"), keeping: wanted, irrepNormalization: normalization)
        case "TensorSquareFull":
            return .square(left, keeping: wanted, irrepNormalization: normalization)
        case "TensorSquareFullyConnected":
            return .square(left, to: try item.irreps("irreps_out"), irrepNormalization: normalization)
        default:
            let instructions = try item.cases("instructions").map {
                TensorProduct.Instruction(
                    try $0.integer("in1"), try $0.integer("in2"), to: try $0.integer("out"),
                    try #require(TensorProduct.Mode(rawValue: $0.text("mode"))), weights: $0.isTrue("has_weight"),
                    share: try $0.number("given"))
            }
            return TensorProduct(
                left, try item.irreps("irreps_in2"), to: try item.irreps("irreps_out"), instructions,
                irrepNormalization: normalization, pathNormalization: paths,
                leftVariances: item.has("in1_var") ? try item.numbers("in1_var") : nil,
                rightVariances: item.has("in2_var") ? try item.numbers("in2_var") : nil,
                outputVariances: item.has("out_var") ? try item.numbers("out_var") : nil)
        }
    }

    @Test func productsAreThoseOfE3nnWithFirstAndSecondDerivatives() throws {
        for item in try ReferenceCase.all("tensor_products") {
            let product = try product(item)
            #expect(product.output.simplified == (try item.irreps("irreps_out")).simplified)
            #expect(product.weightCount == (try item.integer("weight_numel")))
            let expected = try item.cases("instructions")
            #expect(product.paths.count == expected.count, "\(item)")
            for (path, other) in zip(product.paths, expected) {
                #expect(abs(path.coefficient - (try other.number("coefficient"))) < 1e-14, "\(item)")
                #expect(path.instruction.mode.rawValue == (try other.text("mode")), "\(item)")
                #expect(path.weightShape.map(Double.init) == (try other.numbers("weight_shape")), "\(item)")
            }
            if try item.at("inputs").has("x2") {
                try compare(product, item)
            } else {
                try compare(TensorSquare(product), item)
            }
        }
    }

    private func compare(_ product: TensorProduct, _ item: ReferenceCase) throws {
        func inputs(_ key: String) throws -> TensorProduct.Inputs {
            let found = try item.at(key)
            return .init(
                left: try found.numbers("x1"), right: try found.numbers("x2"),
                weights: found.has("weight") ? try found.numbers("weight") : [])
        }
        func expectEqual(_ found: TensorProduct.Inputs, _ key: String, within tolerance: Double) throws {
            let expected = try inputs(key)
            #expect(relativeDifference(found.left, expected.left) < tolerance, "\(key) of \(item)")
            #expect(relativeDifference(found.right, expected.right) < tolerance, "\(key) of \(item)")
            #expect(relativeDifference(found.weights, expected.weights) < tolerance, "\(key) of \(item)")
        }
        let (x, d, g) = (try inputs("inputs"), try inputs("directions"), try item.numbers("cotangent"))
        let output = product(x.left, x.right, weights: x.weights)
        #expect(relativeDifference(output, try item.numbers("output")) < agreement, "\(item)")
        try expectEqual(product.gradients(x, cotangent: g), "gradients", within: agreement)
        let second = product.secondDerivatives(x, cotangent: g, along: d)
        try expectEqual(second.inputs, "second", within: agreement)
        #expect(relativeDifference(second.cotangent, try item.at("second").numbers("cotangent")) < agreement)
    }

    private func compare(_ square: TensorSquare, _ item: ReferenceCase) throws {
        func inputs(_ key: String) throws -> TensorSquare.Inputs {
            let found = try item.at(key)
            let name = try #require(found.keys.first { $0.hasPrefix("x") })
            return .init(try found.numbers(name), weights: found.has("weight") ? try found.numbers("weight") : [])
        }
        let (x, d, g) = (try inputs("inputs"), try inputs("directions"), try item.numbers("cotangent"))
        let output = square(x.features, weights: x.weights)
        #expect(relativeDifference(output, try item.numbers("output")) < agreement, "\(item)")
        let second = square.secondDerivatives(x, cotangent: g, along: d)
        for (found, key) in [(square.gradients(x, cotangent: g), "gradients"), (second.inputs, "second")] {
            let expected = try inputs(key)
            #expect(relativeDifference(found.features, expected.features) < agreement, "\(key) of \(item)")
            #expect(relativeDifference(found.weights, expected.weights) < agreement, "\(key) of \(item)")
        }
        #expect(relativeDifference(second.cotangent, try item.at("second").numbers("cotangent")) < agreement)
    }

    /// e3nn's Linear is a product with the scalar 1.
    @Test func linearMapsAreThoseOfE3nn() throws {
        for item in try ReferenceCase.all("linear") where !item.isTrue("biases") && item.isTrue("shared_weights") {
            let given = try item.cases("instructions")
            let input = try item.irreps("irreps_in")
            let paths =
                try item.has("path_normalization")
                ? #require(TensorProduct.PathNormalization(rawValue: item.text("path_normalization"))) : .element
            let map = TensorProduct.linear(input, to: try item.irreps("irreps_out"), pathNormalization: paths)
            guard map.paths.count == given.count else { continue }
            let (x, rows) = (try item.at("inputs"), try item.rows("cotangent").count)
            let inputs = TensorProduct.Inputs(
                left: try x.numbers("x"), right: Array(repeating: 1, count: rows), weights: try x.numbers("weight"))
            let output = map(inputs.left, inputs.right, weights: inputs.weights)
            #expect(relativeDifference(output, try item.numbers("output")) < agreement, "\(item)")
            let gradients = map.gradients(inputs, cotangent: try item.numbers("cotangent"))
            #expect(relativeDifference(gradients.left, try item.at("gradients").numbers("x")) < agreement)
            #expect(relativeDifference(gradients.weights, try item.at("gradients").numbers("weight")) < agreement)
        }
    }

    @Test func productsTurnWithTheirFactors() {
        var stream = SplitMix64(41)
        let product = TensorProduct.fullyConnected("2x0e+3x1o+1x2e", "1x0o+2x1o+1x2e", to: "2x0e+2x0o+3x1o+2x1e+2x2o")
        func random(_ count: Int) -> [Double] { (0..<count).map { _ in .random(in: -1...1, using: &stream) } }
        let (x, y) = (random(product.left.dimension), random(product.right.dimension))
        let weights = random(product.weightCount)
        for rotation in [Rotation.random(using: &stream), Rotation.random(using: &stream) * .inversion] {
            let wigner = WignerD(lMax: 2, of: rotation)
            let turned = product(
                wigner.rotating(x, product.left), wigner.rotating(y, product.right), weights: weights)
            #expect(
                largestDifference(turned, wigner.rotating(product(x, y, weights: weights), product.output)) < 1e-13)
        }
    }

    /// Rows are independent of how many there are, and of the tile that they are in.
    @Test func rowsAreIndependent() {
        var stream = SplitMix64(42)
        let product = TensorProduct.fullyConnected("2x0e+1x1o", "1x0e+1x1o", to: "2x0e+2x1o")
        func random(_ count: Int) -> [Double] { (0..<count).map { _ in .random(in: -1...1, using: &stream) } }
        let (x, y, w) = (random(11 * 5), random(11 * 4), random(product.weightCount))
        let all = product(x, y, weights: w)
        for row in 0..<11 {
            let one = product(Array(x[5 * row..<5 * row + 5]), Array(y[4 * row..<4 * row + 4]), weights: w)
            #expect(one == Array(all[8 * row..<8 * row + 8]))
        }
    }
}
