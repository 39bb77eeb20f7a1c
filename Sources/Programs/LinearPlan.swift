import Compute

/// A linear map prepared for the kernels: one matrix product for every term and component m of its blocks.
public struct LinearPlan<T: KernelScalar>: Sendable {
    public struct Product: BitwiseCopyable, Sendable {
        public var inputOffset: Int
        /// Channels of the input.
        public var inputs: Int
        public var outputOffset: Int
        /// Channels of the output.
        public var outputs: Int
        public var weightOffset: Int
        public var factor: T
        /// Whether it replaces what the output holds: the first that is written there.
        public var isFirst: Bool
    }

    /// Positions in a row.
    public struct Place: BitwiseCopyable, Sendable {
        public var offset: Int
        public var count: Int
    }

    public let map: LinearMap
    public let products: [Product]
    /// Output blocks without a term, which stay zero.
    public let untouched: [Place]
    /// Multiply-adds for a row.
    public let work: Int

    public init(_ map: LinearMap) {
        self.map = map
        var products: [Product] = []
        for (index, term) in map.terms.enumerated() {
            for m in 0..<term.input.dimension {
                products.append(
                    Product(
                        inputOffset: term.input.offset + m * term.input.stride, inputs: term.input.stride,
                        outputOffset: term.output.offset + m * term.output.stride, outputs: term.output.stride,
                        weightOffset: term.weightOffset, factor: T(term.factor),
                        isFirst: !map.terms[..<index].contains { $0.output == term.output }))
            }
        }
        self.products = products
        untouched = map.output.blocks.filter { block in
            !map.terms.contains { term in
                term.output.offset < block.offset + block.width
                    && block.offset < term.output.offset + term.output.width
            }
        }.map { Place(offset: $0.offset, count: $0.width) }
        work = products.reduce(0) { $0 + $1.inputs * $1.outputs }
    }

    /// What the derivative by the weights is cut into: some columns of the matrix of one term.
    public var weightParts: [(term: LinearMap.Term, columns: Range<Int>)] {
        let width = 128
        return map.terms.flatMap { term in
            stride(from: 0, to: term.output.stride, by: width).map {
                (term, $0..<min($0 + width, term.output.stride))
            }
        }
    }
}
