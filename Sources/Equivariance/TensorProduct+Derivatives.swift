/// Derivatives of products. With a cotangent g, s = Σ out·g is linear in left, right, weights and g, so its derivatives
/// need no more than the product has; and so on to any order.
extension TensorProduct {
    /// Numbers of each input, as wide as these: the inputs themselves, derivatives by them, or a direction among them.
    public struct Inputs: Sendable, Equatable {
        public var left, right, weights: [Double]

        public init(left: [Double], right: [Double], weights: [Double] = []) {
            (self.left, self.right, self.weights) = (left, right, weights)
        }
    }

    /// The derivatives of Σ out·cotangent; by shared weights summed over rows.
    public func gradients(_ x: Inputs, cotangent: [Double]) -> Inputs {
        Inputs(
            left: form(.left, left: [], right: x.right, weights: x.weights, cotangent: cotangent),
            right: form(.right, left: x.left, right: [], weights: x.weights, cotangent: cotangent),
            weights: form(.weights, left: x.left, right: x.right, weights: x.weights, cotangent: cotangent))
    }

    /// The change of the output along a direction of the inputs: its derivative by the length of the step.
    public func tangent(_ x: Inputs, along d: Inputs) -> [Double] {
        sum([
            self(d.left, x.right, weights: x.weights), self(x.left, d.right, weights: x.weights),
            form(.output, left: x.left, right: x.right, weights: d.weights, cotangent: [], ofWeighted: true),
        ])
    }

    /// The derivatives of s = Σ gradients·direction, the slope of Σ out·cotangent along a direction, by all inputs and
    /// by the cotangent: what a loss on gradients needs.
    public func secondDerivatives(
        _ x: Inputs, cotangent g: [Double], along d: Inputs
    ) -> (inputs: Inputs, cotangent: [Double]) {
        let left = sum([
            form(.left, left: [], right: d.right, weights: x.weights, cotangent: g),
            form(.left, left: [], right: x.right, weights: d.weights, cotangent: g, ofWeighted: true),
        ])
        let right = sum([
            form(.right, left: d.left, right: [], weights: x.weights, cotangent: g),
            form(.right, left: x.left, right: [], weights: d.weights, cotangent: g, ofWeighted: true),
        ])
        let weights = sum([
            form(.weights, left: d.left, right: x.right, weights: x.weights, cotangent: g),
            form(.weights, left: x.left, right: d.right, weights: x.weights, cotangent: g),
        ])
        return (Inputs(left: left, right: right, weights: weights), tangent(x, along: d))
    }
}

/// x ⊗ x: a product whose two inputs are the same.
public struct TensorSquare: Sendable {
    public let product: TensorProduct

    public struct Inputs: Sendable, Equatable {
        public var features, weights: [Double]

        public init(_ features: [Double], weights: [Double] = []) {
            (self.features, self.weights) = (features, weights)
        }

        fileprivate var both: TensorProduct.Inputs { .init(left: features, right: features, weights: weights) }

        /// Both sides' derivatives are the input's.
        fileprivate init(adding both: TensorProduct.Inputs) {
            self.init(sum([both.left, both.right]), weights: both.weights)
        }
    }

    public init(_ product: TensorProduct) {
        precondition(
            product.left == product.right, "expected equal irreps, got \(product.left) and \(product.right)")
        self.product = product
    }

    public func callAsFunction(_ features: [Double], weights: [Double] = []) -> [Double] {
        product(features, features, weights: weights)
    }

    public func gradients(_ x: Inputs, cotangent: [Double]) -> Inputs {
        Inputs(adding: product.gradients(x.both, cotangent: cotangent))
    }

    public func secondDerivatives(
        _ x: Inputs, cotangent: [Double], along d: Inputs
    ) -> (inputs: Inputs, cotangent: [Double]) {
        let both = product.secondDerivatives(x.both, cotangent: cotangent, along: d.both)
        return (Inputs(adding: both.inputs), both.cotangent)
    }
}

private func sum(_ lists: [[Double]]) -> [Double] {
    lists.dropFirst().reduce(into: lists[0]) { total, list in
        for i in total.indices { total[i] += list[i] }
    }
}
